"""10,000 jobs with random faults, each answered with its own outcome.

Tracks fail as their ids say, the source hangs beyond deadlines of 300 ms
(longer on a busy machine), and workers are killed.
"""

import collections
import os
import random
import re
import signal
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

import ytdlp  # noqa: E402
from jobs import Jobs  # noqa: E402
from stack import Stack, wait_for  # noqa: E402

JOBS = int(os.environ.get('VOYO_LONG_JOBS', 10000))
DIED = {'internal', 'timeout'}         # of a worker's end, by where it was

# prefix, share of all, outcomes
KINDS = (
    ('s30_', 800, {'record'}),
    ('aac_', 50, {'record'}),
    ('dubs', 30, {'record'}),
    ('priv', 25, {'private'}),
    ('gone', 15, {'unavailable'}),
    ('geo_', 10, {'geo_blocked'}),
    ('live', 10, {'live'}),
    ('drm_', 10, {'drm'}),
    ('sabr', 10, {'no_formats'}),
    ('json', 10, {'extractor'}),
    ('500_', 10, {'upstream'}),
    ('drop', 10, {'network'}),
    ('hang', 10, {'timeout'}),
)


class LongTest(unittest.TestCase):
    def test_every_job_has_its_outcome(self) -> None:
        stack = Stack(nginx=False, ytdlp_workers=3, resolve_timeout='15s',
                      settings={'VOYO_BUDGET': '100000'})
        try:
            # of which a quarter is not the worker's
            ms = max(400, 6 * self._usual(stack, Jobs(stack)))
            print(f'a time-out of {ms} ms', file=sys.stderr)
            stack.stop('resolver')
            stack.resolve_timeout = f'{ms}ms'
            stack.start_resolver('resolver')
            stack.start_resolver('resolver2')
            self._run(stack, Jobs(stack))
        finally:
            stack.close()

    def test_a_proof_is_no_job(self) -> None:
        """A worker is replaced after 2000 tracks, however often it proves."""

        stack = Stack(nginx=False, ytdlp_workers=1, settings={
            'VOYO_BUDGET': '100000', 'VOYO_PROOF': '1'})
        self.addCleanup(stack.close)
        jobs = Jobs(stack)

        def replaced() -> bool:
            return 'replaced for its jobs' in stack.log('resolver')

        for number in range(1990):
            self.assertEqual(jobs.outcome(f's05_{number:07}')[0], 'record')
        self.assertGreater(stack.heartbeats()[0]['jobs']['proved'], 1000)
        self.assertFalse(replaced())
        for number in range(1990, 2010):
            jobs.outcome(f's05_{number:07}')
        wait_for(replaced, 'it is replaced')

    def _usual(self, stack: Stack, jobs: Jobs) -> int:
        """The duration of nearly all jobs in milliseconds, 16 at a time."""

        def ask(number: int) -> None:
            for turn in range(10):
                jobs.outcome(f's30_u{number:02}{turn:04}', seconds=60)

        threads = [threading.Thread(target=ask, args=(number,))
                   for number in range(16)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        times = sorted(float(each) for each in re.findall(
            r'is resolved in ([\d.]+) ms', stack.log('resolver')))
        return round(times[len(times) * 95 // 100])

    def _run(self, stack: Stack, jobs: Jobs) -> None:
        chance = random.Random(11)
        asked = [(f'{prefix}{number:07}', outcomes)
                 for number, (prefix, _, outcomes) in enumerate(
                     chance.choices(KINDS, [each[1] for each in KINDS],
                                    k=JOBS))]
        wrong: list[str] = []
        counted: collections.Counter[str] = collections.Counter()
        over = threading.Event()
        kills = 0
        pids = [stack.parts[name].pid for name in ('resolver', 'resolver2')]

        def ask(part: list) -> None:
            for track, outcomes in part:
                kind, record = jobs.outcome(track, seconds=60)
                name = record.get('error', kind)
                counted[name] += 1
                # its worker may have been the one that was killed
                if name not in outcomes | DIED:
                    wrong.append(f'{track}: {name}')

        def kill() -> None:
            nonlocal kills
            while not over.wait(chance.uniform(1, 3)):
                victims = [pid for pid in ytdlp.family(chance.choice(pids))
                           if ytdlp.age(pid) > 10]
                if victims:
                    try:
                        os.kill(chance.choice(victims), signal.SIGKILL)
                        kills += 1
                    except ProcessLookupError:
                        pass

        killer = threading.Thread(target=kill)
        killer.start()
        # what is allocated once is there
        ask(asked[:500])
        before = [ytdlp.anonymous(pid) for pid in pids]
        threads = [threading.Thread(target=ask, args=(asked[500 + n::16],))
                   for n in range(16)]
        began = time.monotonic()
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        over.set()
        killer.join()
        took = time.monotonic() - began

        # one that was killed has one job, and who is late is one in 200
        died = counted['internal'] + counted['timeout'] - sum(
            outcomes == {'timeout'} for _, outcomes in asked)
        print(f'{sum(counted.values())} jobs, {took:.0f} s: {counted}, '
              f'{kills} workers killed, {died} jobs died', file=sys.stderr)
        self.assertEqual(sum(counted.values()), JOBS)
        self.assertEqual(wrong, [])
        self.assertLessEqual(died, kills + JOBS / 200)
        jobs.settled()
        for pid, then in zip(pids, before):
            wait_for(lambda: len(ytdlp.family(pid)) == 3, 'three workers', 90)
            self.assertLess(ytdlp.anonymous(pid), then + (1 << 20))


if __name__ == '__main__':
    unittest.main()
