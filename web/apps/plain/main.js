import { Player } from "voyo-player";

const tracks = new URLSearchParams(location.search).get("tracks") ?? "";
const player = new Player();

player.on("state", ({ status, position }) => {
  document.querySelector("p").textContent = `${status} at ${position}`;
});
player.setQueue(tracks.split(","));
document.querySelector("button").onclick = () => player.toggle();
globalThis.voyo = player;
