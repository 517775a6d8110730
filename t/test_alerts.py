"""Each alert fires for its own cause, and for no other; each is documented."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / 'lib'),
                str(Path(__file__).parent / 'faults'),
                str(Path(__file__).parent)]

import faults  # noqa: E402
import long_alerts  # noqa: E402
from alerts import Samples, not_firing, scrape  # noqa: E402
from stack import ROOT, Stack, wait_for  # noqa: E402

# what the metrics, matched by their beginnings, have become; a "+" grows by it
CAUSES: dict[str, dict[str, str]] = {
    'VoyoDown': {'up': '0'},
    'VoyoRedisDown': {'voyo_redis_up': '0'},
    'VoyoNoResolver': {'voyo_resolvers': '0'},
    'VoyoStalled': {'voyo_stalled_seconds': '31'},
    'VoyoBreakerOpen': {'voyo_breaker_open': '1', 'voyo_queue_length': '30',
                        'voyo_resolver_failing_tracks': '5'},
    'VoyoClientRefused': {'voyo_resolver_client_refused': '1'},
    'VoyoSourceFails': {'voyo_resolver_failing_tracks': '3',
                        'voyo_media_failing_tracks': '4',
                        'voyo_resolver_cold': '1'},
    'VoyoMediaFails': {'voyo_media_failing_tracks': '3'},
    'VoyoYtdlpDown': {'voyo_resolver_down': '1'},
    'VoyoYtdlpCold': {'voyo_resolver_cold': '1'},
    'VoyoQueueLong': {'voyo_queue_length': '21'},
    'VoyoBudgetLow': {'voyo_budget_left': '24'},
    'VoyoCacheNotWritable': {'voyo_cache_writable': '0'},
    'VoyoZoneSmall': {'voyo_zone_evictions_total': '+32'},
    'VoyoFillsDropped': {'voyo_fills_dropped_total': '+1'},
    'VoyoLogDropped': {'voyo_log_dropped_lines_total': '+1'},
    'VoyoClientsUnidentified': {'voyo_clients_unidentified': '1'},
    'VoyoSlow': {'voyo_first_byte_seconds_bucket{cache="hit",le="1.0"': '+9',
                 'voyo_first_byte_seconds_bucket{cache="hit",le="2.5"': '+9',
                 'voyo_first_byte_seconds_bucket{cache="hit",le="5.0"': '+9',
                 'voyo_first_byte_seconds_bucket{cache="hit",le="10.0"': '+9',
                 'voyo_first_byte_seconds_bucket{cache="hit",le="+Inf"': '+9'},
    'VoyoErrors': {'voyo_responses_total{handler="stream",code="503"': '+1',
                   'voyo_responses_total{handler="stream",code="200"': '+9'},
    'VoyoCuts': {'voyo_cuts_total': '+1'},
    'VoyoCanaryFails': {'voyo_resolver_canary_up': '0'},
}
# for an hour, which is longer than these tests
ELSEWHERE = {'VoyoYtdlpOld'}

EXTRA = ''.join(f'{name} 0\n' for name in (
    'voyo_responses_total{handler="stream",code="503",problem="busy",',
    'voyo_resolver_canary_up{resolver="r",', 'voyo_log_dropped_lines_total{'))


class Alerts(unittest.TestCase):
    stack: Stack
    quiet: Samples

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=2)
        cls.addClassCleanup(cls.stack.close)
        cls.stack.provoked.append('')
        for _ in range(3):
            cls.stack.get('/cdn/stream/m04_alert00')
        wait_for(lambda: any('percentile' in name
                             for name in scrape(cls.stack)), 'a heartbeat')
        cls.quiet = scrape(cls.stack)
        for line in EXTRA.splitlines():
            name, _, value = line.rpartition(' ')
            cls.quiet[f'{name}job="voyo",instance="voyo"}}'] = float(value)
        cls.quiet[next(name for name in cls.quiet
                       if 'canary_up' in name)] = 1.0

    def test_all_is_well(self) -> None:
        self.assertEqual(not_firing(self.quiet, self.quiet, set()), '')

    def test_each_for_its_cause(self) -> None:
        for alert, causes in CAUSES.items():
            after = dict(self.quiet)
            for start, value in causes.items():
                found = [name for name in after if name.startswith(start)]
                self.assertTrue(found, start)
                for name in found:
                    after[name] = float(value) + (after[name] if '+' in value
                                                  else 0)
            with self.subTest(alert):
                self.assertEqual(not_firing(self.quiet, after, {alert}), '')

    def test_all_are_tested_and_documented(self) -> None:
        rules = (ROOT / 'deploy/alerts.yaml').read_text()
        alerts = set(re.findall(r'alert: (\w+)', rules))
        documented = set(re.findall(r'^\| `(Voyo\w+)` ',
                                    (ROOT / 'docs/alerts.md').read_text(),
                                    re.M))
        metrics = (ROOT / 'docs/metrics.md').read_text()

        self.assertEqual(alerts, set(CAUSES) | ELSEWHERE)
        self.assertEqual(alerts, documented)
        for name in re.findall(r'\b(voyo_\w+?)(?:_bucket)?\b(?=[ {\[)/])',
                               rules):
            self.assertIn(f'`{name}`', metrics)

    def test_the_table_of_faults_is_complete(self) -> None:
        rows = re.findall(r'^\| ([^|]+?) \| (?:`(\w+)` is \d+|none) \|[^|]*'
                          r'\| (?:`(\w+)`|none) \|',
                          (ROOT / 'docs/alerts.md').read_text(), re.M)

        self.assertEqual(rows, [
            (kind.name, metric if alert else '', alert)
            for kind, (alert, metric, _) in long_alerts.ALERTS.items()])

    def test_the_rules_are_valid(self) -> None:
        subprocess.run(['promtool', 'check', 'rules',
                        ROOT / 'deploy/alerts.yaml'], check=True,
                       stdout=subprocess.DEVNULL)

    def test_the_queries_of_the_dashboard_are_valid(self) -> None:
        board = json.loads((ROOT / 'deploy/grafana.json').read_text())
        metrics = (ROOT / 'docs/metrics.md').read_text()
        rules = []
        for panel in board['panels']:
            for target in panel.get('targets', ()):
                query = target['expr'].replace('$__rate_interval', '5m')
                rules.append({'record': f'a:{len(rules)}', 'expr': query})
                for name in re.findall(r'\b(voyo_\w+?)(?:_bucket)?\b', query):
                    self.assertIn(f'`{name}`', metrics, panel['title'])
        with tempfile.NamedTemporaryFile('w') as file:
            json.dump({'groups': [{'name': 'board', 'rules': rules}]}, file)
            file.flush()
            subprocess.run(['promtool', 'check', 'rules', file.name],
                           check=True, stdout=subprocess.DEVNULL)
        self.assertGreater(len(rules), 30)

    # The real thing: what it does to the metrics fires the alert.

    def test_a_killed_resolver(self) -> None:
        self.suffer(faults.ResolverKilled(self.stack), 'voyo_resolvers', 0,
                    'VoyoNoResolver')

    def test_media_hosts_that_refuse(self) -> None:
        class Refused(faults.Forbidden):
            on = ('media',)
        self.suffer(Refused(self.stack), 'voyo_media_failing_tracks', 3,
                    'VoyoMediaFails')

    def suffer(self, fault: faults.Fault, metric: str, value: float,
               alert: str) -> None:
        before = scrape(self.stack)
        key = next(name for name in before if name.startswith(metric))
        fault.begin()
        try:
            for number in range(4):
                self.stack.get(f'/cdn/stream/m04_aler{alert[4]}{number:02}')
            wait_for(lambda: scrape(self.stack)[key] in (value, value + 1),
                     metric)
            after = scrape(self.stack)
        finally:
            fault.end()
        self.assertEqual(not_firing(before, after, {alert}), '')


if __name__ == '__main__':
    unittest.main()
