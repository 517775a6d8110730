// The package as it is published: its weight, its shape, and whether an app
// of somebody else's can be built with it.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const KB = 1000;
const APP = `
import {
  getOptimalQuality, Player, type PlayerState, type Why,
} from "voyo-player";
import {
  AudioPlayer, type Description, describe, usePlayer, usePlayerState,
} from "voyo-player/react";
import { createRoot } from "react-dom/client";
import "voyo-player/styles.css";

function App() {
  const player: Player | null = usePlayer();
  const state: PlayerState | null = usePlayerState(player);
  const said: Description | null = state && describe(state);
  const causes: Why[] = [];
  player?.on("quality", ({ why }) => causes.push(why));
  return (
    <main title={said?.text ?? getOptimalQuality()}>
      <AudioPlayer player={player} tracks={["dQw4w9WgXcQ"]} />
      <AudioPlayer base="https://cdn.example" autoPlay />
    </main>
  );
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(<App />);
}
`;

const run = promisify(execFile);
const bin = (name) => resolve("node_modules/.bin", name);
let home;
let tarball;

before(async () => {
  home = await mkdtemp(join(tmpdir(), "voyo-package-"));
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", home]);
  tarball = join(
    home,
    (await readdir(home)).find((name) => name.endsWith(".tgz")),
  );
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

test("the core, nanoevents included, weighs at most 8 kB", async (t) => {
  // p-retry is imported on demand, by those who need a second try
  const size = await weight("dist/index.js", ["p-retry"]);
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= 8 * KB, `${size} bytes`);
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
  for (const name of stdout.trim().split("\n")) {
    assert.match(
      name,
      /^package\/(dist\/.*\.(js|d\.ts|css)|package\.json|README\.md)$/,
    );
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

for (const react of ["18", "19"]) {
  test(`an app outside builds with React ${react}`, async () => {
    const app = join(home, `app-${react}`);
    await run("mkdir", [app]);
    await writeFile(join(app, "package.json"), '{ "type": "module" }\n');
    await writeFile(join(app, "app.tsx"), APP);
    await writeFile(
      join(app, "index.html"),
      '<!doctype html><div id="root"></div>' +
        '<script type="module" src="app.tsx"></script>\n',
    );

    await run(
      "npm",
      [
        "install",
        "--prefer-offline",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        tarball,
        ...["react", "react-dom", "@types/react", "@types/react-dom"].map(
          (name) => `${name}@${react}`,
        ),
      ],
      { cwd: app },
    );
    await run(
      bin("tsc"),
      [
        ..."--noEmit --strict --jsx react-jsx --module esnext".split(" "),
        ..."--moduleResolution bundler --target es2022".split(" "),
        ..."--noUncheckedSideEffectImports false app.tsx".split(" "),
      ],
      { cwd: app },
    );
    await run(bin("vite"), ["build", "--logLevel", "warn"], { cwd: app });

    const built = await readdir(join(app, "dist/assets"));
    assert.ok(built.some((name) => name.endsWith(".css")));
    const script = built.find((name) => /^index.*\.js$/.test(name));
    const text = await readFile(join(app, "dist/assets", script), "utf8");
    assert.match(text, new RegExp(`"${react}\\.\\d+\\.\\d+`));
    assert.match(text, /voyo-player/);
  });
}
