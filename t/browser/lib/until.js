// Waiting with a time limit.

import assert from "node:assert/strict";

export const sleep = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

export async function until(what, about, milliseconds = 20000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    const found = await what();
    if (found) {
      return found;
    }
    if (Date.now() > end) {
      assert.fail(`not in ${milliseconds} ms: ${await about()}`);
    }
    await sleep(20);
  }
}
