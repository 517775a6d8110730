"use client";

import { useEffect, useState } from "react";
import { AudioPlayer, usePlayer } from "voyo-player/react";

export function Mine() {
  const player = usePlayer();
  const [tracks, setTracks] = useState([]);

  useEffect(() => {
    const asked = new URLSearchParams(location.search).get("tracks");
    setTracks(asked ? asked.split(",") : []);
    globalThis.voyo = player;
  }, [player]);
  return <AudioPlayer player={player} tracks={tracks} />;
}
