"""The requests of a proof, and above all the hosts it does not connect to.

Tests the plugin's part, in this process, with real sockets; t/test_worker.py
tests all of it.  Names are resolved by the test, and 443 is replaced by an
unprivileged port.
"""

import contextlib
import http.client
import socket
import sys
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / 'lib'), str(HERE.parent / 'resolver/worker')]

import ytdlp_proof  # noqa: E402
from addresses import PRIVATE, PUBLIC  # noqa: E402
from stack import Stack, free_port  # noqa: E402
from ytdlp_proof import Prover, Refused, Url, is_global  # noqa: E402

lookup = socket.getaddrinfo


class HostsTest(unittest.TestCase):
    """As in t/directives.t and t/test_names.py for nginx."""

    def allowed(self, url: str, *hosts: str) -> bool:
        try:
            return any(Url(url).allowed_by(each) for each in hosts)
        except Refused:
            return False

    def test_allowed(self) -> None:
        for url, *hosts in (
                ('https://rr1---sn.googlevideo.com/v?a=1', '.googlevideo.com'),
                ('HTTPS://A.GoogleVideo.com:443/x', '.googlevideo.COM'),
                ('https://x.b.example/y', 'a.example', '.b.example'),
                ('https://a.example/', 'A.example'),
                ('http://127.0.0.1:8081/x', 'http://127.0.0.1:8081'),
                ('http://A.example/x', 'HTTP://a.example'),
                ('https://a.example/x', 'https://a.example:443'),
                ('https://[::1]:8443/x', 'https://[::1]:8443')):
            with self.subTest(url):
                self.assertTrue(self.allowed(url, *hosts))

    def test_not_allowed(self) -> None:
        for url in ('http://a.googlevideo.com/x',
                    'https://a.googlevideo.com:8443/x',
                    'https://googlevideo.com/x',
                    'https://.googlevideo.com/x',
                    'https://agooglevideo.com/x',
                    'https://a.googlevideo.com.example/x',
                    'https://a.googlevideo.com./x',
                    'https://a.googlevideo.com',
                    'https://a.googlevideo.com?x',
                    'https://127.0.0.1/.googlevideo.com',
                    'https://127.0.0.1#a.googlevideo.com',
                    'https://127.0.0.1\\.googlevideo.com/x',
                    'https://a.googlevideo.com@127.0.0.1/x',
                    'https://127.0.0.1/@a.googlevideo.com/x#y',
                    'https:///x', 'https://[::1/x', 'file:///etc/passwd', ''):
            with self.subTest(url):
                self.assertFalse(self.allowed(url, '.googlevideo.com'))
        for url, host in (
                ('http://127.0.0.1:80812/x', 'http://127.0.0.1:8081'),
                ('https://127.0.0.1:8081/x', 'http://127.0.0.1:8081'),
                ('http://127.0.0.1:8081@x/', 'http://127.0.0.1:8081'),
                ('http://127.0.0.1/x', 'http://127.0.0.1:8081'),
                ('https://evil./x', '.'),
                ('http://a.example/x', 'a.example')):
            with self.subTest(url):
                self.assertFalse(self.allowed(url, host))

    def test_every_byte(self) -> None:
        # and what Unicode takes for an ASCII letter without regard to case
        for byte in (*map(chr, range(256)), '\u212a', '\u017f', '\uff0e'):
            host = f'https://a.google{byte}video.com/x'
            plain = byte.isascii() and byte.isalnum() or byte in '-.'
            with self.subTest(repr(byte)):
                # after a slash or a colon is what is no host
                self.assertEqual(self.allowed(host, '.com'), plain)
                for url in (f'https://a.googlevideo.com/x{byte}y',
                            f'https://a.googlevideo.com/x{byte}'):
                    self.assertEqual(self.allowed(url, '.com'),
                                     ' ' < byte < '\x7f' and byte != '#')

    def test_addresses(self) -> None:
        for address in PRIVATE:
            self.assertFalse(is_global(address), address)
        for address in PUBLIC:
            self.assertTrue(is_global(address), address)


class MediaHost(contextlib.AbstractContextManager):
    """Counts its connections, and sends the next of "answers" on each."""

    def __init__(self, *answers: str, address: str = '127.0.0.1') -> None:
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.answers = list(answers)
        self.peers: list[str] = []
        self.asked: list[bytes] = []
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, (peer, *_) = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                self.asked.append(connection.recv(65536))
                if self.answers:
                    connection.sendall(self.answers.pop(0).encode('latin-1'))


OK = ('HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n'
      'Content-Range: bytes 9-9/10\r\n\r\nx')


def to(location: str, status: int = 302) -> str:
    return (f'HTTP/1.1 {status} Found\r\nLocation: {location}\r\n'
            'Content-Length: 0\r\n\r\n')


class ProverTest(unittest.TestCase):
    def media_host(self, *answers: str, **more: str) -> MediaHost:
        return self.enterContext(MediaHost(*answers, **more))

    def names(self, **names: list[tuple[str, int]]) -> None:
        """Sets the addresses of names: "a_example" is a.example."""

        places = {name.replace('_', '.'): found
                  for name, found in names.items()}

        def getaddrinfo(host: str, port: int, family: int = 0,
                        *more: Any, **even_more: Any) -> list[Any]:
            if host not in places:
                return lookup(host, port, family, *more, **even_more)
            found: list[Any] = []
            for address, port in places[host]:
                with contextlib.suppress(socket.gaierror):
                    found += lookup(address, port, family, *more, **even_more)
            return found

        self.enterContext(mock.patch('socket.getaddrinfo', getaddrinfo))

    def prove(self, url: str, *hosts: str, **params: Any) -> int:
        return Prover(params).prove(url, 9, 'Agent/1', hosts)

    def test_what_is_asked(self) -> None:
        host = self.media_host(OK)
        origin = f'http://127.0.0.1:{host.port}'
        self.assertEqual(self.prove(f'{origin}/x?a=%20b', origin), 206)
        line, *fields = host.asked[0].decode().split('\r\n')
        self.assertEqual(line, 'GET /x?a=%20b HTTP/1.1')
        self.assertEqual(sorted(filter(None, fields)), [
            'Accept-Encoding: identity', 'Accept: */*',
            f'Host: 127.0.0.1:{host.port}', 'Range: bytes=9-9',
            'User-Agent: Agent/1'])

    def test_no_proxy(self) -> None:
        host = self.media_host(OK)
        origin = f'http://127.0.0.1:{host.port}'
        with mock.patch.dict('os.environ', {
                'http_proxy': 'http://127.0.0.1:1', 'no_proxy': ''}):
            self.assertEqual(self.prove(f'{origin}/x', origin), 206)

    # Where it may not go.

    def test_a_name_of_a_private_address(self) -> None:
        hosts = [self.media_host(OK, address=address)
                 for address in ('127.0.0.1', '127.0.0.2')]
        places = [(host.listener.getsockname()[0], host.port)
                  for host in hosts]
        places.append(('::ffff:127.0.0.1', hosts[0].port))
        for place in places:
            with self.subTest(place[0]):
                self.names(inside_example=[place])
                for host in 'inside.example', '.example':
                    with self.assertRaisesRegex(Refused, 'no address'):
                        self.prove('https://inside.example/x', host)
        self.names(inside_example=places)
        with self.assertRaisesRegex(Refused, 'no address'):
            self.prove('https://inside.example/x', '.example')
        self.assertEqual([host.peers for host in hosts], [[], []])
        # a listed origin may be anywhere, and would have been seen here
        self.assertEqual(self.prove(
            f'http://inside.example:{hosts[0].port}/x',
            f'http://inside.example:{hosts[0].port}'), 206)
        self.assertEqual(len(hosts[0].peers), 1)

    def test_localhost(self) -> None:
        # a real look-up
        with mock.patch('socket.create_connection') as connect:
            for host in 'localhost', '127.0.0.1':
                with self.assertRaisesRegex(Refused, 'no address'):
                    self.prove(f'https://{host}/x', host)
        connect.assert_not_called()

    def test_any_private_address(self) -> None:
        with mock.patch('socket.create_connection',
                        side_effect=ConnectionError) as connect:
            for address in PRIVATE:
                with self.subTest(address):
                    self.names(inside_example=[(address, 443)])
                    with self.assertRaises(Refused):
                        self.prove('https://inside.example/x', '.example')
            connect.assert_not_called()
            # of several, the others are tried
            self.names(inside_example=[('10.0.0.1', 443), ('8.8.8.8', 443)])
            with self.assertRaises(ConnectionError):
                self.prove('https://inside.example/x', '.example')
        self.assertEqual([each.args[0] for each in connect.call_args_list],
                         [('8.8.8.8', 443)])

    def test_a_name_is_looked_up_once(self) -> None:
        # so that it cannot be another address when it is connected to
        host = self.media_host(OK)
        self.names(a_example=[('127.0.0.1', host.port)])
        with mock.patch('socket.getaddrinfo',
                        side_effect=socket.getaddrinfo) as getaddrinfo:
            origin = f'http://a.example:{host.port}'
            self.assertEqual(self.prove(f'{origin}/x', origin), 206)
        self.assertEqual([each.args[0] for each in getaddrinfo.call_args_list],
                         ['a.example', '127.0.0.1'])

    # Redirects.

    def test_redirects_are_followed(self) -> None:
        for status in 301, 302, 303, 307, 308:
            first, second = self.media_host(), self.media_host(OK, OK)
            origins = [f'http://127.0.0.1:{host.port}'
                       for host in (first, second)]
            first.answers = [to(f'{origins[1]}/y?b', status), to('/y', status),
                             OK]
            # elsewhere, and by a path alone
            for _ in range(2):
                self.assertEqual(self.prove(f'{origins[0]}/x', *origins), 206)
            self.assertEqual(len(first.peers), 3)
            self.assertTrue(second.asked[0].startswith(b'GET /y?b HTTP'))

    def test_four_redirects(self) -> None:
        for redirects, expected in ((4, 206), (5, 0)):
            host = self.media_host(*redirects * [to('/x')], OK)
            origin = f'http://127.0.0.1:{host.port}'
            self.assertEqual(self.prove(f'{origin}/x', origin), expected)
            self.assertEqual(len(host.peers), 5)

    def test_redirects_are_checked(self) -> None:
        stranger = self.media_host(OK)
        self.names(inside_example=[('127.0.0.1', stranger.port)])
        for location, why in (
                (f'http://127.0.0.1:{stranger.port}/x', 'not allowed'),
                (f'//127.0.0.1:{stranger.port}/x', 'not allowed'),
                ('https://inside.example:8443/x', 'not allowed'),
                ('https://inside.example/x', 'no address'),
                ('https://in\tside.example/x', 'redirected'),
                ('https://inside.example/x y', 'redirected'),
                ('https://inside.example/\xe4', 'redirected'),
                ('https://inside.example/x, https://b.example/y',
                 'redirected'),
                ('https://inside.example\\@b.example/x', 'not a URL'),
                (f'http://127.0.0.1:{stranger.port}\\@inside.example/x',
                 'not a URL'),
                ('file:///etc/passwd', 'not a URL')):
            with self.subTest(location):
                host = self.media_host(to(location))
                origin = f'http://127.0.0.1:{host.port}'
                with self.assertRaisesRegex(Refused, why):
                    self.prove(f'{origin}/x', origin, '.example')
                self.assertEqual(len(host.peers), 1)
        self.assertEqual(stranger.peers, [])

    # How it gets there.

    def test_the_source_address(self) -> None:
        host = self.media_host(OK, OK, OK)
        self.names(a_example=[('::1', free_port()), ('127.0.0.1', host.port)])
        origin = f'http://a.example:{host.port}'
        for source, peer in ((None, '127.0.0.1'), ('0.0.0.0', '127.0.0.1'),
                             ('127.0.0.9', '127.0.0.9')):
            with self.subTest(source):
                self.assertEqual(self.prove(f'{origin}/x', origin,
                                            source_address=source), 206)
                self.assertEqual(host.peers[-1], peer)

    def test_the_family_of_the_source_address(self) -> None:
        # there need not be IPv6 here
        self.names(a_example=[('::1', 1), ('127.0.0.1', 2)])
        with mock.patch('socket.create_connection',
                        side_effect=ConnectionError) as connect:
            for source, expected in (
                    (None, [('::1', 1), ('127.0.0.1', 2)]),
                    ('::', [('::1', 1)]), ('fd00::1', [('::1', 1)]),
                    ('0.0.0.0', [('127.0.0.1', 2)])):
                connect.reset_mock()
                with self.assertRaises(ConnectionError):
                    self.prove('http://a.example/x', 'http://a.example',
                               source_address=source)
                self.assertEqual([(each.args[0], each.args[2])
                                  for each in connect.call_args_list],
                                 [(place, source and (source, 0))
                                  for place in expected])

    def test_the_next_address(self) -> None:
        host = self.media_host(OK)
        self.names(a_example=[('127.0.0.1', free_port()),
                              ('127.0.0.1', host.port)])
        origin = f'http://a.example:{host.port}'
        self.assertEqual(self.prove(f'{origin}/x', origin), 206)

    def test_silence(self) -> None:
        with socket.create_server(('127.0.0.1', 0)) as silent, \
             mock.patch.object(ytdlp_proof, 'SILENCE', 0.1):
            origin = f'http://127.0.0.1:{silent.getsockname()[1]}'
            with self.assertRaises(TimeoutError):
                self.prove(f'{origin}/x', origin)

    def test_what_is_no_answer(self) -> None:
        for text in ('', 'nonsense\r\n\r\n', OK[:-1]):
            host = self.media_host(text)
            origin = f'http://127.0.0.1:{host.port}'
            with self.subTest(text):
                with self.assertRaises(http.client.HTTPException):
                    self.prove(f'{origin}/x', origin)

    def test_certificates(self) -> None:
        stack = Stack(nginx=False, resolver=False, scheme='https')
        self.addCleanup(stack.close)
        port = stack.source['media_https'][0]
        self.names(a_googlevideo_com=[('127.0.0.1', port)],
                   other_example=[('127.0.0.1', port)])

        def status(name: str, ca: bool, **params: Any) -> int | str:
            prover = Prover(params)
            if ca:
                prover.tls.load_verify_locations(stack.source['ca'])
            origin = f'https://{name}:{port}'
            try:
                return prover.prove(f'{origin}/x', 0, None, [origin])
            except OSError as error:
                return str(error)

        # 403: not a media URL, but they have talked
        self.assertEqual(status('a.googlevideo.com', True), 403)
        self.assertEqual(status('127.0.0.1', True), 403)
        self.assertRegex(str(status('other.example', True)), 'mismatch')
        self.assertRegex(str(status('a.googlevideo.com', False)),
                         'self.signed|unable to get')
        self.assertEqual(status('other.example', False,
                                nocheckcertificate=True), 403)
        self.assertEqual(len(stack.requests('media')), 3)


if __name__ == '__main__':
    unittest.main()
