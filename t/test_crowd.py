"""Many clients of one track that is not cached.

Each slice is fetched once, whichever client leaves; and no client waits for
nginx's poll of the cache lock, which is 500 ms (docs/upstream.md, N3).  What
cannot be fetched or stored is not tried by one after another either.  And many
clients that request nothing.
"""

import asyncio
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import SLICE, Stack, wait_for  # noqa: E402

CROWD = 200
POLL = 0.25          # seconds, half of nginx's: what noise may not hide


class Listener:
    def __init__(self, stack: Stack, track: str) -> None:
        self.stack, self.track = stack, track
        self.first = 0.0               # when its first byte was there

    async def start(self, first: int = 0) -> None:
        # little is taken before all have their first byte: what is measured
        # is not how quick this process is
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(
            sock, ('127.0.0.1', self.stack.port))
        self.reader, self.writer = await asyncio.open_connection(
            sock=sock, limit=1 << 14)
        self.writer.write(
            f'GET /cdn/stream/{self.track} HTTP/1.1\r\nHost: voyo\r\n'
            f'Range: bytes={first}-\r\nConnection: close\r\n\r\n'.encode())
        await self.writer.drain()

    async def first_byte(self) -> None:
        head = await self.reader.readuntil(b'\r\n\r\n')
        self.status = int(head.split(b' ', 2)[1])
        self.read = len(await self.reader.readexactly(1))
        self.first = time.monotonic()

    async def rest(self, expected: bytes) -> bool:
        """The bytes are the expected ones."""

        while piece := await self.reader.read(1 << 18):
            if piece != expected[self.read:self.read + len(piece)]:
                return False
            self.read += len(piece)
        self.writer.close()
        return self.read == len(expected)

    def leave(self) -> None:
        self.writer.transport.abort()


class CrowdTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=2)
        cls.file = cls.stack.file('m04_crowdxx')

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def fetched_once(self, track: str) -> None:
        ranges = [each['range']
                  for each in self.stack.requests('media', track)]
        self.assertEqual(len(ranges), len(set(ranges)))
        self.assertEqual(len(ranges), (len(self.file) - 1) // SLICE + 1)
        self.assertEqual(len(self.stack.requests('player', track)), 1)

    def crowd(self, track: str, leaving: int = 0,
              first: int = 0) -> list[Listener]:
        async def run() -> list[Listener]:
            crowd = [Listener(self.stack, track) for _ in range(CROWD)]
            # all are there before the first slice is, which comes when a
            # poll of 500 ms has just been
            self.stack.switch(latency={'media': 650})
            # the first one requests it from the media host
            await crowd[0].start(first)
            await asyncio.to_thread(wait_for, lambda: self.stack.requests(
                'media', track), 'the media host is asked')
            await asyncio.gather(*(each.start(first) for each in crowd[1:]))
            for each in crowd[:leaving]:
                each.leave()
            crowd = crowd[leaving:]
            await asyncio.gather(*(each.first_byte() for each in crowd))
            self.stack.switch(latency={'media': 0})
            right = await asyncio.gather(*(each.rest(self.file[first:])
                                           for each in crowd))
            self.assertTrue(all(right), 'other bytes')
            return crowd
        return asyncio.run(run())

    def test_each_slice_is_fetched_once(self) -> None:
        spreads = []
        # a busy machine may hold up one crowd, a poll holds up each
        for turn in range(3):
            track = f'm04_crowd0{turn}'
            crowd = self.crowd(track)
            self.assertEqual({each.status for each in crowd}, {206})
            self.fetched_once(track)
            times = [each.first for each in crowd]
            spreads.append(max(times) - min(times))
            if spreads[-1] < POLL:
                break
        told = ', '.join(f'{1000 * each:.0f}' for each in spreads)
        print(f'{CROWD} listeners: the slowest first byte {told} ms after '
              'the fastest')
        self.assertLess(spreads[-1], POLL)

    def test_the_first_one_leaves(self) -> None:
        track = 'm04_crowd10'
        self.crowd(track, leaving=50)
        self.fetched_once(track)

    def test_a_dead_url_is_refreshed_once(self) -> None:
        # all find it dead, at different times and in different slices
        track = 'm04_crowd30'
        self.assertEqual(self.stack.get(
            f'/cdn/stream/{track}', {'Range': 'bytes=0-9'}).status, 206)
        slices = range(1, (len(self.file) - 1) // SLICE + 1)
        # at 100 ms one after the other, the first of them refreshes
        self.stack.switch(expire=[track], faults=[
            {'do': {'delay': 100 * n, 'status': 403}, 'id': track,
             'at': n * SLICE, 'times': 1} for n in slices])

        async def run() -> None:
            crowd = [Listener(self.stack, track) for _ in range(CROWD)]
            await asyncio.gather(*(
                each.start(slices[n % len(slices)] * SLICE)
                for n, each in enumerate(crowd)))
            await asyncio.gather(*(each.first_byte() for each in crowd))
            for each in crowd:
                self.assertEqual(each.status, 206)
                each.leave()
        asyncio.run(run())
        self.assertEqual(len(self.stack.requests('player', track)), 2)

    def test_a_crowd_in_the_middle(self) -> None:
        # no one else's slice is fetched for it
        track = 'm04_crowd20'
        self.crowd(track, first=3 * SLICE + 5)
        ranges = [each['range']
                  for each in self.stack.requests('media', track)]
        self.assertEqual(len(ranges), len(set(ranges)))
        self.assertEqual(len(ranges), (len(self.file) - 1) // SLICE - 2)


class TogetherTest(unittest.TestCase):
    """One attempt is for all that wait for it."""

    def crowd(self, stack: Stack, track: str, number: int, first: int = 0
              ) -> list[tuple[float, int]]:
        """When each had its response, after the first request; its status."""

        began = time.monotonic()

        async def listen(listener: Listener) -> tuple[float, int]:
            head = await listener.reader.readuntil(b'\r\n\r\n')
            # the header of a resume comes before the failure
            body = await listener.reader.read(1)
            took = time.monotonic() - began
            listener.leave()
            return took, int(head.split(b' ', 2)[1]) if body else 0

        async def run() -> list[tuple[float, int]]:
            crowd = [Listener(stack, track) for _ in range(number)]
            await crowd[0].start(first)
            await asyncio.to_thread(wait_for, lambda: stack.requests(
                'media', track), 'the media host is asked')
            for each in crowd[1:]:
                await each.start(first)
            return await asyncio.gather(*map(listen, crowd))

        return asyncio.run(run())

    def spread(self, stack: Stack, tracks: str, number: int, first: int,
               status: int) -> None:
        for turn in range(3):
            track = f'{tracks}{turn}'
            crowd = self.crowd(stack, track, number, first)
            self.assertEqual({each[1] for each in crowd}, {status})
            times = [each[0] for each in crowd]
            print(f'{number} listeners from byte {first}: {min(times):.2f} to '
                  f'{max(times):.2f} s')
            # a busy machine may hold up one crowd
            if max(times) < 2 * min(times):
                break
        self.assertLess(max(times), 2 * min(times))

    def test_a_failure_is_for_all_that_waited(self) -> None:
        stack = Stack(workers=2, ahead=0)
        self.addCleanup(stack.close)
        stack.switch(faults=[{'do': {'status': 500, 'delay': 200}}])
        self.spread(stack, 'm04_fails0', 12, 0, 502)
        # each attempt asks some times
        self.assertLess(len(stack.requests('media', 'm04_fails00')), 10)
        # in mid-track it ends with the header
        self.spread(stack, 'm04_fails1', 12, SLICE, 0)

    def test_without_room_all_go_on_at_once(self) -> None:
        stack = Stack(workers=2, ahead=0, min_free='1000000g')
        # nginx evicts all it can, and those that wait hold an entry
        stack.provoked.append('ignore long locked inactive cache entry')
        self.addCleanup(stack.close)
        stack.switch(latency={'media': 300})
        self.spread(stack, 'm04_full_0', 20, 0, 206)


class IdleTest(unittest.TestCase):
    def test_idle_clients_stop_nobody(self) -> None:
        """More of them than nginx may have descriptors: it closes the oldest."""

        stack = Stack(workers=1, nofile=512)
        self.addCleanup(stack.close)
        self.assertEqual(stack.get('/cdn/stream/m04_idle000').status, 200)
        idle = [socket.create_connection(('127.0.0.1', stack.port))
                for _ in range(600)]
        for each in idle:
            self.addCleanup(each.close)
        for track in ('m04_idle000', 'm04_idle001'):
            file = stack.file(track)
            for first in (0, SLICE + 1, 3 * SLICE):
                answer = stack.get(f'/cdn/stream/{track}',
                                   {'Range': f'bytes={first}-'}, seconds=10)
                self.assertEqual(answer.body, file[first:])
        self.assertEqual(stack.health()['status'], 'healthy')


if __name__ == '__main__':
    unittest.main()
