"""Waiting requests: one extraction for all, and none waits in vain."""

import asyncio
import os
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from jobs import Jobs  # noqa: E402
from stack import Stack, wait_for  # noqa: E402


class Client:
    """A request on its own connection, which may be closed."""

    def __init__(self, stack: Stack, path: str) -> None:
        self.stack, self.path = stack, path

    async def send(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(
            '127.0.0.1', self.stack.port, limit=1 << 24)
        self.writer.write(f'GET {self.path} HTTP/1.1\r\nHost: voyo\r\n'
                          'Connection: close\r\n\r\n'.encode())
        await self.writer.drain()

    async def read(self) -> tuple[int, bytes]:
        answer = await self.reader.read(-1)
        self.writer.close()
        head, _, body = answer.partition(b'\r\n\r\n')
        return int(head.split(b' ', 2)[1]), body

    def leave(self) -> None:
        self.writer.transport.abort()


class WaitingTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=2, resolve_timeout='4s')

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def test_100_cold_requests_are_one_extraction(self) -> None:
        self._crowd('s30_crowd00', 100, 0)

    def test_50_leave_in_mid_wait(self) -> None:
        self._crowd('s30_crowd50', 100, 50)

    def _crowd(self, track: str, n: int, leaving: int) -> None:
        async def run() -> list[tuple[int, bytes]]:
            clients = [Client(self.stack, f'/cdn/stream/{track}')
                       for _ in range(n)]
            await asyncio.gather(*(each.send() for each in clients))
            await asyncio.to_thread(
                wait_for, lambda: self.stack.parked() == n, 'all wait')
            for each in clients[:leaving]:
                each.leave()
            return await asyncio.gather(
                *(each.read() for each in clients[leaving:]))

        self.stack.switch(latency={'player': 1000})
        answers = asyncio.run(run())
        expected = self.stack.file(track)
        self.assertEqual(len(answers), n - leaving)
        for status, body in answers:
            self.assertEqual(status, 200)
            self.assertEqual(body, expected)
        self.assertEqual(len(self.stack.requests('player', track)), 1)
        media = self.stack.requests('media', track)
        self.assertEqual(len(media), len({each['range'] for each in media}))
        wait_for(lambda: self.stack.parked() == 0, 'nobody is parked')

    def test_no_resolver_is_told_at_once(self) -> None:
        played = self.stack.get('/cdn/stream/s30_cached0')
        self.assertEqual(played.status, 200)
        self.assertEqual(self.stack.stop('resolver', seconds=5), 0)
        try:
            answer = self.stack.get('/cdn/stream/s30_unknow0')
            self.assertEqual(answer.status, 503)
            self.assertEqual(answer.problem['code'], 'no_resolver')
            self.assertTrue(answer.problem['retryable'])
            self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)
            self.assertLess(answer.seconds, 0.5)
            again = self.stack.get('/cdn/stream/s30_cached0')
            self.assertEqual((again.status, again.body), (200, played.body))
        finally:
            self.stack.start_resolver()
        self.assertEqual(self.stack.get('/cdn/stream/s30_unknow0').status,
                         200)

    def test_silent_resolver_is_a_timeout(self) -> None:
        self.stack.switch(behave={'s30_silent0': 'hang'})
        answer = self.stack.get('/cdn/stream/s30_silent0')
        self.assertEqual(answer.status, 504)
        self.assertIn(answer.problem['code'], ('resolve_timeout', 'timeout'))
        self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)
        wait_for(lambda: self.stack.parked() == 0, 'nobody is parked')

    def test_a_frozen_resolver_is_a_timeout(self) -> None:
        # the request gets no answer: its own time is up, before the resolver's
        # heartbeat is missed
        self.stack.send('resolver', signal.SIGSTOP)
        try:
            answer = self.stack.get('/cdn/stream/s30_frozen9')
        finally:
            self.stack.send('resolver', signal.SIGCONT)
        self.assertEqual(answer.status, 504)
        self.assertEqual(answer.problem['code'], 'resolve_timeout')
        self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)
        self._is_well()

    def test_redis_stops_and_comes_back(self) -> None:
        played = self.stack.get('/cdn/stream/s30_cached1')
        self.assertEqual(played.status, 200)
        self.stack.stop('redis')
        try:
            self._redis_is_gone()
            again = self.stack.get('/cdn/stream/s30_cached1')
            self.assertEqual((again.status, again.body), (200, played.body))
            self.assertEqual(self.stack.get('/health').status, 200)
            self.assertEqual(self.stack.health()['status'], 'degraded')
        finally:
            self.stack.start_redis()
        began = time.monotonic()
        wait_for(lambda: self.stack.get(
            '/cdn/stream/s30_redis10').status == 200, 'normal again', 5)
        # the resolver's heartbeat is part of it
        self.assertLess(time.monotonic() - began, 2)

    def _is_well(self) -> None:
        # each worker has its own connection to Redis
        wait_for(lambda: all(self.stack.health()['status'] == 'healthy'
                             for _ in range(20)), 'normal again', 10)

    def _redis_is_gone(self) -> None:
        # the first to notice may have learned of the loss from its read
        wait_for(lambda: self.stack.get(
            '/cdn/stream/s30_redis00').status == 503, 'it is noticed', 2)
        answer = self.stack.get('/cdn/stream/s30_redis01')
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.problem['code'], 'redis_unavailable')
        self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)
        self.assertLess(answer.seconds, 0.5)

    def test_frozen_redis_does_not_slow_what_is_cached(self) -> None:
        self.assertEqual(
            self.stack.get('/cdn/stream/s30_cached2').status, 200)
        self.stack.send('redis', signal.SIGSTOP)
        try:
            wait_for(lambda: self.stack.get(
                '/cdn/stream/s30_frozen0').status == 503, 'noticed', 8)
            for _ in range(50):
                answer = self.stack.get('/cdn/stream/s30_cached2')
                self.assertEqual(answer.status, 200)
                self.assertLess(answer.seconds, 0.5)
        finally:
            self.stack.send('redis', signal.SIGCONT)
        self._is_well()

    def test_frozen_redis_does_not_slow_what_is_cached_meanwhile(self) -> None:
        # while others wait for an answer of it, not only when it is given up
        self.assertEqual(
            self.stack.get('/cdn/stream/s30_cached3').status, 200)

        async def run() -> float:
            clients = [Client(self.stack, f'/cdn/stream/s30_froze{n:02}')
                       for n in range(16)]
            await asyncio.gather(*(each.send() for each in clients))
            slowest = 0.0
            for _ in range(20):
                answer = await asyncio.to_thread(
                    self.stack.get, '/cdn/stream/s30_cached3')
                self.assertEqual(answer.status, 200)
                slowest = max(slowest, answer.seconds)
            await asyncio.gather(*(each.read() for each in clients))
            return slowest

        self.stack.send('redis', signal.SIGSTOP)
        try:
            self.assertLess(asyncio.run(run()), 0.5)
        finally:
            self.stack.send('redis', signal.SIGCONT)
        self._is_well()

    def test_who_leaves_is_forgotten_at_once(self) -> None:
        async def run() -> None:
            clients = [Client(self.stack, '/cdn/stream/s30_leave00')
                       for _ in range(20)]
            await asyncio.gather(*(each.send() for each in clients))
            await asyncio.to_thread(
                wait_for, lambda: self.stack.parked() == 20, 'all wait')
            for each in clients:
                each.leave()
            # long before their time is up
            await asyncio.to_thread(
                wait_for, lambda: self.stack.parked() == 0,
                'nobody is parked', 2)

        self.stack.switch(behave={'s30_leave00': 'hang'})
        asyncio.run(run())

    def test_parked_requests_outlive_a_reload(self) -> None:
        track = 's30_reload0'

        async def run() -> list[tuple[int, bytes]]:
            clients = [Client(self.stack, f'/cdn/stream/{track}')
                       for _ in range(20)]
            await asyncio.gather(*(each.send() for each in clients))
            await asyncio.to_thread(
                wait_for, lambda: self.stack.parked() == 20, 'all wait')
            self.stack.send('nginx', signal.SIGHUP)
            return await asyncio.gather(*(each.read() for each in clients))

        old = set(self.stack.nginx_workers())
        self.stack.switch(latency={'player': 1500})
        answers = asyncio.run(run())
        self.assertEqual({status for status, _ in answers}, {200})
        self.assertEqual({body for _, body in answers}, {self.stack.file(track)})
        wait_for(lambda: len(self.stack.nginx_workers()) == 2
                 and not old & set(self.stack.nginx_workers()),
                 'the old workers leave', 5)
        self.assertEqual(self.stack.parked(), 0)

    def test_an_idle_worker_leaves_quickly(self) -> None:
        old = set(self.stack.nginx_workers())
        self.stack.send('nginx', signal.SIGHUP)
        wait_for(lambda: not old & set(self.stack.nginx_workers()),
                 'the old workers leave', 2)

    def test_a_killed_worker_leaves_no_count(self) -> None:
        async def run() -> None:
            clients = [Client(self.stack, '/cdn/stream/s30_killed0')
                       for _ in range(10)]
            await asyncio.gather(*(each.send() for each in clients))
            await asyncio.to_thread(
                wait_for, lambda: self.stack.parked() == 10, 'all wait')
            for worker in self.stack.nginx_workers():
                os.kill(worker, signal.SIGKILL)
            for each in clients:
                each.leave()

        self.stack.switch(latency={'player': 1000})
        # nginx itself tells of a worker's death
        self.stack.provoked.append(r'exited on signal 9')
        asyncio.run(run())
        wait_for(lambda: len(self.stack.nginx_workers()) == 2, 'new workers')
        wait_for(lambda: self.stack.parked() == 0, 'nobody is parked')
        self.assertEqual(
            self.stack.get('/cdn/stream/s30_killed1').status, 200)


class KilledTest(unittest.TestCase):
    def test_a_killed_resolver_costs_its_lease(self) -> None:
        # a new one may take seconds to start
        stack = Stack(workers=1)
        self.addCleanup(stack.close)
        track = 's30_sigkill'

        async def run() -> tuple[int, bytes]:
            client = Client(stack, f'/cdn/stream/{track}')
            await client.send()
            await asyncio.to_thread(
                wait_for, lambda: stack.requests('player', track),
                'it is being resolved')
            stack.stop('resolver', signal.SIGKILL)
            self.assertLessEqual(stack.redis(
                'PTTL', f'voyo:{{default}}:lease:{track}'), 2000)
            stack.switch(latency={'player': 0})
            await asyncio.to_thread(stack.start_resolver)
            return await client.read()

        stack.switch(latency={'player': 3000})
        status, body = asyncio.run(run())
        self.assertEqual((status, body), (200, stack.file(track)))


class RefusedTest(unittest.TestCase):
    def test_a_redis_that_refuses_its_database(self) -> None:
        # it answers all that follows from another one
        stack = Stack(workers=1)
        self.addCleanup(stack.close)
        stack.provoked.append('redis returned an error: "ERR DB index')
        conf = stack.dir / 'home/conf/nginx.conf'
        url = f'unix:{stack.redis_socket}'
        self.assertIn(f'voyo_redis {url};', conf.read_text())
        conf.write_text(conf.read_text().replace(f'{url};',
                                                 f'{url}?db=99;'))
        stack.stop('nginx')
        stack.start_nginx()
        answer = stack.get('/cdn/stream/s30_refused')
        self.assertEqual((answer.status, answer.problem['code']),
                         (503, 'redis_unavailable'))
        self.assertIn('redis returned an error', stack.log('nginx'))


class RefusalTest(unittest.TestCase):
    """A Redis that answers, but not what it is asked."""

    def setUp(self) -> None:
        self.stack = Stack(workers=1)
        self.addCleanup(self.stack.close)

    def is_refused(self, reason: str) -> None:
        wait_for(lambda: self.stack.health()['checks']['redis']
                 == {'status': 'failed', 'reason': reason}, reason, 6)
        answer = self.stack.get('/cdn/stream/s30_refused')
        self.assertEqual((answer.status, answer.problem['code']),
                         (503, 'redis_unavailable'))
        self.assertEqual(self.stack.log('nginx').count(
            f'redis refused a command: "{reason} '), 1)

    def is_well(self, track: str) -> None:
        wait_for(lambda: self.stack.get(
            f'/cdn/stream/{track}').status == 200, 'normal again')
        wait_for(lambda: self.stack.health()['status'] == 'healthy',
                 'healthy again')

    def test_a_replica_is_left_for_its_successor(self) -> None:
        stack = self.stack
        self.is_well('s30_primary')
        # the primary becomes a replica, which keeps its connections, and
        # another server has its address
        stack.redis('REPLICAOF', '127.0.0.1', '1')
        self.is_refused('READONLY')
        old, stack.redis_socket = stack.redis_socket, stack.dir / 'new.sock'
        stack._spawn('successor', [
            'redis-server', '--port', '0', '--unixsocket', stack.redis_socket,
            '--dir', stack.dir, '--save', ''])
        wait_for(stack._redis_answers, 'the successor answers')
        stack.redis_socket = stack.redis_socket.rename(old)
        self.is_well('s30_success')
        self.assertIn('redis is back', stack.log('nginx'))
        self.assertIn('redis answers again', stack.log('resolver'))

    def test_a_full_redis(self) -> None:
        jobs = Jobs(self.stack)
        jobs.outcome('s30_known00')    # in Redis, but not in the zone
        self.is_well('s30_played0')
        for name, value in (('maxmemory-policy', 'noeviction'),
                            ('maxmemory', '1')):
            self.stack.redis('CONFIG', 'SET', name, value)
        self.is_refused('OOM')
        for track in ('s30_played0', 's30_known00'):
            self.assertEqual(self.stack.get(f'/cdn/stream/{track}').status,
                             200)
        self.assertEqual(self.stack.health()['status'], 'degraded')
        self.stack.redis('CONFIG', 'SET', 'maxmemory', '0')
        self.is_well('s30_room000')


    def allow(self, *rules: str) -> None:
        self.stack.redis('ACL', 'SETUSER', 'default', 'reset', 'on', 'nopass',
                         '~*', '&*', '+@all', *rules)

    def test_a_refused_eval_is_logged_once(self) -> None:
        self.is_well('s30_allowed')
        before = {name: len(self.stack.log(name))
                  for name in ('nginx', 'resolver')}
        self.stack.redis('SCRIPT', 'FLUSH')
        self.allow('-eval')
        # three times in a row, and meanwhile the resolver tries and tries
        answer = self.stack.get('/cdn/stream/s30_noeval0')
        self.assertEqual((answer.status, answer.problem['code']),
                         (503, 'redis_unavailable'))
        for name, size in before.items():
            lines = [line for line in self.stack.log(name)[size:].splitlines()
                     if 'redis' in line]
            self.assertEqual(len(lines), 1, lines)
            self.assertIn('NOPERM', lines[0])

    def test_a_refused_channel_is_named(self) -> None:
        self.allow('resetchannels')
        self.stack.stop('nginx', signal.SIGQUIT)
        self.stack.start_nginx()
        wait_for(lambda: 'redis connection was lost: "NOPERM '
                 in self.stack.log('nginx'), 'it is named')
        answer = self.stack.get('/cdn/stream/s30_silence')
        self.assertEqual((answer.status, answer.problem['code']),
                         (503, 'redis_unavailable'))


class CapTest(unittest.TestCase):
    def test_waiters_are_capped(self) -> None:
        stack = Stack(workers=1, conf='voyo_waiters 5;')
        try:
            stack.switch(latency={'player': 800})

            async def run() -> list[tuple[int, bytes]]:
                clients = [Client(stack, '/cdn/stream/s30_capped0')
                           for _ in range(8)]
                await asyncio.gather(*(each.send() for each in clients))
                return await asyncio.gather(*(each.read()
                                              for each in clients))

            answers = asyncio.run(run())
            self.assertEqual(sorted(status for status, _ in answers),
                             5 * [200] + 3 * [503])
        finally:
            stack.close()


if __name__ == '__main__':
    unittest.main()
