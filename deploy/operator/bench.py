"""voyo bench: when the first byte of a track arrives, through this VOYO."""

import argparse
import re
import statistics
import time
from typing import Any, NamedTuple

import disk
import output
import settings
import takedown
import track as tracks
from problem import Failed
from server import Server


class First(NamedTuple):
    seconds: float
    resolve: float            # seconds that it waited for its record
    hit: bool                 # from disk
    size: int
    served: str               # X-Voyo-Quality


def add(commands: Any) -> None:
    parser = commands.add_parser(
        'bench', help='measure the first byte of a track',
        description='Measures when the first byte of a track arrives: cold, '
        'when it is not known; warm, when it is known and the slice is not on '
        'disk; and hot, from disk.')
    parser.add_argument('track', metavar='ID', type=tracks.parse)
    parser.add_argument('--purge', action='store_true',
                        help='make it unknown first, as "voyo purge" does: '
                        'who listens to it is interrupted')
    parser.add_argument('--quality', choices=('low', 'medium', 'high'))
    parser.add_argument('--codec', choices=('aac', 'opus'))
    parser.add_argument('--json', action='store_true')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    here = settings.read()
    path = f'/cdn/stream/{tracks.alias(options.track)}?' + '&'.join(
        f'{name}={value}' for name in ('quality', 'codec')
        for value in [getattr(options, name)] if value)
    if options.purge:
        takedown.remove(here, options.track, '', 10)

    server = Server(here, timeout=60)
    first = ask(server, path, 0)
    cold = first if first.resolve else None
    warm = uncached(server, path, first.size)
    hot = [ask(server, path, 0) for _ in range(20)]
    median = statistics.median(each.seconds for each in hot)

    if options.json:
        output.as_json({
            'id': options.track, 'served': first.served, 'size': first.size,
            'cold': cold and {'seconds': round(cold.seconds, 6),
                              'resolve': cold.resolve},
            'warm': warm and {'seconds': round(warm.seconds, 6)},
            'hot': {'seconds': round(median, 6), 'requests': len(hot)}})
        return 0

    print(f'first byte of {options.track}, {first.served}')
    print(output.table([
        ('cold', output.milliseconds(cold.seconds),
         f'resolved in {output.milliseconds(cold.resolve)}')
        if cold else ('cold', '-', 'it is known here: --purge'),
        ('warm', output.milliseconds(warm.seconds), 'one slice fetched')
        if warm else ('warm', '-', 'all slices are on disk: --purge'),
        ('hot', output.milliseconds(median),
         f'from disk, median of {len(hot)}')]))
    return 0


def uncached(server: Server, path: str, size: int) -> First | None:
    """Of a slice that is not on disk, from the end."""

    for number in range((size - 1) // disk.SLICE, 0, -1):
        found = ask(server, path, number * disk.SLICE)
        if not found.hit:
            return found
    return None


def ask(server: Server, path: str, offset: int) -> First:
    began = time.monotonic()
    answer = server.ask(path, headers={'Range': f'bytes={offset}-{offset}'})
    took = time.monotonic() - began

    size = re.fullmatch(r'bytes \d+-\d+/(\d+)',
                        answer.headers['Content-Range'] or '')
    if answer.status != 206 or not size:
        code = re.search(rb'"code":\s*"(\w+)"', answer.body)
        raise Failed(f'the track does not play: status {answer.status}'
                     + (f', {code[1].decode()}' if code else ''))
    resolve = re.search(r'resolve;dur=([0-9.]+)',
                        answer.headers['Server-Timing'] or '')
    return First(took,
                 float(resolve[1]) / 1000 if resolve else 0,
                 '; hit' in (answer.headers['Cache-Status'] or ''),
                 int(size[1]), answer.headers['X-Voyo-Quality'] or '')
