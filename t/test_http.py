"""Listeners by HTTP/2 and HTTP/3: the same bytes, and the same pace.

With these a response is written by other code of nginx's, in frames, beside
others in one connection; the guard and the pace have to hold there too.  nginx
has HTTP/3 since 1.25, and curl only in some builds: what cannot be tested is
said.
"""

import hashlib
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import NGINX, SLICE, Stack, free_port, wait_for  # noqa: E402


def output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


BUILT = output(NGINX, '-V')
CURL = output('curl', '-V')


class HttpStack(Stack):
    """Its nginx also listens by TLS, and by QUIC where it can."""

    def _render(self, home: Path, values: dict[str, Any]) -> None:
        self.tls_port = free_port()
        place = self.dir / 'source'
        lines = [f'ssl_certificate {place}/server.pem;',
                 f'ssl_certificate_key {place}/server.key;']
        address = f'listen 127.0.0.1:{self.tls_port}'
        if 'http_v3_module' in BUILT:
            lines += [f'{address} ssl sndbuf=256k;', 'http2 on;',
                      f'{address} quic;']
        else:
            lines += [f'{address} ssl http2 sndbuf=256k;']
        super()._render(home, {**values, 'LISTEN_IPV6': ' '.join(lines)})

    def curl(self, option: str, path: str, *more: str) -> list[str | Path]:
        return ['curl', '-sS', option, '--cacert', self.source['ca'], *more,
                f'https://127.0.0.1:{self.tls_port}{path}']


class Http2Test(unittest.TestCase):
    option, version = '--http2', '2'

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = HttpStack(workers=1)
        cls.addClassCleanup(cls.stack.close)
        # a graceful end would wait for the killed client of HTTP/3
        cls.addClassCleanup(cls.stack.stop, 'nginx')

    def get(self, path: str, *more: str) -> tuple[int, str, bytes]:
        """The status, the header and the body."""

        body = self.stack.dir / 'body'
        body.unlink(missing_ok=True)
        said = output(*map(str, self.stack.curl(
            self.option, path, '-D', '-', '-o', str(body), '-w',
            '%{http_version} %{http_code}', *more)))
        header, _, last = said.rpartition('\n')
        version, status = last.split()
        self.assertEqual(version, self.version)
        return int(status), header, body.read_bytes() if body.exists() else b''

    def test_the_whole(self) -> None:
        status, header, body = self.get('/cdn/stream/m04_whole00')
        file = self.stack.file('m04_whole00')
        self.assertEqual((status, hashlib.sha256(body).digest()),
                         (200, hashlib.sha256(file).digest()))
        self.assertIn(f'content-length: {len(file)}', header)

    def test_ranges(self) -> None:
        track = '/cdn/stream/m04_ranges0'
        file = self.stack.file('m04_ranges0')
        for first, last in ((0, 0), (SLICE - 5, SLICE + 5),
                            (100_000, 2 * SLICE + 1), (len(file) - 7, '')):
            status, header, body = self.get(track, '-r', f'{first}-{last}')
            end = len(file) - 1 if last == '' else last
            self.assertEqual((status, body), (206, file[first:end + 1]))
            self.assertIn(
                f'content-range: bytes {first}-{end}/{len(file)}', header)
        status, header, _ = self.get(track, '-r', f'{len(file)}-')
        self.assertEqual(status, 416)
        self.assertIn(f'content-range: bytes */{len(file)}', header)

    def test_a_prefetch(self) -> None:
        status, _, _ = self.get('/cdn/stream/s30_prefetc?prefetch=true', '-I')
        self.assertEqual(status, 200)
        fetched = self.stack.requests('media', 's30_prefetc')
        status, header, _ = self.get('/cdn/stream/s30_prefetc', '-r', '0-99')
        self.assertEqual(status, 206)
        self.assertRegex(header, r'cache-status: .*hit')
        self.assertEqual(self.stack.requests('media', 's30_prefetc'), fetched)

    def test_an_error(self) -> None:
        status, header, body = self.get('/cdn/stream/nothing')
        self.assertEqual(status, 400)
        self.assertIn('content-type: application/problem+json', header)
        self.assertIn(b'"code":"bad_track"', body)

    def test_one_that_stops_reading(self) -> None:
        track = 'h01_stop000'
        body = self.stack.dir / 'stopped'
        client = subprocess.Popen(self.stack.curl(
            self.option, f'/cdn/stream/{track}', '-o', str(body),
            '--limit-rate', '300k'), stderr=subprocess.PIPE)
        try:
            wait_for(lambda: body.exists() and body.stat().st_size > 100_000,
                     'it reads')
            client.send_signal(signal.SIGSTOP)
            fetched = self.stack.settled(track)
            print(f'{len(fetched)} of 113 slices were fetched for a client '
                  f'that stopped, HTTP/{self.version}', file=sys.stderr)
            # those in the buffers of both, and those read ahead
            self.assertLess(len(fetched), 40)
        finally:
            client.kill()
            client.wait()
            client.stderr.close()


class Http3Test(Http2Test):
    option, version = '--http3-only', '3'


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite,
               _: Any) -> unittest.TestSuite:
    for what, there in (('nginx', 'http_v3_module' in BUILT),
                        ('curl', re.search(r'\bHTTP3\b', CURL))):
        if not there:
            print(f'HTTP/3 is not tested: this {what} has none',
                  file=sys.stderr)
            return loader.loadTestsFromTestCase(Http2Test)
    return tests


if __name__ == '__main__':
    unittest.main()
