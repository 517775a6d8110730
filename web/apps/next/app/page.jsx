// A server component, as all are that do not say otherwise, and a static one:
// it is rendered in the build.

import { AudioPlayer } from "voyo-player/react";
import { Mine } from "./mine.jsx";

export default function Page() {
  return (
    <main>
      <AudioPlayer tracks={["dQw4w9WgXcQ"]} showQueue={false} />
      <Mine />
    </main>
  );
}
