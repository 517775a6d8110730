// The package as published: its size, its structure, and whether other apps can
// be built with it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { make, pack } from "./apps.mjs";

const KB = 1000;
const run = promisify(execFile);
const bin = (name) => resolve("node_modules/.bin", name);
let home;
let tarball;

before(async () => {
  home = await mkdtemp(join(tmpdir(), "voyo-package-"));
  tarball = await pack(home);
});

after(() => rm(home, { recursive: true, force: true }));

/** Minified and gzipped, with all that is bundled with it. */
async function weight(entry, external) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    external,
  });
  return gzipSync(outputFiles[0].contents).length;
}

test("the core, nanoevents included, weighs at most 8.5 kB", async (t) => {
  // p-retry is imported on demand, by those who need a second try
  const size = await weight("dist/index.js", ["p-retry"]);
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= 8.5 * KB, `${size} bytes`);
});

test("the react part weighs at most 8 kB", async (t) => {
  const size = await weight("dist/react.js", ["react", "./player.js"]);
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= 8 * KB, `${size} bytes`);
});

test("the core knows no framework", async () => {
  for (const name of ["index.js", "player.js"]) {
    assert.doesNotMatch(await readFile(`dist/${name}`, "utf8"), /["']react/);
  }
});

test("no more than two runtime dependencies", async () => {
  const { dependencies } = JSON.parse(await readFile("package.json", "utf8"));
  assert.deepEqual(Object.keys(dependencies), ["nanoevents", "p-retry"]);
});

test("the tarball holds what is published and nothing else", async () => {
  const { stdout } = await run("tar", ["-tzf", tarball]);
  const names = stdout.trim().split("\n");
  const plain = ["LICENSE", "README.md", "package.json"];
  for (const name of plain) {
    assert.ok(names.includes(`package/${name}`), name);
  }
  for (const name of names) {
    if (!plain.includes(name.slice("package/".length))) {
      assert.match(name, /^package\/dist\/.*\.(js|d\.ts|css)$/);
    }
  }
});

test("publint finds nothing", async () => {
  const { stdout } = await run(bin("publint"), ["run", tarball, "--strict"]);
  assert.match(stdout, /All good/);
});

test("are the types wrong? No", async () => {
  const { stdout } = await run(bin("attw"), [
    tarball,
    "--profile",
    "esm-only",
    "--exclude-entrypoints",
    "styles.css",
    "--no-color",
  ]);
  // ESM only, as it is meant; what is wrong besides ends with a status
  assert.match(stdout, /bundler.*🟢.*🟢/);
});

test("only the react part says that it is for clients", async () => {
  // a bundler of server components refuses hooks without that, and what it
  // does not know of would be run in the browser only
  const first = async (name) =>
    (await readFile(`dist/${name}`, "utf8")).split("\n", 1)[0];
  assert.equal(await first("react.js"), '"use client";');
  assert.doesNotMatch(await first("index.js"), /use client/);
  assert.doesNotMatch(await first("player.js"), /use client/);
});

test("the core can be imported where there is no DOM", async () => {
  const { chooseCodec, getOptimalQuality } = await import(
    resolve("dist/index.js")
  );
  assert.deepEqual([chooseCodec(), getOptimalQuality()], ["aac", "high"]);
});

/** All scripts of a built app. */
async function scripts(app, directory) {
  const names = await readdir(join(app, directory), { recursive: true });
  const texts = names
    .filter((name) => name.endsWith(".js"))
    .map((name) => readFile(join(app, directory, name), "utf8"));
  return (await Promise.all(texts)).join("\n");
}

for (const react of ["18", "19"]) {
  test(`an app with Vite and React ${react} builds`, async () => {
    const app = await make(`react-${react}`, tarball);
    const built = await readdir(join(app, "dist/assets"));
    assert.ok(built.some((name) => name.endsWith(".css")));
    const text = await scripts(app, "dist/assets");
    assert.match(text, new RegExp(`"${react}\\.\\d+\\.\\d+`));
    assert.match(text, /voyo-player/);
  });
}

test("a page without a framework builds, and has none", async () => {
  const text = await scripts(await make("plain", tarball), "dist/assets");
  assert.match(text, /voyo\.quality/);
  assert.doesNotMatch(text, /voyo-player|createElement\(.*Fragment/);
});

// 330 MB and a minute: the quick tests have the directive alone
if (process.env.VOYO_LONG) {
  test("an app of Next's app router builds", async () => {
    const app = await make("next", tarball);
    assert.match(await scripts(app, ".next/static/chunks"), /voyo-player/);
  });
}
