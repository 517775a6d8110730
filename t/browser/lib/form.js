// What of a suite is run: `make test` leaves out of Firefox and WebKitGTK what
// is marked as of the whole, which `make test-long` runs in all.

import { test } from "node:test";
import { ENGINE } from "./engine.js";

export const whole = ENGINE === "chromium" || process.env.VOYO_LONG ? test
  : () => {};
