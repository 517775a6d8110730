"use client";

import { useEffect } from "react";
import { AudioPlayer, usePlayer } from "voyo-player/react";

export function Mine({ tracks }) {
  const player = usePlayer();

  useEffect(() => {
    globalThis.voyo = player;
  }, [player]);
  return <AudioPlayer player={player} tracks={tracks} />;
}
