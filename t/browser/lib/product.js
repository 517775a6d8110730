// All of VOYO on the stand-in source.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./ports.js";
import { processesOf } from "./processes.js";
import { until } from "./until.js";

const root = new URL("../../..", import.meta.url).pathname;

export class Product {
  said = "";

  static async start(settings = {}, tries = 3) {
    const product = new Product();
    product.home = mkdtempSync(join(tmpdir(), "voyo-browser-"));
    chmodSync(product.home, 0o755);
    product.port = await freePort();
    product.process = spawn(join(root, "deploy/demo"), {
      env: { PATH: process.env.PATH, HOME: product.home,
        VOYO_HOME: join(product.home, "voyo"), PORT: String(product.port),
        VOYO_ACCESS_LOG: "1", ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [product.process.stdout, product.process.stderr]) {
      stream.on("data", (text) => { product.said += text; });
    }
    await until(() => product.said.includes("voyo: ready")
      || product.process.exitCode !== null, () => product.said, 60000);
    // another process may have taken the free port
    if (tries > 1 && /port \d+ is in use/.test(product.said)) {
      await product.end();
      return Product.start(settings, tries - 1);
    }
    assert.equal(product.process.exitCode, null, product.said);
    // its resolver may not have sent a heartbeat yet
    await until(async () => (await (await fetch(
      `http://127.0.0.1:${product.port}/health`)).json()).status === "healthy",
    () => product.said);
    product.ready = JSON.parse(readFileSync(
      join(product.home, "voyo/source/ready.json"), "utf8"));
    return product;
  }

  processes(name = "") {
    return processesOf(this.home).filter(({ line }) => line.includes(name));
  }

  async #control(path, change) {
    const answer = await fetch(
      `http://127.0.0.1:${this.ready.control}${path}`,
      change && { method: "POST", body: JSON.stringify(change) });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.json();
  }

  // Switches of the stand-in source.
  switch(change) {
    return this.#control("/switch", change);
  }

  // The source's requests for a track.
  asked(track) {
    return this.#control(`/log?id=${track}`);
  }

  // The edge's requests for a track.
  // What the access log says of a track, or of all.
  served(track = "") {
    return this.said.split("\n").filter((line) =>
      / access: \w+ \/cdn\/stream\//.test(line)
      && line.includes(`/cdn/stream/${track}`));
  }

  async stop() {
    if (this.process.exitCode === null) {
      this.process.kill("SIGTERM");
      await once(this.process, "exit");
    }
    await until(() => this.processes().length === 0,
      () => JSON.stringify(this.processes()), 5000);
    return this.process.exitCode;
  }

  // Shuts down, in any state.
  async end() {
    try {
      await this.stop();
    } finally {
      rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}
