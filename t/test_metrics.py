#!/usr/bin/python3

"""/metrics, after plays, as Prometheus's own tool reads it."""

import os
import re
import signal
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

import ytdlp  # noqa: E402
from stack import ROOT, Stack, wait_for  # noqa: E402


class Metrics(unittest.TestCase):

    def setUp(self) -> None:
        self.stack = Stack(workers=2, ahead=4, ytdlp_workers=1)
        self.addCleanup(self.stack.close)

    def values(self) -> dict[str, float]:
        """Of each sample, by its name and labels."""

        lines = self.stack.get('/metrics').body.decode().splitlines()
        return {name: float(value)
                for name, _, value in (line.rpartition(' ') for line in lines
                                       if not line.startswith('#'))}

    def parked(self) -> dict[str, float]:
        return {name.split('"')[1]: value
                for name, value in self.values().items()
                if name.startswith('voyo_parked_requests{')}

    def test_promtool_accepts_them(self) -> None:
        for path in ('/cdn/stream/m04_metric1', '/cdn/stream/priv_metric',
                     '/cdn/track/m04_metric1'):
            self.stack.get(path)

        wait_for(lambda: any('result="private"' in name
                             for name in self.values()), 'a heartbeat')
        checked = subprocess.run(['promtool', 'check', 'metrics'],
                                 input=self.stack.get('/metrics').body,
                                 capture_output=True)

        self.assertEqual((checked.returncode, checked.stdout, checked.stderr),
                         (0, b'', b''))

    def test_each_is_documented(self) -> None:
        page = (ROOT / 'docs/metrics.md').read_text()
        documented = re.findall(r'^\| (`voyo_.*?) \|', page, re.M)
        names = set(re.findall(r'`(voyo_\w+)`', ' '.join(documented)))

        families = set(re.findall(r'^# TYPE (\w+) ',
                                  self.stack.get('/metrics').body.decode(),
                                  re.M))

        # the stack has no file for it
        families.add('voyo_log_dropped_lines_total')
        self.assertEqual(families, names)

    def test_workers_count_together(self) -> None:
        for _ in range(20):
            self.stack.get('/cdn/stream/m04_metric2')

        values = self.values()

        self.assertEqual(
            values['voyo_responses_total{handler="stream",code="200",'
                   'problem=""}'], 20)
        self.assertEqual(
            values['voyo_plays_total{quality="high",codec="aac",'
                   'cache="miss"}'], 1)
        self.assertEqual(
            values['voyo_plays_total{quality="high",codec="aac",'
                   'cache="hit"}'], 19)
        # each slice was fetched once, for a client or ahead of it
        slices = -(-len(self.stack.file('m04_metric2')) // (512 << 10))
        self.assertEqual(values['voyo_media_responses_total{code="2xx"}'],
                         slices)
        self.assertEqual(sum(values[f'voyo_slices_total{{result="{result}"}}']
                             for result in ('hit', 'waited', 'miss')),
                         20 * slices)

    def test_each_request_to_a_media_host_is_counted(self) -> None:
        # the rest of a slice whose body breaks off is another one
        self.stack.switch(faults=[{'do': {'cut': 100000}, 'times': 2}])
        self.stack.get('/cdn/stream/m04_metric4')

        requests = self.stack.requests('media', 'm04_metric4')
        self.assertEqual(
            self.values()['voyo_media_responses_total{code="2xx"}'],
            len(requests))
        self.assertGreater(len([each for each in requests
                                if each['fault'].get('cut')]), 1)

    def test_a_ytdlp_that_ends_is_started_again(self) -> None:
        def restarts() -> dict[str, float]:
            return {name.split('"')[3]: value
                    for name, value in self.values().items()
                    if name.startswith('voyo_resolver_restarts_total')}

        wait_for(lambda: restarts() == {'ended': 0, 'killed': 0,
                                        'replaced': 0}, 'a heartbeat')
        for pid in ytdlp.family(self.stack.parts['resolver'].pid):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: restarts()['ended'] == 1, 'another one')

    def test_a_killed_worker_leaves_no_gauge(self) -> None:
        os.kill(self.stack.parts['resolver'].pid, signal.SIGSTOP)
        self.addCleanup(os.kill, self.stack.parts['resolver'].pid,
                        signal.SIGCONT)
        self.stack.provoked.append('exited on signal 9')
        threading.Thread(target=self._lost, daemon=True).start()
        wait_for(lambda: self.parked() == {'track': 1, 'description': 0,
                                           'prefetch': 0, 'url': 0},
                 'a request waits')

        for pid in self.stack.nginx_workers():
            os.kill(pid, signal.SIGKILL)

        wait_for(self._none_parked, 'the new workers begin with none')

    def _lost(self) -> None:
        try:
            self.stack.get('/cdn/stream/m04_metric3')
        except OSError:
            pass

    def _none_parked(self) -> bool:
        try:
            return not any(self.parked().values())
        except OSError:
            return False


if __name__ == '__main__':
    unittest.main()
