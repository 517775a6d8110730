"""rediss://: Redis by TLS, or a refusal where hiredis has none.

A certificate that is not verified is no protection, a handshake that blocks
stops every listener of its worker, and without its reason an operator cannot
tell an expired certificate from a Redis that is down.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import (  # noqa: E402
    MODULE, NGINX, RESOLVER, ROOT, Stack, free_port, wait_for)

# with it both are built with TLS, on Debian since 13
TLS = Path('/usr/include/hiredis/hiredis_ssl.h').exists()

NAMES = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
PAST = ('-not_before', '20200101000000Z', '-not_after', '20200201000000Z')


def openssl(to: Path, name: str, *more: str | Path) -> None:
    subprocess.run([
        'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-keyout', to.with_suffix('.key'),
        '-out', to, '-subj', f'/CN={name}', *more], check=True,
        capture_output=True)


def make_certificates(place: Path) -> None:
    """ca, and certificates that are right, or wrong in one way each."""

    for ca in ('ca', 'other'):
        openssl(place / f'{ca}.pem', f'VOYO test {ca}',
                '-addext', 'keyUsage=critical,keyCertSign')
    for name, ca, names, when in (
            ('right', 'ca', NAMES, ()), ('wrong_ca', 'other', NAMES, ()),
            ('wrong_name', 'ca', 'subjectAltName=DNS:redis.example', ()),
            ('expired', 'ca', NAMES, PAST)):
        openssl(place / f'{name}.pem', 'redis', '-CA', place / f'{ca}.pem',
                '-CAkey', place / f'{ca}.key', '-addext', names,
                '-addext', 'basicConstraints=critical,CA:FALSE', *when)


class TlsStack(Stack):
    """Its Redis also listens by TLS, where nginx and the resolver go."""

    def __init__(self, host: str = 'localhost', **more: Any) -> None:
        self.place = tempfile.TemporaryDirectory(prefix='voyo-tls-')
        self.certificates = Path(self.place.name)
        self.host = host
        make_certificates(self.certificates)
        super().__init__(**more)

    def start_redis(self) -> None:
        self.redis_socket = self.dir / 'redis.sock'
        port = free_port()
        redis = self._spawn('redis', [
            'redis-server', '--port', '0', '--unixsocket', self.redis_socket,
            '--tls-port', port, '--tls-auth-clients', 'no',
            '--tls-cert-file', self.certificates / 'right.pem',
            '--tls-key-file', self.certificates / 'right.key',
            '--dir', self.dir, '--save', ''])
        wait_for(lambda: self._redis_answers() or redis.poll() is not None,
                 'Redis answers')
        if redis.poll() is not None:
            raise AssertionError(self.log('redis'))
        url = (f'rediss://{self.host}:{port}'
               f'?cacert={self.certificates}/ca.pem')
        self.redis_url, self.settings['REDIS_URL'] = f'"{url}"', url

    def present(self, name: str) -> None:
        """Redis has another certificate, and all connect again."""

        self.redis('CONFIG', 'SET',
                   'tls-cert-file', str(self.certificates / f'{name}.pem'),
                   'tls-key-file', str(self.certificates / f'{name}.key'))
        for kind in ('normal', 'pubsub'):
            self.redis('CLIENT', 'KILL', 'TYPE', kind)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self.place.cleanup()


class TlsTest(unittest.TestCase):
    def start(self, **more: Any) -> TlsStack:
        stack = TlsStack(**more)
        self.addCleanup(stack.close)
        return stack

    def plays(self, stack: Stack, track: str) -> None:
        wait_for(lambda: stack.get(f'/cdn/stream/{track}').status == 200,
                 f'{track} plays')

    def test_a_certificate_is_verified(self) -> None:
        stack = self.start(workers=1)
        self.plays(stack, 's30_right00')
        self.assertEqual(stack.health()['status'], 'healthy')

        for wrong, reason in (
                ('wrong_ca', 'unable to get local issuer certificate'),
                ('wrong_name', 'hostname mismatch'),
                ('expired', 'certificate has expired')):
            with self.subTest(wrong):
                before = {name: len(stack.log(name))
                          for name in ('nginx', 'resolver')}
                stack.present(wrong)
                wait_for(lambda: stack.health()['checks']['redis']
                         == {'status': 'failed', 'reason': reason}, reason)
                answer = stack.get('/cdn/stream/s30_unknown')
                self.assertEqual((answer.status, answer.problem['code']),
                                 (503, 'redis_unavailable'))
                # what is known plays on
                self.plays(stack, 's30_right00')
                self.assertIn(f'redis TLS failed: "{reason}"',
                              stack.log('nginx')[before['nginx']:])
                wait_for(lambda: f'redis cannot be used: {reason}'
                         in stack.log('resolver')[before['resolver']:],
                         'the resolver says so')

                stack.present('right')
                self.plays(stack, f's30_{wrong:_<7.7}')
                wait_for(lambda: stack.health()['status'] == 'healthy',
                         'healthy again')

    def test_an_address_is_verified(self) -> None:
        self.plays(self.start(host='127.0.0.1', workers=1), 's30_address')

    def test_no_handshake_blocks(self) -> None:
        stack = self.start(workers=1)
        self.plays(stack, 's30_known00')
        # the connections of a Redis that is back are accepted, and no more
        stack.send('redis', signal.SIGSTOP)
        began = len(stack.log('nginx'))
        while 'timed out' not in stack.log('nginx')[began:]:
            stack.get('/cdn/stream/s30_unknown', seconds=10)
        for _ in range(20):
            self.plays(stack, 's30_known00')
        stack.send('redis', signal.SIGCONT)
        self.plays(stack, 's30_thawed0')

    def test_the_name_is_sent(self) -> None:
        """SNI: managed Redis is chosen by it."""

        place = tempfile.TemporaryDirectory(prefix='voyo-tls-')
        self.addCleanup(place.cleanup)
        make_certificates(Path(place.name))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f'{place.name}/right.pem',
                                f'{place.name}/right.key')
        named: list[str | None] = []
        context.sni_callback = lambda _, name, __: named.append(name)
        server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(server.close)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(10)
                    try:
                        context.wrap_socket(connection,
                                            server_side=True).close()
                    except OSError:
                        pass

        threading.Thread(target=serve, daemon=True).start()
        url = (f'rediss://localhost:{server.getsockname()[1]}'
               f'?cacert={place.name}/ca.pem')
        stack = Stack(workers=1, resolver=False, redis=f'"{url}"')
        self.addCleanup(stack.close)
        wait_for(lambda: named, 'nginx connects')
        self.assertEqual(set(named), {'localhost'})
        stack.stop('nginx', signal.SIGQUIT)
        named.clear()
        stack._spawn('resolver', [RESOLVER], {
            'PATH': os.environ['PATH'], 'REDIS_URL': url,
            'YT_DLP_PATH': str(ROOT / 'build/prefix/bin/yt-dlp')})
        wait_for(lambda: named, 'the resolver connects', 60)
        self.assertEqual(set(named), {'localhost'})
        server.shutdown(socket.SHUT_RDWR)

    def test_certificates_that_cannot_be_read(self) -> None:
        for path, reason in (('/nowhere/ca.pem', 'No such file or directory'),
                             ('/etc/passwd', 'no certificate')):
            for said in refused(f'rediss://localhost?cacert={path}'):
                self.assertIn(path, said)
                self.assertIn(reason, said)


class RefusalTest(unittest.TestCase):
    """hiredis 0.14, as Debian 12 has it."""

    def test_the_reason_is_named(self) -> None:
        for said in refused('rediss://localhost'):
            self.assertRegex(said, r'hiredis 0\.\d+ has no TLS')
            self.assertIn('Debian 13', said)
            self.assertIn("VOYO's image", said)


def refused(url: str) -> list[str]:
    """What deploy/voyo and nginx say of a URL that both must refuse."""

    with tempfile.TemporaryDirectory(prefix='voyo-tls-') as place:
        Path(place, 'nginx.conf').write_text(
            (f'load_module {MODULE};\n' if MODULE else '')
            + f'pid {place}/pid; events {{ }}\n'
              f'http {{ access_log off; voyo_redis "{url}"; }}\n')
        done = [subprocess.run(
            command, capture_output=True, text=True, timeout=60,
            env={'PATH': os.environ['PATH'], 'PORT': str(free_port()),
                 'REDIS_URL': url, 'VOYO_HOME': f'{place}/home'})
            for command in (
                [ROOT / 'deploy/voyo', '--check'],
                [NGINX, '-t', '-e', 'stderr', '-p', place, '-c',
                 f'{place}/nginx.conf'])]
    assert [each.returncode for each in done] == [2, 1], done
    return [each.stderr for each in done]


def load_tests(loader: unittest.TestLoader, *_: Any) -> unittest.TestSuite:
    print('hiredis has TLS: it is tested' if TLS else
          'hiredis has no TLS: only its refusal is tested', file=sys.stderr)
    return loader.loadTestsFromTestCase(TlsTest if TLS else RefusalTest)


if __name__ == '__main__':
    unittest.main()
