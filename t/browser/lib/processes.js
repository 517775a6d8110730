// The processes that a directory is named in, by their command or by their
// environment, but this one.

import { readdirSync, readFileSync } from "node:fs";
import { until } from "./until.js";

export function processesOf(directory) {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid)
    && Number(pid) !== process.pid).map((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      const ours = line.includes(directory)
        || readFileSync(`/proc/${pid}/environ`, "utf8").includes(directory);
      return ours ? { pid: Number(pid), line } : null;
    } catch {
      return null;
    }
  }).filter(Boolean);
}

// They were told to end; those that still run then are no help to anybody.
export async function ended(directory) {
  try {
    await until(() => processesOf(directory).length === 0, () => "", 10000);
  } catch {
    for (const { pid } of processesOf(directory)) {
      process.kill(pid, "SIGKILL");
    }
  }
}
