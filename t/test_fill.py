"""Prefetch, reading ahead, their limits, and pictures."""

import asyncio
import base64
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import SLICE, Answer, Stack, wait_for  # noqa: E402


class FillTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def head(self, track: str, query: str = 'prefetch=true') -> Answer:
        return self.stack.get(f'/cdn/stream/{track}?{query}', method='HEAD')

    def media(self, track: str) -> list[str]:
        return [each['range']
                for each in self.stack.requests('media', track)]

    # HEAD: docs/http-api.md.

    def test_a_head_warms_record_and_first_slice(self) -> None:
        track = 'm04_warm000'
        answer = self.head(track)
        self.assertEqual(answer.status, 200)
        self.assertEqual(int(answer.headers['Content-Length']),
                         len(self.stack.file(track)))
        self.assertEqual(self.media(track), [f'bytes=0-{SLICE - 1}'])

        # with neither resolver nor source it begins at once
        players = self.stack.requests('player', track)
        self.stack.switch(faults=[{'do': {'status': 403}, 'id': track}])
        answer = self.stack.get(f'/cdn/stream/{track}',
                                {'Range': 'bytes=0-99999'})
        self.assertEqual(answer.status, 206)
        self.assertEqual(answer.headers['Cache-Status'], 'voyo; hit')
        self.assertEqual(answer.body, self.stack.file(track)[:100000])
        self.assertEqual(self.stack.requests('player', track), players)

    def test_still_running_after_10_s_is_202(self) -> None:
        track = 's30_warm003'
        self.stack.switch(faults=[{'do': {'delay': 10500}, 'id': track,
                                   'times': 1}])
        answer = self.head(track)
        self.assertEqual((answer.status, answer.body), (202, b''))
        self.assertGreater(answer.seconds, 9.5)
        # it went on, and is asked again
        wait_for(lambda: self.head(track).status == 200, 'it is warm')
        self.assertEqual(len(self.media(track)), 2)    # one timed out: 10 s

    def test_a_head_tells_the_failure(self) -> None:
        self.assertEqual(self.head('privwarm005').status, 404)
        self.stack.switch(faults=[{'do': {'status': 500},
                                   'id': 's30_warm005'}])
        answer = self.head('s30_warm005')
        self.assertEqual(answer.status, 502)
        self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)

    def test_a_slice_that_broke_off_is_not_warm(self) -> None:
        # the answer's header comes before the slice: it alone proves nothing
        track = 'm04_warm006'
        self.stack.provoked.append('upstream prematurely closed connection')
        self.stack.switch(faults=[{'do': {'cut': 1000}, 'id': track}])
        self.assertEqual(self.head(track).status, 502)
        self.stack.switch(forget_faults=True)
        self.assertEqual(self.head(track).status, 200)

    def test_slow_prefetches_do_not_delay_warm_ones(self) -> None:
        stack = Stack(workers=1)
        self.addCleanup(stack.close)
        warm = '/cdn/stream/s30_warm020?prefetch=true'
        stack.get(warm, method='HEAD')
        alone = stack.get(warm, method='HEAD').seconds
        stack.switch(latency={'player': 1000})
        slow: list[Answer] = []
        threads = [threading.Thread(target=lambda track=track: slow.append(
            stack.get(f'/cdn/stream/s30_slow02{track}?prefetch=true',
                      method='HEAD'))) for track in range(5)]
        for each in threads:
            each.start()
        # all wait for the source, none for another's fill
        wait_for(lambda: stack.parked() == 5, 'all are asked for')
        during = stack.get(warm, method='HEAD')
        self.assertEqual((during.status, slow), (200, []))
        for each in threads:
            each.join()
        self.assertEqual({each.status for each in slow}, {200})
        quickest = min(each.seconds for each in slow)
        print(f'a warm track in {1000 * during.seconds:.0f} ms beside slow '
              f'prefetches, {1000 * alone:.0f} ms alone')
        self.assertLess(during.seconds, alone + quickest / 2)

    def test_a_slow_host_does_not_delay_warm_ones(self) -> None:
        # more known tracks than fills of these run at a time
        stack = Stack(workers=1)
        self.addCleanup(stack.close)
        tracks = [f's30_slow0{number}' for number in range(30, 40)]
        for track in tracks:
            stack.get(f'/cdn/stream/{track}', method='HEAD')
        warm = '/cdn/stream/s30_warm030?prefetch=true'
        stack.get(warm, method='HEAD')
        stack.switch(latency={'media': 1500})
        slow: list[Answer] = []
        threads = [threading.Thread(target=lambda track=track: slow.append(
            stack.get(f'/cdn/stream/{track}?prefetch=true', method='HEAD')))
            for track in tracks]
        for each in threads:
            each.start()
        wait_for(lambda: len(stack.requests('media')) == 9, 'eight are slow')
        during = stack.get(warm, method='HEAD')
        self.assertEqual((during.status, slow), (200, []))
        for each in threads:
            each.join()
        self.assertEqual({each.status for each in slow}, {200})
        self.assertLess(during.seconds,
                        min(each.seconds for each in slow) / 4)

    # GET.

    def test_a_get_warms_another(self) -> None:
        track, other = 's30_warm010', 'm04_warm011'
        answer = self.stack.get(f'/cdn/stream/{track}?prefetch={other}')
        self.assertEqual(answer.body, self.stack.file(track))
        wait_for(lambda: self.media(other), 'the other is fetched')
        self.assertEqual(self.media(other), [f'bytes=0-{SLICE - 1}'])

    def test_a_prefetch_that_fails_fails_alone(self) -> None:
        track = 's30_warm015'
        answer = self.stack.get(f'/cdn/stream/{track}?prefetch=privwarm016')
        self.assertEqual(answer.status, 200)
        wait_for(lambda: self.stack.requests('player', 'privwarm016'),
                 'it was tried')

    # Reading ahead.

    def test_slices_come_ahead_of_the_listener(self) -> None:
        # one after the other they would take eight times the latency
        track = 'm04_ahead00'
        self.head(track, '')
        self.stack.switch(latency={'media': 200})
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.body, self.stack.file(track))
        fetched = self.stack.requests('media', track)
        self.assertEqual(len(fetched), len({each['range']
                                            for each in fetched}))
        first = min(each['time'] for each in fetched)
        last = max(each['time'] for each in fetched)
        self.assertLess(last - first, 5 * 0.2)

    def test_from_a_cached_slice_too(self) -> None:
        # after a prefetch the first boundary would be a wait
        track = 'h01_ahead02'
        self.head(track)

        async def run() -> None:
            reader, writer = await asyncio.open_connection(
                '127.0.0.1', self.stack.port, limit=4096)
            writer.write(f'GET /cdn/stream/{track} HTTP/1.1\r\n'
                         'Host: voyo\r\n\r\n'.encode())
            await reader.readexactly(1000)
            await asyncio.to_thread(
                wait_for, lambda: len(self.media(track)) >= 2, 'the next')
            writer.transport.abort()

        asyncio.run(run())

    def test_who_leaves_is_not_read_ahead_for(self) -> None:
        track = 'h01_ahead03'

        async def run() -> None:
            reader, writer = await asyncio.open_connection(
                '127.0.0.1', self.stack.port)
            writer.write(f'GET /cdn/stream/{track} HTTP/1.1\r\n'
                         'Host: voyo\r\n\r\n'.encode())
            await reader.readexactly(2 * SLICE)
            writer.transport.abort()

        asyncio.run(run())

        def settled() -> bool:
            before = len(self.media(track))
            time.sleep(0.3)
            return before == len(self.media(track))

        wait_for(settled, 'no more is fetched')
        self.assertLessEqual(len(self.media(track)), 20)

    # Pictures.

    def test_a_picture(self) -> None:
        track = 's30_art0000'
        for status in ('fwd=uri-miss', 'hit'):
            answer = self.stack.get(f'/cdn/art/{track}')
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.headers['Content-Type'], 'image/jpeg')
            self.assertEqual(answer.body[:3], b'\xff\xd8\xff')
            self.assertIn(status, answer.headers['Cache-Status'])
            self.assertEqual(answer.headers.get_all('Cache-Control'),
                             ['public, max-age=86400'])
        self.assertEqual(len(self.stack.requests('thumb', track)), 1)
        # a page of covers costs no extraction
        self.assertEqual(self.stack.requests('player', track), [])
        other = 'vyo_' + base64.urlsafe_b64encode(
            track.encode()).decode().rstrip('=')
        answer = self.stack.get(f'/cdn/art/{other}')
        self.assertEqual((answer.status, len(self.stack.requests('thumb',
                                                                track))),
                         (200, 1))
        self.assertIn(f'"artwork":"/cdn/art/{track}"'.encode(),
                      self.stack.get(f'/cdn/track/{track}').body)

    def test_pictures_that_can_not_be_had(self) -> None:
        for path, method, status, code in (
                ('short', 'GET', 400, 'bad_track'),
                ('s30_art0003%0A', 'GET', 400, 'bad_track'),
                ('s30_art0003', 'POST', 405, 'bad_method')):
            answer = self.stack.get(f'/cdn/art/{path}', method=method)
            self.assertEqual((answer.status, answer.problem['code']),
                             (status, code))
            self.assertEqual(answer.headers['Cache-Control'], 'no-store')
        for status, told, code in ((404, 404, 'no_artwork'),
                                   (500, 502, 'media_failed'),
                                   (302, 502, 'media_failed')):
            track = f's30_art0{status}'
            self.stack.switch(forget_faults=True, faults=[
                {'on': 'thumb', 'id': track, 'do': {'status': status}}])
            for _ in range(2):
                answer = self.stack.get(f'/cdn/art/{track}')
                self.assertEqual((answer.status, answer.problem['code']),
                                 (told, code))
            # a missing format is remembered, a failure is not
            self.assertEqual(len(self.stack.requests('thumb', track)),
                             1 if told == 404 else 2)
            self.assertEqual(answer.headers['Retry-After'],
                             '5' if told > 500 else None)
        self.stack.switch(forget_faults=True)
        self.assertEqual(self.stack.get('/cdn/art/s30_art0500').status, 200)


class LeavingTest(unittest.TestCase):
    def test_what_waits_leaves_with_its_listener(self) -> None:
        # 32 are fetched at a time, the others wait
        stack = Stack(workers=1)
        self.addCleanup(stack.close)
        track = 'h01_leaving'
        stack.get(f'/cdn/stream/{track}', method='HEAD')
        stack.switch(latency={'media': 3000})

        def fetched() -> int:
            return len({each['range']
                        for each in stack.requests('media', track)})

        async def listen() -> list[asyncio.StreamWriter]:
            writers = []
            for number in range(50):
                _, writer = await asyncio.open_connection('127.0.0.1',
                                                          stack.port)
                writer.write(f'GET /cdn/stream/{track} HTTP/1.1\r\n'
                             'Host: voyo\r\nRange: bytes='
                             f'{2 * number * SLICE}-\r\n\r\n'.encode())
                writers.append(writer)
            return writers

        async def run() -> None:
            writers = await listen()
            await asyncio.to_thread(wait_for, lambda: fetched() >= 82,
                                    'their slices and those ahead')
            for writer in writers:
                writer.transport.abort()

        asyncio.run(run())
        wait_for(lambda: all(each['done'] for each in
                             stack.requests('media', track)), 'all are done')
        time.sleep(0.5)
        self.assertEqual(fetched(), 82)


class LimitTest(unittest.TestCase):
    """Unknown tracks are limited by client, known ones are not."""

    def test_unknown_tracks_are_limited(self) -> None:
        stack = Stack(cold_rate=4)
        try:
            first = {'X-Forwarded-For': '192.0.2.1'}
            second = {'X-Forwarded-For': '192.0.2.2'}

            def head(number: int, client: dict, query: str = '') -> Answer:
                return stack.get(f'/cdn/stream/s30_limit{number:02}{query}',
                                 client, 'HEAD')

            self.assertEqual([head(number, first).status
                              for number in range(5)], 5 * [200])
            answer = stack.get('/cdn/stream/s30_limit05', first)
            self.assertEqual((answer.status, answer.problem['code']),
                             (429, 'too_many_requests'))
            self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)
            self.assertEqual(answer.headers['Cache-Control'], 'no-store')
            # a known track, and another client
            self.assertEqual(head(0, first).status, 200)
            self.assertEqual(head(6, second).status, 200)
            # a prefetch counts for the client: dropped, the stream plays
            answer = stack.get(
                '/cdn/stream/s30_limit00?prefetch=s30_limit07', first)
            self.assertEqual(answer.status, 200)
            answer = head(8, first, '?prefetch=true')
            self.assertEqual(answer.status, 429)
            self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)
            self.assertEqual(stack.requests('player', 's30_limit07'), [])
            self.assertEqual(head(9, second, '?prefetch=true').status, 200)
        finally:
            stack.close()


if __name__ == '__main__':
    unittest.main()
