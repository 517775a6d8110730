"""Faults of `make faults`: each fires its alert, and no other.

The table that is printed is that of docs/alerts.md.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
import unittest
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / 'lib'),
                str(Path(__file__).parent / 'faults')]

import faults  # noqa: E402
from alerts import Samples, fires_after, not_firing, scrape  # noqa: E402
from stack import ROOT, Stack, wait_for  # noqa: E402

# the alert, and the metric that shows the fault: its name, and 0, or at least
ALERTS: dict[type[faults.Fault], tuple[str, str, float]] = {
    faults.ResolverKilled: ('VoyoNoResolver', 'voyo_resolvers', 0),
    faults.ResolverStopped: ('VoyoNoResolver', 'voyo_resolvers', 0),
    faults.RedisKilled: ('VoyoRedisDown', 'voyo_redis_up', 0),
    faults.RedisStopped: ('VoyoRedisDown', 'voyo_redis_up', 0),
    faults.FailedOver: ('VoyoRedisDown', 'voyo_redis_up', 0),
    faults.Moved: ('VoyoRedisDown', 'voyo_redis_up', 0),
    faults.RedisFull: ('VoyoRedisDown', 'voyo_redis_up', 0),
    faults.DiskFull: ('VoyoCacheNotWritable', 'voyo_cache_writable', 0),
    faults.NoInodes: ('VoyoCacheNotWritable', 'voyo_cache_writable', 0),
    faults.TooMany: ('VoyoBreakerOpen', 'voyo_breaker_open', 1),
    faults.Resets: ('VoyoSourceFails', 'voyo_resolver_failing_tracks', 3),
    faults.Forbidden: ('VoyoSourceFails', 'voyo_resolver_failing_tracks', 3),
    faults.Garbage: ('VoyoSourceFails', 'voyo_resolver_failing_tracks', 3),
    faults.YtdlpKilled: ('VoyoYtdlpDown', 'voyo_resolver_down', 1),
    # listeners notice nothing
    faults.Slow: ('', 'voyo_redis_up', 1),
    faults.Reloads: ('', 'voyo_redis_up', 1),
    faults.WorkerKilled: ('', 'voyo_redis_up', 1),
}


@dataclass
class Told:
    """What an operator saw of a fault."""

    after: float                       # seconds until the metric showed it
    health: str
    status: str


HEADER = """\
| fault | metric | after | alert | after | /health | `voyo status` |
|---|---|--:|---|--:|---|---|"""


class Alerts(unittest.TestCase):

    def test_each_fault(self) -> None:
        table = [HEADER]
        for kind, (alert, metric, value) in ALERTS.items():
            with self.subTest(kind.name):
                fault = kind()
                try:
                    before, after, told = self.suffer(fault, metric, value)
                finally:
                    fault.close()
                self.assertEqual(
                    not_firing(before, after, {alert} - {''}), '')
                table.append(self.row(kind, told, before, after))
        print('\n'.join(table))

    def suffer(self, fault: faults.Fault, metric: str,
               value: float) -> tuple[Samples, Samples, Told]:
        after: Samples = {}

        def shown() -> bool:
            fault.go_on()
            after.clear()
            after.update(scrape(fault.stack))
            return any(name.startswith(metric)
                       and (found >= value if value else found == 0)
                       for name, found in after.items())

        fault.stack.get('/cdn/stream/m04_fault00')
        wait_for(lambda: any('percentile' in name
                             for name in scrape(fault.stack)), 'a heartbeat')
        before = scrape(fault.stack)
        began = time.monotonic()
        fault.begin()
        listeners = [threading.Thread(target=listen, args=(fault, number))
                     for number in range(1, 5)]
        try:
            for each in listeners:
                each.start()
            wait_for(shown, f'{metric} is {value}', 20)
            told = Told(time.monotonic() - began, health(fault.stack),
                        status(fault, ALERTS[type(fault)][0]))
        finally:
            fault.end()
            for each in listeners:
                each.join()
        return before, after, told

    def row(self, kind: type[faults.Fault], told: Told, before: Samples,
            after: Samples) -> str:
        """Of the table in docs/alerts.md."""

        alert, metric, value = ALERTS[kind]
        if not alert:
            return f'| {kind.name} | none | | none | | {told.health} ' \
                   f'| {told.status} |'
        fires = told.after + fires_after(before, after, alert)
        return f'| {kind.name} | `{metric}` is {value:.0f} ' \
               f'| {told.after:.1f} s | `{alert}` | {fires:.0f} s ' \
               f'| {told.health} | {told.status} |'


def listen(fault: faults.Fault, number: int) -> None:
    try:
        fault.stack.get(f'/cdn/stream/m04_fault{number:02}')
    except (OSError, http.client.HTTPException):
        pass


def health(stack: Stack) -> str:
    said = stack.health()
    return f'{said["status"]}: ' + ', '.join(
        name + (f' `{check["reason"]}`' if 'reason' in check else '')
        for name, check in said['checks'].items()
        if check['status'] == 'failed') \
        if said['status'] != 'healthy' else 'healthy'


def status(fault: faults.Fault, alert: str) -> str:
    """The parts that the operator's program names: some, if an alert does."""

    said: list[str] = []

    def named() -> bool:
        fault.go_on()
        said[:] = failed(fault)
        return bool(said) or not alert

    wait_for(named, 'voyo status names a part')
    return '; '.join(said) or 'nothing'


def failed(fault: faults.Fault) -> list[str]:
    stack = fault.stack
    redis = f'redis://127.0.0.2:{fault.redis_port}' \
        if isinstance(fault, faults.Moved) else f'unix:{stack.redis_socket}'
    done = subprocess.run(
        [ROOT / 'deploy/voyo', 'status', '--json'], capture_output=True,
        text=True, timeout=60, env={
            'PATH': os.environ['PATH'], 'PORT': str(stack.port),
            'VOYO_HOME': f'{stack.dir}/home', 'REDIS_URL': redis})
    parts = json.loads(done.stdout)['parts']
    return [f'`{name}` {plain(part["text"], stack)}'
            for name, part in parts.items() if part['status'] == 'failed']


def plain(text: str, stack: Stack) -> str:
    """Without the paths and ports of this run, and short enough for a table."""

    text = text.replace(f'unix:{stack.dir}', '…').replace(str(stack.dir), '…')
    text = re.sub(r'(127\.0\.0\.\d):\d+', r'\1:6379', text)
    return text if len(text) <= 80 else text[:80].rsplit(' ', 1)[0] + ' …'


if __name__ == '__main__':
    unittest.main()
