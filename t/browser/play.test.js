// A browser's own player: playback when a URL expires during a pause, a media
// host closes the connection, or there is a reverse proxy.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test as always } from "node:test";
import { ENGINE, launch } from "./lib/engine.js";
import { whole } from "./lib/form.js";
import { Page } from "./lib/page.js";
import { until } from "./lib/until.js";

const root = new URL("../..", import.meta.url).pathname;

const HOUR = 3600;
const SLICE = 512 * 1024;

let home, stack, ports, said, site, browser;

before(async () => {
  home = mkdtempSync(join(tmpdir(), "voyo-play-"));
  stack = spawn("/usr/bin/python3", ["-B", join(root, "t/lib/serve.py")],
    { stdio: ["pipe", "pipe", "pipe"] });
  said = "";
  stack.stderr.on("data", (text) => { said += text; });
  const [line] = await Promise.race([once(stack.stdout, "data"),
    once(stack, "exit").then(() => assert.fail(said))]);
  ports = JSON.parse(line);

  site = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end("<!doctype html><link rel=icon href=data:,>");
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  browser = await launch(home);
});

after(async () => {
  await browser?.end();
  site?.close();
  if (stack) {
    stack.stdin.end();
    const [status] = await once(stack, "exit");
    assert.equal(status, 0, said);
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

async function control(path, change) {
  const answer = await fetch(`http://127.0.0.1:${ports.control}${path}`,
    change && { method: "POST", body: JSON.stringify(change) });
  assert.equal(answer.status, 200);
  return answer.json();
}

class Player {
  static async open(url) {
    const { port } = site.address();
    const page = await Page.open(browser, `http://127.0.0.1:${port}/`);
    await page.do((src) => {
      const audio = document.createElement("audio");
      globalThis.audio = audio;
      globalThis.events = [];
      for (const name of ["error", "ended", "abort", "emptied"]) {
        audio.addEventListener(name, () => events.push(name));
      }
      audio.src = src;
      return audio.play();
    }, url);
    return Object.assign(new Player(), { page });
  }

  do(text) {
    return this.page.do(text);
  }

  async reaches(seconds, before = Infinity) {
    await until(() => this.do(`Boolean(audio.error) || (
      audio.currentTime > ${seconds} && audio.currentTime < ${before})`),
    () => this.do("JSON.stringify([audio.currentTime, audio.readyState])"),
    30000);
    assert.equal(await this.do("audio.error && audio.error.message"), null);
  }

  async close() {
    assert.deepEqual(await this.do("events"), []);
    assert.deepEqual(await this.page.close(), []);
  }
}

for (const [name, port, test] of [["directly", "port", always],
  ["by a proxy", "proxy", whole]]) {
  const track = (what) => `h01_${what}${port[1]}`.padEnd(11, "0");
  const url = (id) => `http://127.0.0.1:${ports[port]}/cdn/stream/${id}`;

  test(`${name}: it plays, seeks, pauses and goes on`, async () => {
    const id = track("pause");
    const player = await Player.open(url(id));
    await player.reaches(1);
    assert.ok(Math.abs(await player.do("audio.duration") - HOUR) < 1);
    await player.do("void (audio.currentTime = 1800)");
    await player.reaches(1801);

    await player.do("audio.pause()");
    const count = async (kind) =>
      (await control(`/log?kind=${kind}&id=${id}`)).length;
    await control("/switch", { expire: [id] });
    const fetched = await count("media");
    // in WebKitGTK the promise stays pending if readyState stays 2
    await player.do("void audio.play()");
    // beyond what the browser, sockets and reading ahead have buffered
    await player.do("void (audio.currentTime = 3400)");
    await player.reaches(3401);
    await player.do("void (audio.currentTime = 30)");
    await player.reaches(31, 300);
    await player.close();
    // the whole hour may have been fetched before the URL expired, by a proxy,
    // by WebKitGTK, which never stops loading, or while the machine was busy
    const players = await count("player");
    assert.ok(players === 2
      || (players === 1 && await count("media") === fetched),
      `${players} extractions`);
  });

  test(`${name}: a media host breaks off and nobody hears it`, async () => {
    const id = track("break");
    // at the slice that a seek needs: in its body, and permanently for a while
    await control("/switch", { faults: [
      { do: { cut: 100000 }, id, at: 60 * SLICE, times: 2 },
      { do: { status: 403 }, id, at: 80 * SLICE, times: 3 }] });
    const seconds = (slice) => Math.round(slice * SLICE * HOUR
      / Number(size));
    const [{ size }] = (await control(`/track?id=${id}`))
      .filter(({ itag }) => itag === 140);
    const player = await Player.open(url(id));
    await player.reaches(1);
    for (const slice of [60, 80]) {
      const at = seconds(slice) + 2;
      await player.do(`void (audio.currentTime = ${at})`);
      await player.reaches(at + 30 / 100);
      // to its end
      await player.do(`void (audio.currentTime = ${at + 27})`);
      await player.reaches(at + 28);
    }
    await player.close();
    const media = await control(`/log?kind=media&id=${id}`);
    assert.ok(media.some((each) => each.fault.cut));
    assert.ok(media.some((each) => each.fault.status === 403));
  });
}

always("nothing of it is an error of ours", () => {
  // nginx's own message for an upstream that closed early is expected
  const wrong = readFileSync(ports.log, "utf8").split("\n").filter((line) =>
    /\[(error|alert|crit|emerg)\]/.test(line)
      && !/prematurely closed connection/.test(line));
  assert.deepEqual(wrong, []);
});
