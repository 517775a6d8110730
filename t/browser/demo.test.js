// The whole product in a real browser: the demo page on the stand-in source
// plays a track, seeks, says why a track fails, and stops without a trace.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync }
  from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const root = new URL("../..", import.meta.url).pathname;
const { chromium } = createRequire(join(root, "build/browser/"))(
  "playwright-core");

const FOUR_MINUTES = 240;

let home, demo, said, browser, page;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// All processes that name our directory, but this one.

function processes() {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)
    && Number(pid) !== process.pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(home)
        || readFileSync(`/proc/${pid}/environ`, "utf8").includes(home);
    } catch {
      return false;
    }
  });
}

async function until(what, about, milliseconds = 20000) {
  const end = Date.now() + milliseconds;
  while (!(await what())) {
    assert.ok(Date.now() < end, `not in ${milliseconds} ms: ${about()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

before(async () => {
  home = mkdtempSync(join(tmpdir(), "voyo-browser-"));
  chmodSync(home, 0o755);
  const port = await freePort();

  demo = spawn(join(root, "deploy/demo"), {
    env: { PATH: process.env.PATH, HOME: home, VOYO_HOME: join(home, "voyo"),
      PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  said = "";
  demo.stdout.on("data", (text) => { said += text; });
  demo.stderr.on("data", (text) => { said += text; });
  await until(() => said.includes("voyo: ready") || demo.exitCode !== null,
    () => said, 60000);
  assert.equal(demo.exitCode, null, said);

  browser = await chromium.launchPersistentContext(join(home, "profile"), {
    executablePath: "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required"],
  });
  page = await browser.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(error.message));
  await page.goto(`http://127.0.0.1:${port}/`);
});

after(async () => {
  await browser?.close();
  demo?.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const now = () => page.evaluate(() => document.querySelector("audio")
  .currentTime);
const log = () => page.locator("#log").innerText();

test("a track plays, and goes on after a seek to 80 %", async () => {
  await page.getByRole("button", { name: /^Four minutes m04/ }).click();
  await until(async () => await now() > 1, log);

  assert.ok(Math.abs(await page.evaluate(() => document.querySelector("audio")
    .duration) - FOUR_MINUTES) < 1);

  await page.evaluate((at) => {
    document.querySelector("audio").currentTime = at;
  }, 0.8 * FOUR_MINUTES);
  await until(async () => await now() > 0.8 * FOUR_MINUTES + 2, log);

  assert.doesNotMatch(await log(), /error/);
  assert.ok(await page.locator("#problem").isHidden());
  await page.getByText("medium; codec=aac").first().waitFor();
});

test("another codec goes on from where the first was", async () => {
  await page.getByLabel("Opus").check();
  await until(async () => await now() > 0.8 * FOUR_MINUTES + 4, log);
  await page.getByText("audio/webm").waitFor();
  assert.doesNotMatch(await log(), /error/);
});

test("a track that fails says why", async () => {
  await page.getByRole("button", { name: /private/ }).click();
  const problem = page.locator("#problem");
  await problem.waitFor();
  assert.match(await problem.innerText(), /404: The track is private/);
  assert.deepEqual(page.problems, []);
});

test("all stops when it is told to", async () => {
  await page.screenshot({ path: process.env.SCREENSHOT || join(home, "p.png"),
    fullPage: true });
  await browser.close();
  demo.kill("SIGTERM");
  const [status] = await once(demo, "exit");
  assert.equal(status, 0, said);
  await until(() => processes().length === 0,
    () => processes().map((pid) => readFileSync(`/proc/${pid}/cmdline`)), 5000);
  assert.doesNotMatch(said, /\[(error|alert|crit|emerg)\]/);
});
