#!/usr/bin/python3 -B

"""VOYO behind each proxy that is installed: `make fronts`.

    t/fronts/run.py [NAME...]     e.g. nginx haproxy

Prints a table: how much of an hour is read for a client that stops, and how
Chromium's element hears an outage of the source of 45 s, without retries and
with them.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'lib')]

from fronts import KINDS, Front, program  # noqa: E402
from stack import SLICE, Stack, wait_for  # noqa: E402

OUTAGE = 45
AT = 2 * SLICE       # by then the listener has a minute of sound
AT_A_TIME = 3        # fronts: a page starts some ten elements at once


class Run:
    """One stack, and some of the proxies in front of it."""

    def __init__(self, names: list[str], retry: str) -> None:
        self.stack = Stack(ahead=0, retry_timeout=retry)
        self.stack.provoked.append('.')
        self.fronts: list[Front] = []
        try:
            for name in names:
                self.fronts.append(Front(
                    name, self.stack.dir / name, self.stack.port,
                    self.stack.dir / 'source'))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for front in self.fronts:
            front.stop()
        self.stack.close()

    def each(self) -> Iterator[tuple[str, str, str]]:
        """Row of the table, version of HTTP, URL."""

        for front in self.fronts:
            yield (f'{front.name}, HTTP/1.1', '1.1',
                   f'http://127.0.0.1:{front.h1_port}')
            if front.h2:
                yield (f'{front.name}, HTTP/2', '2',
                       f'https://127.0.0.1:{front.h2_port}')

    def curl(self, version: str, url: str, *more: str
             ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ['curl', '-sN', '-m', '30', '--cacert', self.stack.source['ca'],
             f'--http{version}', *more, url], stdout=subprocess.PIPE)

    def served(self) -> list[dict]:
        log = (self.stack.dir / 'home/access.log').read_text()
        return [json.loads(line) for line in log.splitlines()]

    def stopped(self) -> dict[str, str]:
        """Slices of an hour that are read for a client that stops."""

        read = {}
        for n, (row, version, url) in enumerate(self.each()):
            track = f'h01_stop{n:03}'
            with self.curl(version, f'{url}/cdn/stream/{track}') as curl:
                assert curl.stdout is not None
                curl.stdout.read(100000)
                time.sleep(8)
                read[row] = str(len(self.stack.requests('media', track)))
                curl.terminate()
        return read

    def outage(self) -> dict[str, tuple[int, dict]]:
        """The resumes during an outage, and what was heard."""

        tracks = {row: f'm04_out{n:04}'
                  for n, (row, _, _) in enumerate(self.each())}
        self.stack.switch(faults=[{'do': {'status': 500}, 'id': track,
                                   'at': AT} for track in tracks.values()])
        browser = subprocess.Popen(
            ['node', HERE / 'listen.js', str(OUTAGE + 12), *(
                f'{url}/cdn/stream/{tracks[row]}'
                for row, _, url in self.each())], stdout=subprocess.PIPE)
        wait_for(lambda: all(any(
            each['range'].startswith(f'bytes={AT}-')
            for each in self.stack.requests('media', track))
            for track in tracks.values()), 'all have met it', 30)
        time.sleep(OUTAGE)
        self.stack.switch(forget_faults=True)
        text, _ = browser.communicate()
        asked = [each['track'] for each in self.served()]
        return {row: (asked.count(track) - 1, heard) for (row, track), heard
                in zip(tracks.items(), json.loads(text))}


def heard(resumes: int, result: dict) -> str:
    how = f'error after {result["position"]:.0f} s' if result['error'] else \
        f'pause of {result["pause"]} ms' if result['pause'] > 1000 else 'silent'
    return f'{resumes}, {how}'


def main() -> None:
    names = sys.argv[1:] or [name for name in KINDS if program(name)]
    print('| proxy | slices read of 113 | resumes, without retries '
          '| resumes, with retries |\n|---|---|---|---|')
    for first in range(0, len(names), AT_A_TIME):
        some = names[first:first + AT_A_TIME]
        columns: list[dict] = []
        for retry in ('0', '6s'):
            run = Run(some, retry)
            try:
                if retry == '0':
                    columns.append(run.stopped())
                columns.append({row: heard(*each)
                                for row, each in run.outage().items()})
            finally:
                run.close()
        for row in columns[0]:
            print(f'| {row} |', ' | '.join(each[row] for each in columns), '|',
                  flush=True)


if __name__ == '__main__':
    main()
