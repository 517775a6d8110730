"""ffmpeg, started for each operation."""

import subprocess
from pathlib import Path

from players.player import Player
from position import RATE

# without this it ends at a truncated body, with exit status 0
AGAIN = ('-reconnect', '1')


class Ffmpeg(Player):
    name = 'ffmpeg'
    note = 'resumes with `-reconnect 1`'

    @staticmethod
    def version() -> str:
        return subprocess.check_output(['ffmpeg', '-version'],
                                       text=True).split()[2]

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.at = 0.0
        self.ended = 0.0

    def duration(self) -> float:
        """By ffprobe, or after the end the time that ffmpeg has played."""

        return self.ended or float(subprocess.check_output(
            ['ffprobe', '-v', 'error', *AGAIN, '-show_entries',
             'format=duration', '-of', 'csv=p=0', self.url], timeout=40))

    def seek(self, seconds: float) -> None:
        self.at = seconds

    def sound(self, seconds: float = 0) -> bytes:
        pcm = subprocess.check_output(
            ['ffmpeg', '-nostdin', '-v', 'error', *AGAIN, '-ss', str(self.at),
             '-i', self.url, *(('-t', str(seconds)) if seconds else ()),
             '-f', 's16le', '-ac', '1', '-ar', str(RATE), '-'],
            stderr=subprocess.DEVNULL, timeout=40)
        if not seconds:
            self.ended = self.at + len(pcm) / 2 / RATE
        return pcm

    def close(self) -> None:
        pass
