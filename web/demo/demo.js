// The demo page: a list of tracks, the browser's own player, and a log of
// what both sides said.

const $ = (id) => document.getElementById(id);
const audio = $("audio");

let track = null; // what is playing: { id, title }
let asked = 0; // when, in milliseconds

function log(text) {
  const line = document.createElement("li");
  const time = document.createElement("time");

  time.textContent = `${new Date().toISOString().slice(11, 23)} `;
  line.append(time, text);
  $("log").prepend(line);
  while ($("log").childElementCount > 300) {
    $("log").lastElementChild.remove();
  }
}

function chosen(name) {
  return document.querySelector(`input[name="${name}"]:checked`).value;
}

function streamUrl() {
  const query = new URLSearchParams({
    quality: chosen("quality"),
    codec: chosen("codec"),
  });

  return `/cdn/stream/${track.id}?${query}`;
}

function play(next, from = 0) {
  track = next;
  asked = performance.now();

  $("problem").hidden = true;
  $("facts").replaceChildren();
  $("playing").textContent = track.title;
  for (const button of $("tracks").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", button.dataset.id === track.id);
  }

  const url = streamUrl();
  log(`GET ${url}`);
  audio.src = from > 0 ? `${url}#t=${from.toFixed(3)}` : url;
  // a failure comes as an event too, a newer choice is no failure
  audio.play().catch((error) => {
    if (error.name === "NotAllowedError") {
      log("the browser wants a click on play first");
    }
  });
}

// The headers are the server's own answer, from what it knows of the track.

async function showFacts(url) {
  const answer = await fetch(url, { method: "HEAD", cache: "no-store" });
  if (!answer.ok || url !== streamUrl()) {
    return;
  }

  const facts = ["X-Voyo-Quality", "Content-Type", "Content-Length",
    "Cache-Status", "Server-Timing"];
  $("facts").replaceChildren(...facts.flatMap((name) => {
    const term = document.createElement("dt");
    const value = document.createElement("dd");
    term.textContent = name;
    value.textContent = answer.headers.get(name) ?? "none";
    return [term, value];
  }));
  log(`${answer.status}, ${answer.headers.get("X-Voyo-Quality")}, ` +
      `cache: ${answer.headers.get("Cache-Status")}`);
}

// An error event says nothing of the server's answer, so it is asked again:
// by HEAD for the status, and for the text with a single byte.

async function showProblem() {
  const url = streamUrl();
  let text = `Can't play this (media error ${audio.error?.code ?? "?"}).`;

  try {
    const head = await fetch(url, { method: "HEAD", cache: "no-store" });
    text += ` The server says ${head.status}`;
    if (!head.ok) {
      const answer = await fetch(url, { headers: { Range: "bytes=0-0" },
        cache: "no-store" });
      const problem = await answer.json();
      text += `: ${problem.title}`;
      if (answer.headers.has("Retry-After")) {
        text += ` Again in ${answer.headers.get("Retry-After")} s.`;
      }
    } else {
      text += ", so it may play now.";
    }
  } catch {
    text += " The server does not answer.";
  }

  if (url === streamUrl()) {
    $("problem").textContent = text;
    $("problem").hidden = false;
    log(text);
  }
}

async function showHealth() {
  const place = $("health");

  try {
    const health = await (await fetch("/health", { cache: "no-store" })).json();
    const bad = Object.entries(health.checks)
      .filter(([, check]) => check.status !== "ok").map(([name]) => name);
    place.dataset.status = health.status;
    place.textContent = health.status +
      (bad.length ? ` (${bad.join(", ")})` : "") +
      `, tracks known: ${health.cacheSize}`;
  } catch {
    place.dataset.status = "unhealthy";
    place.textContent = "The server does not answer";
  }
}

function watch() {
  for (const name of ["loadedmetadata", "seeking", "seeked", "waiting",
    "stalled", "pause", "ended", "error"]) {
    audio.addEventListener(name, () =>
      log(`${name} at ${audio.currentTime.toFixed(1)} s`));
  }

  audio.addEventListener("playing", () => {
    if (asked) {
      log(`playing, ${Math.round(performance.now() - asked)} ms after ` +
          "it was asked for");
      asked = 0;
      showFacts(streamUrl());
    }
  });
  audio.addEventListener("error", showProblem);

  for (const input of document.querySelectorAll("fieldset input")) {
    input.addEventListener("change", () => {
      if (track) {
        play(track, audio.currentTime);
      }
    });
  }

  $("other").addEventListener("submit", (event) => {
    event.preventDefault();
    play({ id: $("id").value, title: $("id").value });
  });
}

// ?tracks=ID,ID takes the place of tracks.json.

async function list() {
  const ids = new URLSearchParams(location.search).get("tracks");
  const tracks = ids
    ? ids.split(",").map((id) => ({ id, title: id }))
    : await (await fetch("tracks.json")).json();

  $("tracks").replaceChildren(...tracks.map((each) => {
    const line = document.createElement("li");
    const button = document.createElement("button");
    const id = document.createElement("small");
    button.type = "button";
    button.dataset.id = each.id;
    button.setAttribute("aria-pressed", "false");
    button.textContent = each.title;
    id.textContent = each.id;
    button.append(" ", id);
    button.addEventListener("click", () => play(each));
    line.append(button);
    return line;
  }));
}

watch();
list().catch((error) => log(`no list of tracks: ${error.message}`));
showHealth();
setInterval(showHealth, 5000);
