// Every state of the player: how to reach it, and its text.

import { launch } from "./engine.js";
import { Line } from "./line.js";
import { Listener } from "./listener.js";
import { Product } from "./product.js";
import { until } from "./until.js";

export const LOOKS = {
  light: { colorScheme: "light", viewport: { width: 1000, height: 720 } },
  dark: { colorScheme: "dark", viewport: { width: 1000, height: 720 } },
  narrow: { colorScheme: "light", viewport: { width: 320, height: 720 } },
  forced: { forcedColors: "active", viewport: { width: 1000, height: 720 } },
};
const KBIT = 125;          // bytes

// Needed by all: two browsers, one of them strict about autoplay.

export async function stage() {
  const product = await Product.start();
  const browser = await launch(product.home);
  const strict = await launch(product.home, { autoplay: false });
  // an uncached track that takes a while
  await product.switch({ faults: [
    { on: "player", id: "m04_loading", do: { delay: 60000 } }] });
  return { product, browser, strict };
}

export async function leave(all) {
  await all?.browser.end();
  await all?.strict.end();
  await all?.product.end();
}

// A page behind its own connection.

export async function opened({ product, browser }, query, look = "light") {
  const line = await Line.to(product.port);
  const it = await Listener.of(browser, `${line.url}/?${query}`, LOOKS[look]);
  it.line = line;
  it.end = async () => {
    await it.close();
    await line.end();
  };
  return it;
}

// How to reach each state, and its text.

const playing = async (it, ids) => {
  it.line.rate = 170 * KBIT;
  await it.do((queue) => {
    globalThis.voyo.setQueue(queue);
    globalThis.voyo.play();
  }, ids);
  await it.plays(0);
  await it.until(({ info }) => info);
};

export const STATES = {
  idle: [/^Nothing to play yet/, async (it) => {
    await it.do(() => globalThis.voyo.setQueue([]));
  }],
  loading: [/^Loading/, async (it) => {
    await it.do(() => {
      globalThis.voyo.setQueue(["m04_loading", "m04_lookdim"]);
      globalThis.voyo.play();
    });
  }],
  paused: [/^Paused/, async () => {}],
  playing: [/^Playing/, async (it) => {
    await it.play();
    await it.plays(0);
  }],
  buffering: [/^Waiting for the network/, async (it, name) => {
    await playing(it, [`h01_b${name}`.padEnd(11, "0"), "m04_lookdim"]);
    it.line.rate = 0;
    await it.seek(1800);
  }],
  recovering: [/^The server does not answer\. Next try in \d s\./,
    async (it, name) => {
      await playing(it, [`h01_r${name}`.padEnd(11, "0"), "m04_lookdim"]);
      await it.line.down();
      await it.seek(1800);
      // later retries are far enough apart to be observed
      await until(async () => (await it.heard()).recovers.length >= 5,
        () => it.about(), 60000);
    }],
  offline: [/^You are offline/, async (it, name) => {
    await playing(it, [`h01_o${name}`.padEnd(11, "0"), "m04_lookdim"]);
    await it.offline(true);
    await it.line.down();
    await it.seek(1800);
  }],
  blocked: [/^Your browser waits for you/, async () => {}],
  error: [/^This track is not offered in this country/, async (it) => {
    await it.do(() => {
      globalThis.voyo.setQueue(["m04_lookdim", "geo_looking"]);
      globalThis.voyo.select(1);
    });
  }],
};

export async function inState({ product, browser, strict }, name, look) {
  const blocked = name === "blocked";
  const it = await opened({ product, browser: blocked ? strict : browser },
    `tracks=m04_looking,m04_lookdim,s30_looking${blocked ? "&autoplay" : ""}`,
    look);
  const [text, make] = STATES[name];
  await make(it, look);
  await it.status(name, 60000);
  await until(async () => text.test(await it.text()), () => it.text(), 60000);
  return it;
}
