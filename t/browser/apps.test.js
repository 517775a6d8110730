// The player in other apps, built and served as in production: each uses its own
// server, which proxies /cdn to VOYO.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch } from "./lib/engine.js";
import { Listener } from "./lib/listener.js";
import { Product } from "./lib/product.js";
import { until } from "./lib/until.js";

const root = new URL("../..", import.meta.url).pathname;
const vite = join(root, "build/web/node_modules/vite/bin/vite.js");
const next = join(root, "build/apps/next/node_modules/next/dist/bin/next");

let product, browser, served, env;

const made = (...names) => promisify(execFile)(join(root, "web/run"),
  ["apps", ...names], { env });

before(async () => {
  product = await Product.start();
  // the address of VOYO, for all of them
  env = { ...process.env, VOYO: `http://127.0.0.1:${product.port}`,
    NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };
  served = [];
  await made("react-19", "plain");
  browser = await launch(product.home);
});

after(async () => {
  await browser?.end();
  for (const server of served ?? []) {
    server.kill();
    if (server.exitCode === null && server.signalCode === null) {
      await once(server, "exit");
    }
  }
  await product?.end();
});

// Serves a built app, and returns its address.

async function serve(name, program, ...words) {
  const server = spawn(process.execPath, [program, ...words],
    { cwd: join(root, "build/apps", name), env });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (text) => { said += text; });
  }
  served.push(server);
  const address = () => /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
  return until(() => address() ?? server.exitCode !== null, () => said, 60000)
    .then(() => address() ?? assert.fail(said));
}

const preview = (name, ...words) =>
  serve(name, vite, "preview", "--host", "127.0.0.1", ...words);

async function plays(url, id, words = "") {
  const it = await Listener.of(browser, `${url}/?tracks=${id}${words}`);
  await it.play();
  await it.plays(0);
  assert.ok(product.served(id).length > 0, product.said);
  return it;
}

test("Vite and React: it plays, and is called as the app says", async () => {
  const it = await plays(await preview("react-19"), "s30_viteapp");
  assert.equal(await it.do(() =>
    document.querySelector(".voyo-title").innerText),
  "The app's s30_viteapp");
  assert.equal(await it.do(() =>
    document.querySelector(".voyo-artist").innerText), "The Stand-Ins");
  await it.close();
});

test("no framework: it plays", async () => {
  const it = await plays(await preview("plain"), "s30_noframe");
  assert.match(await it.text(), /^playing at/);
  await it.close();
});

test("without a proxy it is said what answers, and not asked again",
  async () => {
    const config = join(product.home, "no-proxy.config.js");
    writeFileSync(config, "export default {};\n");
    const url = await preview("react-19", "--config", config);
    const it = await Listener.of(browser, `${url}/?tracks=s30_proxies,s30_noproxy`);
    await it.play();
    await it.status("error");
    assert.match(await it.text(), new RegExp(`^The server at ${url} answers `
      + "with a web page: is /cdn proxied to VOYO\\?"));
    const { requests } = await it.heard();
    assert.ok(requests.length >= 1 && requests.length <= 2,
      requests.join("\n"));
    // longer than the delay of a skip or a retry
    await it.do(() => new Promise((resolve) => setTimeout(resolve, 6000)));
    assert.deepEqual((await it.heard()).requests, requests);
    const { track, status } = await it.state();
    assert.deepEqual([track, status], ["s30_proxies", "error"]);
    await it.close();
  });

// as in web/test/package.test.mjs
if (process.env.VOYO_LONG) {
  test("Next's app router: it plays", async () => {
    await made("next");
    const it = await plays(await serve("next", next, "start", "--hostname",
      "127.0.0.1", "--port", "0"), "s30_nextapp");
    assert.equal(await it.do(() => document.querySelectorAll(".voyo-player")
      .length), 2);
    await it.close();
  });
}
