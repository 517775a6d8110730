"""The scripts of common/lua/: what each returns and leaves behind, and how
they get to Redis.

They decide everything that nginx and the resolvers share.  A wrong result means
two extractions of one track, or none, or a request that waits in vain; and
scripts sent in full every second would be most of the traffic to Redis.
"""

import json
import math
import re
import subprocess
import sys
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from jobs import PREFIX, Jobs, record_json  # noqa: E402
from stack import ROOT, Stack, wait_for  # noqa: E402

TRACK = 's30_script0'
SCRIPTS = sorted((ROOT / 'common/lua').glob('*.lua'))


def keys_of(name: str) -> list[str]:
    """The keys named in the comment at the top of a script."""

    text = (ROOT / f'common/lua/{name}.lua').read_text()
    listed = re.search(r'^-- KEYS  (.*\n(?:--       .*\n)*)', text, re.M)
    assert listed, name
    return [PREFIX + each.replace('<id>', TRACK).replace('<name>', 'one')
            .replace('<client>', 'me')
            for each in listed[1].replace('--', '').split()]


class ScriptTest(unittest.TestCase):
    """Each script, run from its file by redis-cli."""

    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(nginx=False, resolver=False)
        cls.jobs = Jobs(cls.stack)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.redis('FLUSHALL')
        self.key = self.jobs.key

    def cli(self, *words: str) -> list[str]:
        return subprocess.run(
            ['redis-cli', '-s', self.stack.redis_socket, *words],
            capture_output=True, text=True, check=True, timeout=30,
        ).stdout.splitlines()

    def run_script(self, name: str, *arguments: str) -> list[str]:
        return self.cli('--eval', f'{ROOT}/common/lua/{name}.lua',
                        *keys_of(name), ',', *arguments)

    def now(self) -> int:
        seconds, us = self.stack.redis('TIME')
        return int(seconds) * 1000 + int(us) // 1000

    def breaker(self, until: int, **more: str) -> None:
        self.key('HSET', 'breaker', 'class', 'bot_check', 'until',
                 str(self.now() + until), 'count', '1',
                 *(word for each in more.items() for word in each))

    def spend(self, count: int, ago: int = 1000) -> None:
        for number in range(count):
            self.key('ZADD', 'budget', str(self.now() - ago - number),
                     f'spent{number}')

    def probe(self) -> str | None:
        found = self.key('HGET', 'breaker', 'probe')
        return found and found.decode()

    # want

    def want(self, lane: str = 'play', newer_than: int = 0,
             worker: str = 'here') -> list[str]:
        return self.run_script('want', TRACK, worker, str(newer_than), lane,
                               'r-1', 'me')

    def queued(self, lane: str) -> list[str]:
        return [each.decode()
                for each in self.key('ZRANGE', f'jobs:{lane}', '0', '-1')]

    def test_want_returns_a_newer_record(self) -> None:
        record = record_json(TRACK, 1764000000000)
        self.key('SET', f'track:{TRACK}', record)
        for lane in ('play', 'prefetch', 'none'):
            self.assertEqual(self.want(lane, 1763999999999),
                             ['record', record])
        self.assertEqual(self.want('none', 1764000000000), ['pending'])

    def test_want_returns_a_failure_and_its_time(self) -> None:
        failure = record_json(TRACK, 1, error='private')
        self.key('SET', f'failure:{TRACK}', failure, 'PX', '99500')
        for lane in ('play', 'none'):
            *words, seconds = self.want(lane)
            self.assertEqual(words, ['failure', failure])
            left = self.key('PTTL', f'failure:{TRACK}') / 1000
            self.assertIn(int(seconds), range(math.ceil(left), 101))
        # the record is the better one
        self.key('SET', f'track:{TRACK}', record_json(TRACK, 5))
        self.assertEqual(self.want()[0], 'record')
        self.assertEqual(self.want(newer_than=5)[0], 'failure')

    def test_want_without_a_resolver_queues_nothing(self) -> None:
        self.assertEqual(self.want('none'), ['pending'])
        self.assertEqual(self.want(), ['no_resolver'])
        self.key('ZADD', 'resolvers', str(self.now() - 1), 'dead')
        self.assertEqual(self.want(), ['no_resolver'])
        self.assertEqual(self.queued('play') + self.queued('prefetch'), [])
        self.assertEqual(self.key('EXISTS', f'alive:{TRACK}'), 0)

    def test_want_queues_once(self) -> None:
        self.jobs.pretend()
        before = self.now()
        self.assertEqual(self.want('none'), ['pending'])
        self.assertEqual(self.queued('play'), [])
        for _ in range(3):
            self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.queued('play'), [TRACK])
        score = float(self.key('ZSCORE', 'jobs:play', TRACK))
        self.assertTrue(before <= score <= self.now(), score)
        self.assertIn(self.key('PTTL', f'alive:{TRACK}'), range(1, 3001))

    def test_want_of_a_prefetch_marks_nobody_and_moves(self) -> None:
        self.jobs.pretend()
        self.assertEqual(self.want('prefetch'), ['pending'])
        self.assertEqual(self.key('EXISTS', f'alive:{TRACK}'), 0)
        self.assertEqual(self.queued('prefetch'), [TRACK])
        self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.queued('prefetch'), [])
        self.assertEqual(self.queued('play'), [TRACK])

    def test_want_of_what_is_leased_queues_nothing(self) -> None:
        self.jobs.pretend()
        self.key('SET', f'lease:{TRACK}', 'somebody')
        self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.queued('play'), [])
        self.assertEqual(self.key('EXISTS', f'alive:{TRACK}'), 1)

    def test_want_asks_above_a_generation_that_is_ahead(self) -> None:
        self.jobs.pretend()
        ahead = self.now() + 3600000
        self.key('SET', f'track:{TRACK}', record_json(TRACK, ahead))
        self.assertEqual(self.want(newer_than=ahead), ['pending'])
        self.assertEqual(int(self.key('ZSCORE', 'jobs:play', TRACK)), ahead)

    def refused(self, answer: list[str], error: str) -> int:
        self.assertEqual(answer[0], 'failure')
        record = json.loads(answer[1])
        self.assertEqual((record['v'], record['id'], record['error']),
                         (1, TRACK, error))
        self.assertAlmostEqual(record['resolved_at'], self.now() / 1000,
                               delta=2)
        self.assertEqual(record['retry_after'], int(answer[2]))
        self.assertEqual(self.key('EXISTS', f'failure:{TRACK}'), 0)
        return int(answer[2])

    def test_want_is_refused_while_the_breaker_is_open(self) -> None:
        self.jobs.pretend()
        self.breaker(99500)
        for lane in ('play', 'prefetch'):
            self.assertIn(self.refused(self.want(lane), 'bot_check'),
                          range(90, 101))
        self.assertEqual(self.queued('play') + self.queued('prefetch'), [])
        self.assertIsNone(self.probe())

    def test_want_lets_one_through_when_half_open(self) -> None:
        self.jobs.pretend()
        self.breaker(-1)
        self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.probe(), TRACK)
        self.assertEqual(self.want(), ['pending'])
        self.key('HSET', 'breaker', 'probe', 'other')
        self.assertIn(self.refused(self.want(), 'bot_check'), (1, 2, 3))
        self.key('HSET', 'breaker', 'probe_until', str(self.now() - 1))
        self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.probe(), TRACK)

    def test_want_of_a_prefetch_is_held_to_the_budget(self) -> None:
        self.jobs.pretend(budget=3)
        self.spend(3, ago=3590000)
        self.assertIn(self.refused(self.want('prefetch'), 'budget'),
                      range(1, 11))
        self.key('ZADD', 'budget', str(self.now() - 3600001), 'spent0')
        self.assertEqual(self.want('prefetch'), ['pending'])
        self.stack.redis('DEL', PREFIX + 'jobs:prefetch')
        self.spend(3)
        self.assertEqual(self.want('play'), ['pending'])

    def test_want_drops_prefetches_of_a_full_queue(self) -> None:
        self.jobs.pretend(queue=2)
        self.key('ZADD', 'jobs:prefetch', '1', 'oldest', '2', 'newest')
        self.assertEqual(self.refused(self.want('prefetch'), 'busy'), 5)
        self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.queued('prefetch'), ['oldest'])
        self.key('DEL', 'jobs:prefetch')
        self.key('ZREM', 'jobs:play', TRACK)
        self.key('ZADD', 'jobs:play', '1', 'one', '2', 'two')
        self.assertEqual(self.refused(self.want(), 'busy'), 5)

    # in turns

    def score(self, track: str = TRACK, lane: str = 'play') -> float:
        return float(self.key('ZSCORE', f'jobs:{lane}', track)) - self.now()

    def test_want_gives_each_client_its_turn(self) -> None:
        self.jobs.pretend()
        for number in range(40):
            self.jobs.want(f'many{number:07}', client='one')
        self.want()
        time.sleep(0.005)    # two of one millisecond have no order
        self.jobs.want('refresh0000')
        # the first of each, in the order of asking, then the others
        self.assertEqual(self.queued('play')[:4], [
            'many0000000', TRACK, 'refresh0000', 'many0000001'])
        self.assertEqual(self.queued('play')[4:], [
            f'many{number:07}' for number in range(2, 40)])
        # asking again changes nothing
        before = self.key('ZRANGE', 'jobs:play', '0', '-1', 'WITHSCORES')
        for number in range(40):
            self.jobs.want(f'many{number:07}', client='one')
        self.assertEqual(before, self.key('ZRANGE', 'jobs:play', '0', '-1',
                                          'WITHSCORES'))
        self.assertIn(self.key('PTTL', 'turn:one'), range(50000, 60001))

    def test_want_by_another_client_takes_its_turn(self) -> None:
        self.jobs.pretend()
        for track in ('first000000', 'second00000', TRACK):
            self.jobs.want(track, client='one')
        self.want()
        self.assertEqual(self.queued('play'),
                         ['first000000', TRACK, 'second00000'])
        # which it has taken
        self.jobs.want('third000000', client='me')
        self.assertIn(self.score('third000000'), range(5000, 10001))

    def test_want_owes_nothing_for_what_is_no_longer_queued(self) -> None:
        self.jobs.pretend()
        for number in range(5):
            self.jobs.want(f'many{number:07}', client='me')
        self.key('ZREM', 'jobs:play', 'many0000003', 'many0000004')
        self.want()
        self.assertIn(self.score(), range(20000, 30001))
        self.key('DEL', 'jobs:play')
        self.want()
        self.assertLessEqual(self.score(), 0)

    def test_want_does_not_wait_for_what_was_left(self) -> None:
        self.jobs.pretend()
        self.jobs.want('left0000000', client='me')
        self.want()
        self.assertIn(self.score(), range(5000, 10001))
        self.key('ZREM', 'jobs:play', 'left0000000')
        self.want()
        self.assertLessEqual(self.score(), 0)

    def test_want_of_information_is_before_prefetches_only(self) -> None:
        self.jobs.pretend()
        self.jobs.want('prefetch000', lane='prefetch')
        self.assertEqual(self.want('info'), ['pending'])
        self.assertEqual(self.key('EXISTS', f'alive:{TRACK}'), 1)
        time.sleep(0.005)    # two of one millisecond have no order
        self.jobs.want('other000000', lane='info')
        self.assertEqual(self.queued('prefetch'),
                         [TRACK, 'other000000', 'prefetch000'])
        self.jobs.want('prefetch000', lane='info')
        self.assertEqual(self.queued('prefetch')[2], 'prefetch000')
        self.assertLess(self.score('prefetch000', 'prefetch'), -200000)
        self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.queued('play'), [TRACK])
        self.assertEqual(self.want('info'), ['pending'])
        self.assertEqual(self.queued('play'), [TRACK])

    # leave

    def leave(self, worker: str = 'here', client: str = 'me') -> list[str]:
        return self.run_script('leave', TRACK, worker, client)

    def test_leave_takes_the_job_with_the_last(self) -> None:
        self.jobs.pretend()
        self.want(worker='here')
        self.want(worker='there')
        self.assertEqual(self.leave('here'), ['0'])
        self.assertEqual(self.leave('here'), ['0'])
        self.assertEqual(self.queued('play'), [TRACK])
        self.assertEqual(self.leave('there'), ['1'])
        self.assertEqual(self.queued('play'), [])
        self.assertEqual(self.key('EXISTS', f'alive:{TRACK}'), 0)

    def test_leave_does_not_wait_for_the_dead(self) -> None:
        self.jobs.pretend()
        self.want(worker='dead')
        self.key('ZADD', f'alive:{TRACK}', str(self.now() - 3001), 'dead')
        self.want(worker='here')
        self.assertEqual(self.leave('here'), ['1'])

    def test_leave_of_what_runs_changes_nothing(self) -> None:
        self.jobs.pretend()
        self.want()
        self.key('ZPOPMIN', 'jobs:play')
        self.assertEqual(self.take()[0], 'run')
        self.assertEqual(self.leave(), ['0'])
        self.assertEqual(self.key('GET', f'lease:{TRACK}'), b'token')
        # what is popped and not taken yet is not run
        self.key('DEL', f'lease:{TRACK}')
        self.assertEqual(self.take(), ['abandoned'])

    def test_leave_makes_room_for_another_probe(self) -> None:
        self.jobs.pretend()
        self.breaker(-1)
        self.want()
        self.assertEqual(self.probe(), TRACK)
        self.assertEqual(self.leave(), ['1'])
        self.assertIsNone(self.probe())

    def test_leave_of_information_takes_it_from_its_queue(self) -> None:
        self.jobs.pretend()
        self.want('info')
        self.assertEqual(self.jobs.leave(TRACK, '', 'here', 'prefetch'), 1)
        self.assertEqual(self.queued('prefetch'), [])

    def test_want_of_a_client_that_skips_settles_first(self) -> None:
        self.jobs.pretend()
        self.leave()
        self.assertEqual(self.jobs.want('one00000000', client='me')[0],
                         'pending')
        self.assertEqual(self.queued('play'), ['one00000000'])
        self.leave()
        self.assertIn(self.key('PTTL', 'left:me'), range(1000, 2001))
        self.assertEqual(self.want(), ['pending', '150'])
        self.assertEqual(self.queued('play'), ['one00000000'])
        # it stays, or another one waits for it too
        self.assertEqual(self.want(), ['pending'])
        self.assertEqual(self.queued('play'), ['one00000000', TRACK])
        # nobody else does
        self.jobs.want('two00000000', client='other')
        self.assertIn('two00000000', self.queued('play'))

    def test_leave_of_one_whose_time_is_up_is_no_skip(self) -> None:
        for _ in range(3):
            self.leave(client='')
        self.assertEqual(self.key('EXISTS', 'left:me'), 0)

    # take

    def take(self, lane: str = 'play', score: int = 1,
             budget: int = 3) -> list[str]:
        return self.run_script('take', TRACK, 'token', '60000', str(score),
                               lane, str(budget))

    def test_take_returns_the_id_of_the_request(self) -> None:
        self.jobs.pretend()
        self.want()
        self.assertEqual(self.take()[2], 'r-1')

    def test_take_runs_and_counts(self) -> None:
        self.key('ZADD', f'alive:{TRACK}', '1', 'here')
        before = self.now()
        word, generation, request = self.take()
        self.assertEqual((word, request), ('run', ''))
        self.assertTrue(before <= int(generation) <= self.now(), generation)
        self.assertEqual(self.key('GET', f'lease:{TRACK}'), b'token')
        self.assertIn(self.key('PTTL', f'lease:{TRACK}'), range(50000, 60001))
        self.assertEqual(self.key('ZRANGE', 'budget', '0', '-1'), [b'token'])

    def test_take_names_a_generation_above_the_last(self) -> None:
        ahead = self.now() + 3600000
        self.key('SET', f'track:{TRACK}', record_json(TRACK, ahead))
        self.assertEqual(self.take('own'), ['run', str(ahead + 1), ''])

    def test_take_not_what_is_fresh_abandoned_or_leased(self) -> None:
        self.key('SET', f'track:{TRACK}', record_json(TRACK, 100))
        self.assertEqual(self.take(score=99), ['fresh'])
        self.assertEqual(self.take('prefetch', 99), ['fresh'])
        self.assertEqual(self.take(score=100), ['abandoned'])
        self.key('SET', f'lease:{TRACK}', 'somebody')
        for lane in ('prefetch', 'own'):
            self.assertEqual(self.take(lane, 100), ['leased'])
        self.assertEqual(self.key('GET', f'lease:{TRACK}'), b'somebody')
        self.assertEqual(self.key('EXISTS', 'budget'), 0)

    def test_take_of_a_prefetch_is_held_to_the_budget(self) -> None:
        self.spend(3)
        self.assertEqual(self.take('prefetch'), ['budget'])
        self.key('ZADD', f'alive:{TRACK}', '1', 'here')
        self.assertEqual(self.take()[0], 'run')
        # as many as the budget are kept
        self.assertEqual(self.key('ZCARD', 'budget'), 3)
        self.assertIsNotNone(self.key('ZSCORE', 'budget', 'token'))

    def test_take_not_a_prefetch_of_long_ago(self) -> None:
        now = self.now()
        self.assertEqual(self.take('prefetch', now - 601000), ['stale'])
        self.assertEqual(self.key('EXISTS', f'lease:{TRACK}'), 0)
        self.assertEqual(self.key('EXISTS', 'budget'), 0)
        self.assertEqual(self.take('prefetch', now - 590000)[0], 'run')
        self.key('DEL', f'lease:{TRACK}')
        # a waiting client is not told that it is too late
        self.key('ZADD', f'alive:{TRACK}', '1', 'here')
        self.assertEqual(self.take('play', now - 601000)[0], 'run')

    def test_take_waits_for_the_breaker(self) -> None:
        self.breaker(60000)
        self.assertEqual(self.take('own'), ['breaker'])
        self.breaker(-1, probe='other', probe_until=str(self.now() + 3000))
        self.assertEqual(self.take('own'), ['breaker'])
        self.assertEqual(self.key('EXISTS', f'lease:{TRACK}'), 0)
        self.key('HSET', 'breaker', 'probe', TRACK)
        self.assertEqual(self.take('own')[0], 'run')

    # again

    def test_again_counts_unless_the_breaker_opened(self) -> None:
        def again() -> list[str]:
            return self.run_script('again', TRACK, 'token/full', '3')

        self.spend(3)
        self.assertEqual(again(), ['1'])
        self.assertEqual(self.key('ZCARD', 'budget'), 3)
        self.assertIsNotNone(self.key('ZSCORE', 'budget', 'token/full'))
        self.key('DEL', 'budget')
        self.breaker(60000)
        self.assertEqual(again(), ['0'])
        self.assertEqual(self.key('EXISTS', 'budget'), 0)
        self.breaker(-1)
        self.assertEqual(again(), ['1'])
        self.assertEqual(self.probe(), TRACK)
        self.key('HSET', 'breaker', 'probe', 'other')
        self.assertEqual(again(), ['0'])

    # renew

    def test_renew_keeps_or_takes_back_a_lease(self) -> None:
        def renew(generation: int = 100) -> list[str]:
            return self.run_script('renew', 'token', '60000', TRACK,
                                   str(generation))

        # it ran out, and nobody has it
        self.assertEqual(renew(), ['1'])
        self.assertEqual(self.key('GET', f'lease:{TRACK}'), b'token')
        self.key('PEXPIRE', f'lease:{TRACK}', '90000')
        self.assertEqual(renew(), ['1'])
        self.assertIn(self.key('PTTL', f'lease:{TRACK}'), range(50000, 60001))
        self.key('SET', f'lease:{TRACK}', 'other')
        self.assertEqual(renew(), ['0'])
        self.assertEqual(self.key('GET', f'lease:{TRACK}'), b'other')
        # it was made good meanwhile
        self.key('DEL', f'lease:{TRACK}')
        self.key('SET', f'track:{TRACK}', record_json(TRACK, 100))
        self.assertEqual(renew(), ['0'])
        self.assertEqual(renew(101), ['1'])

    def test_renew_says_that_the_probe_is_one(self) -> None:
        for probe in (TRACK, 'other'):
            self.breaker(-1, probe=probe, probe_until='1')
            self.run_script('renew', 'token', '60000', TRACK, '100')
            until = int(self.key('HGET', 'breaker', 'probe_until'))
            self.assertEqual(until > 1, probe == TRACK)

    # finish

    def finish(self, kind: str, generation: int = 100, life: int = 60,
               answered: str = '1', met: str = 'old',
               address: str = '') -> list[str]:
        return self.run_script(
            'finish', TRACK, 'token', kind, record_json(TRACK, generation),
            str(life), str(generation), 'bot_check', answered, '100', met,
            address)

    def queue(self) -> None:
        self.key('SET', f'lease:{TRACK}', 'token')
        for lane in ('play', 'prefetch'):
            self.key('ZADD', f'jobs:{lane}', '1', TRACK)

    # What a failure was met with: another yt-dlp, configuration or address may
    # succeed.

    def beat(self, met: str, life: int = 5000) -> None:
        self.run_script('beat', 'one', str(life), '{}', '7', '9', met)

    def test_a_failure_is_tried_again_with_something_new(self) -> None:
        self.jobs.pretend()
        for ago, met, expected in ((20, 'old', 'failure'),
                                   (20, 'new', 'pending'),
                                   (20, 'new old', 'failure'),
                                   (20, 'older', 'pending'),
                                   (5, 'new', 'failure')):
            with self.subTest(ago=ago, met=met):
                self.key('DEL', 'limits', PREFIX + 'jobs:play')
                self.beat(met)
                self.key('SET', f'failure:{TRACK}', record_json(
                    TRACK, self.now() - 1000 * ago, error='private',
                    met='old'), 'EX', '60')
                self.assertEqual(self.want()[0], expected)

    def test_who_does_not_tell_changes_nothing(self) -> None:
        self.jobs.pretend()
        self.key('SET', f'failure:{TRACK}', record_json(
            TRACK, self.now() - 20000, error='private', met='old'))
        self.assertEqual(self.want()[0], 'failure')
        self.beat('new')
        self.key('SET', f'failure:{TRACK}', record_json(
            TRACK, self.now() - 20000, error='private'))
        self.assertEqual(self.want()[0], 'failure')

    def test_words_are_those_of_the_living(self) -> None:
        self.beat('one two')
        self.key('HSET', 'limits', 'met', f'gone={self.now() - 1} '
                 f'far={self.now() + 9000} near={self.now() + 1000}')
        self.beat('new')
        told = [each.split('=')[0] for each in
                self.key('HGET', 'limits', 'met').decode().split()]
        self.assertEqual(told, ['new', 'near'])
        # the last that leaves takes them along: nothing is new then
        self.beat('', 0)
        self.assertIsNone(self.key('HGET', 'limits', 'met'))

    def test_a_breaker_is_tried_with_something_new(self) -> None:
        for ago, met, expected in ((60, 'old', b'open'), (60, 'new', b'half'),
                                   (5, 'new', b'open')):
            with self.subTest(ago=ago, met=met):
                self.stack.redis('FLUSHALL')
                self.key('SET', f'lease:{TRACK}', 'token')
                self.finish('global', life=100, met='old')
                self.key('HINCRBY', 'breaker', 'until', str(-1000 * ago))
                self.beat(met)
                left = int(self.key('HGET', 'breaker', 'until')) - self.now()
                self.assertEqual(b'open' if left > 0 else b'half', expected)

    def moved(self, address: str, generation: int) -> list[bytes]:
        """The breaker's and the failures' fate after a record."""

        self.key('SET', f'lease:{TRACK}', 'token')
        self.key('DEL', f'track:{TRACK}')
        self.finish('record', generation, address=address)
        return self.key('HGET', 'limits', 'moved')

    def test_another_address_is_noticed_once(self) -> None:
        now = self.now()
        self.assertIsNone(self.moved('192.0.2.1', now))
        self.assertIsNone(self.moved('192.0.2.1', now + 1))
        # the other family has its own
        self.assertIsNone(self.moved('2001:db8::1', now + 2))
        self.breaker(60000)
        first = str(now + 3).encode()
        self.assertEqual(self.moved('192.0.2.2', now + 3), first)
        self.assertEqual(self.key('HGET', 'breaker', 'until'), b'0')
        # one of several that are used in turns is not new, nor one a minute
        for address in ('192.0.2.1', '192.0.2.2', '192.0.2.3'):
            self.assertEqual(self.moved(address, now + 60000), first)
        self.assertEqual(self.moved('192.0.2.4', now + 700000),
                         str(now + 700000).encode())
        self.assertEqual(self.moved('', now + 9000000),
                         str(now + 700000).encode())

    def test_what_another_address_has_left_is_not_used(self) -> None:
        self.jobs.pretend()
        self.key('HSET', 'limits', 'moved', '1000')
        text = '"title":"\\"expires\\":7","formats":[{"expires":%s}]}'
        for generation, expires in ((999, '0'), (1000, '1764021600')):
            self.key('SET', f'track:{TRACK}', '{"v":1,"generation":'
                     f'{generation},' + text % '1764021600')
            self.assertEqual(self.want()[1], '{"v":1,"generation":'
                             f'{generation},' + text % expires)
        self.key('DEL', f'track:{TRACK}')
        for generation, expected in ((999, 'pending'), (1000, 'failure')):
            self.key('DEL', 'jobs:play')
            self.key('SET', f'failure:{TRACK}', record_json(
                TRACK, generation, error='private'))
            self.assertEqual(self.want()[0], expected)

    def test_an_address_that_changed_in_the_future_did_not(self) -> None:
        self.jobs.pretend()
        now = self.now()
        self.key('HSET', 'limits', 'moved', str(now + 86400000))
        text = f'{{"v":1,"generation":{now},"formats":[{{"expires":9}}]}}'
        self.key('SET', f'track:{TRACK}', text)
        self.assertEqual(self.want()[1], text)
        self.key('DEL', f'track:{TRACK}')
        self.key('SET', f'failure:{TRACK}',
                 record_json(TRACK, now, error='private'))
        self.assertEqual(self.want()[0], 'failure')
        # and the next change counts
        self.moved('192.0.2.1', now)
        self.assertEqual(self.moved('192.0.2.2', now + 1),
                         str(now + 1).encode())

    def listener(self) -> Callable[[], str]:
        """Returns what waits for an event, and returns it."""

        listener = subprocess.Popen(
            ['redis-cli', '-s', self.stack.redis_socket, 'SUBSCRIBE',
             PREFIX + 'events'], stdout=subprocess.PIPE, text=True)
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        assert listener.stdout
        self.addCleanup(listener.stdout.close)
        for _ in range(3):
            listener.stdout.readline()

        def event() -> str:
            assert listener.stdout
            words = [listener.stdout.readline().strip() for _ in range(3)]
            self.assertEqual(words[:2], ['message', PREFIX + 'events'])
            return words[2]

        return event

    def test_takedown_and_its_job_are_told(self) -> None:
        event = self.listener()
        generation = self.take('own')[1]
        self.takedown()
        self.assertEqual(event(), f'{TRACK} taken')
        # who waits is told at once to want it again
        self.finish('record', int(generation))
        self.assertEqual(event(), f'{TRACK} 0')

    def test_finish_stores_and_tells(self) -> None:
        event = self.listener()
        for kind, stored, told in (('failure', 'failure', '0'),
                                   ('record', 'track', '100')):
            self.queue()
            self.assertEqual(self.finish(kind), ['1'])
            self.assertEqual(self.key('GET', f'{stored}:{TRACK}'),
                             record_json(TRACK, 100).encode())
            self.assertIn(self.key('TTL', f'{stored}:{TRACK}'), range(50, 61))
            self.assertEqual(self.queued('play') + self.queued('prefetch'),
                             [])
            self.assertEqual(self.key('EXISTS', f'lease:{TRACK}'), 0)
            self.assertEqual(event(), f'{TRACK} {told}')
        # a record is the end of a failure
        self.assertEqual(self.key('EXISTS', f'failure:{TRACK}'), 0)

    def test_finish_of_a_drop_only_gives_the_lease_back(self) -> None:
        self.queue()
        self.assertEqual(self.finish('drop'), ['1'])
        self.assertEqual(self.key('EXISTS', f'lease:{TRACK}'), 0)
        self.assertEqual(self.key('EXISTS', f'track:{TRACK}'), 0)
        self.assertEqual(self.queued('play'), [TRACK])

    def test_finish_leaves_what_is_newer_or_another_s(self) -> None:
        self.key('SET', f'track:{TRACK}', record_json(TRACK, 101))
        for kind in ('record', 'failure'):
            self.assertEqual(self.finish(kind), ['0'])
        self.assertEqual(self.key('GET', f'track:{TRACK}'),
                         record_json(TRACK, 101).encode())
        self.assertEqual(self.key('EXISTS', f'failure:{TRACK}'), 0)
        self.key('SET', f'lease:{TRACK}', 'other')
        for kind in ('failure', 'global', 'drop'):
            self.assertEqual(self.finish(kind, 102), ['0'])
        self.assertEqual(self.key('EXISTS', 'breaker'), 0)
        # a late record is one all the same
        self.assertEqual(self.finish('record', 102), ['1'])
        self.assertEqual(self.key('GET', f'lease:{TRACK}'), b'other')

    # takedown, unban

    FOREVER = -1

    def takedown(self, error: str = '') -> list[str]:
        return self.run_script('takedown', TRACK, error)

    def test_takedown_leaves_nothing_to_play(self) -> None:
        self.jobs.pretend()
        self.key('SET', f'track:{TRACK}', record_json(TRACK, 5))
        self.key('SET', f'failure:{TRACK}', record_json(TRACK, 5))
        for lane in ('play', 'prefetch'):
            self.key('ZADD', f'jobs:{lane}', '1', TRACK, '2', 'other')
        before = self.now()
        taken, *found = self.takedown()
        self.assertEqual(found, ['record', 'failure', 'job'])
        self.assertIn(int(taken), range(before, self.now() + 1))
        self.assertEqual(self.key('ZRANGE', 'takedowns', '0', '-1',
                                  'WITHSCORES'), [TRACK.encode(),
                                                  taken.encode()])
        # a full Redis evicts what has a time to live
        self.assertEqual(self.key('TTL', 'takedowns'), self.FOREVER)
        for lane in ('play', 'prefetch'):
            self.assertEqual(self.queued(lane), ['other'])
        # a purged track is resolved anew
        self.assertEqual(self.want(), ['pending'])
        self.assertIn(TRACK, self.queued('play'))

    def test_takedowns_are_in_order(self) -> None:
        ahead = self.now() + 3600000
        self.key('ZADD', 'takedowns', str(ahead), 'other')
        self.assertEqual(self.takedown(), [str(ahead + 1)])
        # what was known is older than the takedown
        self.key('SET', f'track:{TRACK}', record_json(TRACK, ahead + 7))
        self.assertEqual(self.takedown(), [str(ahead + 7), 'record'])
        self.assertEqual(self.key('ZRANGE', 'takedowns', '0', '-1'),
                         [b'other', TRACK.encode()])

    def test_takedowns_are_kept_for_a_time(self) -> None:
        month = 30 * 86400000
        for ago, kept in ((month + 1000, 1), (month - 60000, 2)):
            self.key('DEL', 'takedowns')
            self.key('ZADD', 'takedowns', str(self.now() - ago), 'other')
            self.takedown()
            self.assertEqual(self.key('ZCARD', 'takedowns'), kept)
        self.key('ZADD', 'takedowns', *(
            word for n in range(100000) for word in (str(self.now()), str(n))))
        self.takedown()
        self.assertEqual(self.key('ZCARD', 'takedowns'), 100000)
        self.assertIsNotNone(self.key('ZSCORE', 'takedowns', TRACK))

    def test_a_ban_is_answered_before_all_else(self) -> None:
        self.jobs.pretend()
        taken, = self.takedown('legal')
        self.assertEqual(self.key('TTL', f'ban:{TRACK}'), self.FOREVER)
        ban = json.loads(self.key('GET', f'ban:{TRACK}'))
        self.assertAlmostEqual(ban.pop('resolved_at'), self.now() / 1000,
                               delta=2)
        self.assertEqual(ban, {'v': 1, 'generation': int(taken), 'id': TRACK,
                               'error': 'legal', 'retry_after': 86400})
        # whatever Redis has, and whoever wants it
        self.key('SET', f'track:{TRACK}', record_json(TRACK, 5))
        self.key('SET', f'failure:{TRACK}', record_json(TRACK, 5))
        ban = self.key('GET', f'ban:{TRACK}').decode()
        for lane in ('play', 'info', 'prefetch', 'none'):
            self.assertEqual(self.want(lane, 99), ['failure', ban])
        self.assertEqual(self.queued('play') + self.queued('prefetch'), [])
        # a purge is no end of it, another class replaces it
        self.assertEqual(self.takedown()[1:], ['record', 'failure', 'ban'])
        self.assertEqual(self.want(), ['failure', ban])
        self.assertEqual(self.takedown('private')[1:], ['ban'])
        self.assertEqual(json.loads(self.want()[1])['error'], 'private')
        for answer in '1', '0':
            self.assertEqual(self.run_script('unban'), [answer])
        self.assertEqual(self.want(), ['pending'])

    def test_nothing_of_before_a_takedown_is_stored(self) -> None:
        for error in '', 'legal':
            for kind in 'record', 'failure':
                with self.subTest(ban=error, kind=kind):
                    self.stack.redis('FLUSHALL')
                    _, generation, _ = self.take('own')
                    taken = self.takedown(error)[0]
                    self.assertLessEqual(int(generation), int(taken))
                    self.assertEqual(self.finish(kind, int(generation)),
                                     ['0'])
                    for key in 'track', 'failure', 'lease':
                        self.assertEqual(self.key('EXISTS',
                                                  f'{key}:{TRACK}'), 0)
                    # and what begins after it is, of a purged track
                    later = int(self.take('own')[1])
                    self.assertGreater(later, int(taken))
                    self.assertEqual(self.finish(kind, later),
                                     ['0' if error else '1'])

    def test_a_takedown_of_the_future_is_no_ban(self) -> None:
        ahead = self.now() + 3600000
        self.key('ZADD', 'takedowns', str(ahead), TRACK)
        generation = int(self.take('own')[1])
        self.assertEqual(generation, ahead + 1)
        self.assertEqual(self.finish('record', generation), ['1'])

    def test_finish_of_a_banned_probe_closes_the_breaker(self) -> None:
        self.takedown('legal')
        self.breaker(-1, probe=TRACK)
        self.assertEqual(self.finish('record'), ['0'])
        self.assertEqual(self.key('EXISTS', 'breaker'), 0)

    def test_finish_opens_the_breaker_longer_each_time(self) -> None:
        for seconds in (30, 60, 100, 100):
            self.assertEqual(self.finish('global', life=30), ['1'])
            left = int(self.key('HGET', 'breaker', 'until')) - self.now()
            self.assertIn(left, range(1000 * seconds - 9000,
                                      1000 * seconds + 1))
            self.assertEqual(self.key('HGET', 'breaker', 'class'),
                             b'bot_check')
            self.assertIsNone(self.probe())
            # a full Redis evicts what has a time to live
            self.assertEqual(self.key('TTL', 'breaker'), -1)
            # others that were under way change nothing
            self.assertEqual(self.finish('global', life=30), ['1'])
            self.assertAlmostEqual(
                int(self.key('HGET', 'breaker', 'until')) - self.now(), left,
                delta=9000)
            self.key('HSET', 'breaker', 'probe', TRACK)
        self.assertEqual(self.key('HGET', 'breaker', 'count'), b'4')

    def test_finish_of_a_probe_closes_the_breaker(self) -> None:
        for kind in ('failure', 'drop'):
            # it was not answered: the next may try
            self.breaker(-1, probe=TRACK)
            self.assertEqual(self.finish(kind, answered='0'), ['1'])
            self.assertEqual(self.key('EXISTS', 'breaker'), 1)
            self.assertIsNone(self.probe())
        for kind in ('failure', 'record'):
            self.breaker(-1, probe='other')
            self.assertEqual(self.finish(kind), ['1'])
            self.assertEqual(self.probe(), 'other')
            self.key('HSET', 'breaker', 'probe', TRACK)
            self.assertEqual(self.finish(kind), ['1'])
            self.assertEqual(self.key('EXISTS', 'breaker'), 0)

    # beat, status, heartbeats

    def test_beat_and_heartbeats_are_of_the_living(self) -> None:
        def heartbeats() -> list[str]:
            return self.run_script('heartbeats', PREFIX + 'resolver:')

        def beat(life: int) -> list[str]:
            return self.run_script('beat', 'one', str(life), '{"n":1}', '7',
                                   '9', 'new')

        self.assertEqual(heartbeats(), [''])
        self.key('ZADD', 'resolvers', str(self.now() - 5), 'dead',
                 str(self.now() + 5000), 'mute')
        self.key('SET', 'resolver:dead', '{"n":2}')
        self.assertEqual(heartbeats(), ['{}'])
        self.assertEqual(beat(5000), ['1'])
        self.assertEqual(sorted(heartbeats()), ['{"n":1}', '{}'])
        self.assertIsNone(self.key('ZSCORE', 'resolvers', 'dead'))
        self.assertIn(self.key('PTTL', 'resolver:one'), range(1, 5001))
        self.assertEqual(self.key('HMGET', 'limits', 'queue', 'budget'),
                         [b'7', b'9'])
        self.assertEqual(self.key('TTL', 'limits'), -1)
        self.assertEqual(beat(0), ['1'])
        self.assertEqual(heartbeats(), ['{}'])
        self.assertEqual(self.key('EXISTS', 'resolver:one'), 0)

    def test_status_tells_what_all_share(self) -> None:
        self.assertEqual(self.run_script('status'), ['0', '0', '0', '', '0'])
        self.key('ZADD', 'jobs:play', '1', 'a', '2', 'b')
        self.key('ZADD', 'jobs:prefetch', '1', 'c')
        self.spend(3)
        self.key('ZADD', 'budget', str(self.now() - 3600001), 'long ago')
        self.breaker(60000)
        *counts, left = self.run_script('status')
        self.assertEqual(counts, ['2', '1', '3', 'bot_check'])
        self.assertIn(int(left), range(50000, 60001))
        self.breaker(-5)
        self.assertEqual(self.run_script('status')[3:], ['bot_check', '0'])

    # a clock that is set back

    def test_a_time_of_a_clock_that_was_ahead_is_not_believed(self) -> None:
        hour = 3600000
        self.key('ZADD', 'resolvers', str(self.now() + 6000 + hour), 'dead')
        self.assertEqual(self.want(), ['no_resolver'])
        self.assertEqual(self.run_script('heartbeats', PREFIX), [''])
        self.jobs.pretend(budget=3)
        # a breaker that was opened for half a minute
        self.assertEqual(self.finish('global', life=30), ['1'])
        self.key('HINCRBY', 'breaker', 'until', str(hour))
        self.assertEqual(self.run_script('status')[3:], ['bot_check', '0'])
        for name in 'want', 'take', 'again':
            with self.subTest(script=name):
                self.key('HDEL', 'breaker', 'probe')
                answer = {
                    'want': self.want,
                    'take': lambda: self.take('own')[:1],
                    'again': lambda: self.run_script(
                        'again', TRACK, 'token/full', '3'),
                }[name]
                good = {'want': ['pending'], 'take': ['run'], 'again': ['1']}
                self.assertEqual(answer(), good[name])
                self.assertEqual(self.probe(), TRACK)
                # and a probe
                self.key('HSET', 'breaker', 'probe', 'other', 'probe_until',
                         str(self.now() + hour))
                self.key('DEL', f'lease:{TRACK}')
                self.assertEqual(answer(), good[name])
                self.key('DEL', f'lease:{TRACK}')
        # extractions
        self.stack.redis('DEL', PREFIX + 'breaker', PREFIX + 'budget',
                         PREFIX + 'jobs:play')
        for name in 'want', 'take', 'status':
            with self.subTest(script=name):
                self.spend(3, ago=-hour)
                answer = {
                    'want': lambda: self.want('prefetch'),
                    'take': lambda: self.take('prefetch', self.now())[:1],
                    'status': lambda: self.run_script('status')[2:3],
                }[name]()
                self.assertEqual(answer, {'want': ['pending'],
                                          'take': ['run'],
                                          'status': ['1']}[name])

    def test_what_limits_us_is_not_evicted(self) -> None:
        # as volatile-lru does with what has a time to live
        self.take('own')
        self.assertEqual(self.key('TTL', 'budget'), -1)
        self.run_script('again', TRACK, 'token/full', '3')
        self.assertEqual(self.key('TTL', 'budget'), -1)

    # all of them

    ARGUMENTS = {
        'want': (TRACK, 'here', '0', 'play', 'me'),
        'leave': (TRACK, 'here', 'me'),
        'take': (TRACK, 'token', '60000', '1', 'own', '3'),
        'again': (TRACK, 'token/full', '3'),
        'renew': ('token', '60000', TRACK, '100'),
        'finish': (TRACK, 'token', 'record', record_json(TRACK, 100),
                   '60', '100', 'none', '1', '60', 'new', '192.0.2.1'),
        'beat': ('one', '1000', '{}', '7', '9', 'new'),
        'status': (),
        'heartbeats': (PREFIX + 'resolver:',),
        'takedown': (TRACK, 'legal'),
        'unban': (),
    }

    def test_the_acl_of_the_settings_suffices(self) -> None:
        self.assertEqual(set(self.ARGUMENTS), {each.stem for each in SCRIPTS})
        used = {command.lower() for path in SCRIPTS for command in
                re.findall(r"redis\.p?call\('(\w+)'", path.read_text())}
        self.assertGreater(len(used), 15)
        bare = {'+auth', '+ping', '+select', '+eval', '+evalsha', '+bzpopmin',
                '+subscribe'}
        self.assertEqual({f'+{each}' for each in used},
                         {each for each in acl() if each[0] == '+'} - bare)
        self.stack.redis('ACL', 'SETUSER', 'voyo', 'reset', 'on', '>secret',
                         *acl())
        # a path of each; the others are known by their commands
        user = ('--user', 'voyo', '--pass', 'secret', '--no-auth-warning')
        for name, values in self.ARGUMENTS.items():
            with self.subTest(script=name):
                self.stack.redis('FLUSHALL')
                self.jobs.pretend()
                self.assertNotRegex(' '.join(self.cli(
                    *user, '--eval', f'{ROOT}/common/lua/{name}.lua',
                    *keys_of(name), ',', *values)), 'ERR|NOPERM')

    def test_a_key_of_a_wrong_type_is_no_end(self) -> None:
        def first(name: str, values: tuple[str, ...]) -> str:
            return re.sub(r'\d{13}', 'TIME', self.run_script(name, *values)[0])

        for name, values in self.ARGUMENTS.items():
            if name in ('heartbeats', 'unban'):
                continue
            self.stack.redis('FLUSHALL')
            self.jobs.pretend()
            good = first(name, values)
            self.assertNotIn('ERR', good)
            for key in keys_of(name):
                # a channel is not a key, heartbeats are repeated shortly,
                # and what only exists or is written over has no type to be
                # wrong
                short = key.removeprefix(PREFIX)
                if short in ('events', 'resolvers') \
                   or (name, short) in (('take', f'alive:{TRACK}'),
                                        ('finish', 'breaker')):
                    continue
                with self.subTest(script=name, key=short):
                    self.stack.redis('FLUSHALL')
                    self.jobs.pretend()
                    self.stack.redis('DEL', key)
                    self.stack.redis('RPUSH', key, 'what', 'is', 'this')
                    self.assertEqual(first(name, values), good)

    def test_each_says_what_it_takes_and_returns(self) -> None:
        self.assertEqual(len(SCRIPTS), 11)
        for path in SCRIPTS:
            with self.subTest(script=path.stem):
                head = path.read_text().split('\n\n', 1)[0]
                self.assertIn('\n-- Returns ', head)
                most = max(map(int, re.findall(r'KEYS\[(\d+)\]',
                                               path.read_text())))
                self.assertEqual(len(keys_of(path.stem)), most)


def acl() -> list[str]:
    """The ACL rules that docs/settings.md recommends."""

    text = re.search(r'^ *user voyo on >PASSWORD (~.*(?:\n {4}\+.*)*)',
                     (ROOT / 'docs/settings.md').read_text(), re.M)
    assert text
    return text[1].split()


class SentTest(unittest.TestCase):
    """Scripts are sent by digest, and in full only if necessary."""

    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=1)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})
        self.stack.redis('CONFIG', 'RESETSTAT')
        self.stack.redis('ACL', 'LOG', 'RESET')
        self.allow('admin', '>admin', '~*', '&*', '+@all')

    def calls(self, command: str) -> int:
        found = re.search(rf'^cmdstat_{command}:calls=(\d+)',
                          self.redis_admin('INFO', 'commandstats'), re.M)
        return int(found[1]) if found else 0

    def redis_admin(self, *command: str) -> str:
        return subprocess.run(
            ['redis-cli', '-s', self.stack.redis_socket, '--user', 'admin',
             '--pass', 'admin', '--no-auth-warning', *command], check=True,
            capture_output=True, text=True, timeout=30).stdout

    def play(self, track: str) -> None:
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.status, 200, answer.body[:200])
        self.assertEqual(answer.body, self.stack.file(track))
        self.assertEqual(len(self.stack.requests('player', track)), 1)

    def allow(self, user: str, *rules: str) -> None:
        self.assertEqual(self.stack.redis('ACL', 'SETUSER', user, 'reset',
                                          'on', *rules), b'OK')

    def test_the_digest_is_the_file_s(self) -> None:
        for path in SCRIPTS:
            self.stack.redis('SCRIPT', 'LOAD', path.read_text())
        self.play('s30_digest0')
        self.assertEqual(self.stack.get('/health').status, 200)
        self.assertGreater(self.calls('evalsha'), 3)
        self.assertEqual(self.calls('eval'), 0)

    def test_nobody_notices_that_the_scripts_are_flushed(self) -> None:
        self.stack.switch(latency={'player': 2500})
        player = threading.Thread(target=self.stack.get,
                                  args=('/cdn/stream/s30_flushed',))
        player.start()
        flushed = 0
        while player.is_alive():
            # before any question, and before any answer
            self.assertEqual(self.stack.redis('SCRIPT', 'FLUSH'), b'OK')
            flushed += 1
            time.sleep(0.02)
        player.join()
        self.assertGreater(flushed, 10)
        # each script was sent by its digest first
        self.assertGreater(self.calls('evalsha'), 5)
        self.assertGreater(self.calls('eval'), 3)
        self.play('s30_flushed')
        for name in ('nginx', 'resolver'):
            self.assertNotRegex(self.stack.log(name),
                                r'NOSCRIPT|redis can.t be')

    def test_nginx_and_the_resolver_are_content_with_the_acl(self) -> None:
        self.addCleanup(self.redis_admin, 'ACL', 'SETUSER', 'default',
                        'reset', 'on', 'nopass', '~*', '&*', '+@all')
        self.allow('default', 'nopass', *acl())
        self.play('s30_allowed')
        for _ in range(2):
            answer = self.stack.get('/cdn/stream/priv_acl000')
            self.assertEqual(answer.problem['code'], 'private')
        self.assertEqual(self.redis_admin('ACL', 'LOG').strip(), '')

    def test_a_redis_without_evalsha_gets_them_whole(self) -> None:
        self.addCleanup(self.redis_admin, 'ACL', 'SETUSER', 'default',
                        'reset', 'on', 'nopass', '~*', '&*', '+@all')
        self.allow('default', 'nopass', '~*', '&*', '+@all', '-evalsha')
        self.play('s30_whole00')
        self.assertEqual(self.calls('evalsha'), 0)
        self.assertGreater(self.calls('eval'), 3)


class QuestionTest(unittest.TestCase):
    def test_a_question_that_is_repeated_is_short(self) -> None:
        stack = Stack(workers=1, resolver=False, resolve_timeout='5s')
        self.addCleanup(stack.close)
        Jobs(stack).pretend()

        looks = 0

        def sent() -> tuple[int, int]:
            nonlocal looks
            looks += 1
            text = stack.redis('INFO', 'everything').decode()
            number = re.search(r'total_net_input_bytes:(\d+)', text)
            calls = re.search(r'cmdstat_evalsha:calls=(\d+)', text)
            self.assertNotIn('cmdstat_eval:', text)
            # less what we ask ourselves
            return (int(number[1]) - looks * len(
                '*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n'),
                    int(calls[1]) if calls else 0)

        waiting = threading.Thread(target=stack.get,
                                   args=('/cdn/stream/s30_short00',))
        waiting.start()
        wait_for(lambda: stack.redis('EXISTS', PREFIX + 'alive:s30_short00'),
                 'the script is sent')
        stack.redis('CONFIG', 'RESETSTAT')
        before, _ = sent()
        wait_for(lambda: sent()[1] >= 2, 'the script is sent again')
        after, calls = sent()
        waiting.join()
        self.assertLess((after - before) / calls, 1000)


if __name__ == '__main__':
    unittest.main()
