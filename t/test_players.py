"""mpv and ffmpeg play, seek, pause beyond the life of a URL and go on."""

import json
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import Stack, wait_for  # noqa: E402

RATE = 8000 * 2                    # bytes a second of what ffmpeg gives out


class Mpv:
    """One playing in real time, into nothing, and kept from reading ahead."""

    def __init__(self, stack: Stack, url: str) -> None:
        path = stack.dir / 'mpv.sock'
        self.process = subprocess.Popen(
            ['mpv', '--no-config', '--no-video', '--ao=null',
             '--no-terminal', '--msg-level=all=warn', '--no-ytdl',
             '--demuxer-max-bytes=512KiB', '--demuxer-max-back-bytes=0',
             f'--log-file={stack.dir}/mpv.log',
             f'--input-ipc-server={path}', url],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        wait_for(lambda: self.socket.connect_ex(str(path)) == 0,
                 'mpv listens', 40)
        self.reader = self.socket.makefile('r')

    def command(self, *command: Any) -> Any:
        self.socket.sendall(json.dumps(
            {'command': command, 'request_id': 1}).encode() + b'\n')
        while True:
            answer = json.loads(self.reader.readline())
            if answer.get('request_id') == 1:
                return answer.get('data')

    def at(self) -> float:
        return self.command('get_property', 'time-pos') or 0.0

    def end(self) -> int:
        self.command('quit')
        # it may still be writing what happens: an error, were it closed
        status = self.process.wait(10)
        self.reader.close()
        self.socket.close()
        return status

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class PlayersTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def test_mpv(self) -> None:
        track = 'h01_mpvplay'
        mpv = Mpv(self.stack, self.stack.url(f'/cdn/stream/{track}'))
        try:
            wait_for(lambda: mpv.at() > 1, 'it plays', 40)
            self.assertAlmostEqual(mpv.command('get_property', 'duration'),
                                   3600, delta=1)
            mpv.command('seek', 2000, 'absolute')
            wait_for(lambda: mpv.at() > 2001, 'it goes on after a seek', 40)

            mpv.command('set_property', 'pause', True)
            self.stack.switch(expire=[track])
            mpv.command('set_property', 'pause', False)
            # more than what it had read
            mpv.command('seek', 60, 'relative')
            wait_for(lambda: mpv.at() > 2062, 'it goes on after a pause', 40)
            mpv.command('seek', 10, 'absolute')
            wait_for(lambda: 11 < mpv.at() < 100, 'it goes back', 40)
            # one, when all was read ahead before the URL died
            self.assertLessEqual(
                len(self.stack.requests('player', track)), 2)
            self.assertEqual(mpv.end(), 0)
        finally:
            mpv.stop()
        log = (self.stack.dir / 'mpv.log').read_text(errors='replace')
        self.assertNotRegex(log, r'(?m)^\[[\s\d.]*\]\[[ef]\]')

    def test_ffmpeg(self) -> None:
        # its output is not read for a while, which is a pause
        track = 'h01_ffmpeg0'
        ffmpeg = subprocess.Popen(
            ['ffmpeg', '-v', 'error', '-ss', '1800', '-i',
             self.stack.url(f'/cdn/stream/{track}'), '-t', '600',
             '-f', 's16le', '-ac', '1', '-ar', '8000', '-'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        watchdog = threading.Timer(90, ffmpeg.kill)
        watchdog.start()
        try:
            assert ffmpeg.stdout and ffmpeg.stderr
            got = len(ffmpeg.stdout.read(5 * RATE))
            self.stack.switch(expire=[track])
            while piece := ffmpeg.stdout.read(1 << 16):
                got += len(piece)
            self.assertEqual(ffmpeg.stderr.read(), b'')
            self.assertEqual(ffmpeg.wait(), 0)
        finally:
            watchdog.cancel()
            ffmpeg.kill()
            ffmpeg.wait()
            for pipe in (ffmpeg.stdout, ffmpeg.stderr):
                pipe.close()
        self.assertAlmostEqual(got / RATE, 600, delta=0.1)
        self.assertEqual(len(self.stack.requests('player', track)), 2)


if __name__ == '__main__':
    unittest.main()
