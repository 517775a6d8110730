// The demo page, to a directory that nginx serves as is.

import { defineConfig } from "vite";

export default defineConfig({
  root: "page",
  base: "./",
  esbuild: { jsx: "automatic" },
  build: {
    target: "es2022",
    outDir: "../out",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        entryFileNames: "demo.js",
        chunkFileNames: "demo-[name].js",
        assetFileNames: "demo.[ext]",
      },
    },
  },
});
