// Chromium's media element on each of the URLs given, at the same time: how
// long each played without a pause, and whether it ended with an error.
//
//     node listen.js SECONDS URL...   →  one line of JSON

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch } from "../browser/lib/engine.js";

const [seconds, ...urls] = process.argv.slice(2);

// In the page: the longest time in which the position did not change.

function listen(url, milliseconds) {
  const audio = new Audio(url);
  const heard = { error: false, position: 0, pause: 0 };
  let since = null;
  audio.play().catch(() => {});
  return new Promise((done) => {
    const timer = setInterval(() => {
      const now = performance.now();
      if (audio.currentTime > heard.position) {
        heard.position = audio.currentTime;
        since = now;
      } else if (since !== null) {
        heard.pause = Math.max(heard.pause, Math.round(now - since));
      }
    }, 100);
    const end = (event) => {
      clearInterval(timer);
      heard.error = Boolean(event);
      audio.removeAttribute("src");
      audio.load();
      done(heard);
    };
    audio.addEventListener("error", end, { once: true });
    setTimeout(() => end(), milliseconds);
  });
}

const home = mkdtempSync(join(tmpdir(), "voyo-fronts-"));
const browser = await launch(home);
try {
  const tab = await browser.tab({ ignoreHTTPSErrors: true });
  const heard = await tab.evaluate(`Promise.all(${JSON.stringify(urls)}
    .map((url) => (${listen})(url, ${1000 * seconds})))`);
  console.log(JSON.stringify(heard));
} finally {
  await browser.end();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
