// The recipe of README.md.

export default {
  server: {
    proxy: { "/cdn": process.env.VOYO ?? "http://localhost:8080" },
  },
};
