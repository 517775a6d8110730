// A server component, as all are that do not say otherwise.

import { AudioPlayer } from "voyo-player/react";
import { Mine } from "./mine.jsx";

export default async function Page({ searchParams }) {
  const { tracks = "" } = await searchParams;
  return (
    <main>
      <AudioPlayer tracks={["dQw4w9WgXcQ"]} showQueue={false} />
      <Mine tracks={tracks.split(",")} />
    </main>
  );
}
