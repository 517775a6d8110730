// The demo page, with all events of its player.

import assert from "node:assert/strict";
import { ENGINE } from "./engine.js";
import { Page } from "./page.js";
import { until } from "./until.js";

// WebKitGTK often reports HAVE_CURRENT_DATA after a seek although it plays.
const SOUNDS = ENGINE === "webkit" ? ["playing", "buffering"] : ["playing"];

export class Listener {
  static async of(browser, url, look) {
    const it = new Listener();
    it.page = await Page.open(browser, url, look);
    await until(() => it.do(() => Boolean(globalThis.voyo?.state.track)),
      () => it.page.text("body"));
    await it.do(() => {
      globalThis.heard = { loads: [], statuses: [], recovers: [], starts: [],
        qualities: [], requests: [] };
      const { heard, voyo } = globalThis;
      for (const each of voyo.elements) {
        each.addEventListener("loadstart", () =>
          each.src && heard.loads.push(performance.now()));
      }
      // the player's buttons, not those of the page
      const fetched = globalThis.fetch;
      globalThis.fetch = (resource, init) => {
        if (/\/cdn\/(stream|track)\/(?!.*panel=1)/.test(resource)) {
          heard.requests.push(`${init?.method ?? "GET"} ${resource}`);
        }
        return fetched(resource, init);
      };
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

  get native() {
    return this.page.tab.native;
  }

  offline(is) {
    return this.page.tab.offline(is);
  }

  do(what, argument) {
    return this.page.do(what, argument);
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
      await this.do(() => [...globalThis.voyo.elements].map((each) =>
        [each.currentTime, each.readyState, each.error?.message]))]);
  }

  until(what, milliseconds) {
    return until(async () => what(await this.state()), () => this.about(),
      milliseconds);
  }

  status(status, milliseconds) {
    return this.until((state) => state.status === status, milliseconds);
  }

  // Waits until it has really played for a second from there on.
  async plays(from, milliseconds = 30000) {
    await this.until(({ status, position }) => SOUNDS.includes(status)
      && position >= from + 1, milliseconds);
    const { position } = await this.state();
    assert.ok(position < from + 30, `at ${position}, not after ${from}`);
    return position;
  }

  text() {
    return this.page.text(".voyo-status");
  }

  // At most one request per second, except the first and its reason.
  async noStorm(since, before = 0) {
    const { loads, requests } = await this.heard();
    const seconds = (Date.now() - since) / 1000;
    const sent = requests.length + loads.length - before;
    assert.ok(sent <= seconds + 4,
      `${sent} in ${seconds} s: ${await this.about()}`);
  }

  async close() {
    assert.deepEqual(await this.page.close(), []);
  }
}
