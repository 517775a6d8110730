"""Behind nginx and HAProxy, with their defaults, by HTTP/1.1 and HTTP/2.

A browser resumes a truncated body by itself and gives up on an error; a proxy
turns a close without a header into a 502, so the header is sent first
(docs/upstream.md, B1, B2, N12).  Some proxies end a cut HTTP/2 body as if it
were whole (P1).  `make fronts` runs more of them.
"""

import json
import subprocess
import sys
import time
import unittest
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / 'lib'), str(HERE / 'fronts')]

from fronts import Front  # noqa: E402
from stack import SLICE, Stack, wait_for  # noqa: E402

CUT = (18, 92)       # curl's status of a body cut short, by HTTP/1.1 and /2

# nginx sends an HTTP/2 header and the end of its stream in one go, and curl
# then tells of the end only; browsers, and node, tell of both
NODE = '''
const [url, range, ca] = process.argv.slice(1);
const { origin, pathname } = new URL(url);
const session = require("node:http2").connect(origin, {
  ca: require("node:fs").readFileSync(ca) });
const stream = session.request({ ":path": pathname, range });
const told = { version: "HTTP/2", status: 0, headers: {}, length: 0, exit: 0 };
stream.on("response", (headers) => {
  told.status = headers[":status"];
  told.headers = { ...headers };
});
stream.on("data", (data) => { told.length += data.length; });
stream.on("error", () => { told.exit = 92; });
stream.on("close", () => {
  console.log(JSON.stringify(told));
  session.close();
});
'''


@dataclass
class Answer:
    exit: int
    version: str
    status: int
    headers: dict[str, str]
    body: bytes


class ProxyTest(unittest.TestCase):
    stack: Stack
    name = 'nginx'
    version = '1.1'

    @classmethod
    def setUpClass(cls) -> None:
        # nothing of it is read ahead: each fault meets its listener
        cls.stack = Stack(ahead=0)
        cls.stack.provoked.append('upstream prematurely closed connection')
        cls.front = Front(cls.name, cls.stack.dir / cls.name, cls.stack.port,
                          cls.stack.dir / 'source')
        cls.file = cls.stack.file('m04_proxy00')
        cls.cut: tuple[int, ...] = CUT
        if cls.version == '2' and cls.front.orderly:
            cls.cut = (*CUT, 0)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.front.stop()
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def track(self, name: str) -> str:
        return f'm04_{name:_<6}{self.version[0]}'

    def url(self, track: str) -> str:
        if self.version == '2':
            return f'https://127.0.0.1:{self.front.h2_port}/cdn/stream/{track}'
        return f'http://127.0.0.1:{self.front.h1_port}/cdn/stream/{track}'

    def curl(self, track: str, *more: str) -> Answer:
        done = subprocess.run(
            ['curl', '-s', '-m', '40', '--cacert', self.stack.source['ca'],
             f'--http{self.version}', '-D', '/dev/stderr', *more,
             self.url(track)], capture_output=True)
        head = done.stderr.decode('latin-1').split('\r\n')
        version, status = head[0].split(' ')[:2]
        return Answer(done.returncode, version, int(status), {
            name.lower(): value for name, _, value in (
                line.partition(': ') for line in head[1:] if line)},
            done.stdout)

    def resume(self, track: str) -> Answer:
        return self.curl(track, '-r', f'{SLICE}-')

    def fault(self, track: str, do: dict, at: int, **more: int) -> None:
        self.stack.switch(faults=[{'do': do, 'id': track, 'at': at, **more}])

    def test_the_whole(self) -> None:
        answer = self.curl(self.track('whole'))
        self.assertEqual((answer.exit, answer.status), (0, 200))
        self.assertEqual(answer.version, f'HTTP/{self.version}')
        self.assertTrue(answer.body == self.file, 'other bytes')

    def test_a_range(self) -> None:
        answer = self.curl(self.track('range'), '-r',
                           f'{SLICE - 5}-{SLICE + 5}')
        self.assertEqual((answer.exit, answer.status), (0, 206))
        self.assertEqual(answer.body, self.file[SLICE - 5:SLICE + 6])

    def test_a_resume_that_fails_is_a_header_and_a_cut(self) -> None:
        track = self.track('resume')
        self.fault(track, {'status': 403}, SLICE)
        answer = self.resume(track)
        self.assertEqual(answer.status, 206)
        self.assertEqual(answer.headers['content-range'],
                         f'bytes {SLICE}-{len(self.file) - 1}/'
                         f'{len(self.file)}')
        self.assertEqual(answer.headers['content-type'], 'audio/mp4')
        self.assertIn(answer.exit, self.cut)
        self.assertEqual(answer.body, b'')
        # the browser resumes, and plays the rest
        self.stack.switch(forget_faults=True)
        answer = self.curl(track, '-r', f'{SLICE}-')
        self.assertEqual((answer.exit, answer.status), (0, 206))
        self.assertTrue(answer.body == self.file[SLICE:], 'other bytes')

    def test_a_resume_that_is_held(self) -> None:
        # while there is hope nothing is cut
        track = self.track('hold')
        self.assertEqual(self.curl(track, '-r', '0-9').status, 206)
        self.stack.switch(expire=[track], latency={'player': 2000})
        answer = self.curl(track, '-r', f'{SLICE}-')
        self.assertEqual((answer.exit, answer.status), (0, 206))
        self.assertTrue(answer.body == self.file[SLICE:], 'other bytes')

    def test_a_beginning_that_fails_is_a_problem(self) -> None:
        track = self.track('begin')
        self.fault(track, {'status': 403}, 0)
        for more in ((), ('-r', '0-')):
            answer = self.curl(track, *more)
            self.assertEqual((answer.exit, answer.status), (0, 502))
            self.assertEqual(answer.headers['content-type'],
                             'application/problem+json')
            self.assertTrue(answer.headers['retry-after'])
            self.assertEqual(json.loads(answer.body)['code'], 'media_failed')

    def test_the_middle_that_fails_is_a_cut(self) -> None:
        track = self.track('middle')
        for do in ({'status': 403}, {'reset': 1000}):
            self.fault(track, do, 3 * SLICE)
            answer = self.curl(track)
            self.assertEqual(answer.status, 200)
            self.assertIn(answer.exit, self.cut)
            self.assertGreaterEqual(len(answer.body), SLICE)
            self.assertTrue(self.file.startswith(answer.body), 'other bytes')
            self.assertLess(len(answer.body), len(self.file))

    def test_head_has_its_true_status(self) -> None:
        track = self.track('head')
        self.fault(track, {'status': 403}, 0)
        answer = self.curl(track, '-I')
        self.assertEqual((answer.exit, answer.status), (0, 200))
        self.assertEqual(int(answer.headers['content-length']),
                         len(self.file))
        answer = self.curl(track, '-I', '-r', f'{SLICE}-')
        self.assertEqual((answer.exit, answer.status), (0, 206))
        answer = self.curl('privaaaaaaa', '-I', '-r', f'{SLICE}-')
        self.assertEqual((answer.exit, answer.status), (0, 404))


class Http2Test(ProxyTest):
    """A proxy that speaks HTTP/2 to the browser."""

    version = '2'

    def resume(self, track: str) -> Answer:
        done = subprocess.run(
            ['node', '-e', NODE, self.url(track), f'bytes={SLICE}-',
             self.stack.source['ca']], capture_output=True, timeout=40,
            check=True)
        told = json.loads(done.stdout)
        return Answer(told['exit'], told['version'], told['status'],
                      told['headers'], bytes(told['length']))


class HaproxyTest(ProxyTest):
    name = 'haproxy'


class HaproxyHttp2Test(Http2Test):
    name = 'haproxy'


class OutageTest(unittest.TestCase):
    """The source is away, and back while the listener waits."""

    stack: Stack
    fronts: list[Front]

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(ahead=0, retry_timeout='30s')
        cls.fronts = [Front(name, cls.stack.dir / name, cls.stack.port,
                            cls.stack.dir / 'source')
                      for name in ('nginx', 'haproxy')]

    @classmethod
    def tearDownClass(cls) -> None:
        for front in cls.fronts:
            front.stop()
        cls.stack.close()

    def each(self) -> Iterator[tuple[str, str, str]]:
        """Part of a track's id, version of HTTP and URL."""

        for front in self.fronts:
            for version, scheme, port in (('1.1', 'http', front.h1_port),
                                          ('2', 'https', front.h2_port)):
                yield (f'{front.name[:5]}{version[0]}', version,
                       f'{scheme}://127.0.0.1:{port}/cdn/stream/')

    def curl(self, version: str, url: str, *more: str
             ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ['curl', '-sN', '-m', '60', '--cacert', self.stack.source['ca'],
             f'--http{version}', *more, url], stdout=subprocess.PIPE)

    def test_a_resume_continues_when_the_source_is_back(self) -> None:
        for name, version, url in self.each():
            track = f'm04_{name:_<7}'
            file = self.stack.file(track)
            self.stack.switch(faults=[{'do': {'status': 403}, 'id': track,
                                       'at': SLICE}])
            with self.curl(version, url + track, '-r', f'{SLICE}-') as curl:
                assert curl.stdout is not None
                wait_for(lambda: any(each['range'].startswith(f'bytes={SLICE}-')
                                     for each in self.stack.requests(
                                         'media', track)), 'it has failed')
                self.stack.switch(forget_faults=True)
                body = curl.stdout.read()
            self.assertEqual((name, curl.returncode, len(body)),
                             (name, 0, len(file) - SLICE))
            self.assertTrue(body == file[SLICE:], 'other bytes')

    def test_a_proxy_that_does_not_say_for_whom(self) -> None:
        for _ in range(3):
            self.assertEqual(self.stack.get(
                '/cdn/stream/m04_forwhom', {'Via': '1.1 proxy'}).status, 200)
        self.assertEqual(self.stack.health()['checks']['clients'],
                         {'status': 'failed', 'reason': 'no_x_forwarded_for'})
        self.assertEqual(self.stack.health()['status'], 'healthy')
        self.assertEqual(self.stack.log('nginx').count('counted as one'), 1)

    def test_a_client_that_stops_reading(self) -> None:
        for name, version, url in self.each():
            track = f'h01_{name:_<7}'
            with self.curl(version, url + track) as curl:
                assert curl.stdout is not None
                curl.stdout.read(100000)
                count = 0
                while count < (now := len(
                        self.stack.requests('media', track))):
                    count = now
                    time.sleep(0.5)
                curl.terminate()
            # of 113: without X-Accel-Buffering nginx reads all of them
            self.assertLess(count, 75)


if __name__ == '__main__':
    unittest.main()
