"""A takedown is carried out within 5 s, on every machine and while it plays.

Otherwise bytes that must not be served any more are: by a play that goes on,
from the cache, after a restart, or by a machine that did not hear of it.
"""

import http.client
import os
import re
import signal
import socket
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from jobs import Jobs  # noqa: E402
from stack import SLICE, Answer, Stack, wait_for  # noqa: E402

WITHIN = 5        # seconds


def state(pid: int, letter: str) -> None:
    wait_for(lambda: f') {letter} ' in Path(f'/proc/{pid}/stat').read_text(),
             f'{pid} is in state {letter}')


class Play:
    """A client that has received the beginning of a track, and waits."""

    def __init__(self, stack: Stack, track: str) -> None:
        self.connection = http.client.HTTPConnection('127.0.0.1', stack.port,
                                                     timeout=30)
        # or the kernel takes the whole track
        sock = self.connection.sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock.settimeout(30)
        sock.connect(('127.0.0.1', stack.port))
        self.connection.request('GET', f'/cdn/stream/{track}')
        self.answer = self.connection.getresponse()
        self.body = self.answer.read(10000)

    def rest(self) -> bytes:
        """All that it receives, until the track or the connection ends."""

        try:
            while piece := self.answer.read1(65536):
                self.body += piece
        except OSError:
            pass
        self.connection.close()
        return self.body


class TakedownTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=2)
        cls.jobs = Jobs(cls.stack)
        # a slice that was being fetched
        cls.stack.provoked.append('upstream prematurely closed connection')

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def play(self, track: str) -> Answer:
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual((answer.status, len(answer.body)),
                         (200, len(self.stack.file(track))))
        self.assertEqual(answer.body, self.stack.file(track))
        return answer

    def files(self, track: str) -> list[Path]:
        """What the cache has of a track, whatever it is."""

        found = []
        for path in (self.stack.dir / 'home/cache').rglob('*'):
            try:
                if path.is_file() and re.search(
                        rb'\nKEY: \S*\b' + track.encode(),
                        path.read_bytes()[:2000]):
                    found.append(path)
            except OSError:
                continue
        return found

    def gone(self, track: str, seconds: float = WITHIN) -> None:
        wait_for(lambda: not self.files(track), f'{track} is removed', seconds)

    def refused(self, track: str, status: int = 451,
                code: str = 'legal') -> None:
        # one that began before it is cut
        wait_for(lambda: self.status(track) == status, f'{track} is refused',
                 WITHIN)
        for path in f'/cdn/stream/{track}', f'/cdn/track/{track}':
            answer = self.stack.get(path)
            self.assertEqual((answer.status, answer.problem['code'],
                              answer.problem['retryable']),
                             (status, code, False))

    def status(self, track: str) -> int:
        try:
            return self.stack.get(f'/cdn/stream/{track}').status
        except http.client.IncompleteRead:
            return 0

    def cut(self, play: Play, track: str) -> None:
        """What it has sent is right, and it has not sent all."""

        body, expected = play.rest(), self.stack.file(track)
        self.assertTrue(expected.startswith(body), len(body))
        self.assertLess(len(body), len(expected) - SLICE)

    def problems(self, track: str) -> list[str]:
        """Of its requests that have ended."""

        return re.findall(rf'"track":"{track}".*"problem":"(\w+)"',
                          (self.stack.dir / 'home/access.log').read_text())

    def metric(self, name: str) -> float:
        text = self.stack.get('/metrics').body.decode()
        value = re.search(rf'^{re.escape(name)} (\S+)$', text, re.M)
        assert value, name
        return float(value[1])

    def in_each_worker(self, track: str) -> list[Play]:
        plays = []
        for pid in self.stack.nginx_workers():
            # the other one accepts; this one must not have a lock
            state(pid, 'S')
            os.kill(pid, signal.SIGSTOP)
            state(pid, 'T')
            try:
                plays.append(Play(self.stack, track))
            finally:
                os.kill(pid, signal.SIGCONT)
        return plays

    def test_plays_in_all_workers_are_cut(self) -> None:
        track = 'm04_taken00'
        cuts = 'voyo_cuts_total{reason="takedown"}'
        used = self.metric('voyo_cache_used_bytes')
        known, before = self.metric('voyo_takedowns_total'), self.metric(cuts)
        files = self.metric('voyo_takedown_files_total')
        self.play(track)
        self.assertEqual(self.stack.get(f'/cdn/art/{track}').status, 200)
        stored = len(self.files(track))
        self.assertGreater(stored, 8)

        plays = self.in_each_worker(track)
        self.jobs.takedown(track, 'legal')
        self.refused(track)
        # while the files are there, or later
        for each in plays:
            self.cut(each, track)
        self.gone(track)

        self.assertEqual(self.metric('voyo_takedowns_total'), known + 1)
        # and who asked while it was not known yet
        self.assertGreaterEqual(self.metric(cuts), before + 2)
        wait_for(lambda: self.metric('voyo_takedowns_pending') == 0, 'done')
        self.assertEqual(self.metric('voyo_takedown_files_total'),
                         files + stored)
        # by nginx's own account, or it would keep less and less
        self.assertEqual(self.metric('voyo_cache_used_bytes'), used)
        self.assertGreaterEqual(self.problems(track).count('taken_down'), 2)
        # another track is not concerned
        self.play('m04_others0')
        self.assertEqual(self.jobs.unban(track), 1)
        self.play(track)

    def test_a_purged_track_is_resolved_anew(self) -> None:
        track = 'm04_purged0'
        self.play(track)
        plays = self.in_each_worker(track)
        self.jobs.takedown(track)
        self.gone(track)
        for each in plays:
            self.cut(each, track)
        self.play(track)
        self.assertEqual(len(self.stack.requests('player', track)), 2)
        fetched = [each for each in self.stack.settled(track)
                   if each['range'].startswith('bytes=0-')]
        self.assertEqual(len(fetched), 2)

    def test_what_is_being_fetched_is_not_kept(self) -> None:
        track = 'm04_fetched'
        self.stack.switch(faults=[{'do': {'throttle': 100000}, 'id': track}])
        play = Play(self.stack, track)
        self.jobs.takedown(track, 'unavailable')
        self.cut(play, track)
        self.assertLess(len(play.body), SLICE)
        self.refused(track, 404, 'unavailable')
        self.gone(track)
        wait_for(lambda: not [each for each in (
            self.stack.dir / 'home/cache').rglob('*.*')], 'no temporary files')
        self.assertEqual(self.files(track), [])

    def test_a_request_that_waits_for_a_slice_is_answered(self) -> None:
        track = 'm04_stalled'
        self.stack.switch(latency={'media': 2000})
        got: list[Answer] = []
        client = threading.Thread(target=lambda: got.append(
            self.stack.get(f'/cdn/stream/{track}')))
        client.start()
        wait_for(lambda: self.stack.requests('media', track), 'it is fetched')
        self.jobs.takedown(track, 'legal')
        client.join()
        self.assertEqual((got[0].status, got[0].problem['code']),
                         (451, 'legal'))
        self.gone(track)

    def test_a_parked_request_is_answered(self) -> None:
        for track, error, status in (('m04_parked0', 'legal', 451),
                                     ('m04_parked2', '', 200)):
            with self.subTest(error=error):
                self.stack.control('/reset', {})
                self.stack.switch(latency={'player': 1000})
                got: list[Answer] = []
                client = threading.Thread(target=lambda: got.append(
                    self.stack.get(f'/cdn/stream/{track}')))
                client.start()
                wait_for(lambda: self.stack.requests('player', track),
                         'it is resolved')
                self.jobs.takedown(track, error)
                client.join()
                self.assertEqual(got[0].status, status)
                if error:
                    # at once, not when the job has ended
                    self.assertLess(got[0].seconds, 1)
                    self.assertEqual(got[0].problem['code'], error)
                else:
                    self.assertEqual(got[0].body, self.stack.file(track))
                    self.assertEqual(len(self.stack.requests('player',
                                                             track)), 2)
                self.jobs.settled()
                self.assertEqual(self.jobs.key('EXISTS', f'track:{track}'),
                                 0 if error else 1)

    def test_a_record_of_before_is_not_used(self) -> None:
        # as from a Redis that has lost the takedown
        track = 's30_restore'
        self.play(track)
        record = self.jobs.key('GET', f'track:{track}').decode()
        self.jobs.takedown(track)
        self.gone(track)
        self.jobs.key('SET', f'track:{track}', record)
        self.play(track)
        self.assertEqual(len(self.stack.requests('player', track)), 2)

    def test_who_did_not_hear_of_it_catches_up(self) -> None:
        track = 'm04_unheard'
        self.play(track)
        plays = self.in_each_worker(track)
        workers = self.stack.nginx_workers()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        for kind in 'pubsub', 'normal':
            try:
                self.stack.redis('CLIENT', 'KILL', 'TYPE', kind)
            except (OSError, ValueError):
                pass
        self.jobs.takedown(track, 'legal')
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        self.gone(track)
        # without their files, which are requested from the origin
        for each in plays:
            self.cut(each, track)
        self.assertEqual(self.problems(track)[-2:], ['taken_down'] * 2)
        self.refused(track)

    def test_reload_and_killed_manager_forget_nothing(self) -> None:
        track = 'm04_reload0'
        self.play(track)
        play = Play(self.stack, track)
        manager = self.stack.nginx_child('cache manager')
        os.kill(manager, signal.SIGSTOP)
        self.jobs.takedown(track, 'legal')
        wait_for(lambda: self.metric('voyo_takedowns_pending'), 'it is known')
        self.stack.provoked.append('exited on signal 9')
        os.kill(manager, signal.SIGKILL)
        self.gone(track)
        self.stack.send('nginx', signal.SIGHUP)
        self.cut(play, track)
        self.refused(track)

    def test_restarts_forget_nothing(self) -> None:
        banned, purged, other = 'm04_banned0', 'm04_while00', 'm04_after00'
        for track in banned, purged, other:
            self.play(track)
        self.stack.stop('nginx')
        # while it is off
        self.jobs.takedown(banned, 'legal')
        self.jobs.takedown(purged)
        self.stack.stop('redis')
        self.stack.stop('resolver')
        self.stack.start_redis()
        self.stack.start_resolver()
        self.stack.start_nginx()
        self.refused(banned)
        self.gone(banned)
        self.gone(purged)
        self.assertTrue(self.files(other))
        self.play(purged)
        # and what was known before is taken down as any other
        self.play(other)
        plays = self.in_each_worker(other)
        self.jobs.takedown(other, 'legal')
        self.gone(other)
        for each in plays:
            self.cut(each, other)
        self.refused(banned)


if __name__ == '__main__':
    unittest.main()
