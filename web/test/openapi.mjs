// Lints the description of the HTTP interface: node test/openapi.mjs FILE

import {
  createConfig,
  formatProblems,
  getTotals,
  lint,
} from "@redocly/openapi-core";

const [ref] = process.argv.slice(2);
const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    "no-invalid-media-type-examples": "error",
    "no-invalid-schema-examples": "error",
    // nothing can be wrong about a request for /health/live
    "operation-4xx-response": "off",
    // `make run` is local
    "no-server-example.com": "off",
  },
});
const problems = await lint({ ref, config });
const totals = getTotals(problems);

formatProblems(problems, { format: "stylish", totals });
process.exitCode = problems.length ? 1 : 0;
