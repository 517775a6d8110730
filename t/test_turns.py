"""The order in which tracks are resolved, and which are not resolved at all.

A client that skips through tracks must not wait for those it has left; a client
that requests many tracks must not delay others; and prefetches never precede
plays.
"""

import asyncio
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from jobs import Jobs  # noqa: E402
from stack import Stack, wait_for  # noqa: E402

SOURCE = 400           # ms that the source takes for a track


class Client:
    """A client with its own address."""

    def __init__(self, stack: Stack, number: int) -> None:
        self.stack, self.address = stack, f'192.0.2.{number}'
        self.writers: list[asyncio.StreamWriter] = []

    async def send(self, path: str) -> tuple[asyncio.StreamReader,
                                                asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection('127.0.0.1',
                                                       self.stack.port)
        writer.write(f'GET {path} HTTP/1.1\r\nHost: voyo\r\n'
                     f'X-Forwarded-For: {self.address}\r\n'
                     'Range: bytes=0-99\r\nConnection: close\r\n\r\n'.encode())
        await writer.drain()
        self.writers.append(writer)
        return reader, writer

    def leave(self) -> None:
        for each in self.writers:
            each.transport.abort()

    async def start(self, track: str) -> float:
        """Plays a track, and returns the seconds until its first byte."""

        began = time.monotonic()
        reader, writer = await self.send(f'/cdn/stream/{track}')
        head = await reader.readuntil(b'\r\n\r\n')
        assert head.startswith(b'HTTP/1.1 206 '), head
        await reader.readexactly(1)
        writer.transport.abort()
        return time.monotonic() - began


class TurnsTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=2)
        cls.jobs = Jobs(cls.stack)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.jobs.settled()
        self.stack.control('/reset', {})
        self.stack.switch(latency={'player': SOURCE})

    def resolved(self) -> list[str]:
        return [each['id'] for each in self.stack.requests('player')]

    def test_who_skips_does_not_wait_for_what_it_left(self) -> None:
        async def run(turn: int) -> tuple[float, float]:
            self.stack.switch(latency={'player': 1000})
            client = Client(self.stack, 10 + turn)
            alone = await client.start(f's30_cold00{turn}')
            for number in range(20):
                _, writer = await client.send(
                    f'/cdn/stream/s30_skip{turn}{number:02}')
                await asyncio.sleep(0.1)
                writer.transport.abort()
            return alone, await client.start(f's30_wanted{turn}')

        # a busy machine may hold up one of them
        for turn in range(3):
            alone, wanted = asyncio.run(run(turn))
            left = len(self.resolved()) - 2
            print(f'after 20 skips a track starts in {wanted / alone:.2f} x '
                  f'its time alone, {left} of them were resolved')
            if wanted < 1.3 * alone and left <= 3:
                break
            self.setUp()
        self.assertLess(wanted, 1.3 * alone)
        self.assertLessEqual(left, 3)

    def test_many_tracks_of_one_client_are_no_matter_to_others(self) -> None:
        async def run() -> tuple[float, float]:
            other = Client(self.stack, 2)
            alone = await other.start('s30_alone00')
            first = Client(self.stack, 3)
            for number in range(40):
                await first.send(f'/cdn/stream/s30_many{number:03}')
            await asyncio.to_thread(
                wait_for, lambda: len(self.resolved()) == 3, 'they are busy')
            # not the worst moment, which is twice its time
            await asyncio.sleep(SOURCE / 4000)
            took = await other.start('s30_others0')
            first.leave()
            return alone, took

        alone, took = asyncio.run(run())
        print(f'beside 40 tracks of another client a track starts in '
              f'{took / alone:.2f} x its time alone')
        self.assertLess(took, 2 * alone)

    def test_information_waits_for_sound(self) -> None:
        async def run() -> None:
            client = Client(self.stack, 4)
            for number in range(2):
                await client.send(f'/cdn/stream/s30_busy{number:03}')
            await asyncio.to_thread(
                wait_for, lambda: len(self.resolved()) == 2, 'they are busy')
            others = [await client.send(f'/cdn/track/s30_info{number:03}')
                      for number in range(3)]
            await asyncio.to_thread(
                wait_for, lambda: self.jobs.key('ZCARD', 'jobs:prefetch') == 3,
                'they wait')
            # tracks that no request waits for are not resolved
            others[0][1].transport.abort()
            await client.start('s30_sound00')
            for reader, _ in others[1:]:
                self.assertIn(b'"title"', await reader.read())
            client.leave()

        self.stack.switch(latency={'player': 2 * SOURCE})
        asyncio.run(run())
        # two at a time
        self.assertEqual(
            [set(self.resolved()[2:4]), set(self.resolved()[4:])],
            [{'s30_sound00', 's30_info001'}, {'s30_info002'}])

    def test_who_leaves_takes_nothing_of_others(self) -> None:
        # information in the same worker of nginx, which queries each second
        stack = Stack(workers=1, resolver=False)
        self.addCleanup(stack.close)
        jobs = Jobs(stack)

        async def run(turn: int) -> float:
            track = f's30_other0{turn}'
            client = Client(stack, 60 + turn)
            _, sound = await client.send(f'/cdn/stream/{track}')
            await client.send(f'/cdn/track/{track}')
            await asyncio.to_thread(
                wait_for, lambda: stack.parked() == 2, 'both wait')
            sound.transport.abort()
            await asyncio.to_thread(
                wait_for, lambda: not jobs.key('ZSCORE', 'jobs:play', track),
                'nobody listens')
            began = time.monotonic()
            await asyncio.to_thread(
                wait_for, lambda: jobs.key('ZSCORE', 'jobs:prefetch', track),
                'the other is still queued')
            client.leave()
            return time.monotonic() - began

        jobs.pretend()
        for turn in range(3):
            took = asyncio.run(run(turn))
            wait_for(lambda: stack.parked() == 0, 'nobody waits')
            if took < 0.3:
                break
        self.assertLess(took, 0.3)

    def test_prefetches_leave_a_worker_free(self) -> None:
        for number in range(4):
            self.jobs.want(f's30_pre{number:04}', lane='prefetch')
        wait_for(self.resolved, 'the first is resolved')
        asyncio.run(Client(self.stack, 5).start('s30_played0'))
        self.assertEqual(self.resolved()[:2], ['s30_pre0000', 's30_played0'])


if __name__ == '__main__':
    unittest.main()
