#!/usr/bin/python3 -B

"""
The stand-in behaves like the real service: these tests use it with the real
yt-dlp, and check the rules of its media hosts.
"""

import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / 'build'
YTDLP = os.environ.get('YT_DLP_PATH', str(BUILD / 'prefix/bin/yt-dlp'))
CHUNK = 512 * 1024

FAILURES = {
    'priv': 'This is a private video',
    'gone': 'This video is unavailable',
    'remo': 'removed by the uploader',
    'term': 'has been terminated',
    'copy': 'on copyright grounds',
    'kids': 'not available on this app',
    'age_': 'Sign in to confirm your age',
    'paid': 'Music Premium members',
    'memb': 'members-only',
    'rent': 'requires payment',
    'geo_': 'not made this video available in your country',
    'bot_': 'confirm you\u2019re not a bot',
    'capt': 'captcha challenge',
    'rate': 'rate-limited by YouTube for up to an hour',
    'othr': 'All player responses are invalid',
    'live': 'No video formats found',
    'soon': 'Premieres in',
    'drm_': 'DRM protected',
    'sabr': 'missing a URL',
    'njs_': 'No video formats found',
    'none': 'No video formats found',
    '403_': 'HTTP Error 403',
    '404_': 'HTTP Error 404',
    '429_': 'HTTP Error 429',
    '500_': 'HTTP Error 500',
    '503_': 'HTTP Error 503',
    'drop': 'Remote end closed connection',
    'json': 'Failed to parse JSON',
    'html': 'Failed to parse JSON',
}


class StandIn:
    def __init__(self, *options: str) -> None:
        BUILD.mkdir(exist_ok=True)
        self.directory = Path(tempfile.mkdtemp(prefix='youtube.', dir=BUILD))
        self.process = subprocess.Popen(
            ['/usr/bin/python3', '-B', str(HERE / 'server.py'), '--dir',
             str(self.directory), '--media', str(BUILD / 'media'),
             '--exit-with-stdin', *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())

    def stop(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(10)
        self.process.stdout.close()
        shutil.rmtree(self.directory)
        return status

    def call(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(
            '127.0.0.1', self.ready['control'], timeout=10)
        connection.request(method, path, json.dumps(body))
        response = connection.getresponse()
        result = json.load(response)
        connection.close()
        if response.status != 200:
            raise ValueError(result['error'])
        return result

    def switch(self, **change: Any) -> None:
        self.call('POST', '/switch', change)

    def fault(self, do: dict[str, Any], **match: Any) -> None:
        self.switch(faults=[{'do': do, **match}])

    def log(self, kind: str = 'media') -> list[dict[str, Any]]:
        return self.call('GET', f'/log?kind={kind}')

    def ytdlp(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [YTDLP, *self.ready['ytdlp_args'], *arguments],
            capture_output=True, text=True, timeout=60, check=False)

    def info(self, track: str) -> dict[str, Any]:
        done = self.ytdlp('-J', track)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(done.stderr)
        return json.loads(done.stdout)

    def resolve(self, track: str, itag: int = 140) -> str:
        """The media URL, without yt-dlp."""

        connection = http.client.HTTPSConnection(
            '127.0.0.1', self.ready['player'], timeout=10,
            context=ssl.create_default_context(cafile=self.ready['ca']))
        connection.request('POST', '/youtubei/v1/player',
                           json.dumps({'videoId': track}))
        response = json.load(connection.getresponse())
        connection.close()
        return next(each['url']
                    for each in response['streamingData']['adaptiveFormats']
                    if each['itag'] == itag)


def target(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f'{parts.path}?{parts.query}'


@contextmanager
def fetching(url: str, wanted: str | None = 'bytes=0-99',
             method: str = 'GET') -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(
        urllib.parse.urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, target(url),
                           headers={'Range': wanted} if wanted else {})
        yield connection.getresponse()
    finally:
        connection.close()


def status(url: str, wanted: str | None = 'bytes=0-99',
           method: str = 'GET') -> int:
    with fetching(url, wanted, method) as response:
        return response.status


class Case(unittest.TestCase):
    standin: StandIn

    @classmethod
    def setUpClass(cls) -> None:
        cls.standin = StandIn()
        cls.addClassCleanup(cls.standin.stop)

    def setUp(self) -> None:
        self.standin.call('POST', '/reset')


class Resolving(Case):
    def test_one_request_gives_every_format(self) -> None:
        info = self.standin.info('m04_0000001')
        log = self.standin.call('GET', '/log')

        self.assertEqual([entry['kind'] for entry in log], ['player'])
        self.assertEqual(log[0]['id'], 'm04_0000001')
        self.assertEqual((info['duration'], info['album'], info['artists']),
                         (240, 'Loops', ['The Stand-Ins']))

        rates = {each['format_id']: each['tbr'] for each in info['formats']}
        for itag, rate in {'139': 48, '140': 129.5, '249': 50, '250': 70,
                           '251': 130}.items():
            self.assertAlmostEqual(rates[itag], rate, delta=1)

        for each in info['formats']:
            query = urllib.parse.parse_qs(
                urllib.parse.urlsplit(each['url']).query)
            self.assertEqual(query['clen'], [str(each['filesize'])])
            self.assertLessEqual({'dur', 'lmt', 'itag', 'mime', 'expire',
                                  'ip', 'id', 'sig'}, query.keys())

    def test_a_track_that_lasts_longer_than_it_is_said_to(self) -> None:
        info = self.standin.info('trap0000001')
        files = {str(each['itag']): each for each in self.standin.call(
            'GET', '/track?id=trap0000001')}

        self.assertEqual(info['duration'], 5)
        self.assertEqual({each['format_id'] for each in info['formats']},
                         files.keys())
        for each in info['formats']:
            file = files[each['format_id']]
            self.assertEqual(each['filesize'], file['size'])
            self.assertIn('dur=5.000', each['url'])
            lasts = subprocess.run(
                ['ffprobe', '-v', 'error', '-show_entries', 'format=duration',
                 '-of', 'csv=p=0', file['path']], capture_output=True,
                check=True).stdout
            self.assertAlmostEqual(float(lasts), 10, delta=0.02)
            with fetching(each['url'], f'bytes={file["size"] - 9}-'
                                       f'{file["size"] - 1}') as response:
                self.assertEqual(response.read(),
                                 Path(file['path']).read_bytes()[-9:])

    def test_every_failure_has_its_text(self) -> None:
        ids = {f'{prefix}0000001': text for prefix, text in FAILURES.items()}
        done = self.standin.ytdlp(
            '-i', '--extractor-retries', '0', '--retries', '0', '-q',
            '--print', 'id', *ids)

        self.assertEqual(done.stdout, '')
        for track, text in ids.items():
            # a warning need not name its track, but stands before the error
            before = done.stderr.split(f'[youtube] {track}: ')
            self.assertGreater(len(before), 1, track)
            said = before[0].rpartition('ERROR')[2] + ''.join(before[1:])
            self.assertIn(text, said, track)

    def test_a_player_that_hangs(self) -> None:
        done = self.standin.ytdlp(
            '--socket-timeout', '0.5', '--extractor-retries', '0',
            '-J', 'hang0000001')
        self.assertIn('timed out', done.stderr)

    def test_a_track_that_becomes_private(self) -> None:
        self.standin.info('later000001')
        self.standin.switch(behave={'later000001': 'priv'})
        done = self.standin.ytdlp('-J', 'later000001')
        self.assertIn('This is a private video', done.stderr)

    def test_a_dub_is_told_from_the_original(self) -> None:
        formats = self.standin.info('dubs0000001')['formats']
        self.assertEqual({each['language'] for each in formats},
                         {'de-DE', 'en-US'})
        self.assertEqual(len({each['url'] for each in formats}), 4)

    def test_latency(self) -> None:
        self.standin.resolve('s05_0000001')
        self.standin.switch(latency={'player': 100, 'connect': 200})
        began = time.monotonic()
        self.standin.resolve('s05_0000001')
        self.assertGreater(time.monotonic() - began, 0.3)

    def test_yt_dlp_trusts_the_ca(self) -> None:
        arguments = [each for each in self.standin.ready['ytdlp_args']
                     if each != '--no-check-certificates']
        subprocess.run(
            [YTDLP, *arguments, '--compat-options', 'no-certifi', '-J',
             's05_0000001'], check=True, stdout=subprocess.DEVNULL,
            env={**os.environ, 'SSL_CERT_FILE': self.standin.ready['ca']})


class Downloading(Case):
    def download(self, track: str, itag: int) -> None:
        path = self.standin.directory / f'{track}.{itag}'
        done = self.standin.ytdlp(
            '--http-chunk-size', str(CHUNK), '--fixup', 'never', '-f',
            str(itag), '--no-part', '-o', str(path), track)
        self.assertEqual((done.returncode, done.stderr), (0, ''))

        source = next(each
                      for each in self.standin.call('GET', f'/track?id={track}')
                      if each['itag'] == itag)
        self.assertEqual(
            hashlib.sha256(path.read_bytes()).digest(),
            hashlib.sha256(Path(source['path']).read_bytes()).digest())
        self.assertEqual({entry['status'] for entry in self.standin.log()},
                         {206})

    def test_aac(self) -> None:
        self.download('m04_0000001', 140)
        self.assertGreater(len(self.standin.log()), 6)

    def test_aac_that_is_not_fragmented(self) -> None:
        self.download('fast0000001', 140)

    def test_opus_over_tls(self) -> None:
        self.standin.switch(scheme='https')
        self.download('m04_0000002', 251)
        self.assertTrue(all(entry['secure'] for entry in self.standin.log()))

    def test_after_an_advertisement(self) -> None:
        url = self.standin.resolve('adv_0000001')
        self.assertEqual(status(url), 403)
        self.download_late('adv_0000001', url)

    def download_late(self, track: str, url: str) -> None:
        deadline = time.monotonic() + 5
        while status(url) != 206:
            self.assertLess(time.monotonic(), deadline, track)
            time.sleep(0.05)

    def test_the_audio_is_audio(self) -> None:
        for each in self.standin.call('GET', '/track?id=m04_0000001'):
            done = subprocess.run(
                ['ffmpeg', '-nostdin', '-v', 'warning', '-i', each['path'],
                 '-f', 'null', '-'], capture_output=True, check=True)
            self.assertEqual(done.stderr, b'')

    def test_a_thumbnail(self) -> None:
        url = self.standin.info('s05_0000001')['thumbnail']
        with fetching(url, None) as response:
            self.assertEqual(response.getheader('Content-Type'), 'image/jpeg')
            self.assertEqual(response.read(2), b'\xff\xd8')
        self.assertEqual(self.standin.log('thumb')[0]['id'], 's05_0000001')


class Rules(Case):
    def test_which_ranges_are_served(self) -> None:
        url = self.standin.resolve('m04_0000001')
        megabyte = 1024 * 1024
        for wanted, code in ((None, 403), ('bytes=0-', 403),
                             ('bytes=-100', 403), ('bytes=0-1,3-4', 403),
                             (f'bytes=0-{megabyte}', 403),
                             ('bytes=99999999-99999999', 416),
                             (f'bytes=0-{megabyte - 1}', 206),
                             ('bytes=0-0', 206)):
            self.assertEqual(status(url, wanted), code, wanted)
        self.assertEqual(status(url, 'bytes=0-1', 'HEAD'), 403)

        self.standin.switch(strict=False)
        self.assertEqual(status(url, None), 200)
        self.assertEqual(status(url, 'bytes=0-'), 206)

    def test_what_an_answer_says(self) -> None:
        url = self.standin.resolve('m04_0000001')
        size = urllib.parse.parse_qs(url)['clen'][0]
        with fetching(url, f'bytes=100-{size}') as response:
            self.assertEqual(response.status, 403)
        with fetching(url, 'bytes=100-199') as response:
            self.assertEqual(
                response.getheader('Content-Range'), f'bytes 100-199/{size}')
            self.assertEqual(response.getheader('Content-Length'), '100')
            self.assertEqual(response.getheader('Content-Type'), 'audio/mp4')
            self.assertRegex(response.getheader('Cache-Control', ''),
                             r'^private, max-age=21\d\d\d$')
            self.assertIsNone(response.getheader('ETag'))

    def test_a_changed_url_is_refused(self) -> None:
        url = self.standin.resolve('s05_0000001')
        self.assertEqual(status(url.replace('itag=140', 'itag=139')), 403)
        self.assertEqual(status(url.replace('expire=1', 'expire=9')), 403)
        self.assertEqual({entry['why'] for entry in self.standin.log()},
                         {'signature'})

    def test_expiry(self) -> None:
        self.standin.switch(expires_in=0)
        self.assertEqual(status(self.standin.resolve('s05_0000001')), 403)
        self.assertEqual(self.standin.log()[0]['why'], 'expired')

    def test_a_url_is_dead_until_resolved_again(self) -> None:
        old = self.standin.resolve('s05_0000001')
        other = self.standin.resolve('s05_0000002')
        self.standin.switch(expire=['s05_0000001'])
        self.assertEqual(status(old), 403)
        self.assertEqual(status(other), 206)
        self.assertEqual(status(self.standin.resolve('s05_0000001')), 206)

        self.standin.switch(expire=['*'])
        self.assertEqual(status(other), 403)

    def test_another_edition_has_other_bytes(self) -> None:
        old = self.standin.resolve('s05_0000001')
        self.standin.switch(reencode=['s05_0000001'])
        new = self.standin.resolve('s05_0000001')
        for name in ('lmt', 'clen'):
            self.assertNotEqual(urllib.parse.parse_qs(old)[name],
                                urllib.parse.parse_qs(new)[name])
        with fetching(old, 'bytes=9000-19999') as one, \
             fetching(new, 'bytes=9000-19999') as two:
            self.assertNotEqual(one.read(), two.read())

    def test_keep_alive(self) -> None:
        url = self.standin.resolve('s05_0000001')
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(url).netloc)
        for _ in range(3):
            connection.request('GET', target(url),
                               headers={'Range': 'bytes=0-9'})
            connection.getresponse().read()
        connection.close()
        self.assertEqual(
            len({entry['connection'] for entry in self.standin.log()}), 1)

    def test_hundreds_of_connections(self) -> None:
        url = self.standin.resolve('m04_0000001')
        self.standin.switch(latency={'media': 300})
        socks = []
        for _ in range(300):
            sock = socket.create_connection(
                ('127.0.0.1', self.standin.ready['media_http'][0]))
            sock.sendall(f'GET {target(url)} HTTP/1.1\r\nHost: a\r\n'
                         f'Range: bytes=0-{CHUNK - 1}\r\n\r\n'.encode())
            socks.append(sock)
        for sock in socks:
            self.assertEqual(sock.recv(12, socket.MSG_WAITALL),
                             b'HTTP/1.1 206')
            sock.close()


class Faults(Case):
    def setUp(self) -> None:
        super().setUp()
        self.url = self.standin.resolve('m04_0000001')

    def test_a_status_once_and_for_one_itag(self) -> None:
        other = self.standin.resolve('m04_0000001', 251)
        self.standin.fault({'status': 500}, itag=140, times=1)
        self.assertEqual([status(other), status(self.url), status(self.url)],
                         [206, 500, 206])

    def test_the_third_and_a_later_range(self) -> None:
        self.standin.fault({'status': 403}, begin=1000, nth=3)
        far = 'bytes=1000-1999'
        self.assertEqual([status(self.url, far), status(self.url),
                          status(self.url, far), status(self.url, far),
                          status(self.url, far)],
                         [206, 206, 206, 403, 403])
        self.standin.switch(forget_faults=True)
        self.assertEqual(status(self.url, far), 206)

    def test_a_redirect_to_the_sibling(self) -> None:
        self.standin.fault({'redirect': True}, times=1)
        with fetching(self.url) as response:
            self.assertEqual(response.status, 302)
            location = response.getheader('Location', '')
        self.assertIn(str(self.standin.ready['media_http'][1]), location)
        self.assertEqual(status(location), 206)

        self.standin.fault({'location': 'http://10.0.0.1/', 'status': 307})
        self.assertEqual(status(self.url), 307)

    def test_answers_that_are_not_what_was_asked(self) -> None:
        size = urllib.parse.parse_qs(self.url)['clen'][0]
        for do, code, fields, length in (
            ({'whole': True}, 200, {'Content-Length': size}, int(size)),
            ({'short': 10}, 206, {'Content-Range': f'bytes 0-9/{size}'}, 10),
            ({'total': 7}, 206, {'Content-Range': 'bytes 0-99/7'}, 100),
            ({'length': 'close'}, 206, {'Content-Length': None}, 100),
            ({'length': 'close', 'cut': 10}, 206, {}, 10),
            ({'length': 'chunked'}, 206,
             {'Transfer-Encoding': 'chunked'}, 100),
            ({'type': 'text/plain'}, 206,
             {'Content-Type': 'text/plain'}, 100),
            ({'html': True}, 200, {'Content-Type': 'text/html'}, 66),
            ({'html': True, 'status': 206}, 206,
             {'Content-Type': 'text/html', 'Content-Length': '100'}, 100),
            ({'headers': {'ETag': '"x"'}}, 206, {'ETag': '"x"'}, 100),
        ):
            with self.subTest(do):
                self.standin.switch(forget_faults=True)
                self.standin.fault(do)
                with fetching(self.url) as response:
                    self.assertEqual(response.status, code)
                    for name, value in fields.items():
                        self.assertEqual(response.getheader(name), value)
                    self.assertEqual(len(response.read()), length)

    def test_bodies_that_end_early(self) -> None:
        for do, error in (({'cut': 10}, http.client.IncompleteRead),
                          ({'reset': 10}, ConnectionResetError),
                          ({'stall': 10}, TimeoutError)):
            with self.subTest(do):
                self.standin.switch(forget_faults=True)
                self.standin.fault(do)
                with fetching(self.url) as response:
                    assert response.fp is not None
                    response.fp.raw._sock.settimeout(0.3)
                    self.assertEqual(response.getheader('Content-Length'),
                                     '100')
                    with self.assertRaises(error):
                        response.read()

    def test_no_answer_at_all(self) -> None:
        self.standin.fault({'reset': 'header'}, times=1)
        with self.assertRaises(ConnectionResetError):
            status(self.url)

        self.standin.fault({'stall': 'header'}, times=1)
        sock = socket.create_connection(
            ('127.0.0.1', self.standin.ready['media_http'][0]))
        sock.sendall(f'GET {target(self.url)} HTTP/1.1\r\n\r\n'.encode())
        sock.settimeout(0.3)
        with self.assertRaises(TimeoutError):
            sock.recv(1)
        self.assertFalse(self.standin.log()[-1]['done'])
        sock.close()

    def test_throttle(self) -> None:
        self.standin.fault({'throttle': 1000})
        began = time.monotonic()
        with fetching(self.url, 'bytes=0-299') as response:
            response.read()
        self.assertGreater(time.monotonic() - began, 0.2)

    def test_the_player(self) -> None:
        self.standin.fault({'status': 429}, on='player', id='s05_0000001')
        done = self.standin.ytdlp('-J', 's05_0000001')
        self.assertIn('HTTP Error 429', done.stderr)

    def test_what_is_misspelt_is_refused(self) -> None:
        for change in ({'fault': []}, {'faults': [{'do': {'sleep': 1}}]},
                       {'faults': [{'do': {}, 'track': 'a'}]},
                       {'latency': {'medium': 1}}, {'behave': {'a': 'b'}},
                       {'scheme': 'ftp'}):
            with self.subTest(change), self.assertRaises(ValueError):
                self.standin.call('POST', '/switch', change)


class Life(unittest.TestCase):
    def test_it_ends_with_its_stdin(self) -> None:
        self.assertEqual(StandIn().stop(), 0)

    def test_it_ends_by_sigterm_while_it_is_used(self) -> None:
        standin = StandIn()
        url = standin.resolve('s05_0000001')
        standin.fault({'stall': 'header'})
        asking = threading.Thread(target=self.ask_in_vain, args=(url,))
        asking.start()
        while not standin.log():
            pass
        standin.process.send_signal(signal.SIGTERM)
        self.assertEqual(standin.process.wait(5), 0)
        asking.join()
        standin.stop()

    def ask_in_vain(self, url: str) -> None:
        with self.assertRaises((ConnectionError, http.client.HTTPException)):
            status(url)


if __name__ == '__main__':
    unittest.main()
