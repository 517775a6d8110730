// WebKitGTK: its MiniBrowser on its own display, by WebDriver.  A driver has one
// session and a session one browser, so each tab has its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tellOffline } from "./offline.js";
import { freePort } from "./ports.js";
import { ended } from "./processes.js";
import { until } from "./until.js";

export const PROGRAM = "/usr/bin/WebKitWebDriver";

export async function start(home, { autoplay }) {
  const profile = mkdtempSync(join(home, "webkit-"));
  const env = { PATH: process.env.PATH, HOME: profile,
    // no settings or services of a desktop
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/dev/null", NO_AT_BRIDGE: "1",
    GSETTINGS_BACKEND: "memory", GDK_BACKEND: "x11" };
  const display = spawn("Xvfb", ["-displayfd", "3", "-nolisten", "tcp"],
    { env, stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const [number] = await Promise.race([once(display.stdio[3], "data"),
    once(display, "exit").then(([status]) => assert.fail(`Xvfb: ${status}`))]);
  env.DISPLAY = `:${String(number).trim()}`;

  const browser = {
    version: null,          // with the first tab
    tab: () => tab(browser, env, autoplay ? "allow" : "deny"),
    end: async () => {
      display.kill();
      await ended(profile);
    },
  };
  return browser;
}

async function tab(browser, env, policy) {
  const driver = await Driver.start(env);
  const { browserVersion } = await driver.open({
    args: ["--automation", `--autoplay-policy=${policy}`] });
  browser.version = browserVersion;
  const evaluate = (text) => driver.session("POST", "/execute/sync",
    { script: `return (${text})`, args: [] });

  const it = {
    problems: [],
    goto: async (url) => {
      await driver.session("POST", "/url", { url });
      await evaluate(`void (globalThis.problems = [],
        addEventListener("error", ({ message }) => problems.push(message)),
        addEventListener("unhandledrejection", ({ reason }) =>
          problems.push(String(reason))))`);
    },
    evaluate,
    click: (x, y) => driver.session("POST", "/actions", { actions: [{
      type: "pointer", id: "mouse", actions: [
        { type: "pointerMove", x: Math.round(x), y: Math.round(y) },
        { type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 },
      ] }] }),
    offline: (is) => evaluate(tellOffline(is)),
    close: async () => {
      it.problems = await evaluate("problems");
      await driver.end();
    },
  };
  return it;
}

class Driver {
  said = "";

  static async start(env) {
    const driver = new Driver();
    const port = await freePort();
    driver.url = `http://127.0.0.1:${port}`;
    driver.process = spawn(PROGRAM, [`--port=${port}`], { env,
      stdio: ["ignore", "ignore", "pipe"] });
    driver.process.stderr.on("data", (text) => { driver.said += text; });
    await until(() => driver.process.exitCode !== null
      || driver.ask("GET", "/status").catch(() => null), () => driver.said);
    assert.equal(driver.process.exitCode, null, driver.said);
    return driver;
  }

  async open(options) {
    const { sessionId, capabilities } = await this.ask("POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } });
    this.id = sessionId;
    return capabilities;
  }

  session(method, path, body) {
    return this.ask(method, `/session/${this.id}${path}`, body);
  }

  async ask(method, path, body) {
    const answer = await fetch(this.url + path,
      { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    assert.ok(answer.ok, `${method} ${path}: ${value?.message} ${this.said}`);
    return value;
  }

  async end() {
    await this.session("DELETE", "");
    this.process.kill();
    await once(this.process, "exit");
  }
}
