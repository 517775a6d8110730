// Packages installed by t/browser/run.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const home = new URL("../../../build/browser/", import.meta.url).pathname;

export const load = createRequire(home);

export const source = (path) =>
  readFileSync(join(home, "node_modules", path), "utf8");
