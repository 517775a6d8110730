"""A cache on a small disk, on a full one, and on one without inodes.

What can not be stored is passed on all the same, /health says so, and the disk
is used again when there is room.  The disk is a tmpfs, which only root mounts.
"""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import ROOT, Stack, free_port, wait_for  # noqa: E402


class DiskTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(min_free='4m')
        # files that went with their disk
        cls.stack.provoked.append(r'unlink\(\) "[^"]*" failed \(2:')
        cls.addClassCleanup(cls.stack.close)

    def mount(self, options: str) -> None:
        self.cache = self.stack.dir / 'home/cache'
        done = subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', self.cache],
            capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f'a tmpfs can not be mounted: {done.stderr}')
        self.addCleanup(subprocess.run, ['umount', '-l', self.cache],
                        check=True)

    def play(self, track: str) -> None:
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.status, 200)
        self.assertEqual(hashlib.sha256(answer.body).digest(),
                         hashlib.sha256(self.stack.file(track)).digest())

    def health(self) -> tuple[str, str]:
        health = self.stack.health()
        return health['status'], health['checks']['cache']['status']

    def fetched(self, track: str) -> int:
        return len(self.stack.requests('media', track))

    def test_a_small_disk(self) -> None:
        """Four tracks fill it: the oldest make room."""

        self.mount('size=16m')
        for number in range(12):
            self.play(f'm04_small{number:02}')
        wait_for(lambda: self.health() == ('healthy', 'ok'), 'there is room',
                 20)
        self.assertTrue(list(self.cache.glob('*/*/*')))

    def test_a_full_disk(self) -> None:
        self.mount('size=8m')
        self.full(self.cache / 'full', 'm04_full_0', b'x' * (8 << 20))

    def test_no_inodes(self) -> None:
        self.mount('size=64m,nr_inodes=64')
        self.full(self.cache / 'full', 'm04_inode0')

    def full(self, file: Path, track: str, content: bytes = b'') -> None:
        """Fills the disk with it, or its inodes, and makes room again."""

        try:
            if content:
                file.write_bytes(content)
            for number in range(0 if content else 64):
                Path(f'{file}{number}').touch()
        except OSError:
            pass
        self.assertEqual(self.health(), ('degraded', 'failed'))

        for _ in range(2):
            self.play(track + '0')
        slices = self.fetched(track + '0')
        self.play(track + '1')
        # a slice is passed on each time, and not read ahead
        self.assertEqual(slices, 2 * self.fetched(track + '1'))

        for each in self.cache.glob(f'{file.name}*'):
            each.unlink()
        self.assertEqual(self.health(), ('healthy', 'ok'))
        self.play(track + '1')
        stored = self.fetched(track + '1')
        self.play(track + '1')
        self.assertEqual(self.fetched(track + '1'), stored)


class StartTest(unittest.TestCase):
    """deploy/voyo starts on a disk that is full already."""

    def setUp(self) -> None:
        self.stack = Stack(nginx=False, resolver=False)
        self.addCleanup(self.stack.close)
        self.home = self.stack.dir / 'deployed'
        self.home.mkdir()
        done = subprocess.run(
            ['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', self.home],
            capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f'a tmpfs can not be mounted: {done.stderr}')
        self.addCleanup(subprocess.run, ['umount', '-l', self.home],
                        check=True)
        self.port = free_port()

    def start(self) -> None:
        source = self.stack.source
        said = self.stack.dir / 'said'
        with said.open('wb') as log:
            voyo = subprocess.Popen(
                [ROOT / 'deploy/voyo'], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={
                    'PATH': os.environ['PATH'], 'PORT': str(self.port),
                    'VOYO_HOME': str(self.home),
                    'VOYO_YTDLP_CONF': source['ytdlp_conf'],
                    'VOYO_CA_FILE': source['ca'],
                    'VOYO_MEDIA_HOSTS': ' '.join(self.stack.media_hosts())})
        self.addCleanup(voyo.wait)
        self.addCleanup(voyo.terminate)

        def ready() -> bool:
            self.said = said.read_text()
            self.assertIsNone(voyo.poll(), self.said)
            return 'voyo: ready' in self.said

        wait_for(ready, 'it is ready', 60)

    def get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection('127.0.0.1', self.port,
                                                timeout=60)
        connection.request('GET', path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.assertEqual(answer.status, 200, body[:200])
        return body

    def test_a_disk_that_is_full(self) -> None:
        try:
            (self.home / 'full').write_bytes(bytes(9 << 20))
        except OSError:
            pass
        self.start()
        self.assertIn(f'voyo: no space is left in {self.home}', self.said)
        health = json.loads(self.get('/health'))
        self.assertEqual(health['status'], 'degraded')
        self.assertEqual(health['checks']['cache']['status'], 'failed')
        for track in ('s30_full000', 's30_full001', 's30_full000'):
            self.assertEqual(self.get(f'/cdn/stream/{track}'),
                             self.stack.file(track))
        (self.home / 'full').unlink()
        self.assertEqual(json.loads(self.get('/health'))['status'], 'healthy')
        self.assertEqual(self.get('/cdn/stream/s30_full000'),
                         self.stack.file('s30_full000'))
        self.assertTrue(list(self.home.glob('cache/*/*/*')))


if __name__ == '__main__':
    unittest.main()
