// The processes, other than this one, whose command line or environment contains
// a directory.

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

// Waits for them to end, and then kills those that still run.
export async function ended(directory) {
  try {
    await until(() => processesOf(directory).length === 0, () => "", 10000);
  } catch {
    for (const { pid } of processesOf(directory)) {
      process.kill(pid, "SIGKILL");
    }
  }
}
