"""A client that stops reading costs little, and loses nothing.

nginx's slice filter has no back-pressure: without the pace, for a client that
read 100 kB of an uncached hour and stopped, nginx would fetch all of it and keep
a file and 8 KB for each slice (docs/upstream.md, N10).
"""

import hashlib
import os
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import MODULE, Stack, wait_for  # noqa: E402

CLIENTS = 20
READ = 100_000


class Listener:
    """Reads so many bytes and stops; its receive buffer is small."""

    def __init__(self, stack: Stack, track: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.socket.settimeout(60)
        self.socket.connect(('127.0.0.1', stack.port))
        self.socket.sendall(f'GET /cdn/stream/{track} HTTP/1.1\r\n'
                            'Host: voyo\r\nConnection: close\r\n\r\n'.encode())
        self.read = b''
        while len(self.read) < READ:
            piece = self.socket.recv(READ - len(self.read))
            assert piece, 'closed early'
            self.read += piece

    def skip(self, n: int) -> None:
        """Reads as many bytes more, which "rest" does not return."""

        while n:
            piece = self.socket.recv(min(n, 1 << 20))
            assert piece, 'closed early'
            n -= len(piece)

    def rest(self) -> bytes:
        pieces = [self.read.partition(b'\r\n\r\n')[2]]
        while piece := self.socket.recv(1 << 20):
            pieces.append(piece)
        return b''.join(pieces)

    def close(self) -> None:
        self.socket.close()


class PaceTest(unittest.TestCase):
    ahead = 4

    def setUp(self) -> None:
        self.stack = Stack(workers=1, ahead=self.ahead)
        self.listeners: list[Listener] = []

    def tearDown(self) -> None:
        for each in self.listeners:
            each.close()
        self.stack.close()

    def listen(self, track: str) -> Listener:
        listener = Listener(self.stack, track)
        self.listeners.append(listener)
        return listener

    def used(self) -> tuple[int, int]:
        """Kilobytes and files of the worker."""

        worker, = self.stack.nginx_workers()
        status = Path(f'/proc/{worker}/status').read_text()
        kilobytes = int(status.partition('VmRSS:')[2].split()[0])
        return kilobytes, len(os.listdir(f'/proc/{worker}/fd'))

    def test_a_cold_hour(self) -> None:
        track = 'h01_pace000'
        listener = self.listen(track)
        self.assertLessEqual(len(self.stack.settled(track)), 3)

        # it continues, and has lost nothing
        self.assertEqual(hashlib.sha256(listener.rest()).digest(),
                         hashlib.sha256(self.stack.file(track)).digest())
        fetched = self.stack.requests('media', track)
        self.assertEqual(len(fetched), len({each['range']
                                            for each in fetched}))

    def test_many_are_bounded(self) -> None:
        # one at first: what is made once for all is not each one's
        self.listen('h01_paceone')
        self.stack.settled('h01_paceone')
        kilobytes, files = self.used()
        tracks = [f'h01_pace{number:03}' for number in range(1, CLIENTS + 1)]
        for track in tracks:
            self.listen(track)
        log = [each['id'] for each in self.stack.settled()]
        for track in tracks:
            self.assertLessEqual(log.count(track), 3)
        more, open_files = self.used()
        print(f'{CLIENTS} cold listeners that stopped: '
              f'{(more - kilobytes) / CLIENTS:.0f} KB and '
              f'{(open_files - files) / CLIENTS:.1f} files each')
        # without the pace 5 MB and 111 files each; a sanitizer, which has the
        # module linked in, needs more memory
        if MODULE:
            self.assertLess(more - kilobytes, 1500 * CLIENTS)
        self.assertLess(open_files - files, 12 * CLIENTS)

        for each in self.listeners:
            each.close()
        wait_for(lambda: self.used()[1] <= files + 40, 'all is closed')

    def test_a_cached_hour(self) -> None:
        track = 'h01_pacehot'
        self.assertEqual(self.stack.get(f'/cdn/stream/{track}').status, 200)
        fetched = len(self.stack.settled(track))
        kilobytes, files = self.used()
        for _ in range(CLIENTS):
            self.listen(track)
        more, open_files = self.used()
        print(f'{CLIENTS} listeners of what is cached: '
              f'{(more - kilobytes) / CLIENTS:.0f} KB and '
              f'{(open_files - files) / CLIENTS:.1f} files each')
        # without the pace 848 KB and 111 files each
        self.assertLess(more - kilobytes, 300 * CLIENTS)
        self.assertLess(open_files - files, 6 * CLIENTS)
        self.assertEqual(len(self.stack.settled(track)), fetched)

    def test_what_was_played_costs_nothing(self) -> None:
        # the first fetches it, the others are served from the cache
        track = 'h01_played0'
        half = len(self.stack.file(track)) // 2
        for kind in 'cold', 'hot':
            listeners = [self.listen(track) for _ in range(5)]
            self.stack.settled(track)
            kilobytes, files = self.used()
            for each in listeners:
                each.skip(half)
            self.stack.settled(track)
            more, open_files = self.used()
            print(f'half an hour played, {kind}: {(more - kilobytes) / 5:.1f} KB'
                  f' and {(open_files - files) / 5:.1f} files each')
            # without pools of the slices 340 KB and 55 files each
            self.assertLess(open_files - files, 5 * len(listeners))
            # a fetch has buffers while it lasts, whoever it is for
            if MODULE and kind == 'hot':
                self.assertLess(more - kilobytes, 200 * len(listeners))
            for each in listeners:
                each.close()


class NotAheadTest(PaceTest):
    """The same without reading ahead."""

    ahead = 0


if __name__ == '__main__':
    unittest.main()
