"""Which requests reach the source, when, and which are refused instead.

Without these limits a single impatient client would get the address blocked,
and the block would last because all clients keep asking.
"""

import json
import random
import signal
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from jobs import PREFIX, Jobs, record_json  # noqa: E402
from stack import Stack, wait_for  # noqa: E402


class WantTest(unittest.TestCase):
    """The queue by itself, without a resolver."""

    stack: Stack
    jobs: Jobs

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=1, resolver=False, resolve_timeout='2s')
        cls.jobs = Jobs(cls.stack)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.redis('FLUSHALL')
        self.jobs.pretend(queue=4, budget=3)

    def queued(self, lane: str) -> list[str]:
        return [each.decode() for each in
                self.jobs.key('ZRANGE', f'jobs:{lane}', '0', '-1')]

    def test_a_full_queue_drops_prefetches_then_refuses(self) -> None:
        for number in range(4):
            self.assertEqual(
                self.jobs.want(f'pre{number}0000000', lane='prefetch')[0],
                'pending')
        kind, record = self.jobs.want('pre90000000', lane='prefetch')
        self.assertEqual((kind, record['error']), ('failure', 'busy'))

        for number in range(4):
            self.assertEqual(self.jobs.want(f'play{number}000000')[0],
                             'pending')
            self.assertEqual(len(self.queued('prefetch')), 3 - number)
        # the oldest request was kept longest
        self.assertEqual(self.queued('play'),
                         [f'play{number}000000' for number in range(4)])

        answer = self.stack.get('/cdn/stream/play9000000')
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.problem['code'], 'busy')
        self.assertTrue(answer.problem['retryable'])
        self.assertGreaterEqual(int(answer.headers['Retry-After']), 1)
        self.assertLess(answer.seconds, 0.5)
        # a queued track is not refused
        self.assertEqual(self.jobs.want('play0000000')[0], 'pending')

    def test_a_prefetch_that_is_wanted_moves_to_the_front(self) -> None:
        self.jobs.want('other000000')
        self.jobs.want('first000000', lane='prefetch')
        self.jobs.want('first000000', lane='prefetch')
        self.assertEqual(self.queued('prefetch'), ['first000000'])
        time.sleep(0.005)    # two of one millisecond have no order
        self.assertEqual(self.jobs.want('first000000')[0], 'pending')
        self.assertEqual(self.queued('prefetch'), [])
        self.assertEqual(self.queued('play'), ['other000000', 'first000000'])
        self.jobs.want('first000000', lane='prefetch')
        self.assertEqual(self.queued('prefetch'), [])

    def test_an_open_breaker_refuses_at_once(self) -> None:
        until = 1000 * (time.time() + 321)
        self.jobs.key('HSET', 'breaker', 'class', 'rate_limited', 'until',
                      f'{until:.0f}', 'count', '1')
        answer = self.stack.get('/cdn/stream/unknown0000')
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.problem['code'], 'rate_limited')
        self.assertAlmostEqual(int(answer.headers['Retry-After']), 321,
                               delta=2)
        self.assertLess(answer.seconds, 0.5)
        self.assertEqual(self.queued('play'), [])
        kind, record = self.jobs.want('unknown0001', lane='prefetch')
        self.assertEqual((kind, record['error']), ('failure', 'rate_limited'))

    def test_a_half_open_breaker_lets_one_through(self) -> None:
        self.jobs.key('HSET', 'breaker', 'class', 'bot_check', 'until', '1',
                      'count', '1')
        self.assertEqual(self.jobs.want('probe000000')[0], 'pending')
        for number in range(3):
            kind, record = self.jobs.want(f'other{number}00000')
            self.assertEqual((kind, record['error']),
                             ('failure', 'bot_check'))
            self.assertIn(record['retry_after'], (1, 2, 3))
        self.assertEqual(self.queued('play'), ['probe000000'])
        # the probe may be requested as often as its listeners like
        self.assertEqual(self.jobs.want('probe000000')[0], 'pending')
        # a probe that no request waits for any more makes room
        self.jobs.key('HSET', 'breaker', 'probe_until', '1')
        self.assertEqual(self.jobs.want('other000000')[0], 'pending')

    def test_who_is_refused_is_no_probe(self) -> None:
        self.jobs.key('HSET', 'breaker', 'class', 'bot_check', 'until', '1',
                      'count', '1')
        self._spend(100, 75, 50)
        kind, record = self.jobs.want('pre00000000', lane='prefetch')
        self.assertEqual(record['error'], 'budget')
        self.assertEqual(self.jobs.take('pre00000000', 'prefetch', budget=3),
                         [b'budget'])
        for number in range(4):
            self.jobs.key('ZADD', 'jobs:play', '1', f'play{number}000000')
        kind, record = self.jobs.want('play9000000')
        self.assertEqual(record['error'], 'busy')
        self.assertIsNone(self.jobs.key('HGET', 'breaker', 'probe'))
        # a queued track is one job, and stays one
        for _ in range(2):
            self.assertEqual(self.jobs.want('play0000000')[0], 'pending')
            self.assertEqual(self.jobs.key('HGET', 'breaker', 'probe'),
                             b'play0000000')
            self.jobs.key('HSET', 'breaker', 'probe_until', '1')
        self.assertEqual(self.jobs.take('play0000000')[0], b'run')

    def _spend(self, *ago: int) -> None:
        """Spends the budget, so many seconds ago."""

        now = 1000 * time.time()
        self.jobs.key('ZADD', 'budget', *(
            word for each in ago
            for word in (f'{now - 1000 * each:.0f}', f'{each} s ago')))

    def test_the_budget_is_for_prefetches(self) -> None:
        self._spend(3599, 100, 50)
        kind, record = self.jobs.want('pre00000000', lane='prefetch')
        self.assertEqual((kind, record['error']), ('failure', 'budget'))
        self.assertIn(record['retry_after'], (1, 2))
        self.assertEqual(self.jobs.want('play0000000')[0], 'pending')
        # an hour after the oldest there is room for one
        self.jobs.key('ZINCRBY', 'budget', '-1001', '3599 s ago')
        self.assertEqual(self.jobs.want('pre00000000', lane='prefetch')[0],
                         'pending')

    def test_retry_after_is_by_one_clock(self) -> None:
        for ahead in (-1000, 1000):    # of the resolver that failed
            track = f'clock{ahead:06}'[:11]
            self.jobs.key('SET', f'failure:{track}', record_json(
                track, 1, resolved_at=int(time.time()) + ahead,
                error='upstream', retry_after=30), 'EX', '20')
            answer = self.stack.get(f'/cdn/stream/{track}')
            self.assertEqual(answer.problem['code'], 'upstream')
            self.assertIn(answer.headers['Retry-After'], ('19', '20'))

    def test_a_lease_that_ran_out_is_taken_back(self) -> None:
        track, key = 'ranout00000', 'lease:ranout00000'
        mine = int(self.jobs.take(track, 'own', token='mine')[1])
        self.jobs.key('DEL', key)
        self.assertEqual(self.jobs.renew(track, 'mine', mine), 1)
        self.assertEqual(self.jobs.key('GET', key), b'mine')
        self.assertGreater(self.jobs.key('PTTL', key), 1500)
        # not from another, nor for what is done already
        self.jobs.key('SET', key, 'other')
        self.assertEqual(self.jobs.renew(track, 'mine', mine), 0)
        self.assertEqual(self.jobs.key('GET', key), b'other')
        self.assertEqual(self.jobs.finish(track, 'other', mine + 1), 1)
        self.assertEqual(self.jobs.renew(track, 'mine', mine), 0)
        self.assertEqual(self.jobs.key('EXISTS', key), 0)

    def test_a_late_record_is_none_the_worse(self) -> None:
        track = 'laterec0000'
        for kind, found in (('failure', 0), ('global', 0), ('drop', 0),
                            ('record', 1)):
            self.jobs.key('SET', f'lease:{track}', 'other')
            self.assertEqual(self.jobs.finish(track, 'mine', 5, kind), found)
            self.assertEqual(self.jobs.key('GET', f'lease:{track}'), b'other')
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)
        self.assertEqual(self.jobs.want(track, 4, 'none')[0], 'record')
        # Redis did it, and its answer was lost
        self.assertEqual(self.jobs.finish(track, 'mine', 5), 1)
        self.assertEqual(self.jobs.finish(track, 'other', 6), 1)
        # a newer one stays, and is hidden by no failure
        for kind in ('record', 'failure'):
            self.assertEqual(self.jobs.finish(track, 'mine', 5, kind), 0)
        self.assertEqual(self.jobs.want(track, 5, 'none')[1]['generation'], 6)
        self.assertEqual(self.jobs.key('EXISTS', f'failure:{track}'), 0)

    def test_keys_of_a_wrong_type_are_no_end(self) -> None:
        track = 'wrong000000'
        for key in (f'track:{track}', f'failure:{track}', f'lease:{track}',
                    f'alive:{track}', 'jobs:play', 'jobs:prefetch', 'breaker',
                    'budget', 'limits'):
            with self.subTest(key=key):
                self.jobs.key('DEL', key)
                self.jobs.key('RPUSH', key, 'what', 'is', 'this')
                self.assertEqual(self.jobs.want(track)[0], 'pending')
                self.assertEqual(self.queued('play'), [track])


class ResolverTest(unittest.TestCase):
    stack: Stack
    jobs: Jobs

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=1, resolve_timeout='4s', settings={
            'VOYO_BUDGET': '100000'})
        cls.jobs = Jobs(cls.stack)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})
        self.jobs.key('DEL', 'breaker')

    def test_play_comes_before_prefetch(self) -> None:
        # both workers are busy while the queues are filled
        self.stack.switch(latency={'player': 300})
        for number in range(2):
            self.jobs.want(f's30_busy00{number}')
        wait_for(lambda: len(self.stack.requests('player')) == 2, 'busy')
        for number in range(3):
            self.jobs.want(f's30_pre000{number}', lane='prefetch')
        for number in range(4):
            self.jobs.want(f's30_play00{number}')
        self.jobs.settled()
        order = [each['id'][4:7] for each in self.stack.requests('player')]
        self.assertEqual(order[2:6], ['pla'] * 4)
        self.assertEqual(order[6:], ['pre'] * 3)

    def test_what_nobody_waits_for_is_not_run(self) -> None:
        self.stack.switch(latency={'player': 300})
        for number in range(2):
            self.jobs.want(f's30_busy10{number}')
        wait_for(lambda: len(self.stack.requests('player')) == 2, 'busy')
        self.jobs.want('s30_nobody0')
        self.jobs.key('DEL', 'alive:s30_nobody0')
        self.jobs.settled()
        self.assertEqual(self.stack.requests('player', 's30_nobody0'), [])
        self.assertIn('track "s30_nobody0" is not resolved, no request waits',
                      self.stack.log('resolver'))

    def test_a_prefetch_of_long_ago_is_not_run(self) -> None:
        old = f'{1000 * (time.time() - 601):.0f}'
        self.jobs.key('ZADD', 'jobs:prefetch', old, 's30_stale00')
        self.jobs.settled()
        self.assertEqual(self.stack.requests('player', 's30_stale00'), [])
        wait_for(lambda: 'track "s30_stale00" is not resolved, it has waited '
                 'for 10 minutes' in self.stack.log('resolver'), 'it is said')

    def test_what_is_fresh_by_now_is_not_run(self) -> None:
        self.jobs.outcome('s30_fresh00')
        self.jobs.key('SET', 'alive:s30_fresh00', '1')
        self.jobs.key('ZADD', 'jobs:play', '1', 's30_fresh00')
        self.jobs.settled()
        self.assertEqual(len(self.stack.requests('player', 's30_fresh00')), 1)

    def test_breaker_opens_and_closes(self) -> None:
        self.jobs.outcome('s30_known00')
        kind, record = self.jobs.outcome('bot_first00')
        self.assertEqual(record['error'], 'bot_check')
        self.assertAlmostEqual(record['retry_after'], 600, delta=2)

        asked = len(self.stack.requests('player'))
        answer = self.stack.get('/cdn/stream/s30_closed0')
        self.assertEqual((answer.status, answer.problem['code']),
                         (503, 'bot_check'))
        self.assertEqual(len(self.stack.requests('player')), asked)
        # what has a record plays all the same
        self.assertEqual(self.jobs.want('s30_known00')[0], 'record')
        self._is_degraded('open')

        # after its time one may try, and is refused again: twice the time,
        # up to the class's own
        self._wait_over()
        self._is_degraded('half_open')
        kind, record = self.jobs.outcome('bot_second0')
        self.assertAlmostEqual(record['retry_after'], 600, delta=2)
        self.assertEqual(self.jobs.key('HGET', 'breaker', 'count'), b'2')

        # one that succeeds closes it
        self._wait_over()
        self.assertEqual(self.stack.get('/cdn/stream/s30_opened0').status,
                         200)
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)
        wait_for(lambda: self.stack.health()['status'] == 'healthy',
                 'healthy again')

    def _wait_over(self) -> None:
        self.jobs.key('HSET', 'breaker', 'until', '1')

    def _is_degraded(self, state: str) -> None:
        def shown() -> bool:
            check = self.stack.health()['checks']['ytdlp']
            return check.get('breaker', {}).get('state') == state

        wait_for(shown, f'health says {state}')
        answer = self.stack.get('/health')
        self.assertEqual(answer.status, 200)
        health = json.loads(answer.body)
        self.assertEqual(health['status'], 'degraded')
        self.assertEqual(health['checks']['ytdlp']['breaker']['class'],
                         'bot_check')

    def test_rate_limit_lasts_longer_each_time(self) -> None:
        for expected in (300, 600, 1200, 2400, 3600, 3600):
            _, record = self.jobs.outcome('rate_longer')
            self.assertAlmostEqual(record['retry_after'], expected, delta=2)
            self._wait_over()

    def test_a_private_probe_closes_a_lost_one_does_not(self) -> None:
        self.jobs.outcome('bot_third00')
        self._wait_over()
        self.assertEqual(self.jobs.outcome('500_probe00')[1]['error'],
                         'upstream')
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 1)
        # and the next may try at once
        self.assertEqual(self.jobs.outcome('privprobe00')[1]['error'],
                         'private')
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)

    def test_one_probe_at_a_time(self) -> None:
        self.jobs.outcome('bot_fourth0')
        self._wait_over()
        self.stack.switch(latency={'player': 400})
        asked = len(self.stack.requests('player'))
        kinds = []

        def listener(number: int) -> None:
            kinds.append(self.jobs.want(f's30_probe{number:02}')[0])

        threads = [threading.Thread(target=listener, args=(number,))
                   for number in range(20)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(sorted(kinds), ['failure'] * 19 + ['pending'])
        self.jobs.settled()
        self.assertEqual(len(self.stack.requests('player')), asked + 1)
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)

    def test_queued_jobs_are_dropped_as_it_opens(self) -> None:
        self.stack.switch(latency={'player': 300})
        for number in range(2):
            self.jobs.want(f'bot_queue0{number}')
        wait_for(lambda: len(self.stack.requests('player')) == 2, 'busy')
        for number in range(5):
            self.jobs.want(f's30_queue0{number}')
        self.jobs.settled()
        self.assertEqual(len(self.stack.requests('player')), 2)
        # the two that met the check count as one
        self.assertEqual(self.jobs.key('HGET', 'breaker', 'count'), b'1')

    def test_a_failed_refresh_hides_nothing(self) -> None:
        track = 's30_refresh'
        old = self.jobs.outcome(track)[1]
        self.stack.switch(behave={track: 'priv'})
        kind, record = self.jobs.outcome(track, old['generation'], 'prefetch')
        self.assertEqual((kind, record['error']), ('failure', 'private'))
        # a client that needs no renewal still plays
        self.assertEqual(self.jobs.want(track), ('record', old))
        answer = self.stack.get(f'/cdn/stream/{track}')
        self.assertEqual(answer.status, 200)
        # and the source is not asked again for what failed
        self.assertEqual(len(self.stack.requests('player', track)), 2)
        self.jobs.want(track, old['generation'], 'prefetch')
        self.jobs.settled()
        self.assertEqual(len(self.stack.requests('player', track)), 2)

    def test_a_refresh_brings_a_newer_one(self) -> None:
        track = 's30_newer00'
        old = self.jobs.outcome(track)[1]
        kind, new = self.jobs.outcome(track, old['generation'], 'prefetch')
        self.assertEqual(kind, 'record')
        self.assertGreater(new['generation'], old['generation'])
        self.assertNotEqual(new['formats'][0]['url'], old['formats'][0]['url'])
        self.assertEqual(new['formats'][0]['representation'],
                         old['formats'][0]['representation'])

    def test_a_record_of_a_clock_that_was_ahead_is_refreshed(self) -> None:
        track = 's30_ahead00'
        old = self.jobs.outcome(track)[1]
        ahead = old['generation'] + 3600000
        text = self.jobs.key('GET', f'track:{track}').decode()
        self.jobs.key('SET', f'track:{track}', text.replace(
            str(old['generation']), str(ahead), 1))
        for lane in ('play', 'prefetch'):
            kind, new = self.jobs.outcome(track, ahead, lane, 5)
            self.assertEqual(kind, 'record')
            self.assertGreater(new['generation'], ahead)
            ahead = new['generation']

    def test_an_advertisement_is_waited_for(self) -> None:
        record = self.jobs.outcome('adv_before0')[1]
        self.assertIn(record['formats'][0]['not_before']
                      - record['resolved_at'], (2, 3, 4))

    def test_the_heartbeat_tells_all(self) -> None:
        self.jobs.outcome('s30_beat000')
        beat = wait_for(lambda: next(
            (each for each in self.stack.heartbeats()
             if each['jobs']['ok']), None), 'a beat')
        self.assertRegex(beat['ytdlp_version'], r'^20\d\d\.\d\d\.\d\d')
        self.assertGreaterEqual(beat['ytdlp_age'], 0)
        self.assertEqual(beat['mode'], 'warm')
        self.assertEqual(sum(beat['workers'].values()), 2)
        self.assertEqual(beat['queues'], {'play': 0, 'prefetch': 0})
        self.assertGreater(beat['latency']['p50'], beat['own']['p50'])
        self.assertGreaterEqual(beat['latency']['p99'],
                                beat['latency']['p50'])
        self.assertIsNone(beat['canary'])
        self.assertEqual(beat['budget']['limit'], 100000)
        self.assertLess(beat['budget']['left'], 100000)
        self.assertGreater(beat['last_success'], time.time() - 60)


class BudgetTest(unittest.TestCase):
    def test_a_play_is_never_refused(self) -> None:
        stack = Stack(nginx=False, settings={'VOYO_BUDGET': '5'})
        jobs = Jobs(stack)
        try:
            for number in range(4):
                jobs.outcome(f's30_budget{number}')
            jobs.outcome('s30_budget4', lane='prefetch')
            kind, record = jobs.want('s30_budget5', lane='prefetch')
            self.assertEqual((kind, record['error']), ('failure', 'budget'))
            self.assertAlmostEqual(record['retry_after'], 3600, delta=10)
            for number in range(6, 20):
                self.assertEqual(jobs.outcome(f's30_budget{number}'[:11])[0],
                                 'record')
            # it was queued while there was room, and is popped without
            jobs.key('ZADD', 'jobs:prefetch', '1', 's30_budgetx')
            jobs.settled()
            wait_for(lambda: '"s30_budgetx" is not resolved, the budget is '
                     'spent' in stack.log('resolver'), 'it is logged')
            wait_for(lambda: stack.heartbeats()[0]['budget']
                     == {'limit': 5, 'left': 0}, 'the heartbeat tells')
            self.assertLessEqual(jobs.key('ZCARD', 'budget'), 5)
        finally:
            stack.close()


class ManyTest(unittest.TestCase):
    def test_three_resolvers_resolve_each_track_once(self) -> None:
        stack = Stack(nginx=False, settings={'VOYO_BUDGET': '100000'})
        jobs = Jobs(stack)
        try:
            for number in (2, 3):
                stack.start_resolver(f'resolver{number}')
            tracks = [f's30_many{number:03}' for number in range(300)]
            asked = tracks * 3
            random.Random(7).shuffle(asked)
            lanes = random.Random(8)
            outcomes: list[str] = []

            def ask(part: list[str]) -> None:
                outcomes.extend(
                    jobs.outcome(track, lane=lanes.choice(
                        ('play', 'play', 'prefetch')), seconds=60)[0]
                    for track in part)

            threads = [threading.Thread(target=ask, args=(asked[n::12],))
                       for n in range(12)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            self.assertEqual(outcomes, ['record'] * 900)
            resolved = [each['id'] for each in stack.requests('player')]
            self.assertEqual(sorted(resolved), tracks)
            # all three took part
            for name in ('resolver', 'resolver2', 'resolver3'):
                self.assertIn('is resolved in', stack.log(name))
            self.assertEqual(stack.redis('KEYS', PREFIX + 'lease:*'), [])
        finally:
            stack.close()

    def test_two_of_one_name_are_two(self) -> None:
        stack = Stack(nginx=False, resolver=False)
        jobs = Jobs(stack)
        try:
            for name in ('resolver', 'resolver2'):
                stack.start_resolver(name, VOYO_NAME='twin')
            wait_for(lambda: [each['name'] for each in stack.heartbeats()]
                     == ['twin', 'twin'], 'both live')
            # the first to leave takes nothing of the other's with it
            stack.stop('resolver')
            self.assertEqual(len(stack.heartbeats()), 1)
            self.assertEqual(jobs.outcome('s30_twin000')[0], 'record')
        finally:
            stack.close()

    def test_a_killed_prober_leaves_the_breaker_to_others(self) -> None:
        stack = Stack(nginx=False, resolve_timeout='8s')
        jobs = Jobs(stack)
        try:
            jobs.outcome('bot_killed0')
            jobs.key('HSET', 'breaker', 'until', '1')
            stack.switch(behave={'s30_killed0': 'hang'})
            jobs.want('s30_killed0')
            wait_for(lambda: stack.requests('player', 's30_killed0'), 'asked')
            stack.stop('resolver', signal.SIGKILL)
            stack.start_resolver()
            began = time.monotonic()
            wait_for(lambda: jobs.want('s30_killed1')[0] != 'failure',
                     'another may try', 5)
            self.assertEqual(jobs.outcome('s30_killed1')[0], 'record')
            self.assertLess(time.monotonic() - began, 4)
        finally:
            stack.close()


if __name__ == '__main__':
    unittest.main()
