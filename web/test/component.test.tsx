// @vitest-environment jsdom

import { readFileSync } from "node:fs";
import { Activity, act, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { clock } from "../src/components/clock.js";
import { Player } from "../src/core/player.js";
import { classify } from "../src/core/recovery.js";
import {
  AudioPlayer,
  describe as describeState,
  english,
  usePlayer,
} from "../src/react.js";
import { Api } from "../src/services/api.js";
import { FakeAudio, FakeServer, info } from "./fake.js";

let server: FakeServer;
let audios: FakeAudio[];
let player: Player;
let root: Root;
let place: HTMLElement;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  server = new FakeServer();
  server.on(/\/cdn\/track\//, { status: 200, body: info("one") });
  audios = [];
  player = made();
  place = document.createElement("div");
  document.body.append(place);
  root = createRoot(place);
});

afterEach(() => {
  act(() => root.unmount());
  place.remove();
  player.destroy();
});

function made(audio: () => FakeAudio = () => new FakeAudio()): Player {
  return new Player({
    api: new Api({ fetch: server.fetch as typeof fetch }),
    storage: null,
    createAudio: () => {
      const each = audio();
      audios.push(each);
      return each as unknown as HTMLAudioElement;
    },
  });
}

function show(element: React.ReactElement): Promise<void> {
  return act(async () => root.render(<StrictMode>{element}</StrictMode>));
}

function find(selector: string): HTMLElement {
  const found = place.querySelector<HTMLElement>(selector);
  if (!found) {
    throw new Error(`there is no ${selector}`);
  }
  return found;
}

const active = () => player.active as unknown as FakeAudio;

describe("the component", () => {
  test("is a view of the player: what it shows is the state", async () => {
    await show(
      <AudioPlayer
        player={player}
        tracks={["one", { id: "two", title: "Second" }]}
      />,
    );
    expect(player.state.queue).toEqual(["one", "two"]);
    expect(find(".voyo-status").textContent).toContain(english.paused);
    expect(place.textContent).toContain("Second");

    await act(async () => find(`[aria-label="${english.play}"]`).click());
    expect(find(".voyo-skeleton")).toBeTruthy();
    await act(async () => active().sounds());
    expect(find(".voyo-title").textContent).toBe("Title of one");
    expect(find("[role=status]").textContent).toBe(
      "Playing: Title of one by Artist",
    );
    expect(find(".voyo-art img").getAttribute("src")).toBe("/cdn/art/one");

    await act(async () => find("ol li:nth-child(2) button").click());
    expect(player.state.track).toBe("two");
    expect(find("[aria-current]").textContent).toContain("Second");
  });

  test("what the page says of a track stays", async () => {
    const artwork = "https://app.example/one.jpg";
    const tracks = (artist?: string) => [
      { id: "one", title: "Mine", artist, artwork },
      "two",
    ];
    await show(<AudioPlayer player={player} tracks={tracks()} />);
    await act(async () => player.play());
    await act(async () => active().sounds());
    expect(find(".voyo-title").textContent).toBe("Mine");
    expect(find(".voyo-artist").textContent).toBe("Artist");
    expect(find(".voyo-art img").getAttribute("src")).toBe(artwork);
    expect(find("[aria-current]").textContent).toContain("Mine");
    const { length } = active().sources;
    await show(<AudioPlayer player={player} tracks={tracks("Me")} />);
    expect(find(".voyo-artist").textContent).toBe("Me");
    expect(active().sources).toHaveLength(length);
    expect(player.state.status).toBe("playing");
  });

  test("is a view of a player that has its queue from elsewhere", async () => {
    player.setQueue([{ id: "one", title: "Mine" }]);
    await show(<AudioPlayer player={player} />);
    await act(async () => player.append({ id: "two", title: "Second" }));
    expect(place.textContent).toContain("Second");
  });

  test("shuffles and repeats, and says which is on", async () => {
    await show(
      <AudioPlayer player={player} tracks={["one", "two", "three"]} />,
    );
    const shuffle = find(`[aria-label="${english.shuffle}"]`);
    expect(shuffle.getAttribute("aria-pressed")).toBe("false");
    await act(async () => shuffle.click());
    expect(player.state.shuffle).toBe(true);
    expect(shuffle.getAttribute("aria-pressed")).toBe("true");
    await act(async () => shuffle.click());
    expect(player.state.shuffle).toBe(false);

    for (const repeat of ["off", "all", "one", "off"] as const) {
      expect(player.state.repeat).toBe(repeat);
      const button = find(`[aria-label="${english.repeats[repeat]}"]`);
      expect(button.hasAttribute("aria-pressed")).toBe(false);
      expect(button.hasAttribute("data-on")).toBe(repeat !== "off");
      button.focus();
      await act(async () => button.click());
      expect(document.activeElement).toBe(button);
    }
  });

  test("with all repeated, the last has a next one", async () => {
    await show(<AudioPlayer player={player} tracks={["one", "two"]} />);
    await act(async () => player.select(1, false));
    const next = find(`[aria-label="${english.next}"]`);
    expect(next.getAttribute("aria-disabled")).toBe("true");
    await act(async () => player.setRepeat("all"));
    expect(next.getAttribute("aria-disabled")).toBeNull();
    await act(async () => next.click());
    expect(player.state.track).toBe("one");
  });

  test("has no volume where it can't be set", async () => {
    const phone = made(() =>
      Object.defineProperty(new FakeAudio(), "volume", {
        get: () => 1,
        set: () => {},
      }),
    );
    expect(phone.canSetVolume).toBe(false);
    await show(<AudioPlayer player={phone} tracks={["one"]} />);
    expect(place.querySelector(".voyo-volume")).toBeNull();
    phone.destroy();
  });

  test("draws what is buffered", async () => {
    await show(<AudioPlayer player={player} tracks={["one"]} />);
    await act(async () => {
      active().loaded(100);
      active().ranges = [
        [0, 20],
        [50, 75],
      ];
      active().say("progress");
    });
    const drawn = [...place.querySelectorAll<HTMLElement>(".voyo-buffered")];
    expect(drawn.map(({ style }) => [style.left, style.width])).toEqual([
      ["0%", "20%"],
      ["50%", "25%"],
    ]);
    expect(find(".voyo-seek input").getAttribute("aria-valuetext")).toBe(
      "0:00 of 1:40",
    );
  });

  test("a seek that the next track overtook is dropped", async () => {
    vi.useFakeTimers();
    await show(<AudioPlayer player={player} tracks={["one", "two"]} />);
    await act(async () => active().loaded(100));
    const press = () =>
      act(async () => {
        find(".voyo-seek input").dispatchEvent(
          new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }),
        );
      });
    await press();
    await act(() => vi.advanceTimersByTimeAsync(200));
    expect(player.state.position).toBe(5);

    await press();
    expect(find(".voyo-times").textContent).toBe("0:101:40");
    await act(async () => player.next());
    expect(find(".voyo-times").textContent).toBe("0:001:40");
    await act(() => vi.advanceTimersByTimeAsync(200));
    expect(player.state).toMatchObject({ track: "two", position: 0 });
    vi.useRealTimers();
  });

  test("speaks other languages", async () => {
    const texts = {
      play: "Abspielen",
      paused: "Angehalten",
      timeOf: (position: string, duration: string) =>
        `${position} von ${duration}`,
    };
    await show(<AudioPlayer player={player} tracks={["one"]} texts={texts} />);
    expect(find('[aria-label="Abspielen"]')).toBeTruthy();
    expect(find(".voyo-status").textContent).toContain("Angehalten");
    expect(find(".voyo-seek input").getAttribute("aria-valuetext")).toBe(
      "0:00 von 0:00",
    );
  });

  test("an error says what happened and what can be done", async () => {
    server.on(/HEAD/, { status: 404 });
    server.on(/GET.*stream/, { status: 404, body: { code: "private" } });
    await show(<AudioPlayer player={player} tracks={["one", "two"]} />);
    await act(async () => {
      player.play();
      active().fails();
      await vi.waitFor(() => expect(player.state.status).toBe("error"));
    });
    expect(find(".voyo-status").textContent).toBe(
      `${english.errors.private} ${english.skippingIn(5)}` +
        `${english.tryAgain}${english.skip}`,
    );
    await act(async () => find(".voyo-actions button:last-child").click());
    expect(player.state.track).toBe("two");
  });

  test("between failed tries it is not said to play", async () => {
    const said: (string | null)[] = [];
    const say = () => said.push(find("[role=status]").textContent);
    vi.useFakeTimers();
    await show(<AudioPlayer player={player} tracks={["one", "two"]} />);
    await act(async () => player.play());
    await act(async () => active().sounds());
    await act(() => vi.advanceTimersByTimeAsync(1000));
    say();
    server.on(/HEAD/, { status: 502 });
    for (let i = 0; i < 2; i++) {
      await act(async () => active().fails());
      say();
      await act(() => vi.advanceTimersByTimeAsync(2000));
      expect(player.state.status).toBe("buffering");
      say();
    }
    await act(async () => active().sounds());
    say();
    await act(async () => player.next());
    say();
    await act(async () => player.pause());
    say();
    vi.useRealTimers();
    const { server: broken } = english.errors;
    const plays = "Playing: Title of one by Artist";
    expect(said).toEqual([
      plays,
      broken,
      broken,
      broken,
      broken,
      plays,
      plays,
      "",
    ]);
  });

  test("the focus stays where it was, though there is nothing to press", async () => {
    await show(<AudioPlayer player={player} tracks={["one", "two"]} />);
    const seek = find(".voyo-seek input");
    const next = find(`[aria-label="${english.next}"]`);
    expect(seek.matches(":disabled")).toBe(false);
    expect(seek.getAttribute("aria-disabled")).toBe("true");
    next.focus();
    expect(next.getAttribute("aria-disabled")).toBeNull();
    await act(async () => next.click());
    expect(player.state.index).toBe(1);
    expect(next.matches(":disabled")).toBe(false);
    expect(next.getAttribute("aria-disabled")).toBe("true");
    await act(async () => next.click());
    expect(player.state.index).toBe(1);
    expect(document.activeElement).toBe(next);
    await act(async () => active().loaded());
    expect(seek.getAttribute("aria-disabled")).toBeNull();
  });

  test("so do the buttons between tries; when they go, play has it", async () => {
    vi.useFakeTimers();
    await show(<AudioPlayer player={player} tracks={["one", "two"]} />);
    await act(async () => player.play());
    server.on(/HEAD/, { status: 502 });
    await act(async () => active().fails());
    expect(player.state.status).toBe("recovering");
    find(".voyo-actions button").focus();
    await act(() => vi.advanceTimersByTimeAsync(1000));
    expect(player.state.status).toBe("loading");
    expect(document.activeElement?.textContent).toBe(english.tryAgain);
    await act(async () => active().fails());
    expect(document.activeElement?.textContent).toBe(english.tryAgain);
    await act(() => vi.advanceTimersByTimeAsync(2000));
    await act(async () => active().sounds());
    expect(place.querySelector(".voyo-actions")).toBeNull();
    expect(document.activeElement).toBe(find(".voyo-main"));
    vi.useRealTimers();
  });

  test("a picture that fails to load leaves the note", async () => {
    await show(<AudioPlayer player={player} tracks={["one"]} />);
    await act(async () => active().sounds());
    await act(async () => {
      find(".voyo-art img").dispatchEvent(new Event("error"));
    });
    expect(place.querySelector(".voyo-art img")).toBeNull();
    expect(find(".voyo-art svg")).toBeTruthy();
  });

  test("has a player of its own, which ends with it", async () => {
    const destroyed = vi.spyOn(Player.prototype, "destroy");
    vi.spyOn(HTMLMediaElement.prototype, "pause").mockReturnValue();
    vi.spyOn(HTMLMediaElement.prototype, "load").mockReturnValue();
    vi.useFakeTimers();
    await show(<AudioPlayer tracks={["one"]} base="https://cdn.example/" />);
    expect(place.querySelector(".voyo-art img")).toBeNull();
    await act(() => vi.advanceTimersByTimeAsync(1000));
    vi.useRealTimers();
    expect(find(".voyo-art img").getAttribute("src")).toBe(
      "https://cdn.example/cdn/art/one",
    );
    act(() => root.unmount());
    // the first is the one of React's strict mode
    expect(destroyed).toHaveBeenCalledTimes(2);
    root = createRoot(place);
  });
});

function Own({ told }: { told: (player: Player | null) => void }) {
  const player = usePlayer({ storage: null });
  told(player);
  return <AudioPlayer player={player} tracks={["one"]} />;
}

test("a player that was hidden and shown again is a new one", async () => {
  vi.spyOn(HTMLMediaElement.prototype, "pause").mockReturnValue();
  vi.spyOn(HTMLMediaElement.prototype, "load").mockReturnValue();
  const seen: (Player | null)[] = [];
  const shown = (mode: "visible" | "hidden") =>
    show(
      <Activity mode={mode}>
        <Own told={(own) => seen.push(own)} />
      </Activity>,
    );

  await shown("visible");
  const first = seen.at(-1);
  await shown("hidden");
  expect(first?.state.track).toBeNull();
  expect(seen.at(-1)).toBeNull();
  await shown("visible");
  const second = seen.at(-1);
  expect(second).not.toBe(first);
  expect(second?.state.track).toBe("one");
  expect(first?.state.track).toBeNull();
});

test("every status and every cause has its words", () => {
  const statuses = [
    "idle",
    "loading",
    "playing",
    "paused",
    "buffering",
    "recovering",
    "offline",
    "blocked",
  ] as const;
  for (const status of statuses) {
    const { text } = describeState({ status, error: null, retryAt: null });
    expect(text).toMatch(/^[A-Z].+/);
  }
  const causes = [
    "gone",
    "page",
    "busy",
    "server",
    "network",
    "media",
  ] as const;
  for (const cause of causes) {
    const error = { cause, status: 0, code: "not known" };
    const { text } = describeState({ status: "error", error, retryAt: null });
    expect(text).toBe(english.errors[cause]?.replace("{server}", ""));
    expect(
      describeState(
        { status: "recovering", error, retryAt: 12_100 },
        english,
        9000,
      ),
    ).toEqual({ text, next: "Next try in 4 s." });
  }
});

test("each of the server's codes has a sentence of its own or its like's", () => {
  const table = readFileSync("http-api.md", "utf8")
    .split("## Errors")[1]
    ?.matchAll(/^\| (4\d\d|50\d) \| `(\w+)` \|/gm);
  const codes = [...(table ?? [])].map(([, status, code]) => ({
    status: Number(status),
    code: code as string,
  }));
  expect(codes.length).toBeGreaterThan(30);
  // which the player never causes, or where the cause says all
  const plain = [
    ...["bad_quality", "bad_codec", "bad_prefetch", "bad_request"],
    ...["bad_method", "no_artwork", "changed", "range_not_satisfiable"],
    ...["too_many_requests", "busy", "budget", "resolve_timeout", "timeout"],
    "no_room",
  ];
  for (const { status, code } of codes) {
    const cause = classify({ status, retryAfter: null, code });
    const error = { cause, status, code };
    const { text } = describeState({ status: "error", error, retryAt: null });
    expect(text, code).toMatch(/^[A-Z].+\.$/);
    expect(text === english.errors[cause], code).toBe(plain.includes(code));
  }
});

test("the server's network is not the listener's", () => {
  const said = (cause: "server" | "network", code: string | null) =>
    describeState({
      status: "error",
      error: { cause, status: 502, code },
      retryAt: null,
    }).text;
  expect(said("server", "network")).toBe(english.errors.source);
  expect(said("network", null)).toBe(english.errors.network);
  expect(said("server", "constructor")).toBe(english.errors.server);
});

test("a web page is said to be one, and whose", () => {
  const page = "http://localhost:5173";
  const error = { cause: "page", status: 200, code: null, page } as const;
  const { text } = describeState({ status: "error", error, retryAt: null });
  expect(text).toBe(
    "The server at http://localhost:5173 answers with a web page: " +
      "is /cdn proxied to VOYO?",
  );
});

test("causes without words in another language have the English ones", () => {
  const texts = { ...english, errors: { gone: "Weg.", drm: "Verschlüsselt." } };
  const said = (cause: "gone" | "server", code: string | null) =>
    describeState(
      { status: "error", error: { cause, status: 0, code }, retryAt: null },
      texts,
    ).text;
  expect(said("gone", "drm")).toBe("Verschlüsselt.");
  expect(said("gone", "unheard_of")).toBe("Weg.");
  expect(said("gone", "private")).toBe(english.errors.private);
  expect(said("server", null)).toBe(english.errors.server);
});

test.each([
  [0, "0:00"],
  [9.9, "0:09"],
  [83, "1:23"],
  [3599, "59:59"],
  [3600, "1:00:00"],
  [36_610, "10:10:10"],
])("%d s is %s", (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});
