"""/health says what a new listener gets, and names the part that is to blame."""

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from jobs import Jobs  # noqa: E402
from stack import Stack, wait_for  # noqa: E402


# prints the status, and the body, of METHOD /drain
OPERATOR = '''
import http.client, socket, sys
connection = http.client.HTTPConnection('localhost')
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect(sys.argv[1])
connection.request(sys.argv[2], sys.argv[3])
answer = connection.getresponse()
print(answer.status, answer.read().decode())
'''


class HealthTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(resolve_timeout='2s')
        cls.addClassCleanup(cls.stack.close)

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def until(self, what: str, code: int, check: str,
              **expected: Any) -> dict[str, Any]:
        """Waits for that status, and compares a check's fields."""

        def found() -> dict[str, Any] | None:
            answer = self.stack.get('/health')
            health = json.loads(answer.body)
            return health if (answer.status, health['status']) == (
                code, what) else None

        checks = wait_for(found, f'it is {what}', 20)['checks']
        for name, value in expected.items():
            self.assertEqual(checks[check].get(name), value, checks)
        return checks

    def test_plays_wait_and_none_ends(self) -> None:
        """A resolver that lives, but takes no job."""

        self.stack.stop('resolver')
        Jobs(self.stack).pretend()
        ends = threading.Event()

        def listen() -> None:
            while not ends.is_set():
                self.stack.get('/cdn/stream/s30_vain000')

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            self.until('healthy', 200, 'resolver', status='ok')
            checks = self.until('unhealthy', 503, 'resolver', status='failed')
            self.assertGreater(checks['resolver']['stalled'], 4)
            self.assertEqual(checks['redis']['status'], 'ok')
            self.stack.redis('DEL', 'voyo:{default}:resolvers')
            self.stack.start_resolver()
            self.until('healthy', 200, 'resolver', status='ok', stalled=None)
        finally:
            ends.set()
            listener.join()

    def test_a_frozen_redis_delays_it_little(self) -> None:
        """Probes often allow a second, which is what queries wait for."""

        times = {'/health': 10.0, '/cdn/stream/s30_froze00': 10.0}
        for _ in range(3):
            for path, before in times.items():
                self.until('healthy', 200, 'redis', status='ok')
                self.stack.send('redis', signal.SIGSTOP)
                try:
                    answer = self.stack.get(path)
                finally:
                    self.stack.send('redis', signal.SIGCONT)
                self.assertNotEqual('healthy', json.loads(answer.body).get(
                    'status'))
                times[path] = min(before, answer.seconds)
        self.until('healthy', 200, 'redis', status='ok')
        health, play = times.values()
        self.assertLess(health, 0.4 * play)

    def operator(self, method: str, path: str = '/drain',
                 user: str | None = None) -> list[str]:
        return subprocess.run(
            ['/usr/bin/python3', '-c', OPERATOR,
             self.stack.dir / 'home/run/status.sock', method, path],
            capture_output=True, text=True, check=True, user=user,
            timeout=30).stdout.split()

    def test_a_drained_machine_plays_on(self) -> None:
        track = 'm04_drained'
        play = http.client.HTTPConnection('127.0.0.1', self.stack.port)
        self.addCleanup(play.close)
        play.request('GET', f'/cdn/stream/{track}')
        body = play.getresponse()
        self.until('healthy', 200, 'redis', status='ok')
        self.assertEqual(self.operator('GET'), [
            '200', '{"draining":false,"listeners":1}'])
        self.assertEqual(self.operator('POST'), [
            '200', '{"draining":true,"listeners":1}'])
        answer = self.stack.get('/health')
        health = json.loads(answer.body)
        self.assertEqual((answer.status, health['status'],
                          health['draining']), (503, 'unhealthy', True))
        # to whom it is told by the socket too, and what it is waiting for
        self.assertEqual(self.operator('GET', '/health')[0], '503')
        metrics = ' '.join(self.operator('GET', '/metrics'))
        self.assertIn(' voyo_draining 1 ', metrics)
        self.assertIn(' voyo_listeners 1 ', metrics)
        self.assertEqual(self.stack.get('/health/live').status, 200)
        self.assertEqual(self.stack.get('/cdn/stream/s30_drain00').status, 200)
        # a reload is no end of it, and nobody else is an operator
        self.stack.send('nginx', signal.SIGHUP)
        self.assertEqual(self.operator('DELETE', user='nobody')[0], '403')
        self.assertEqual(self.operator('PATCH')[0], '405')
        self.assertEqual(body.read(), self.stack.file(track))
        play.close()
        wait_for(lambda: self.operator('GET') == [
            '200', '{"draining":true,"listeners":0}'], 'no listener is left')
        self.assertEqual(self.operator('DELETE'), [
            '200', '{"draining":false,"listeners":0}'])
        self.assertNotIn('draining', json.loads(self.until(
            'healthy', 200, 'redis', status='ok') and
            self.stack.get('/health').body))

    def test_plays_that_end_are_well(self) -> None:
        """One after the other, for longer than twice the timeout."""

        self.stack.switch(latency={'player': 700})
        for number in range(8):
            listener = threading.Thread(
                target=self.stack.get, args=(f'/cdn/stream/s30_slow{number}00',))
            listener.start()
            while listener.is_alive():
                self.assertEqual(self.stack.get('/health').status, 200)
                listener.join(0.1)

    def test_who_skips_does_not_wait_in_vain(self) -> None:
        """Nobody stays for an answer, but jobs end."""

        self.stack.switch(latency={'player': 400})
        end = time.monotonic() + 6
        number = 0
        while time.monotonic() < end:
            number += 1
            connection = http.client.HTTPConnection('127.0.0.1',
                                                    self.stack.port)
            connection.request('GET', f'/cdn/stream/s30_skip{number:03}')
            # while the answer is awaited, a part of the time of a job
            time.sleep(0.2)
            # on a busy machine some end with a timeout, which is degraded
            self.assertNotEqual(self.stack.health()['status'], 'unhealthy')
            time.sleep(0.1)
            connection.close()

    def test_a_source_that_can_not_be_reached(self) -> None:
        self.stack.switch(faults=[{'on': 'player', 'do': {'reset': 'header'}}])
        for number in range(2):
            self.stack.get(f'/cdn/stream/s30_lost{number}00')
            self.stack.get(f'/cdn/stream/s30_lost{number}00')
        self.assertNotIn('failing', self.stack.health()['checks']['ytdlp'])
        self.stack.get('/cdn/stream/s30_lost900')
        self.until('degraded', 200, 'ytdlp', status='failed',
                   failing={'class': 'network', 'tracks': 3})
        self.stack.switch(forget_faults=True)
        self.assertEqual(self.stack.get('/cdn/stream/s30_found00').status, 200)
        self.until('healthy', 200, 'ytdlp', status='ok', failing=None)

    def test_a_replica_is_the_fault_of_redis(self) -> None:
        self.stack.get('/cdn/stream/s30_known00')
        self.stack.redis('REPLICAOF', '127.0.0.1', '1')
        try:
            checks = self.until('degraded', 200, 'redis', status='failed')
            for name in ('resolver', 'ytdlp'):
                self.assertEqual(checks[name], {'status': 'unknown'})
        finally:
            self.stack.redis('REPLICAOF', 'NO', 'ONE')
        self.until('healthy', 200, 'redis', status='ok')


if __name__ == '__main__':
    unittest.main()
