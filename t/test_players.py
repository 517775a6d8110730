"""Players that are not browsers.

Each plays tracks in both codecs: the displayed duration, and the sound after a
seek, at the end and after a broken connection are right (docs/players.md).  mpv
and ffmpeg also pause beyond the expiry of a URL.
"""

import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from players.dlna import Dlna, ask  # noqa: E402
from players.ffmpeg import Ffmpeg  # noqa: E402
from players.gstreamer import GStreamer  # noqa: E402
from players.listen import TRACK, ListenCase  # noqa: E402
from players.mpv import Mpv  # noqa: E402
from players.vlc import Vlc  # noqa: E402
from stack import SLICE, Stack, wait_for  # noqa: E402

RATE = 8000 * 2                    # bytes a second of what ffmpeg gives out


class ListenTest(ListenCase):
    players = (Vlc, Mpv, Ffmpeg, GStreamer, Dlna)

    def test_mpv(self) -> None:
        self.check(Mpv)

    def test_vlc(self) -> None:
        self.check(Vlc)

    def test_ffmpeg(self) -> None:
        self.check(Ffmpeg)

    def test_gstreamer(self) -> None:
        self.check(GStreamer)

    def test_dlna(self) -> None:
        self.check(Dlna)


class PauseTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def test_http_1_0(self) -> None:
        # as they ask: HEAD, the whole, the rest; no Host, and an end to each
        url = self.stack.url(f'/cdn/stream/{TRACK}')
        whole = self.stack.file(TRACK)
        size = len(whole)
        for method, start, status in (
                ('HEAD', 0, 200), ('GET', 0, 200), ('GET', 100, 206),
                ('HEAD', SLICE, 206), ('GET', SLICE + 1, 206)):
            with self.subTest(method=method, start=start), \
                 ask(method, url, start) as answer:
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.headers['Connection'], 'close')
                self.assertEqual(answer.headers['Content-Type'], 'audio/mp4')
                self.assertEqual(answer.headers['Content-Length'],
                                 str(size - start))
                self.assertEqual(
                    answer.headers['Content-Range'],
                    f'bytes {start}-{size - 1}/{size}' if start else None)
                # it could not be read, nor told from the sound
                self.assertIsNone(answer.headers['Transfer-Encoding'])
                self.assertIsNone(answer.headers['icy-metaint'])
                self.assertTrue(answer.read() == (
                    whole[start:] if method == 'GET' else b''), 'other bytes')
        with ask('HEAD', url) as answer:
            self.assertEqual(answer.headers['Accept-Ranges'], 'bytes')
        with ask('GET', url, size) as answer:
            self.assertEqual(answer.status, 416)

    def test_mpv(self) -> None:
        track = 'h01_mpvplay'
        mpv = Mpv(self.stack.url(f'/cdn/stream/{track}'), self.stack.dir,
                  '--ao=null', '--demuxer-max-bytes=512KiB',
                  '--demuxer-max-back-bytes=0')
        try:
            wait_for(lambda: mpv.at() > 1, 'it plays', 40)
            self.assertAlmostEqual(mpv.duration(),
                                   3600, delta=1)
            mpv.command('seek', 2000, 'absolute')
            wait_for(lambda: mpv.at() > 2001, 'it continues after a seek', 40)

            mpv.command('set_property', 'pause', True)
            self.stack.switch(expire=[track])
            mpv.command('set_property', 'pause', False)
            # more than what it had read
            mpv.command('seek', 60, 'relative')
            wait_for(lambda: mpv.at() > 2062, 'it continues after a pause', 40)
            mpv.command('seek', 10, 'absolute')
            wait_for(lambda: 11 < mpv.at() < 100, 'it goes back', 40)
            # one, when all was read ahead before the URL died
            self.assertLessEqual(
                len(self.stack.requests('player', track)), 2)
            self.assertEqual(mpv.end(), 0)
        finally:
            mpv.close()
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
