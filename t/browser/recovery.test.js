// Every failure between the source and the user: afterwards the track continues
// at its position, or the player shows the right error, and no server is
// flooded with requests.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ENGINE, launch } from "./lib/engine.js";
import { whole } from "./lib/form.js";
import { Line } from "./lib/line.js";
import { Listener } from "./lib/listener.js";
import { Product } from "./lib/product.js";
import { sleep, until } from "./lib/until.js";

const KBIT = 125;           // bytes

let product, browser;

before(async () => {
  product = await Product.start();
  browser = await launch(product.home);
});

after(async () => {
  await browser?.end();
  await product?.end();
});

// A playing page behind a simulated connection.

async function listening(tracks,
  { rate = Infinity, playing = true, at = product } = {}) {
  const line = await Line.to(at.port);
  const it = await Listener.of(browser, `${line.url}/?tracks=s05_opening`);
  it.line = line;
  it.end = async () => {
    await it.close();
    await line.end();
  };
  line.rate = rate;
  await it.do((ids) => {
    globalThis.voyo.setQueue(ids);
    globalThis.voyo.play();
  }, tracks.split(","));
  if (playing) {
    // WebKitGTK needs some hundred kB before it starts
    await it.plays(0, 60000);
  }
  await it.do(() => {
    globalThis.heard.loads = [];
    globalThis.heard.requests = [];
  });
  return it;
}

describe("what goes wrong", { concurrency: ENGINE === "webkit" ? 2 : 5,
  timeout: 550000 }, () => {
  test("404: it says so at once, and asks no more", async () => {
    const it = await listening("gone_browse", { playing: false });
    await it.status("error");
    assert.match(await it.text(), /^This track is no longer there\./);
    await sleep(3000);
    // the reason needs one more request than the status
    const { requests, recovers } = await it.heard();
    assert.ok(requests.length <= 2, requests.join("\n"));
    assert.equal(recovers.length, 0);
    await it.end();
  });

  test("resets: the browser's own resumes are left alone", async () => {
    const it = await listening("m04_resets0", { rate: 400 * KBIT });
    const began = Date.now();
    for (let i = 0; i < 3; i++) {
      it.line.reset();
      await sleep(1500);
    }
    const { position } = await it.state();
    await it.plays(position);
    const { loads, recovers } = await it.heard();
    if (ENGINE === "webkit") {
      // a reset is an error there, after which the player loads it again
      assert.ok(recovers.length > 0 && recovers.length <= 3, await it.about());
      assert.ok(recovers.every(({ cause }) => cause === "media"));
      assert.equal(loads.length, recovers.length);
    } else {
      assert.deepEqual([loads.length, recovers], [0, []], await it.about());
    }
    await it.noStorm(began);
    await it.end();
  });

  test("truncated bodies: the same", async () => {
    const it = await listening("m04_cutoff0", { rate: 400 * KBIT });
    const began = Date.now();
    for (let i = 0; i < 3; i++) {
      it.line.cut();
      await sleep(1500);
    }
    const { position } = await it.state();
    await it.plays(position);
    const { loads, recovers } = await it.heard();
    assert.deepEqual([loads.length, recovers], [0, []], await it.about());
    await it.noStorm(began);
    await it.end();
  });

  whole("a media host that cuts every body short is survived", async () => {
    await product.switch({ faults: [
      { id: "m04_cutbody", do: { cut: 200000 }, begin: 524288, times: 4 }] });
    const it = await listening("m04_cutbody");
    await it.seek(120);
    const began = Date.now();
    await it.plays(120);
    await it.noStorm(began);
    await it.end();
  });

  whole("a trickle: lower, and never asked for again and again", async () => {
    const it = await listening("h01_trickle", { rate: 2000 * KBIT });
    const began = Date.now();
    it.line.rate = 4000;
    await it.seek(1800);
    await it.until(({ quality }) => quality === "low", 30000);
    await sleep(10000);
    const { status } = await it.state();
    assert.ok(["buffering", "playing", "recovering"].includes(status), status);
    await it.noStorm(began);
    it.line.rate = Infinity;
    await it.plays(1800);
    await it.end();
  });

  whole("media URLs that expire in the middle", async () => {
    const it = await listening("h01_expires");
    const began = Date.now();
    await product.switch({ expire: ["h01_expires"] });
    await it.seek(3000);
    await it.plays(3000);
    const { recovers } = await it.heard();
    assert.deepEqual(recovers, []);
    const players = (await product.asked("h01_expires"))
      .filter(({ kind }) => kind === "player");
    assert.equal(players.length, 2);
    await it.noStorm(began);
    await it.end();
  });

  test("the source is away for 12 s: a request in two seconds at most", async () => {
    const track = "m04_srcaway";
    const failed = async () => (await product.asked(track))
      .some(({ range }) => range?.startsWith("bytes=1048576-"));
    await product.switch({ faults: [
      { id: track, do: { status: 500 }, begin: 1048576 }] });
    const it = await listening(track);
    await until(failed, () => it.about());
    const before = product.served(track).length;
    await sleep(12000);
    const resumes = product.served(track).length - before;
    assert.ok(resumes <= 6, `${resumes} requests`);
    await product.switch({ forget_faults_of: track });
    await it.seek(120);
    await it.plays(120);
    // Firefox's element may end with an error, and the player loads again
    const { recovers } = await it.heard();
    assert.ok(recovers.length <= (ENGINE === "firefox" ? 2 : 0),
              JSON.stringify(recovers));
    await it.end();
  });

  test("the server is away for 10 s", async () => {
    const it = await listening("h01_serverd", { rate: 170 * KBIT });
    const began = Date.now();
    await it.line.down();
    const { position } = await it.state();
    if (ENGINE !== "webkit") {
      // which may have enough for as long
      await it.until(({ status }) =>
        ["buffering", "recovering"].includes(status), 9000);
    }
    await sleep(began + 10000 - Date.now());
    it.line.rate = Infinity;
    await it.line.up();
    const now = await it.plays(position, 15000);
    assert.ok(now < position + 20, `${position}, ${now}`);
    await it.noStorm(began);
    await it.end();
  });

  whole("the server is away, and away: it says so, and can be tried again",
    async () => {
      const it = await listening("h01_serverx", { rate: 170 * KBIT });
      const began = Date.now();
      await it.line.down();
      await it.status("error", ENGINE === "webkit" ? 120000 : 75000);
      assert.match(await it.text(), /^The server does not answer\./);
      await it.noStorm(began);
      it.line.rate = Infinity;
      await it.line.up();
      const { position } = await it.state();
      await it.page.click("button", "Try again");
      await it.plays(position);
      await it.end();
    });

  test("offline, and online again", async () => {
    const it = await listening("h01_offline", { rate: 170 * KBIT });
    await it.offline(true);
    await it.line.down();
    await it.status("offline", 60000);
    // the rest of the buffer may still play for a moment
    await until(async () => /offline/.test(await it.text()),
      () => it.about());
    const { position } = await it.state();
    const { requests, loads } = await it.heard();
    await sleep(4000);
    const now = await it.heard();
    assert.deepEqual([now.requests, now.loads], [requests, loads]);
    it.line.rate = Infinity;
    await it.line.up();
    await it.offline(false);
    await it.plays(position, 15000);
    await it.end();
  });

  whole("2 Mb/s, then 40 kb/s, then 2 Mb/s", async () => {
    const it = await listening("h01_rates01,h01_rates02,h01_rates03",
      { rate: 2000 * KBIT });
    const began = Date.now();
    assert.equal((await it.state()).quality, "high");

    it.line.rate = 40 * KBIT;
    await it.seek(1000);
    await it.until(({ quality }) => quality === "low", 30000);
    await it.until(({ position }) => position >= 1000);
    assert.match((await it.heard()).qualities.at(-1), /stall$/);
    const changes = (await it.heard()).qualities.length;

    it.line.rate = 2000 * KBIT;
    await it.plays(1000);
    // longer than two changes are apart; up only when a track starts
    await sleep(9000);
    assert.equal((await it.heard()).qualities.length, changes);
    await it.do(() => globalThis.voyo.next());
    await it.until(({ status }) => status === "playing");
    if (ENGINE === "firefox" && (await it.state()).quality === "low") {
      // it has buffered the low quality in a second, which may be too short to
      // measure
      await it.plays(5);
      await it.do(() => globalThis.voyo.next());
    }
    // WebKitGTK's networkState is always idle, so nothing is measured there
    assert.equal((await it.state()).quality,
      ENGINE === "webkit" ? "low" : "high", await it.about());
    await it.noStorm(began);
    await it.end();
  });

  test("another track while it recovers", async () => {
    const it = await listening("h01_change1,m04_change2",
      { rate: 170 * KBIT });
    const began = Date.now();
    await it.line.down();
    await it.status("recovering", 60000);
    it.line.rate = Infinity;
    await it.line.up();
    await it.page.click("button", "Next track");
    await it.plays(0);
    const { track, position } = await it.state();
    assert.equal(track, "m04_change2");
    // the player does not return to the track it has left
    await it.plays(position + 8, 30000);
    assert.equal((await it.state()).track, "m04_change2");
    await it.noStorm(began);
    await it.end();
  });

  whole("bytes that were encoded anew", async () => {
    const it = await listening("h01_anew001");
    await product.switch({ reencode: ["h01_anew001"],
      expire: ["h01_anew001"] });
    const began = Date.now();
    await it.seek(2000);
    await it.plays(2000, 30000);
    await it.noStorm(began);
    await it.end();
  });
});

whole("429: it waits as long as it is told to, says so, and plays",
  async () => {
    const strict = await Product.start({ VOYO_COLD_RATE: "6" });
    try {
      const it = await listening("s05_opening", { at: strict });
      // more than a client may request at once; the next one in ten seconds
      const ids = Array.from({ length: 10 }, (_, i) => `s05_limit${i + 10}`);
      const statuses = await Promise.all(ids.map(async (id) => (await fetch(
        `http://127.0.0.1:${strict.port}/cdn/stream/${id}`,
        { method: "HEAD" })).status));
      assert.ok(statuses.includes(429), statuses.join());

      const began = Date.now();
      await it.do(() => globalThis.voyo.setQueue(["m04_limited"]));
      await it.status("recovering");
      await it.page.shows(/^The server asks to wait .* \d s\./m);
      const [{ status, delay }] = (await it.heard()).recovers;
      assert.deepEqual([status, delay], [429, 5000]);
      await it.plays(0, 40000);
      assert.ok(Date.now() - began >= 5000);
      await it.noStorm(began);
      await it.end();
    } finally {
      await strict.end();
    }
  });

test("nothing of that was an error of the server's", () => {
  // nginx's own message for a media host that closed early, as expected
  const bad = product.said.split("\n").filter((line) =>
    /\[(error|alert|crit|emerg)\]/.test(line)
    && !/prematurely closed|reset by peer/.test(line));
  assert.deepEqual(bad, []);
  const served = product.served();
  assert.ok(served.length > 20);
  assert.ok(!served.some((line) => / 500, track /.test(line)));
});
