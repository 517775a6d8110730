// All of VOYO in a real browser: the demo page on the stand-in source plays a
// track, seeks, preloads the next one, shows why a track fails, waits while the
// server has no resolver, and stops without leaving anything behind.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ENGINE, launch } from "./lib/engine.js";
import { whole } from "./lib/form.js";
import { Listener } from "./lib/listener.js";
import { Product } from "./lib/product.js";
import { until } from "./lib/until.js";

const FOUR_MINUTES = 240;

let product, browser, listener, page;

before(async () => {
  product = await Product.start();
  browser = await launch(product.home);
  listener = await Listener.of(browser, `http://127.0.0.1:${product.port}/`);
  ({ page } = listener);
});

after(async () => {
  await browser?.end();
  await product?.end();
});

const open = (query) => Listener.of(browser,
  `http://127.0.0.1:${product.port}/?${query}`);
const log = () => page.text("#log");

test("a track plays, and goes on after a seek to 80 %", async () => {
  await page.click("button", /^Four minutes more/);
  await listener.plays(0);
  const { duration } = await listener.state();
  assert.ok(Math.abs(duration - FOUR_MINUTES) < 1, `${duration}`);

  await listener.seek(0.8 * FOUR_MINUTES);
  await listener.plays(0.8 * FOUR_MINUTES);
  assert.doesNotMatch(await log(), /error|recover/);
});

whole("the page says what happened", async () => {
  const { codec } = await listener.state();
  await page.shows(new RegExp(`medium; codec=${codec}`));
  assert.match(await page.text("dl"),
    /First sound\s+\d+ ms\s+First byte\s+(≤ )?\d+ ms\s+Cache\s+voyo; /);
  assert.match(await log(), /sound \d+ ms after it was asked for/);
  assert.match(await page.text("#health"), /^healthy, \d+/);
});

whole("what it says of the cache is of the audio itself", async () => {
  const other = await open("tracks=s05_ofcache");
  await other.play();
  // by then the first slice is stored, and a request is a cache hit
  await other.page.shows(/^voyo; fwd=uri-miss; stored$/m);
  await other.close();
});

test("another quality goes on from where the first was", async () => {
  await page.choose("Quality", "Low");
  await listener.plays(0.8 * FOUR_MINUTES + 1);
  await page.shows(/low; codec=/);
  assert.match(await log(), /quality high → low, by user/);
  await page.choose("Quality", "Auto");
});

whole("a track that fails says why", async () => {
  await page.click("button", /private/);
  await listener.status("error");
  assert.match(await listener.text(), /^This track is private\./);
  assert.match(await log(), /error gone, 404 private/);
});

whole("ids and addresses make a queue", async () => {
  await page.fill(/YouTube ids or addresses/,
    "s05_added01, https://music.youtube.com/watch?v=s05_added02&list=x\n"
    + "https://youtu.be/s05_added03?t=3 nonsense");
  await page.click("button", "Add to the queue");
  assert.deepEqual((await listener.state()).queue.slice(-3),
    ["s05_added01", "s05_added02", "s05_added03"]);
  await page.shows(/^3 tracks taken\.$/m);

  await page.fill(/YouTube ids or addresses/, "s05_added04");
  await page.click("button", "Make it the queue");
  await listener.until(({ queue }) => queue.join() === "s05_added04");
});

whole("a cold track plays within a second", async () => {
  await product.switch({ latency: { player: 200, media: 50, connect: 30 } });
  const other = await open("tracks=m04_another");
  for (const id of ["m04_within1", "m04_within2", "m04_within3"]) {
    await other.do((cold) => {
      globalThis.voyo.setQueue([cold]);
      globalThis.voyo.play();
    }, id);
    await other.plays(0);
  }
  // the best of three, since the machine may be busy
  const times = (await other.heard()).starts.map(({ ms }) => ms);
  assert.ok(times.length === 3 && Math.min(...times) < 1000, times.join());
  await product.switch({ latency: { player: 0, media: 0, connect: 0 } });
  await other.close();
});

test("without a click there may be no sound, and that is said", async () => {
  const strict = await launch(product.home, { autoplay: false });
  try {
    const other = await Listener.of(strict,
      `http://127.0.0.1:${product.port}/?tracks=m04_blocked&autoplay`);
    await other.status("blocked");
    assert.match(await other.text(), /press play/);
    await other.page.click("button", "Play");
    await other.plays(0);
    await other.close();
  } finally {
    await strict.end();
  }
});

test("after half of a track the next one needs no source", async () => {
  const other = await open("tracks=s30_first01,s30_second1");
  await other.play();
  await other.plays(0);
  // all except the resolver's proof of the last byte
  const asked = async () => (await product.asked("s30_second1"))
    .filter(({ kind, range }) => kind !== "thumb"
      && !/^bytes=(\d+)-\1$/.test(range));
  assert.deepEqual(await asked(), []);

  await other.seek(15.5);
  await until(async () => (await other.do(() =>
    globalThis.voyo.prefetch.queue.get("s30_second1"))) === "ready",
  () => other.about());
  const before = (await asked()).map(({ kind, itag, range }) =>
    [kind, itag, range]);
  assert.deepEqual(before.map(([kind]) => kind), ["player", "media"]);

  await other.seek(28);
  await other.until(({ track, status }) => track === "s30_second1"
    && status === "playing");
  await other.plays(0);
  const { starts } = await other.heard();
  if ((await other.state()).quality === "high" || ENGINE !== "webkit") {
    assert.deepEqual((await asked()).map(({ kind, itag, range }) =>
      [kind, itag, range]), before, await other.about());
    assert.ok(starts[1].prepared && starts[1].ms <= 100,
      JSON.stringify(starts));
  } else {
    // its "buffered" may grow no faster than playback, so it seems slow
    assert.deepEqual([(await other.heard()).qualities, starts[1].prepared],
      [["high → low: track"], false]);
  }
  await other.close();
});

whole("what repeats begins again: a track, and a queue", async () => {
  const other = await open("tracks=s05_repeat1,s05_repeat2");
  await other.do(() => globalThis.voyo.setRepeat("one"));
  await other.play();
  await other.until(({ position }) => position > 4);
  const { loads } = await other.heard();
  await other.until(({ status, position }) => status === "playing"
    && position > 0.5 && position < 3);
  assert.equal((await other.state()).track, "s05_repeat1");
  // in the same element, which has buffered all of it
  assert.equal((await other.heard()).loads.length, loads.length);

  await other.do(() => globalThis.voyo.setRepeat("all"));
  for (const id of ["s05_repeat2", "s05_repeat1"]) {
    await other.until(({ track, status, position }) => track === id
      && status === "playing" && position > 0.5);
  }
  await other.close();
});

whole("503 with Retry-After on the first request: it waits, and plays",
  async () => {
    const resolver = await until(() => product.processes("voyo-resolver")
      .find(({ line }) => /voyo-resolver\0*$/.test(line)), () => "none");
    process.kill(resolver.pid, "SIGSTOP");
    try {
      // it sends no heartbeats any more
      await until(async () => (await fetch(
        `http://127.0.0.1:${product.port}/cdn/stream/s30_warmup1`,
        { method: "HEAD" })).status === 503, () => "never 503");

      const other = await open("tracks=m04_retries");
      const began = Date.now();
      await other.play();
      await other.status("recovering");
      await other.page.shows(/^The server cannot look up new tracks .* \d s\./m);
      const { recovers } = await other.heard();
      assert.equal(recovers[0].status, 503);
      assert.equal(recovers[0].delay, 5000);
      process.kill(resolver.pid, "SIGCONT");
      await other.plays(0);
      assert.ok(Date.now() - began >= 5000);
      await other.noStorm(began);
      await other.close();
    } finally {
      process.kill(resolver.pid, "SIGCONT");
    }
  });

test("all stops when it is told to", async () => {
  await listener.close();
  await browser.end();
  assert.equal(await product.stop(), 0, product.said);
  assert.doesNotMatch(product.said, /\[(error|alert|crit|emerg)\]/);
});
