"""deploy/alerts.yaml, evaluated by promtool over what /metrics said."""

import json
import re
import subprocess
import tempfile
from pathlib import Path

from stack import ROOT, Stack

EVERY = 15                             # seconds between two scrapes
QUIET = 8                              # scrapes before the fault
FAULT = 28                             # and during it
GROWING = re.compile(r'\w+_(total|bucket|sum|count)\b')

Samples = dict[str, float]


def scrape(stack: Stack) -> Samples:
    """Each sample by its name and labels, as Prometheus would store it."""

    found = {'up{job="voyo",instance="voyo"}': 1.0}
    for line in stack.get('/metrics').body.decode().splitlines():
        if line.startswith('#'):
            continue
        name, _, value = line.rpartition(' ')
        name, _, labels = name.rstrip('}').partition('{')
        labels += ',' if labels else ''
        found[f'{name}{{{labels}job="voyo",instance="voyo"}}'] = float(value)
    return found


def not_firing(before: Samples, after: Samples, alerts: set[str]) -> str:
    """
    Empty if exactly these alerts fire after "after" has gone on for seven
    minutes: gauges stay at it, counters grow in each scrape by what they grew
    from "before".  Otherwise what promtool says.
    """

    return judge(before, after, ((QUIET + FAULT - 1) * EVERY, alerts))


def fires_after(before: Samples, after: Samples, alert: str) -> int:
    """Seconds from the first scrape of the fault until the alert fires."""

    said = judge(before, after, *(((QUIET + n) * EVERY, set())
                                  for n in range(FAULT)))
    times = [re.match(r'(?:(\d+)m)?(?:(\d+)s)?', each).groups()
             for each in said.split('time: ')[1:]
             if f'alertname="{alert}"' in each]
    assert times, said
    return min(int(minutes or 0) * 60 + int(seconds or 0)
               for minutes, seconds in times) - QUIET * EVERY


def judge(before: Samples, after: Samples,
          *checks: tuple[int, set[str]]) -> str:
    series = []
    for name in before | after:
        old, new = before.get(name), after.get(name)
        values = ['_' if old is None else str(old)] * QUIET
        for n in range(1, FAULT + 1):
            grown = (old or 0) + n * ((new or 0) - (old or 0))
            values.append('_' if new is None else
                          str(grown if GROWING.match(name) else new))
        series.append({'series': name, 'values': ' '.join(values)})

    test = {'rule_files': [str(ROOT / 'deploy/alerts.yaml')],
            'evaluation_interval': f'{EVERY}s',
            'tests': [{'interval': f'{EVERY}s', 'input_series': series,
                       'promql_expr_test': [{
                           'expr': 'group by (alertname) '
                                   '(ALERTS{alertstate="firing"})',
                           'eval_time': f'{at}s',
                           'exp_samples': [
                               {'labels': f'{{alertname="{alert}"}}',
                                'value': 1}
                               for alert in sorted(alerts)]}
                           for at, alerts in checks]}]}
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / 'test.yaml'
        path.write_text(json.dumps(test))
        done = subprocess.run(['promtool', 'test', 'rules', path], text=True,
                              capture_output=True)
    return '' if done.returncode == 0 else done.stdout + done.stderr
