"""A master is killed, and Sentinel and HAProxy lead VOYO to the next one.

HAProxy's configuration is the one in docs/sentinel.md.  An operator finds out
whether it works when a master dies at night.
"""

import re
import signal
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import ROOT, Stack, free_port, wait_for  # noqa: E402

SENTINEL = """port {port}
dir {dir}
sentinel monitor voyo 127.0.0.1 {master} 2
sentinel down-after-milliseconds voyo 2000
"""


class SentinelStack(Stack):
    """redis1 and redis2, three Sentinels, and HAProxy in front."""

    def __init__(self) -> None:
        self.proxy = free_port()
        url = f'redis://127.0.0.1:{self.proxy}'
        super().__init__(redis=url, settings={'REDIS_URL': url})

    def start_redis(self) -> None:
        self.ports = {'redis1': free_port(), 'redis2': free_port()}
        self.start_server('redis1')
        self.start_server('redis2')
        self.use('redis2')
        self.redis('REPLICAOF', '127.0.0.1', str(self.ports['redis1']))
        wait_for(lambda: b'master_link_status:up'
                 in self.redis('INFO', 'replication'), 'it replicates')
        self.use('redis1')

        for number in range(3):
            conf = self.dir / f'sentinel{number}.conf'
            conf.write_text(SENTINEL.format(
                port=free_port(), dir=self.dir, master=self.ports['redis1']))
            self._spawn(f'sentinel{number}',
                        ['redis-server', conf, '--sentinel'])

        text = (ROOT / 'docs/sentinel.md').read_text()
        lines = '\n'.join(re.findall('^    (.*)', text.partition(
            'and `REDIS_URL=')[0], re.M)) + '\n'
        for address, port in (('127.0.0.1:6380', self.proxy),
                              ('10.0.0.1:6379', self.ports['redis1']),
                              ('10.0.0.2:6379', self.ports['redis2'])):
            assert address in lines, address
            lines = lines.replace(address, f'127.0.0.1:{port}')
        (self.dir / 'haproxy.cfg').write_text(lines)
        self._spawn('haproxy', ['/usr/sbin/haproxy', '-db', '-f',
                                self.dir / 'haproxy.cfg'])
        wait_for(lambda: self.log('sentinel0').count('+sentinel ') == 2
                 and '+slave ' in self.log('sentinel0'),
                 'the Sentinels know each other and the replica', 30)

    def start_server(self, name: str) -> None:
        self._spawn(name, [
            'redis-server', '--port', self.ports[name], '--unixsocket',
            self.dir / f'{name}.sock', '--dir', self.dir, '--dbfilename',
            f'{name}.rdb', '--save', ''])
        self.use(name)
        wait_for(self._redis_answers, f'{name} answers')

    def use(self, name: str) -> None:
        """Which one redis() asks."""

        self.redis_socket = self.dir / f'{name}.sock'

    def role(self) -> bytes:
        """Empty while Sentinel makes it a replica, and closes connections."""

        try:
            return self.redis('ROLE')[0]
        except ConnectionError:
            return b''

    def is_played(self, track: str) -> bool:
        return self.get(f'/cdn/stream/{track}').status == 200


class SentinelTest(unittest.TestCase):
    def setUp(self) -> None:
        self.stack = SentinelStack()
        self.addCleanup(self.stack.close)

    def test_a_killed_master(self) -> None:
        stack = self.stack
        wait_for(lambda: stack.is_played('s30_known00'), 'a track plays')
        wait_for(lambda: stack.health()['status'] == 'healthy', 'healthy')
        failed, ends = [], threading.Event()

        def listen() -> None:
            while not ends.is_set():
                answer = stack.get('/cdn/stream/s30_known00')
                if answer.status != 200:
                    failed.append(answer)
                time.sleep(0.01)

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            began = time.monotonic()
            stack.stop('redis1', signal.SIGKILL)
            stack.use('redis2')
            number = iter(range(1000000))
            wait_for(lambda: stack.is_played(f's30_{next(number):07}'),
                     'an unknown track plays', 60)
            seconds = time.monotonic() - began
            print(f'unknown tracks play after {seconds:.1f} s',
                  file=sys.stderr)
            self.assertEqual(stack.role(), b'master')
            wait_for(lambda: stack.health()['status'] == 'healthy',
                     'healthy again')

            # the old one returns, as a master until it is told otherwise
            stack.start_server('redis1')
            self.assertEqual(stack.role(), b'master')
            wait_for(lambda: 'redis/redis1 is UP' in stack.log('haproxy'),
                     'HAProxy takes it for one')
            # new connections go where the others are
            stack.reload()
            while stack.role() != b'slave':
                self.assertTrue(stack.is_played(f's30_{next(number):07}'))
            self.assertTrue(stack.is_played(f's30_{next(number):07}'))
        finally:
            ends.set()
            listener.join()
        self.assertEqual(failed, [])


if __name__ == '__main__':
    unittest.main()
