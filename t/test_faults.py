"""A worker, the resolver and Redis fail in every way, in the middle of a job.

After each failure, waiting requests get the right response, the next job works,
no process is left behind, and the resolver has not grown.
"""

import os
import random
import signal
import socket
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

import ytdlp  # noqa: E402
from jobs import Jobs  # noqa: E402
from stack import Stack, wait_for  # noqa: E402

# sanitizers keep what was freed for a while
SANITIZED = 'san' in os.environ.get('VOYO_RESOLVER', '')
# two buffers for a line of a megabyte may have been used meanwhile
GROWTH = (64 if SANITIZED else 3) << 20


class Faults(unittest.TestCase):
    stack: Stack
    jobs: Jobs
    resolve_timeout = '8s'
    processes = 0                      # below a resolver at rest

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(nginx=False, resolver=False,
                          resolve_timeout=cls.resolve_timeout,
                          settings={'VOYO_BUDGET': '100000'})
        cls.addClassCleanup(cls.stack.close)
        cls.jobs = Jobs(cls.stack)
        cls.start()

    @classmethod
    def start(cls) -> None:
        cls.stack.start_resolver()
        cls.processes = 2

    def setUp(self) -> None:
        self.stack.control('/reset', {})
        for number in range(10):
            self.jobs.outcome(f's30_warm00{number}')
        self.at_rest()
        self.before = ytdlp.anonymous(self.resolver())

    def resolver(self) -> int:
        return self.stack.parts['resolver'].pid

    def workers(self) -> list[int]:
        return ytdlp.family(self.resolver())

    def at_rest(self) -> None:
        wait_for(lambda: len(self.workers()) == self.processes,
                 f'{self.processes} processes', 60)

    def beaten(self) -> float:
        """When the last heartbeat ends, in ms."""

        return float(self.stack.redis('ZRANGE', 'voyo:{default}:resolvers',
                                      '-1', '-1', 'WITHSCORES')[1])

    def is_well(self) -> None:
        track = f's30_{time.monotonic_ns() % 10**7:07}'
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        self.jobs.settled()
        self.at_rest()
        self.assertLess(ytdlp.anonymous(self.resolver()),
                        self.before + GROWTH)

    def busy(self, track: str) -> None:
        """A job that the source lets wait."""

        self.stack.switch(behave={track: 'hang'})
        self.jobs.want(track)
        wait_for(lambda: self.stack.requests('player', track), 'it is asked')


class WorkerTest(Faults):
    """Faults are caused by a wrapper of yt-dlp: see lib/faulty_worker.py."""

    @classmethod
    def start(cls) -> None:
        cls.stack.start_resolver(ytdlp=ytdlp.faulty(cls.stack))
        cls.processes = 6              # shell, filter and yt-dlp, twice

    def fault(self, name: str, expected: str = 'record') -> str:
        """Does it, and returns what was logged of it."""

        size = len(self.stack.log('resolver'))
        track = f's30_{name}000'
        kind, record = self.jobs.outcome(track, seconds=20)
        self.assertEqual(record.get('error', kind), expected)
        self.is_well()
        return self.stack.log('resolver')[size:]

    def test_garbage_is_passed_over(self) -> None:
        self.assertNotIn('ended', self.fault('garb'))

    def test_half_a_line(self) -> None:
        self.assertIn('ended in a job', self.fault('half'))

    def test_a_megabyte_of_garbage(self) -> None:
        self.assertNotIn('ended', self.fault('mega'))

    def test_a_line_that_is_too_long(self) -> None:
        self.assertIn('ended in a job', self.fault('long'))

    def test_a_flood_of_lines(self) -> None:
        self.assertIn('missed its deadline', self.fault('floo', 'timeout'))

    def test_a_flood_of_complaints(self) -> None:
        track = 's30_rain000'
        self.jobs.want(track)
        key = f'lease:{track}'
        wait_for(lambda: self.jobs.key('EXISTS', key), 'it is taken')
        end = time.monotonic() + 4     # two leases
        while time.monotonic() < end:
            self.assertEqual(self.jobs.key('EXISTS', key), 1)
            time.sleep(0.05)
        self.assertIn('missed its deadline', self.fault('rain', 'timeout'))

    def test_a_hang_in_c(self) -> None:
        began = time.monotonic()
        self.assertIn('missed its deadline', self.fault('hang', 'timeout'))
        self.assertLess(time.monotonic() - began, 8 + 10)

    def test_it_dies(self) -> None:
        self.assertIn('ended in a job', self.fault('kill'))

    def test_its_last_words_have_no_signed_url(self) -> None:
        log = self.fault('shou')
        self.assertIn('ended in a job: ERROR: it failed: '
                      'https://r1---sn.googlevideo.com/', log)
        self.assertNotIn('SECRET', log)

    def test_it_leaves(self) -> None:
        self.assertIn('ended in a job: leaving, sorry', self.fault('exit'))

    def test_it_leaks(self) -> None:
        self.fault('leak')
        wait_for(lambda: 'is replaced for its memory'
                 in self.stack.log('resolver'), 'it is replaced')
        self.is_well()

    def test_the_lease_outlives_a_long_job(self) -> None:
        # 2.4 s is more than a lease: without renewal another would run it
        self.stack.switch(latency={'player': 2400})
        self.assertEqual(self.jobs.outcome('s30_lasting')[0], 'record')
        self.assertEqual(len(self.stack.requests('player', 's30_lasting')), 1)
        self.stack.switch(latency={'player': 0})
        self.is_well()


class ProcessTest(Faults):
    def test_a_worker_is_killed_in_a_job(self) -> None:
        track = 's30_sigkill'
        self.busy(track)
        for worker in self.workers():
            os.kill(worker, signal.SIGKILL)
        self.stack.switch(behave={track: 's30_'})
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        self.is_well()

    def test_idle_workers_are_killed(self) -> None:
        for turn in range(3):
            # one that is killed twice before it is ready has failed to start
            self.at_rest()
            # by a heartbeat that is newer than they are
            old = self.beaten()
            wait_for(lambda: self.beaten() > old and self.stack.heartbeats()
                     [0]['workers']['idle'] == 2, 'all are ready', 30)
            for worker in self.workers():
                os.kill(worker, signal.SIGKILL)
            self.assertEqual(self.jobs.outcome(f's30_idle00{turn}')[0],
                             'record')
        self.is_well()

    def test_the_resolver_is_killed_in_a_job(self) -> None:
        track = 's30_killed0'
        self.busy(track)
        workers = self.workers()
        self.stack.start_resolver('other')
        self.stack.switch(behave={track: 's30_'})
        began = time.monotonic()
        self.stack.stop('resolver', signal.SIGKILL)
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        # the lease, and the second until the next query
        self.assertLess(time.monotonic() - began, 3 + 0.5)
        wait_for(lambda: not any(map(ytdlp.lives, workers)),
                 'its workers end', 5)
        self.stack.stop('other')
        self.stack.start_resolver()
        self.at_rest()
        self.before = ytdlp.anonymous(self.resolver())
        self.is_well()

    def test_the_resolver_is_stopped_in_a_job(self) -> None:
        track = 's30_stopped'
        self.busy(track)
        workers = self.workers()
        self.assertEqual(self.stack.stop('resolver', seconds=6), 0)
        self.assertFalse([pid for pid in workers
                          if Path(f'/proc/{pid}').exists()])
        # no request has to wait for a lease to expire
        self.assertEqual(self.jobs.key('EXISTS', f'lease:{track}'), 0)
        self.stack.switch(behave={track: 's30_'})
        self.stack.start_resolver()
        self.jobs.key('DEL', f'failure:{track}')
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        self.before = ytdlp.anonymous(self.resolver())
        self.is_well()

    def test_a_worker_freezes(self) -> None:
        track = 's30_frozen0'
        self.busy(track)
        workers = self.workers()
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        self.assertEqual(self.jobs.outcome(track)[1]['error'], 'timeout')
        # the one that had no job would lose the next
        for worker in filter(ytdlp.lives, workers):
            os.kill(worker, signal.SIGCONT)
        self.is_well()


class RedisTest(Faults):
    def test_redis_starts_anew_in_a_job(self) -> None:
        track = 's30_redis00'
        self.stack.switch(latency={'player': 1500})
        self.jobs.want(track)
        wait_for(lambda: self.stack.requests('player', track), 'it is asked')
        self.stack.stop('redis')
        self.stack.start_redis()
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        # what was resolved meanwhile was not lost
        self.assertEqual(len(self.stack.requests('player', track)), 1)
        self.stack.switch(latency={'player': 0})
        self.is_well()

    def test_redis_freezes_in_a_job(self) -> None:
        track = 's30_redis01'
        self.stack.switch(latency={'player': 1000})
        self.jobs.want(track)
        wait_for(lambda: self.stack.requests('player', track), 'it is asked')
        self.stack.send('redis', signal.SIGSTOP)
        timer = threading.Timer(5, self.stack.send, ('redis', signal.SIGCONT))
        timer.start()
        timer.join()
        self.stack.switch(latency={'player': 0})
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        wait_for(lambda: self.jobs.want('s30_redis02')[0] != 'no_resolver',
                 'the heartbeat is back', 5)
        self.is_well()
        log = self.stack.log('resolver')
        self.assertIn("redis cannot be used", log)
        self.assertIn('redis answers again', log)

    def test_a_lease_is_taken_back(self) -> None:
        track = 's30_redis04'
        self.stack.switch(latency={'player': 5000})
        self.jobs.want(track)
        wait_for(lambda: self.stack.requests('player', track), 'it is asked')
        self.stack.send('redis', signal.SIGSTOP)
        time.sleep(2.5)                # longer than a lease
        self.stack.send('redis', signal.SIGCONT)
        wait_for(lambda: self.jobs.key('EXISTS', f'lease:{track}'),
                 'it is leased again', 2)
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        self.assertEqual(len(self.stack.requests('player', track)), 1)
        self.stack.switch(latency={'player': 0})
        self.is_well()

    def test_all_keys_are_lost(self) -> None:
        """Until the next heartbeat all new tracks are refused."""

        times = []
        for turn in range(3):
            old = self.beaten()
            wait_for(lambda: self.beaten() > old, 'a heartbeat')
            began = time.monotonic()
            self.stack.redis('FLUSHALL')
            wait_for(lambda: self.stack.heartbeats(), 'it is back', 5)
            times.append(time.monotonic() - began)
        self.assertLess(min(times), 1.2)
        self.is_well()

    def test_redis_is_gone_for_a_while(self) -> None:
        self.stack.stop('redis')
        lines = self.stack.log('resolver').count('\n')
        time.sleep(2)                  # of nothing but tries
        # what is wrong is said once, not with each try
        self.assertLessEqual(self.stack.log('resolver').count('\n'),
                             lines + 2)
        self.stack.start_redis()
        wait_for(lambda: self.jobs.want('s30_redis03')[0] != 'no_resolver',
                 'the heartbeat is back', 5)
        self.assertEqual(self.jobs.outcome('s30_redis03')[0], 'record')
        self.is_well()

    def test_keys_of_a_wrong_type(self) -> None:
        for key in ('track:s30_wrong00', 'lease:s30_wrong00', 'jobs:play',
                    'jobs:prefetch', 'breaker', 'budget', 'resolvers',
                    'limits'):
            with self.subTest(key=key):
                self.jobs.forget('s30_wrong00')
                self.jobs.key('DEL', key)
                self.jobs.key('RPUSH', key, 'what')
                wait_for(lambda: self.jobs.want('s30_wrong00')[0]
                         != 'no_resolver', 'the heartbeat is back', 8)
                self.assertEqual(self.jobs.outcome('s30_wrong00')[0],
                                 'record')
        # and in the middle of a job
        self.stack.switch(latency={'player': 500})
        self.jobs.want('s30_wrong01')
        wait_for(lambda: self.stack.requests('player', 's30_wrong01'), 'asked')
        self.jobs.key('RPUSH', 'track:s30_wrong01', 'what')
        self.assertEqual(self.jobs.outcome('s30_wrong01')[0], 'record')
        self.stack.switch(latency={'player': 0})
        self.is_well()

    def test_what_is_queued_is_no_track(self) -> None:
        self.jobs.key('ZADD', 'jobs:play', '1', '../../etc/pw', '1',
                      'x' * 100000, '1', '', '1', "s30'; ls --")
        self.jobs.settled()
        wait_for(lambda: self.stack.log('resolver').count(
            'a job that is not a track id is dropped') == 4, 'all are dropped')
        self.is_well()


class Proxy(threading.Thread):
    """A proxy to Redis that closes its connections after some bytes."""

    def __init__(self, target: str) -> None:
        super().__init__(daemon=True)
        self.target = target
        self.server = socket.create_server(('127.0.0.1', 0))
        self.port = self.server.getsockname()[1]
        self.cutting = False           # after some bytes from Redis
        self.sizes = random.Random(3)
        self.cuts = 0
        self.start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            redis = socket.socket(socket.AF_UNIX)
            redis.connect(self.target)
            for pair in ((client, redis, False), (redis, client, True)):
                threading.Thread(target=self.copy, args=pair,
                                 daemon=True).start()

    def copy(self, source: socket.socket, sink: socket.socket,
             counted: bool) -> None:
        left = self.sizes.randrange(8, 400)
        try:
            while data := source.recv(4096):
                left -= len(data)
                if counted and self.cutting and left < 0:
                    self.cuts += 1
                    sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b'\1\0\0\0\0\0\0\0')
                    break
                sink.sendall(data)
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()

    def stop(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


class ResetTest(Faults):
    @classmethod
    def start(cls) -> None:
        cls.proxy = Proxy(str(cls.stack.redis_socket))
        cls.addClassCleanup(cls.proxy.stop)
        cls.stack.start_resolver(
            REDIS_URL=f'redis://127.0.0.1:{cls.proxy.port}')
        cls.processes = 2

    def test_replies_are_lost(self) -> None:
        """Any reply of Redis may be lost."""

        self.proxy.cutting = True
        for number in range(25):
            self.assertEqual(self.jobs.outcome(f's30_cut{number:04}',
                                               seconds=20)[0], 'record')
        self.proxy.cutting = False
        self.assertGreater(self.proxy.cuts, 5)
        self.is_well()


del Faults      # it is none by itself


if __name__ == '__main__':
    unittest.main()
