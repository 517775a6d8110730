"""What a media host does wrong never reaches a listener or the cache."""

import http.client
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

    def file(self, track: str) -> bytes:
        return next(Path(each['path']).read_bytes()
                    for each in self.stack.control(f'/track?id={track}')
                    if each['itag'] == 140)

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
                self.assertEqual(answer.body, self.file(track))

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
                self.assertEqual(answer.body, self.file(track))

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
                expected = self.file(track)
                self.assertGreaterEqual(len(body), SLICE)
                self.assertLess(len(body), len(expected))
                self.assertEqual(body, expected[:len(body)])
                self.stack.switch(forget_faults=True)
                answer = self.stack.get(f'/cdn/stream/{track}')
                self.assertEqual(answer.body, expected)

    # Repair.

    def test_a_dead_url_is_refreshed_once(self) -> None:
        track = 'm04_refresh'
        self.assertEqual(self.stack.get(
            f'/cdn/stream/{track}', {'Range': 'bytes=0-99'}).status, 206)
        self.stack.switch(expire=[track])
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.body, self.file(track))
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


class TlsMediaTest(MediaTest):
    """The same over TLS, verified."""

    scheme = 'https'


if __name__ == '__main__':
    unittest.main()
