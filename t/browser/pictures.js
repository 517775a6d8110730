// Pictures of every state, in four looks, one sheet per look: docs/player-*.webp.
//
//     t/browser/run && node t/browser/pictures.js

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { inState, leave, LOOKS, stage, STATES } from "./lib/states.js";

const docs = new URL("../../docs", import.meta.url).pathname;
const BACK = { light: "#f4f1ee", dark: "#131117", narrow: "#f4f1ee",
  forced: "#ffffff" };

async function sheet(browser, look, pictures) {
  const width = LOOKS[look].viewport.width === 320 ? 288 : 470;
  const columns = width === 288 ? 5 : 3;
  const page = await browser.native.newPage({
    viewport: { width: columns * (width + 16) + 16, height: 100 } });
  await page.setContent(`<style>
      body { margin: 16px; background: ${BACK[look]}; display: grid; gap: 16px;
        grid-template-columns: repeat(${columns}, ${width}px);
        align-items: start; font: 600 14px sans-serif;
        color: ${look === "dark" ? "#ddd" : "#333"} }
      figure { margin: 0 } img { width: 100% }</style>`
    + pictures.map(([name, png]) => `<figure><figcaption>${name}</figcaption>
      <img src="data:image/png;base64,${png.toString("base64")}"></figure>`)
      .join(""));
  await page.waitForFunction(() => [...document.images]
    .every(({ complete }) => complete));
  const png = await page.screenshot({ fullPage: true });
  await page.close();
  return png;
}

// Small enough for a repository.

function keep(png, name) {
  const { status, stderr } = spawnSync("ffmpeg", ["-y", "-loglevel", "error",
    "-i", "-", "-c:v", "libwebp", "-quality", "75", join(docs, name)],
  { input: png });
  if (status !== 0) {
    throw new Error(`ffmpeg: ${stderr}`);
  }
}

const all = await stage();
try {
  for (const look of Object.keys(LOOKS)) {
    const pictures = [];
    for (const name of Object.keys(STATES)) {
      const it = await inState(all, name, look);
      pictures.push([name,
        await it.native.locator(".voyo-player").screenshot()]);
      if (name === "playing" && look === "light") {
        await it.native.waitForTimeout(3000);
        keep(await it.native.screenshot({ fullPage: true }),
          "player-page.webp");
      }
      await it.end();
    }
    keep(await sheet(all.browser, look, pictures), `player-${look}.webp`);
  }
} finally {
  await leave(all);
}
