"""A track plays, end to end: every byte of every representation."""

import base64
import hashlib
import http.client
import itertools
import json
import socket
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

import position  # noqa: E402
from stack import SLICE, Stack  # noqa: E402

FOUR_MINUTES = 'm04_aaaaaaa'
HALF_MINUTE = 's30_aaaaaaa'


class StreamTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack()
        cls.files = {
            (track, each['itag']): cls.stack.file(track, each['itag'])
            for track in (FOUR_MINUTES, HALF_MINUTE)
            for each in cls.stack.control(f'/track?id={track}')}

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def get(self, path: str, **headers: str):
        return self.stack.get(f'/cdn/stream/{path}', {
            name.replace('_', '-'): value for name, value in headers.items()})

    # Which bytes: docs/upstream.md, Y6.

    def test_each_quality_and_codec_is_its_file(self) -> None:
        # 140 averages above its nominal 128: without the tolerance it is lost
        limits = {'low': 64, 'medium': 128, 'high': 256}
        codecs = {'aac': (139, 140), 'opus': (249, 250, 251)}
        kbps = {itag: len(self.files[FOUR_MINUTES, itag]) * 8 / 240 / 1000
                for itags in codecs.values() for itag in itags}
        self.assertGreater(kbps[140], 128)
        for quality, codec in itertools.product(limits, codecs):
            with self.subTest(quality=quality, codec=codec):
                itag = max((itag for itag in codecs[codec]
                            if kbps[itag] <= 1.1 * limits[quality]),
                           key=kbps.__getitem__)
                answer = self.get(
                    f'{FOUR_MINUTES}?quality={quality}&codec={codec}')
                self.assertEqual(answer.status, 200)
                self.assertEqual(
                    hashlib.sha256(answer.body).hexdigest(),
                    hashlib.sha256(
                        self.files[FOUR_MINUTES, itag]).hexdigest())
                self.assertEqual(
                    answer.headers['Content-Type'],
                    'audio/mp4' if codec == 'aac' else 'audio/webm')
                self.assertIn(f'.{itag}.', answer.headers['ETag'])

    def test_defaults_are_high_and_aac(self) -> None:
        answer = self.get(FOUR_MINUTES)
        self.assertEqual(answer.body, self.files[FOUR_MINUTES, 140])
        self.assertRegex(answer.headers['X-Voyo-Quality'],
                         r'^medium; codec=aac; bitrate=\d{6}$')

    # One name for both spellings.

    def test_both_spellings_are_one_track(self) -> None:
        track = 'm04_spell00'
        alias = 'vyo_' + base64.urlsafe_b64encode(
            track.encode()).decode().rstrip('=')
        one = self.get(track)
        fetched = len(self.stack.requests('media', track))
        two = self.get(alias)
        self.assertEqual(one.body, two.body)
        self.assertEqual(one.headers['ETag'], two.headers['ETag'])
        self.assertIn('hit', two.headers['Cache-Status'])
        self.assertEqual(len(self.stack.requests('player', track)), 1)
        self.assertEqual(len(self.stack.requests('media', track)), fetched)

    # Answers of our own.

    def test_failures_of_tracks(self) -> None:
        for track, status, code, retry in (
                ('privaaaaaaa', 404, 'private', False),
                ('goneaaaaaaa', 404, 'unavailable', False)):
            with self.subTest(track=track):
                answer = self.get(track)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.problem['code'], code)
                self.assertEqual(answer.problem['retryable'], retry)
                self.assertNotIn(b'video', answer.body)

    def test_track(self) -> None:
        answer = self.stack.get(f'/cdn/track/{FOUR_MINUTES}')
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers['Content-Type'], 'application/json')
        told = json.loads(answer.body)
        self.assertEqual(told['id'], FOUR_MINUTES)
        self.assertTrue(told['title'] and told['artist'])
        self.assertAlmostEqual(told['duration'], 240, delta=1)
        self.assertEqual(told['codecs']['aac']['high']['size'],
                         len(self.files[FOUR_MINUTES, 140]))
        self.assertEqual(sorted(told['codecs']['opus']),
                         ['high', 'low', 'medium'])

    # What reaches the source.

    def _whole_hour(self, stack: Stack, track: str) -> None:
        answer = stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.status, 200)
        self.assertEqual(hashlib.sha256(answer.body).digest(),
                         hashlib.sha256(stack.file(track)).digest())
        fetched = stack.requests('media', track)
        for each in fetched:
            first, last = map(int, each['range'][6:].split('-'))
            self.assertEqual(first % SLICE, 0)
            self.assertLessEqual(last - first + 1, SLICE)
            self.assertEqual(each['method'], 'GET')
            self.assertLessEqual(
                {name.lower() for name in each['headers']},
                {'host', 'range', 'user-agent', 'accept'})
        self.assertEqual(len({each['range'] for each in fetched}),
                         len(fetched))
        connections = {each['connection'] for each in fetched}
        # one more for each slice that may be fetched ahead
        self.assertLessEqual(len(connections),
                             (2 + stack.ahead) * stack.workers)

    def test_only_bounded_ranges_on_few_connections(self) -> None:
        self._whole_hour(self.stack, 'h01_hour000')
        alone = Stack(ahead=0)
        try:
            self._whole_hour(alone, 'h01_hour000')
        finally:
            alone.close()

    def test_ffmpeg_seeks(self) -> None:
        for codec in ('aac', 'opus'):
            with self.subTest(codec):
                pcm = position.decode(self.stack.url(
                    f'/cdn/stream/{FOUR_MINUTES}?codec={codec}'),
                    '-ss', '200', '-t', '5')
                self.assertAlmostEqual(len(pcm) / position.RATE, 5, delta=0.1)
                heard = position.heard(
                    pcm[:round(position.WINDOW * position.RATE)])
                self.assertIsNotNone(heard)
                self.assertAlmostEqual(heard, 200, delta=0.1)


class GuestsTest(unittest.TestCase):
    """nginx's own modules that send subrequests, together with VOYO's."""

    def start(self, locations: str, directive: str) -> Stack:
        stack = Stack(workers=1)
        self.addCleanup(stack.close)
        conf = stack.dir / 'home/conf/nginx.conf'
        text = conf.read_text()
        location = 'location ^~ /cdn/stream/ {'
        self.assertIn(location, text)
        conf.write_text(text.replace(
            location, f'{locations}\n{location}\n{directive}'))
        stack.stop('nginx')
        stack.start_nginx()
        self.assertGreater(len(stack.file(FOUR_MINUTES)), 3 * SLICE)
        return stack

    def test_auth_request(self) -> None:
        stack = self.start('''
            location = /auth {
                internal;
                if ($http_authorization = "") { return 401; }
                if ($http_authorization = "no") { return 403; }
                return 204;
            }''', 'auth_request /auth;')
        path = f'/cdn/stream/{FOUR_MINUTES}'
        for headers, status in (({}, 401), ({'Authorization': 'no'}, 403)):
            answer = stack.get(path, headers)
            self.assertEqual((answer.status, answer.problem['code']),
                             (status, 'refused'))
        self.assertEqual(stack.requests('player', FOUR_MINUTES), [])

        answer = stack.get(path, {'Authorization': 'yes'})
        self.assertEqual((answer.status, answer.body),
                         (200, stack.file(FOUR_MINUTES)))

    def test_a_mirror_that_answers_in_mid_track(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as mirror:
            mirror.settimeout(20)
            port = mirror.getsockname()[1]
            stack = self.start(
                'location = /mirror { internal; '
                f'proxy_pass http://127.0.0.1:{port}; }}', 'mirror /mirror;')
            connection = http.client.HTTPConnection('127.0.0.1', stack.port,
                                                    timeout=30)
            self.addCleanup(connection.close)
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                       65536)
            connection.request('GET', f'/cdn/stream/{FOUR_MINUTES}')
            answer = connection.getresponse()
            body = answer.read(1000)
            peer, _ = mirror.accept()
            with peer:
                peer.settimeout(20)
                peer.recv(4096)
                peer.sendall(b'HTTP/1.1 404 Not Found\r\n'
                             b'Content-Length: 0\r\n\r\n')
                self.assertEqual(peer.recv(4096), b'')
            self.assertEqual((answer.status, body + answer.read()),
                             (200, stack.file(FOUR_MINUTES)))


if __name__ == '__main__':
    unittest.main()
