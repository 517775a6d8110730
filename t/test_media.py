"""Wrong responses of a media host never reach a client or the cache."""

import http.client
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import SLICE, Stack  # noqa: E402


class MediaTest(unittest.TestCase):
    stack: Stack
    scheme = 'http'

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(scheme=cls.scheme)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def fault(self, track: str, do: dict, **when: int) -> None:
        self.stack.switch(faults=[{'do': do, 'id': track, **when}])

    # Wrong answers: at the first slice a clean problem, and nothing cached.

    def test_wrong_answers_are_not_passed_on(self) -> None:
        for name, do in (
                ('whole0', {'whole': True}),
                ('total0', {'total': 12345678}),
                ('html00', {'html': True}),
                ('html26', {'html': True, 'status': 206}),
                ('close0', {'length': 'close'}),
                ('chunk0', {'length': 'chunked'}),
                ('short0', {'short': 1000}),
                ('type00', {'type': 'text/plain'}),
                ('err500', {'status': 500}),
                ('err503', {'status': 503})):
            with self.subTest(name):
                track = f's30_{name}x'
                self.fault(track, do)
                answer = self.stack.get(f'/cdn/stream/{track}')
                self.assertEqual(answer.status, 502)
                self.assertEqual(answer.problem['code'], 'media_failed')
                self.assertTrue(answer.headers['Retry-After'])
                self.stack.switch(forget_faults=True)
                answer = self.stack.get(f'/cdn/stream/{track}')
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.body, self.stack.file(track))

    # Later slices: an exact prefix and a closed connection, or the whole.

    def test_a_later_slice_is_repaired(self) -> None:
        for name, do in (
                ('whole1', {'whole': True}),
                ('total1', {'total': 12345678}),
                ('html01', {'html': True}),
                ('close1', {'length': 'close'}),
                ('err403', {'status': 403}),
                ('err404', {'status': 404}),
                ('err410', {'status': 410}),
                ('err501', {'status': 500}),
                ('redir1', {'redirect': True}),
                ('reset1', {'reset': 'header'})):
            with self.subTest(name):
                track = f'm04_{name}x'
                self.fault(track, do, begin=2 * SLICE, times=1)
                answer = self.stack.get(f'/cdn/stream/{track}')
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.body, self.stack.file(track))

    def test_a_later_slice_that_fails_cuts_after_an_exact_prefix(self) -> None:
        # nginx's own line of an upstream that broke in its body
        self.stack.provoked.append('upstream prematurely closed connection')
        for name, do in (
                ('whole2', {'whole': True}),
                ('html02', {'html': True}),
                ('err502', {'status': 500}),
                ('cutoff', {'cut': 1000}),
                ('reset2', {'reset': 1000})):
            with self.subTest(name):
                track = f'm04_{name}x'
                self.fault(track, do, begin=2 * SLICE)
                with self.assertRaises(http.client.IncompleteRead) as caught:
                    self.stack.get(f'/cdn/stream/{track}')
                body = caught.exception.partial
                expected = self.stack.file(track)
                self.assertGreaterEqual(len(body), SLICE)
                self.assertLess(len(body), len(expected))
                self.assertEqual(body, expected[:len(body)])
                self.stack.switch(forget_faults=True)
                answer = self.stack.get(f'/cdn/stream/{track}')
                self.assertEqual(answer.body, expected)

    def test_a_file_of_the_cache_that_is_cut(self) -> None:
        # nginx takes its length for the body's, under a whole Content-Length
        track = 'm04_cutfile'
        url = f'/cdn/stream/{track}'
        expected = self.stack.file(track)
        last = len(expected) // SLICE
        for number in (0, 3, last):
            with self.subTest(number):
                self.assertEqual(self.stack.get(url).body, expected)
                size = self._cut(f'bytes={number * SLICE}-')
                first = number * SLICE
                with self.assertRaises(http.client.IncompleteRead) as caught:
                    self.stack.get(url, {
                        'Range': f'bytes={first}-{first + size - 1}'})
                body = caught.exception.partial
                self.assertEqual(body, expected[first:first + len(body)])
                # a resume from there is complete
                self.assertEqual(self.stack.get(url).body, expected)

    def _cut(self, slice_range: str) -> int:
        """Takes the second half of a slice's file, gives its own size."""

        for path in (self.stack.dir / 'home/cache').rglob('*'):
            if not path.is_file():
                continue
            text = path.read_bytes()
            head, _, body = text.partition(b'\r\n\r\n')
            if b'm04_cutfile' in head and slice_range.encode() in head:
                with path.open('r+b') as file:
                    file.truncate(len(text) - len(body) // 2)
                return len(body)
        raise AssertionError(f'no file of {slice_range}')

    # Repair.

    def test_a_dead_url_is_refreshed_once(self) -> None:
        track = 'm04_refresh'
        self.assertEqual(self.stack.get(
            f'/cdn/stream/{track}', {'Range': 'bytes=0-99'}).status, 206)
        self.stack.switch(expire=[track])
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.body, self.stack.file(track))
        self.assertEqual(len(self.stack.requests('player', track)), 2)

    def test_a_host_that_is_not_listed_is_not_asked(self) -> None:
        track = 's30_foreign'
        self.fault(track, {'location': 'http://127.0.0.1:1/x'})
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.status, 502)
        self.assertEqual(answer.problem['code'], 'host_not_allowed')
        self.assertIn('is not allowed by "voyo_media_hosts"',
                      self.stack.log('nginx'))

    def test_nothing_private_in_the_log(self) -> None:
        track = 's30_secret0'
        self.fault(track, {'reset': 'header'}, times=1)
        self.assertEqual(
            self.stack.get(f'/cdn/stream/{track}').status, 200)
        self.assertNotIn('videoplayback', self.stack.log('nginx'))
        self.assertNotIn('sig=', self.stack.log('nginx'))


class BrokenTest(unittest.TestCase):
    """Bodies that break off, each after some bytes."""

    def test_they_are_continued(self) -> None:
        stack = Stack(retry_timeout='30s')
        self.addCleanup(stack.close)
        for number, do in enumerate((
                {'cut': 100_000}, {'reset': 200_000}, {'cut': SLICE - 1},
                {'cut': 65536})):
            with self.subTest(do):
                track = f'm04_brokof{number}'
                stack.switch(faults=[{'do': do, 'id': track}])
                answer = stack.get(f'/cdn/stream/{track}')
                self.assertTrue(answer.body == stack.file(track),
                                'other bytes')
                self.assertEqual(len(stack.requests('player', track)), 1)
                ranges = [each['range'] for each in
                          stack.requests('media', track)]
                # what was received is not requested again
                self.assertEqual(len(ranges), len(set(ranges)))

    def test_for_a_time(self) -> None:
        # without one, once
        stack = Stack(retry_timeout='0', ahead=0)
        self.addCleanup(stack.close)
        stack.provoked.append('upstream prematurely closed connection')
        for times, whole in ((1, True), (2, False)):
            track = f'm04_times{times:02}'
            stack.switch(forget_faults=True, faults=[
                {'do': {'cut': 1000}, 'id': track, 'times': times}])
            try:
                body = stack.get(f'/cdn/stream/{track}').body
            except http.client.IncompleteRead as error:
                body = error.partial
            expected = stack.file(track)
            self.assertEqual(body, expected[:len(body)])
            self.assertEqual(len(body) == len(expected), whole)


class ErrorPageTest(unittest.TestCase):
    """An error_page of the operator's, instead of the module's."""

    def test_it_does_not_get_into_the_audio(self) -> None:
        # nginx lets its answer, a 200, pass for a slice of the track
        stack = Stack(workers=1, ahead=0)
        self.addCleanup(stack.close)
        home = stack.dir / 'home/conf'
        edge = home / 'voyo_edge.conf'
        edge.write_text(re.sub(r'error_page [^;]*@again;',
                               'error_page 500 502 503 504 /broken;',
                               edge.read_text()))
        conf = home / 'nginx.conf'
        conf.write_text(conf.read_text().replace(
            'location = /health/live', 'location = /broken '
            '{ internal; return 200 "this is no audio"; }\n'
            '        location = /health/live'))
        stack.stop('nginx')
        stack.start_nginx()

        track = 'm04_errpage'
        expected = stack.file(track)
        stack.switch(faults=[{'id': track, 'do': {'status': 500},
                              'begin': 2 * SLICE}])
        with self.assertRaises(http.client.IncompleteRead) as caught:
            stack.get(f'/cdn/stream/{track}')
        self.assertEqual(caught.exception.partial, expected[:2 * SLICE])


class TlsMediaTest(MediaTest):
    """The same over TLS, verified."""

    scheme = 'https'


if __name__ == '__main__':
    unittest.main()
