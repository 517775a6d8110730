"""Every fault of `make faults` fires its alert, and no other."""

import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / 'lib'),
                str(Path(__file__).parent / 'faults')]

import faults  # noqa: E402
from alerts import Samples, not_firing, scrape  # noqa: E402
from stack import wait_for  # noqa: E402

# the alert, and the metric that shows the fault: its name and its value
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
    # listeners notice nothing
    faults.Reloads: ('', 'voyo_redis_up', 1),
    faults.WorkerKilled: ('', 'voyo_redis_up', 1),
}


class Alerts(unittest.TestCase):

    def test_each_fault(self) -> None:
        for kind, (alert, metric, value) in ALERTS.items():
            with self.subTest(kind.name):
                fault = kind()
                try:
                    before, after = self.suffer(fault, metric, value)
                finally:
                    fault.close()
                self.assertEqual(
                    not_firing(before, after, {alert} - {''}), '')

    def suffer(self, fault: faults.Fault, metric: str,
               value: float) -> tuple[Samples, Samples]:
        after: Samples = {}

        def shown() -> bool:
            fault.go_on()
            after.clear()
            after.update(scrape(fault.stack))
            return any(name.startswith(metric) and value <= found <= value + 1
                       for name, found in after.items())

        fault.stack.get('/cdn/stream/m04_fault00')
        wait_for(lambda: any('percentile' in name
                             for name in scrape(fault.stack)), 'a heartbeat')
        before = scrape(fault.stack)
        fault.begin()
        try:
            for number in range(1, 5):
                fault.stack.get(f'/cdn/stream/m04_fault{number:02}')
            wait_for(shown, f'{metric} is {value}', 20)
        finally:
            fault.end()
        return before, after


if __name__ == '__main__':
    unittest.main()
