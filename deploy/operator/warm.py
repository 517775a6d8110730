"""voyo warm: tracks are made ready before anybody wants them."""

import argparse
import sys
import threading
import time
from pathlib import Path
from typing import Any

import output
import settings
import track as tracks
from problem import Failed, Wrong
from server import Server
from store import Store

BAR = 30
LONGEST = 20            # seconds for one track, if the queue is full


def add(commands: Any) -> None:
    parser = commands.add_parser(
        'warm', help='make tracks ready',
        description='Prefetches tracks, as a page does before they are '
        'played: each record, and the first slice on this machine.  It stays '
        'within VOYO_BUDGET, which all prefetches of an hour share, and within '
        'the limits of a client; what does not fit is dropped and listed.')
    parser.add_argument('file', metavar='FILE',
                        help='ids, one a line; "-": standard input')
    parser.add_argument('--quality', choices=('low', 'medium', 'high'))
    parser.add_argument('--codec', choices=('aac', 'opus'))
    parser.add_argument('--jobs', metavar='N', type=output.number(1, 32),
                        default=2, help='tracks at a time, 2')
    parser.add_argument('--wait', action='store_true',
                        help='wait while the budget is spent, instead of '
                        'dropping tracks')
    parser.add_argument('--json', action='store_true')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    here = settings.read()
    names = read(options.file)
    # both are needed, and tell if they are not there
    store, server = Store(here), Server(here, timeout=60)
    server.ask('/health/live')
    query = '&'.join(['prefetch=true'] + [
        f'{name}={value}' for name in ('quality', 'codec')
        for value in [getattr(options, name)] if value])

    work = Work(names, server, store, query, options.wait)
    try:
        work.run(options.jobs)
    except KeyboardInterrupt:
        work.stop('interrupted')
    work.show_end(options.json)
    return 0 if len(work.warm) == len(names) else 1


def read(name: str) -> list[str]:
    """The ids, each once."""

    try:
        text = sys.stdin.read() if name == '-' else Path(name).read_text()
    except (OSError, ValueError) as error:
        raise Wrong(f'{name} cannot be read: {error}') from error

    found: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line and not line.startswith('#'):
            try:
                found[tracks.parse(line)] = None
            except argparse.ArgumentTypeError as error:
                raise Wrong(f'line {number}: {error}') from error
    return list(found)


class Work:
    """The tracks, and what became of each; its threads share it."""

    def __init__(self, names: list[str], server: Server, store: Store,
                 query: str, wait: bool) -> None:
        self.names = names
        self.server = server
        self.store = store
        self.query = query
        self.wait = wait
        self.left = iter(names)
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.began = time.monotonic()
        self.warm: list[str] = []
        self.failed: dict[str, str] = {}
        self.dropped: dict[str, str] = {}
        self.why = ''           # nothing more is requested

    def run(self, jobs: int) -> None:
        threads = [threading.Thread(target=self.work, daemon=True)
                   for _ in range(jobs)]
        for each in threads:
            each.start()
        while any(each.is_alive() for each in threads):
            self.show()
            threads[0].join(0.2) if threads[0].is_alive() else time.sleep(0.05)
        if self.why:
            self.stop(self.why)

    def stop(self, why: str) -> None:
        with self.lock:
            self.ended.set()
            ended = {*self.warm, *self.failed, *self.dropped}
            self.dropped |= {name: why for name in self.names
                             if name not in ended}

    def work(self) -> None:
        while not self.ended.is_set():
            with self.lock:
                name = next(self.left, None)
            if name is None:
                return
            try:
                self.prefetch(name)
            except Failed as error:
                self.why = str(error)
                self.ended.set()

    def prefetch(self, name: str) -> None:
        end = time.monotonic() + LONGEST
        path = f'/cdn/stream/{tracks.alias(name)}?{self.query}'
        while not self.ended.is_set():
            answer = self.server.ask(path, 'HEAD')
            retry = float(answer.headers['Retry-After'] or 0)
            if answer.status in (200, 206):
                with self.lock:
                    self.warm.append(name)
                return
            if answer.status == 202:
                # it continues
                continue
            if answer.status not in (429, 503):
                with self.lock:
                    self.failed[name] = f'status {answer.status}'
                return
            if answer.status == 429:
                # what a client may do a minute
                self.ended.wait(1)
                continue
            why = self.refused()
            if why == 'budget' and self.wait \
                    or why == 'busy' and time.monotonic() + retry < end:
                self.ended.wait(min(max(retry, 1), 60))
                continue
            with self.lock:
                self.dropped[name] = why
            if why != 'busy':
                # so will be all others that are new
                self.why = why
                self.ended.set()
            return

    def refused(self) -> str:
        """Why a prefetch is refused with 503."""

        with self.lock:
            shared = self.store.shared()
            beats = self.store.heartbeats()
        if not beats:
            return 'no resolver'
        if shared['breaker']:
            return f'the breaker is open, {shared["breaker"]["class"]}'
        left = [beat['budget']['left'] for beat in beats
                if isinstance(beat.get('budget'), dict)]
        return 'budget' if left and min(left) <= 0 else 'busy'

    # What is shown.

    def done(self) -> int:
        return len(self.warm) + len(self.failed) + len(self.dropped)

    def show(self) -> None:
        done, all_ = self.done(), len(self.names)
        bar = BAR * done // max(all_, 1)
        rate = done / max(time.monotonic() - self.began, 0.001)
        left = output.duration((all_ - done) / rate) if done else '?'
        output.progress(
            f'[{"#" * bar}{"-" * (BAR - bar)}] {done}/{all_}  {rate:.1f}/s  '
            f'{len(self.failed)} failed  {len(self.dropped)} dropped  '
            f'{left} left')

    def show_end(self, json: bool) -> None:
        self.show()
        output.progress('')
        seconds = time.monotonic() - self.began
        if json:
            output.as_json({
                'requested': len(self.names), 'warm': self.warm,
                'failed': self.failed, 'dropped': self.dropped,
                'seconds': round(seconds, 3)})
            return
        rows = [(name, f'{what}: {why}') for what, names in (
            ('failed', self.failed), ('dropped', self.dropped))
            for name, why in names.items()]
        if rows:
            print(output.table(rows))
        print(f'{len(self.warm)} of {output.plural(len(self.names), "track")} '
              f'warm, {len(self.failed)} failed, {len(self.dropped)} dropped, '
              f'in {seconds:.1f} s')
