// Firefox, by Puppeteer over WebDriver BiDi.

import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { load } from "./npm.js";
import { tellOffline } from "./offline.js";
import { soundCard } from "./sound.js";

export const PROGRAM = "/usr/bin/firefox-esr";

const ALLOWED = 0;          // media.autoplay.default
const BLOCKED = 1;

export async function start(home, { autoplay }) {
  const { launch } = load("puppeteer-core");
  // without a sound card the element has an error, and continues
  const card = await soundCard(home);
  const browser = await launch({
    browser: "firefox",
    executablePath: PROGRAM,
    headless: true,
    env: { ...process.env, ...card.env, HOME: home },
    userDataDir: mkdtempSync(join(home, "firefox-")),
    extraPrefsFirefox: {
      "media.autoplay.default": autoplay ? ALLOWED : BLOCKED,
      // background tabs behave like the visible one
      "media.block-autoplay-until-in-foreground": false,
      "dom.min_background_timeout_value": 4,
      "ui.prefersReducedMotion": 1,
    },
  });

  return {
    version: (await browser.version()).replace(/^\w+\//, ""),
    tab: () => tab(browser),
    end: async () => {
      await browser.close();
      await card.end();
    },
  };
}

async function tab(browser) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", ({ message }) => problems.push(message));

  return {
    problems,
    goto: (url) => page.goto(url),
    evaluate: (text) => page.evaluate(text),
    click: (x, y) => page.mouse.click(x, y),
    offline: (is) => offline(page, is),
    close: () => context.close(),
  };
}

// The ESR of version 140 has no such command.

async function offline(page, is) {
  try {
    await page.setOfflineMode(is);
  } catch (error) {
    if (!/unknown command/.test(error.message)) throw error;
    await page.evaluate(tellOffline(is));
  }
}
