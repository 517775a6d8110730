// Each container in an engine: the duration before and after playing, whether a
// seek reaches the right sound, and whether a broken connection is audible.

import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { after, before, describe, test as always } from "node:test";
import { ENGINE, launch } from "./lib/engine.js";
import { whole } from "./lib/form.js";
import { Line } from "./lib/line.js";
import { Listener } from "./lib/listener.js";
import { Page } from "./lib/page.js";
import { difference, heard } from "./lib/position.js";
import { Product } from "./lib/product.js";
import { until } from "./lib/until.js";

const NAMES = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKitGTK" };
const NOTES = { chromium: "", firefox: "",
  webkit: "stands still after a cut; VOYO's player then loads it again" };
const SECONDS = 240;
const NEAR = 0.3;
const STILL = 10000;        // milliseconds
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

// An own element, connected to an analyser.

class Ear {
  static async open(path, rate = Infinity) {
    const ear = new Ear();
    ear.line = await Line.to(product.port);
    ear.page = await Page.open(browser, `${ear.line.url}/`);
    ear.line.rate = rate;
    await ear.page.do((src) => {
      const audio = globalThis.audio = new Audio(src);
      const context = new AudioContext();
      const analyser = new AnalyserNode(context, { fftSize: 8192 });
      context.createMediaElementSource(audio).connect(analyser)
        .connect(context.destination);
      // the sound at this moment, and the element's position
      globalThis.hear = () => {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        return { samples: [...samples].map((each) => Number(each.toFixed(4))),
          rate: context.sampleRate, shown: audio.currentTime };
      };
      void context.resume();
      audio.play();
    }, path);
    return ear;
  }

  do(text) {
    return this.page.do(text);
  }

  duration() {
    return this.do("audio.duration");
  }

  async seek(to) {
    await this.do(`void (audio.currentTime = ${to})`);
    await until(() => this.do(`!audio.seeking && audio.currentTime > ${to}
      && audio.currentTime < ${to} + 20`), () => this.about(), 40000);
  }

  // How far the sound is behind the element's position: the median of some
  // measurements.
  async behind() {
    const found = [];
    await until(async () => {
      const { samples, rate, shown } = await this.do("hear()");
      const at = heard(samples, rate);
      if (at !== null) {
        found.push(difference(shown, at));
      }
      return found.length >= 5;
    }, async () => `${found} ${await this.about()}`, 40000);
    return found.sort((one, other) => one - other)[2];
  }

  about() {
    return this.do(`JSON.stringify([audio.currentTime, audio.readyState,
      audio.error?.message])`);
  }

  async close() {
    assert.deepEqual(await this.page.close(), []);
    await this.line.end();
  }
}

async function measure(path) {
  const ear = await Ear.open(path);
  await until(() => ear.do("audio.readyState > 0"), () => ear.about());
  const before = await ear.duration();
  const late = await ear.behind();
  await ear.seek(0.8 * SECONDS);
  const seek = Math.abs(await ear.behind() - late);
  await ear.seek(SECONDS - 2);
  await until(() => ear.do("audio.ended"), () => ear.about());
  const after = await ear.duration();
  await ear.close();
  return { before, after, seek, late };
}

// Whether it continues after its connection was closed: it receives more data
// than it had, and neither fails nor stalls.
async function resumes(path) {
  const ear = await Ear.open(path, 400 * KBIT);
  await until(() => ear.do("audio.currentTime > 1"), () => ear.about(), 60000);
  await ear.do(`void (globalThis.edge = () => [...Array(
    audio.buffered.length).keys()].map((i) => audio.buffered.end(i)).find(
      (end) => end > audio.currentTime && end < ${SECONDS} - 10) ?? Infinity)`);
  const had = await ear.do("Math.min(edge(), 1e6)");
  ear.line.cut();
  ear.line.rate = Infinity;

  let [at, moved] = [0, Date.now()];
  const state = await until(async () => {
    const [now, edge, failed] = await ear.do(
      "[audio.currentTime, Math.min(edge(), 1e6), audio.error !== null]");
    if (now > at) {
      [at, moved] = [now, Date.now()];
    }
    return failed ? "failed"
      : Date.now() - moved > STILL ? "still"
        : edge > had + 5 && now > 3 && "more";
  }, () => ear.about(), 90000);
  const whole = state === "more" && Math.abs(await ear.behind()) < NEAR;
  await ear.close();
  return whole;
}

describe("right in every container", () => {
  for (const [test, file, path] of [
    [always, "AAC", "/cdn/stream/m04_contain?codec=aac"],
    [whole, "Opus", "/cdn/stream/m04_contain?codec=opus"],
    [whole, "AAC, not fragmented", "/cdn/stream/fastcontain"],
  ]) {
    test(file, async () => {
      const { late, ...measured } = await measure(path);
      const found = { player: NAMES[ENGINE], version: browser.version, file,
        ...measured, resume: await resumes(path), note: NOTES[ENGINE] };
      if (process.env.VOYO_TABLE) {
        appendFileSync(process.env.VOYO_TABLE, `${JSON.stringify(found)}\n`);
      }
      // in WebKitGTK an analyser receives the sound one second late
      assert.ok(Math.abs(late - (ENGINE === "webkit" ? 1 : 0)) < 0.2,
        `${late}`);
      assert.ok(Math.abs(found.before - SECONDS) < 0.1, `${found.before}`);
      assert.ok(Math.abs(found.after - SECONDS) < 0.1, `${found.after}`);
      assert.ok(found.seek < NEAR, `${found.seek}`);
      assert.equal(found.resume, ENGINE !== "webkit");
    });
  }
});

always("a file that goes on after the track's end: the next one starts there",
  async () => {
    const it = await Listener.of(browser,
      `http://127.0.0.1:${product.port}/?tracks=trapbrowser,m04_aftertr`);
    await it.play();
    await it.plays(0);
    const { duration } = await it.state();
    assert.ok(Math.abs(duration - 5) < 0.1, `${duration}`);
    let last = 0;
    await it.until(({ track, position }) => {
      last = track === "trapbrowser" ? position : last;
      return track === "m04_aftertr";
    });
    assert.ok(last > 4 && last < 5.5, `${last}`);
    await it.plays(0);
    await it.close();
  });
