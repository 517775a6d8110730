// The engine that a suite runs in, which VOYO_ENGINE names.  Its own file
// knows how it is started and spoken to, and gives no more than this:
//
//     start(home, { autoplay, ...options })  →  { version, tab(), end() }
//     tab(look)  →  { goto(url), evaluate(text), click(x, y), offline(is),
//                     problems, native, close() }
//
// A tab is nobody else's: it has cookies and storage of its own.  evaluate()
// gives what an expression comes to, or to what it resolves, and does not
// count as a touch of the page; click() does.

import { accessSync, constants } from "node:fs";

export const ENGINE = process.env.VOYO_ENGINE || "chromium";

const { PROGRAM, start } = await import(`./${ENGINE}.js`);

// Without `autoplay` no page may sound before it was touched.
export async function launch(home, { autoplay = true } = {}) {
  accessSync(PROGRAM, constants.X_OK);
  return start(home, { autoplay });
}
