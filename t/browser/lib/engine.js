// The engine that a suite runs in, selected by VOYO_ENGINE.  The file of each
// engine starts and controls it, and exports this interface:
//
//     start(home, { autoplay, ...options })  →  { version, tab(), end() }
//     tab(look)  →  { goto(url), evaluate(text), click(x, y), offline(is),
//                     problems, native, close() }
//
// Each tab has its own cookies and storage.  evaluate() returns the value of an
// expression, or the value it resolves to, and does not count as a user gesture;
// click() does.

import { accessSync, constants } from "node:fs";

export const ENGINE = process.env.VOYO_ENGINE || "chromium";

const { PROGRAM, start } = await import(`./${ENGINE}.js`);

// Without `autoplay` no page may play before a user gesture.
export async function launch(home, { autoplay = true } = {}) {
  accessSync(PROGRAM, constants.X_OK);
  return start(home, { autoplay });
}
