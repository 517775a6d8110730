// The recipe of README.md.

const VOYO = process.env.VOYO ?? "http://localhost:8080";

export default {
  async rewrites() {
    return [{ source: "/cdn/:path*", destination: `${VOYO}/cdn/:path*` }];
  },
  // the directory is in another one with a lockfile
  outputFileTracingRoot: import.meta.dirname ?? process.cwd(),
};
