"""Tests a player: the durations it shows, and the sound it plays."""

import json
import os
import unittest
from array import array
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from line import Line
from players.player import Player
from position import RATE, WINDOW, distance, heard
from stack import Stack

TRACK = 'm04_listen0'
SECONDS = 240
FILES = {'AAC': f'{TRACK}?codec=aac', 'Opus': f'{TRACK}?codec=opus',
         'AAC, not fragmented': 'fastlisten0'}
BREAKS = 64 * 1024                     # bytes: 4 s at 128 kb/s
RESUMED = (0, 2, 3.5, 4, 4.5, 6)       # seconds at which the sound is checked
NEAR = 0.3


@dataclass
class Heard:
    player: str
    version: str
    file: str
    before: float                      # the displayed duration, in seconds
    after: float                       # the same after playing to the end
    seek: float                        # error of the sound after a seek to 80 %
    last: float                        # error of the sound at the end
    resume: bool                       # after its connection was closed
    note: str


class ListenCase(unittest.TestCase):
    """Has each player play each file, several at the same time."""

    players: tuple[type[Player], ...]  # slowest first
    files = FILES
    stack: Stack
    heard: dict[tuple[type[Player], str], Future[Heard]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.start()
        with ThreadPoolExecutor(4) as pool:
            cls.heard = {
                (kind, file): pool.submit(
                    listen, kind, file, cls.stack.url(''),
                    f'/cdn/stream/{path}',
                    cls.stack.dir / f'{kind.__name__}{number}')
                for kind in cls.players
                for number, (file, path) in enumerate(cls.files.items())}

    @classmethod
    def start(cls) -> None:
        cls.stack = Stack()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def check(self, kind: type[Player]) -> None:
        try:
            kind.version()
        except Exception as error:
            tell({'player': kind.name, 'note': 'not installed'})
            self.fail(f'{kind.name} is not there, "util/deps players" '
                      f'installs it: {error!r}')

        for file in self.files:
            with self.subTest(player=kind.name, file=file):
                found = self.heard[kind, file].result()
                tell(asdict(found))
                self.assertAlmostEqual(found.before, SECONDS, delta=0.1)
                self.assertAlmostEqual(found.after, SECONDS, delta=0.1)
                self.assertLess(found.seek, NEAR)
                self.assertLess(found.last, NEAR)
                self.assertTrue(found.resume or not kind.resumes)


def listen(kind: type[Player], file: str, base: str, path: str,
           home: Path) -> Heard:
    """
    Plays "path" of the server at "base" in a player of that kind; creates the
    directory "home" for it.
    """

    home.mkdir()
    player = kind(base + path, home)
    try:
        before = player.duration()
        for _ in range(kind.tries):
            player.seek(0.8 * SECONDS)
            seek = off(player.sound(1), 0, 0.8 * SECONDS)
            if seek < NEAR:
                break
        player.seek(SECONDS - 2)
        end = player.sound()
        last = off(end, len(end) / 2 / RATE - WINDOW, SECONDS - WINDOW)
        after = player.duration()
    finally:
        player.close()
    resume = any(resumes(kind, base, path, home / f'cut{number}')
                 for number in range(kind.tries))
    return Heard(kind.name, kind.version(), file, before, after, seek, last,
                 resume, kind.note)


def resumes(kind: type[Player], base: str, path: str, home: Path) -> bool:
    """Whether it continues without a gap after its connection was closed."""

    home.mkdir()
    line = Line(int(base.rpartition(':')[2]), BREAKS)
    try:
        player = kind(f'http://127.0.0.1:{line.port}{path}', home)
        try:
            pcm = player.sound(RESUMED[-1] + 1)
        except (AssertionError, OSError):
            if kind.resumes:
                raise
            pcm = b''
        finally:
            player.close()
        if not line.broken.is_set():
            raise AssertionError(f'{kind.name} was not cut')
        return all(off(pcm, at, at) < NEAR for at in RESUMED)
    finally:
        line.close()


def off(pcm: bytes, at: float, expected: float) -> float:
    """The error of the sound's position in seconds; 256: no sound."""

    begin = 2 * max(round(at * RATE), 0)
    found = heard(array('h', pcm[begin:begin + 2 * round(WINDOW * RATE)]))
    return 256 if found is None else distance(found, expected)


def tell(row: dict[str, Any]) -> None:
    """Reports a result for docs/players.md, see util/players."""

    if table := os.environ.get('VOYO_TABLE'):
        with Path(table).open('a') as file:
            file.write(json.dumps(row) + '\n')
