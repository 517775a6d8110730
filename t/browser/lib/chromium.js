// Chromium, by Playwright.

import { load } from "./npm.js";

export const PROGRAM = "/usr/bin/chromium";

export async function start(home, { autoplay }) {
  const { chromium } = load("playwright-core");
  const policy = autoplay ? "no-user-gesture-required"
    : "document-user-activation-required";
  const browser = await chromium.launch({
    executablePath: PROGRAM,
    headless: true,
    env: { ...process.env, HOME: home },
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
      `--autoplay-policy=${policy}`],
  });

  return {
    version: browser.version(),
    native: browser,
    tab: (look) => tab(browser, look),
    end: () => browser.close(),
  };
}

async function tab(browser, look) {
  const context = await browser.newContext({ reducedMotion: "reduce",
    ...look });
  const page = await context.newPage();
  // Playwright's own evaluate() counts as a user gesture
  const session = await context.newCDPSession(page);
  const problems = [];
  page.on("pageerror", ({ message }) => problems.push(message));

  return {
    problems,
    native: page,
    goto: (url) => page.goto(url),
    evaluate: async (expression) => {
      const { result, exceptionDetails } = await session.send(
        "Runtime.evaluate",
        { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) {
        throw new Error(exceptionDetails.exception?.description
          ?? exceptionDetails.text);
      }
      return result.value;
    },
    click: (x, y) => page.mouse.click(x, y),
    offline: (is) => context.setOffline(is),
    close: () => context.close(),
  };
}
