// Other apps that use the published package: each is created and built in
// build/apps, from its lockfile and npm's tarball.
//
//     web/run apps [NAME...]      prints where each is

import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const bin = (name) => resolve("node_modules/.bin", name);
const home = resolve("../apps");

// whose sources are another one's
const SOURCES = { "react-18": "react-19" };

/** The tarball, in a directory. */
export async function pack(directory) {
  await mkdir(directory, { recursive: true });
  const { stdout } = await run("npm", [
    ...["pack", "--ignore-scripts", "--json"],
    ...["--pack-destination", directory],
  ]);
  const [{ filename }] = JSON.parse(stdout);
  return join(directory, filename);
}

/** Makes and builds one, and returns its directory. */
export async function make(name, tarball) {
  const app = join(home, name);

  await mkdir(app, { recursive: true });
  for (const each of await readdir(app)) {
    if (each !== "node_modules") {
      await rm(join(app, each), { recursive: true });
    }
  }
  for (const each of [SOURCES[name] ?? name, name]) {
    await cp(join("apps", each), app, { recursive: true });
  }
  await cp("apps/.npmrc", join(app, ".npmrc"));
  await cp(tarball, join(app, "voyo-player.tgz"));
  await run("npm", ["ci", "--prefer-offline", "--ignore-scripts"], {
    cwd: app,
  });

  if (name === "next") {
    await run("npm", ["exec", "--", "next", "build"], {
      cwd: app,
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
    });
  } else {
    if (name !== "plain") {
      await run(bin("tsc"), ["--project", app]);
    }
    await cp("apps/vite.config.js", join(app, "vite.config.js"));
    await run(bin("vite"), ["build", "--logLevel", "warn"], { cwd: app });
  }
  return app;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const tarball = await pack(join(home, "packed"));
  for (const name of process.argv.slice(2)) {
    console.log(await make(name, tarball));
  }
}
