#!/usr/bin/python3 -B

"""What listeners notice while something fails: `make faults`.

    t/faults/run.py [--listeners 100] [--seconds 10] [NAME...]

100 listeners play, hot, warm and cold ones mixed, while each fault happens for
ten seconds; NAME selects faults by the beginnings of their names.  Each fault
has a Redis, a resolver, an nginx and a stand-in source of its own.  The table
that is printed is that of docs/faults.md.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent),
                str(Path(__file__).resolve().parents[1] / 'lib')]

import faults  # noqa: E402
from listeners import Crowd, Health  # noqa: E402

AGAIN = 15.0                           # seconds that recovery may take


@dataclass
class Result:
    """What a fault did; times are seconds, None is "never"."""

    fault: faults.Fault
    crowd: Crowd
    corrupt: int
    later: int                         # known tracks disturbed after the end
    noticed: Health | None             # the first answer that is right
    noticed_after: float | None
    plays_after: float | None
    healthy_after: float | None

    @property
    def wrong(self) -> list[str]:
        """What is not as it should be."""

        crowd, fault = self.crowd, self.fault
        found = []
        errors = sum(count for (status, _), count in crowd.answers().items()
                     if status == 500)
        if errors:
            found.append(f'{errors} × 500')
        if crowd.empty():
            found.append(f'{len(crowd.empty())} empty 200')
        if self.corrupt:
            found.append(f'{self.corrupt} corrupt')
        if crowd.disturbed('hot'):
            found.append(f'{crowd.disturbed("hot")} hot disturbed')
        if fault.expected and (self.noticed_after is None
                               or self.noticed_after > 6):
            found.append('/health did not say it')
        if fault.healthy and self.noticed:
            found.append('/health said ' + self.noticed.status)
        if self.later:
            found.append(f'{self.later} known disturbed afterwards')
        silent = [each for each in crowd.health if each.status == 'none'
                  or each.status == 'lost' and not fault.loses]
        if silent:
            found.append(f'{len(silent)} × no /health within a second')
        for what, after in (('no play', self.plays_after),
                            ('not healthy', self.healthy_after)):
            if fault.again and (after is None or after > fault.again):
                found.append(f'{what} within {fault.again:g} s')
        return found


async def suffer(fault: faults.Fault, listeners: int, seconds: float,
                 quiet: float = 2) -> Result:
    """The fault lasts for so long, after as many seconds of quiet."""

    crowd = Crowd(fault.stack, fault.port, listeners)
    await crowd.prepare()
    crowd.start()
    new: list[asyncio.Task[float | None]] = []
    try:
        await asyncio.sleep(quiet)
        began = time.monotonic()
        await asyncio.to_thread(fault.begin)
        while (left := began + seconds - time.monotonic()) > 0:
            new.append(asyncio.create_task(crowd.probe()))
            await asyncio.sleep(min(0.5, left))
            await asyncio.to_thread(fault.go_on)
        before = time.monotonic()
        await asyncio.to_thread(fault.end)
        # a part that starts works from when it is there
        ended = time.monotonic()
        plays = await recover(crowd, ended, AGAIN if fault.again else 5.0)
        await asyncio.sleep(quiet / 2)
    finally:
        crowd.tasks += new
        await crowd.stop()
    noticed = next((each for each in crowd.health
                    if began < each.at <= before + 0.5
                    and is_noticed(each, fault)), None)
    healthy = healthy_since(crowd, ended)
    corrupt = len(await asyncio.to_thread(crowd.corrupt))
    return Result(fault, crowd, corrupt,
                  crowd.disturbed_since(ended + (fault.again or 2)), noticed,
                  noticed.at - began if noticed else None, plays,
                  healthy - ended if healthy is not None else None)


def is_noticed(health: Health, fault: faults.Fault) -> bool:
    if fault.expected:
        return health.status not in ('healthy', 'none', 'lost') \
            and any(name in health.failed for name in fault.expected)
    return health.status != 'healthy' \
        and not (health.status == 'lost' and fault.loses)


def healthy_since(crowd: Crowd, ended: float) -> float | None:
    """From when on it has been healthy."""

    since = None
    for each in crowd.health:
        if each.at < ended:
            continue
        if each.status != 'healthy':
            since = None
        elif since is None:
            since = each.at
    return since


async def recover(crowd: Crowd, ended: float, most: float) -> float | None:
    """
    Unknown tracks are played, one each half a second.  Returns when the first of
    those has sound after which none has failed.
    """

    probes: list[asyncio.Task[float | None]] = []
    settled = 0.0
    while time.monotonic() < ended + most:
        probes.append(asyncio.create_task(crowd.probe()))
        await asyncio.sleep(0.5)
        done = [each for each in probes if each.done()]
        well = len(done) >= 3 and all(each.result() for each in done[-3:]) \
            and crowd.health[-1].status == 'healthy'
        settled = settled or (time.monotonic() if well else 0.0)
        if settled and time.monotonic() > settled + 1:
            break
    for each in probes:
        if not each.done():
            each.cancel()
    results = await asyncio.gather(*probes, return_exceptions=True)
    first = None
    for result in results:
        if isinstance(result, float):
            first = result if first is None else first
        elif result is None:
            first = None
    return first - ended if first is not None else None


HEADER = """\
| fault | requests | answers | hot | warm | cold | /health | plays again | healthy again | missed |
|---|--:|---|--:|--:|--:|---|--:|--:|---|"""


def row(result: Result) -> str:
    crowd = result.crowd
    answers = ', '.join(
        f'{count} × {status or "none"} {code}'.rstrip()
        for (status, code), count in sorted(crowd.answers().items()))
    noticed = 'healthy'
    if result.noticed:
        names = ', '.join(result.noticed.failed) or '-'
        noticed = (f'{result.noticed.status}: {names}, '
                   f'{result.noticed_after:.1f} s')

    def after(seconds: float | None) -> str:
        return 'no' if seconds is None else f'{seconds:.1f} s'

    return '| ' + ' | '.join((
        result.fault.name, str(len(crowd.requests)), answers,
        str(crowd.disturbed('hot')), str(crowd.disturbed('warm')),
        str(crowd.disturbed('cold')), noticed, after(result.plays_after),
        after(result.healthy_after),
        '; '.join(result.wrong) or '-')) + ' |'


def run(kind: type[faults.Fault], listeners: int, seconds: float) -> Result:
    fault = kind()
    try:
        return asyncio.run(suffer(fault, listeners, seconds))
    finally:
        fault.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('names', nargs='*')
    parser.add_argument('--listeners', type=int, default=100)
    parser.add_argument('--seconds', type=float, default=10)
    options = parser.parse_args()

    print(HEADER, flush=True)
    wrong = 0
    for kind in faults.ALL:
        if options.names and not kind.name.startswith(tuple(options.names)):
            continue
        try:
            result = run(kind, options.listeners, options.seconds)
        except AssertionError as error:
            print(f'| {kind.name} | {error} |', flush=True)
            wrong += 1
            continue
        wrong += bool(result.wrong)
        print(row(result), flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
