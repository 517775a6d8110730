// Which tests of a suite run: in Firefox and WebKitGTK `make test` omits those
// marked "whole", which `make test-long` runs in all engines.

import { test } from "node:test";
import { ENGINE } from "./engine.js";

export const whole = ENGINE === "chromium" || process.env.VOYO_LONG ? test
  : () => {};
