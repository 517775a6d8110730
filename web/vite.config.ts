// The library, to dist/; dependencies are external.

import { copyFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

export default defineConfig({
  build: {
    target: "es2022",
    minify: false,
    lib: {
      entry: { index: "src/index.ts", react: "src/react.ts" },
      formats: ["es"],
    },
    rollupOptions: {
      external: [/^react($|\/)/, "nanoevents", "p-retry"],
      output: {
        chunkFileNames: "[name].js",
        // marks client components for bundlers of server components
        banner: ({ name }) => (name === "react" ? '"use client";\n' : ""),
      },
    },
  },
  plugins: [
    {
      name: "styles",
      closeBundle() {
        copyFileSync("src/styles.css", "dist/styles.css");
      },
    },
  ],
  test: {
    include: ["test/**/*.test.{ts,tsx}"],
    environment: "node",
    testTimeout: 20_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
