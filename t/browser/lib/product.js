// The whole product on the stand-in source, a line to it that a test can
// slow down, cut and reset, and a browser with a page of it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync }
  from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../../..", import.meta.url).pathname;
const { chromium } = createRequire(join(root, "build/browser/"))(
  "playwright-core");

export const axeSource = () => readFileSync(
  join(root, "build/browser/node_modules/axe-core/axe.min.js"), "utf8");

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
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const sleep = (milliseconds) =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Product {
  said = "";

  static async start(settings = {}, tries = 3) {
    const product = new Product();
    product.home = mkdtempSync(join(tmpdir(), "voyo-browser-"));
    chmodSync(product.home, 0o755);
    product.port = await freePort();
    product.process = spawn(join(root, "deploy/demo"), {
      env: { PATH: process.env.PATH, HOME: product.home,
        VOYO_HOME: join(product.home, "voyo"), PORT: String(product.port),
        VOYO_ACCESS_LOG: "1", ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [product.process.stdout, product.process.stderr]) {
      stream.on("data", (text) => { product.said += text; });
    }
    await until(() => product.said.includes("voyo: ready")
      || product.process.exitCode !== null, () => product.said, 60000);
    // somebody else may have taken the port that was free
    if (tries > 1 && /port \d+ is in use/.test(product.said)) {
      await product.end();
      return Product.start(settings, tries - 1);
    }
    assert.equal(product.process.exitCode, null, product.said);
    product.ready = JSON.parse(readFileSync(
      join(product.home, "voyo/source/ready.json"), "utf8"));
    return product;
  }

  // All processes that name our directory, but this one.
  processes(name = "") {
    return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)
      && Number(pid) !== process.pid).map((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        const ours = line.includes(this.home)
          || readFileSync(`/proc/${pid}/environ`, "utf8").includes(this.home);
        return ours && line.includes(name) ? { pid: Number(pid), line } : null;
      } catch {
        return null;
      }
    }).filter(Boolean);
  }

  async #control(path, change) {
    const answer = await fetch(
      `http://127.0.0.1:${this.ready.control}${path}`,
      change && { method: "POST", body: JSON.stringify(change) });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.json();
  }

  // Switches of the stand-in source.
  switch(change) {
    return this.#control("/switch", change);
  }

  // What the source was asked for about a track.
  asked(track) {
    return this.#control(`/log?id=${track}`);
  }

  // What the edge was asked for about a track.
  served(track) {
    return this.said.split("\n").filter((line) => line.startsWith("{\"time\""))
      .map((line) => JSON.parse(line))
      .filter(({ message }) => message.includes(`/cdn/stream/${track}`));
  }

  async stop() {
    if (this.process.exitCode === null) {
      this.process.kill("SIGTERM");
      await once(this.process, "exit");
    }
    await until(() => this.processes().length === 0,
      () => JSON.stringify(this.processes()), 5000);
    return this.process.exitCode;
  }

  // At the end, whatever came before.
  async end() {
    try {
      await this.stop();
    } finally {
      rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

// A line between the browser and the product.

export class Line {
  rate = Infinity;          // bytes a second, to the browser
  refused = 0;
  #pairs = new Set();
  #allowance = 0;

  static async to(port) {
    const line = new Line();
    line.target = port;
    await line.up();
    // a test that failed before its end must not keep all from ending
    line.timer = setInterval(() => line.#tick(), 20).unref();
    return line;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async up() {
    this.server = createServer((client) => this.#join(client)).unref();
    this.server.listen(this.port ?? 0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
  }

  // Nobody is there any more.
  async down() {
    this.server.close();
    this.reset();
    await once(this.server, "close");
  }

  // All connections end: properly, or by a reset.
  cut() {
    for (const { client } of this.#pairs) {
      client.end();
    }
  }

  reset() {
    for (const { client, product } of this.#pairs) {
      client.resetAndDestroy();
      product.destroy();
    }
  }

  async end() {
    clearInterval(this.timer);
    if (this.server.listening) {
      await this.down();
    }
  }

  #join(client) {
    const product = connect(this.target, "127.0.0.1");
    const pair = { client, product, waiting: [], size: 0, over: false };
    this.#pairs.add(pair);

    client.on("data", (data) => product.write(data));
    client.on("error", () => {});
    client.on("drain", () => this.#send(pair));
    product.on("error", () => client.destroy());
    client.on("close", () => {
      product.destroy();
      this.#pairs.delete(pair);
    });
    product.on("end", () => { pair.over = true; this.#send(pair); });
    product.on("data", (data) => {
      pair.waiting.push(data);
      pair.size += data.length;
      if (pair.size > 65536) {
        product.pause();
      }
      if (this.rate === Infinity) {
        this.#send(pair);
      }
    });
  }

  #tick() {
    this.#allowance = this.rate === Infinity ? Infinity
      : Math.min(this.#allowance, this.rate / 10) + this.rate / 50;
    for (const pair of this.#pairs) {
      this.#send(pair);
    }
  }

  #send(pair) {
    const { client, product } = pair;
    if (this.rate === Infinity) {
      this.#allowance = Infinity;
    }
    // a browser that does not read is not to be read for
    while (pair.waiting.length > 0 && this.#allowance >= 1
           && client.writableLength < 65536) {
      const [data] = pair.waiting;
      const part = data.subarray(0, Math.min(data.length, this.#allowance));
      client.write(part);
      this.#allowance -= part.length;
      pair.size -= part.length;
      if (part.length === data.length) {
        pair.waiting.shift();
      } else {
        pair.waiting[0] = data.subarray(part.length);
      }
    }
    if (pair.size === 0) {
      product.resume();
      if (pair.over) {
        client.end();
      }
    }
  }
}

// The browser.

export async function launch(home, policy = "no-user-gesture-required") {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    env: { ...process.env, HOME: home },
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking",
      `--autoplay-policy=${policy}`],
  });
}

// A page of its own, with all that was heard of it since.

export class Listener {
  problems = [];
  requests = [];            // of the player itself: fetches and loads

  static async of(browser, url, options = {}) {
    const it = new Listener();
    it.context = await browser.newContext({ reducedMotion: "reduce",
      ...options });
    it.page = await it.context.newPage();
    it.page.on("pageerror", ({ message }) => it.problems.push(message));
    it.page.on("request", (request) => {
      if (request.resourceType() === "fetch"
          && /\/cdn\/(stream|track)\/(?!.*panel=1)/.test(request.url())) {
        it.requests.push(`${request.method()} ${request.url()}`);
      }
    });
    const refused = url.includes("autoplay")
      ? await it.#refusal() : () => {};
    await it.page.goto(url);
    await refused();
    await it.page.waitForFunction(() => globalThis.voyo?.state.track);
    await it.page.evaluate(() => {
      globalThis.heard = { loads: [], statuses: [], recovers: [], starts: [],
        qualities: [] };
      const { heard, voyo } = globalThis;
      for (const each of voyo.elements) {
        each.addEventListener("loadstart", () =>
          each.src && heard.loads.push(performance.now()));
      }
      voyo.on("state", ({ status }) => {
        if (heard.statuses.at(-1) !== status) {
          heard.statuses.push(status);
        }
      });
      voyo.on("recover", (what) => heard.recovers.push(what));
      voyo.on("start", (what) => heard.starts.push(what));
      voyo.on("quality", ({ from, to, why }) =>
        heard.qualities.push(`${from} → ${to}: ${why}`));
    });
    return it;
  }

  // To look into a page counts as a click on it: before that it must have
  // been refused to play.
  async #refusal() {
    await this.page.addInitScript(() => {
      const { play } = HTMLMediaElement.prototype;
      HTMLMediaElement.prototype.play = function () {
        const played = play.call(this);
        played.catch(({ name }) => console.log(name));
        return played;
      };
    });
    const said = this.page.waitForEvent("console",
      { predicate: (line) => line.text() === "NotAllowedError" });
    return () => said;
  }

  do(what, argument) {
    return this.page.evaluate(what, argument);
  }

  state() {
    return this.do(() => globalThis.voyo.state);
  }

  heard() {
    return this.do(() => globalThis.heard);
  }

  play() {
    return this.do(() => globalThis.voyo.play());
  }

  seek(seconds) {
    return this.do((to) => globalThis.voyo.seek(to), seconds);
  }

  async about() {
    return JSON.stringify([await this.state(), await this.heard(),
      this.requests]);
  }

  until(what, milliseconds) {
    return until(async () => what(await this.state()), () => this.about(),
      milliseconds);
  }

  status(status, milliseconds) {
    return this.until((state) => state.status === status, milliseconds);
  }

  // It really sounds, from there on for a second.
  async plays(from, milliseconds = 20000) {
    await this.until(({ status, position }) => status === "playing"
      && position >= from + 1, milliseconds);
    const { position } = await this.state();
    assert.ok(position < from + 30, `at ${position}, not after ${from}`);
    return position;
  }

  text() {
    return this.page.locator(".voyo-status").innerText();
  }

  // No more than a request a second, but for a first and its reason.
  async noStorm(since, before = 0) {
    const { loads } = await this.heard();
    const seconds = (Date.now() - since) / 1000;
    const sent = this.requests.length + loads.length - before;
    assert.ok(sent <= seconds + 4,
      `${sent} in ${seconds} s: ${await this.about()}`);
  }

  async close() {
    assert.deepEqual(this.problems, []);
    await this.context.close();
  }
}
