// Every state of the player: its texts, accessibility by axe, and that each
// control can be reached by keyboard.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inState, leave, LOOKS, opened, stage, STATES }
  from "./lib/states.js";
import { until } from "./lib/until.js";

let all;

before(async () => { all = await stage(); });
after(() => leave(all));

async function axe(it) {
  await it.page.add("axe", "axe-core/axe.min.js");
  const { violations } = await it.do(() => globalThis.axe.run(document));
  assert.deepEqual(violations.map(({ id, nodes }) =>
    `${id}: ${nodes.map(({ html, failureSummary }) =>
      html + failureSummary).join("\n")}`), []);
}

async function fits(it) {
  const [inner, outer] = await it.do(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  assert.ok(inner <= outer, `${inner} px in ${outer}`);
}

describe("axe finds nothing", { concurrency: 3, timeout: 150000 }, () => {
  for (const name of Object.keys(STATES)) {
    test(`${name}: narrow, dark and in forced colours`, async () => {
      const it = await inState(all, name, "narrow");
      for (const look of ["narrow", "dark", "forced"]) {
        const { viewport, colorScheme = "light", forcedColors = "none" }
          = LOOKS[look];
        await it.native.setViewportSize(viewport);
        await it.native.emulateMedia({ colorScheme, forcedColors });
        await axe(it);
        await fits(it);
        assert.equal((await it.state()).status, name);
      }
      await it.end();
    });
  }
});

// The focused element: its name, and its outline.

const focused = (it) => it.do(() => {
  const { activeElement: found } = document;
  const { outlineStyle } = getComputedStyle(found);
  return found === document.body ? null : [
    found.getAttribute("aria-label") ?? found.labels?.[0]?.innerText
      ?? (found.querySelector(".voyo-what") ?? found).innerText,
  outlineStyle].map((each) =>
    each.trim().split("\n")[0]);
});

async function stopsOf(it) {
  const stops = [];
  for (let i = 0; i < 40; i++) {
    await it.native.keyboard.press("Tab");
    const stop = await focused(it);
    if (stop === null) {
      break;
    }
    stops.push(stop);
  }
  assert.deepEqual(stops.filter(([, outline]) => outline === "none"), []);
  return stops.map(([label]) => label);
}

const CONTROLS = ["Next track", "Repeat: off", "Mute", "Volume", "Quality",
  "Speed"];
const PAGE = ["Tracks, by their YouTube ids or addresses", "Add to the queue",
  "Make it the queue", "Events, the newest first"];

describe("by keyboard alone", { timeout: 200000 }, () => {
  test("everything can be reached, and is named and seen", async () => {
    const it = await inState(all, "playing", "light");
    assert.deepEqual(await stopsOf(it), ["Position", "Shuffle",
      "Previous track", "Pause", ...CONTROLS, "Queue 3 tracks", "Melody m04_looking", "m04_lookdim",
      "s30_looking", ...PAGE]);
    await it.end();
  });

  test("also where it failed, and nothing can be sought or be next",
    async () => {
      const it = await inState(all, "error", "light");
      assert.deepEqual(await stopsOf(it), ["Try again", "Position",
        "Shuffle", "Previous track", "Play", ...CONTROLS, "Queue 2 tracks", "m04_lookdim",
        "geo_looking", ...PAGE]);
      await it.end();
    });

  test("and while it tries again; the focus stays through the tries",
    async () => {
      const it = await inState(all, "recovering", "light");
      const { track } = await it.state();
      assert.deepEqual(await stopsOf(it), ["Try again", "Skip", "Position",
        "Shuffle", "Previous track", "Pause", ...CONTROLS, "Queue 2 tracks",
        `Melody ${track}`, "m04_lookdim", ...PAGE]);

      await it.native.getByRole("button", { name: "Try again" }).focus();
      const { length } = (await it.heard()).loads;
      await until(async () => (await it.heard()).loads.length > length,
        () => it.about());
      assert.equal((await focused(it))[0], "Try again");
      it.line.rate = Infinity;
      await it.line.up();
      await it.native.keyboard.press("Enter");
      await it.plays(1800);
      assert.deepEqual((await focused(it))[0], "Pause");
      await it.end();
    });

  test("and everything can be done", async () => {
    const it = await inState(all, "playing", "light");
    const { native: page } = it;
    const pressed = async (key, what) => {
      await page.keyboard.press(key);
      await it.until(what, 5000);
    };

    await page.getByRole("slider", { name: "Position" }).focus();
    await pressed("ArrowRight", ({ position }) => position >= 5);
    await pressed("l", ({ position }) => position >= 15);
    assert.match(await page.getByRole("slider", { name: "Position" })
      .getAttribute("aria-valuetext"), /^0:\d\d of 4:00$/);
    await pressed("j", ({ position }) => position < 15);
    await pressed(" ", ({ status }) => status === "paused");
    await pressed("k", ({ status }) => status === "playing");
    await pressed("m", ({ muted }) => muted);
    await pressed("m", ({ muted }) => !muted);
    await page.getByRole("button", { name: "Next track" }).focus();
    await pressed("ArrowDown", ({ volume }) => Math.abs(volume - 0.95) < 0.01);
    await pressed("Enter", ({ index }) => index === 1);
    await page.getByRole("button", { name: "Pause" }).focus();
    await pressed(" ", ({ status }) => status === "paused");
    await pressed(" ", ({ status }) => status === "playing");
    await page.getByRole("button", { name: "Next track" }).focus();
    await pressed("Enter", ({ index }) => index === 2);
    // at the end there is no next track, but its button keeps the focus
    await pressed("Enter", ({ index }) => index === 2);
    await pressed("n", ({ index }) => index === 2);
    assert.equal((await focused(it))[0], "Next track");
    await pressed("p", ({ index }) => index === 1);
    await pressed("p", ({ index }) => index === 0);
    await pressed("p", ({ index }) => index === 0);
    await pressed("n", ({ index }) => index === 1);
    await page.getByRole("button", { name: "Repeat: off" }).focus();
    await pressed("Enter", ({ repeat }) => repeat === "all");
    assert.equal((await focused(it))[0], "Repeat: all");
    await pressed("Enter", ({ repeat }) => repeat === "one");
    await pressed("Enter", ({ repeat }) => repeat === "off");
    await page.getByRole("button", { name: "Shuffle", pressed: false }).focus();
    await pressed("Enter", ({ shuffle }) => shuffle);
    assert.equal(await page.getByRole("button",
      { name: "Shuffle", pressed: true }).count(), 1);
    await pressed("Enter", ({ shuffle }) => !shuffle);
    await page.getByLabel("Quality").focus();
    await pressed("l", ({ choice }) => choice === "low");
    await page.getByRole("button", { name: /^Melody m04_looking/ }).focus();
    await pressed("Enter", ({ index }) => index === 0);
    await it.end();
  });
});

test("from right to left, time still runs to the right", async () => {
  const it = await inState(all, "playing", "narrow");
  await it.do(() => { document.documentElement.dir = "rtl"; });
  await fits(it);
  const press = async (name, part) => {
    const { x, y, width, height } = await it.native
      .getByRole("slider", { name }).boundingBox();
    await it.native.mouse.click(x + part * width, y + height / 2);
  };
  await press("Position", 0.25);
  await it.until(({ position }) => Math.abs(position - 60) < 10);
  await press("Volume", 0.25);
  await it.until(({ volume }) => Math.abs(volume - 0.25) < 0.15);
  await it.end();
});

// Inherited text styles, and styles that pages often set for all elements.

const HOSTILE = `
  body { text-align: right; text-align-last: center; text-indent: 3em;
    text-transform: uppercase; text-shadow: 0 0 1px red; letter-spacing: 4px;
    word-spacing: 1em; word-break: break-all; white-space: nowrap;
    hyphens: auto; line-height: 4; font: italic small-caps 900 30px serif;
    font-variant-numeric: oldstyle-nums; color: red; cursor: help;
    visibility: visible; list-style: square; tab-size: 20;
    -webkit-text-fill-color: red; -webkit-text-stroke: 1px red }`;

test("what a page's text looks like is not what the player's does",
  async () => {
    const it = await inState(all, "playing", "narrow");
    await it.do(() => globalThis.voyo.pause());
    await it.status("paused");
    // each part, by its place in the player, with its computed style
    const drawn = () => it.do(() => {
      const player = document.querySelector(".voyo-player");
      player.style.width = "280px";
      const { left, top } = player.getBoundingClientRect();
      return [player, ...player.querySelectorAll("*")].map((each) => {
        const range = document.createRange();
        range.selectNodeContents(each);
        const boxes = [each.getBoundingClientRect(),
          range.getBoundingClientRect()].map((box) =>
          box.width > 0 ? [box.left - left, box.top - top, box.width,
            box.height].map(Math.round).join() : "empty");
        const { color, cursor, textShadow, font, webkitTextFillColor }
          = getComputedStyle(each);
        return [each.tagName, each.className.baseVal ?? each.className,
          ...boxes, color, cursor, textShadow, font, webkitTextFillColor]
          .join(" ");
      });
    });
    const before = await drawn();
    assert.ok(before.length > 40);
    await it.do((css) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets.push(sheet);
    }, HOSTILE);
    assert.deepEqual(await drawn(), before);
    await it.end();
  });

test("who wants less motion has none", async () => {
  const it = await inState(all, "loading", "narrow");
  const moving = () => it.do(() =>
    [...document.querySelectorAll(".voyo-player, .voyo-player *")]
      .flatMap((each) => [null, "::before", "::after"].map((part) =>
        getComputedStyle(each, part)))
      .filter(({ animationName, transitionProperty, transitionDuration }) =>
        animationName !== "none" || (transitionProperty !== "none"
          && /[1-9]/.test(transitionDuration))).length);
  await it.native.emulateMedia({ reducedMotion: "no-preference" });
  assert.notEqual(await moving(), 0);
  await it.native.emulateMedia({ reducedMotion: "reduce" });
  assert.equal(await moving(), 0);
  await it.end();
});

test("what changes is said once, to those who listen to the page",
  async () => {
    const it = await opened(all, "tracks=s30_saying1");
    await it.do(() => {
      const said = globalThis.said = [];
      const region = document.querySelector(".voyo-player [role=status]");
      new MutationObserver(() => said.push(region.textContent))
        .observe(region, { childList: true, characterData: true,
          subtree: true });
    });
    await it.play();
    await it.plays(0);
    await it.plays(2);
    assert.deepEqual(await it.do(() => globalThis.said),
      ["Playing: Melody s30_saying1 by The Stand-Ins"]);
    await it.end();
  });

test("the system's buttons: Media Session", async () => {
  const it = await opened(all, "tracks=m04_session,m04_another");
  await it.play();
  await it.plays(0);
  const { title, artist, state } = await it.do(() => ({
    title: navigator.mediaSession.metadata.title,
    artist: navigator.mediaSession.metadata.artist,
    state: navigator.mediaSession.playbackState,
  }));
  assert.deepEqual([title, artist, state],
    ["Melody m04_session", "The Stand-Ins", "playing"]);
  await it.end();
});
