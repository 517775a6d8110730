// A silent sound card that keeps time: PulseAudio's null sink, with its own
// home.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { until } from "./until.js";

export async function soundCard(home) {
  const directory = mkdtempSync(join(home, "pulse-"));
  const socket = join(directory, "socket");
  let said = "";
  const server = spawn("pulseaudio", ["-n", "--daemonize=no",
    "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm",
    "-L", "module-null-sink",
    "-L", `module-native-protocol-unix auth-anonymous=1 socket=${socket}`],
  { env: { PATH: process.env.PATH, HOME: directory,
    XDG_RUNTIME_DIR: directory,
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/dev/null" },
  stdio: ["ignore", "ignore", "pipe"] });
  server.stderr.on("data", (text) => { said += text; });
  await until(() => server.exitCode !== null || answers(socket), () => said);
  assert.equal(server.exitCode, null, said);

  return {
    env: { PULSE_SERVER: `unix:${socket}` },
    end: async () => {
      server.kill();
      await once(server, "exit");
    },
  };
}

const answers = (socket) => new Promise((resolve) => {
  const trial = connect(socket, () => {
    trial.destroy();
    resolve(true);
  }).on("error", () => resolve(false));
});
