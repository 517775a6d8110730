"""How commands print: short, aligned, and coloured only on a terminal."""

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

COLOURS = {'ok': 32, 'healthy': 32, 'degraded': 33, 'unknown': 33,
           'failed': 31, 'unhealthy': 31}


def as_json(value: Any) -> None:
    # in ASCII, so that no text controls a terminal
    print(json.dumps(value, indent=2))


def coloured(word: str, text: str = '') -> str:
    """"text", in the colour of the state "word"."""

    if word not in COLOURS or not sys.stdout.isatty() \
       or os.environ.get('NO_COLOR'):
        return text or word
    return f'\033[{COLOURS[word]}m{text or word}\033[0m'


def table(rows: Iterable[Iterable[Any]], indent: str = '') -> str:
    """Columns of text, each as wide as it needs to be."""

    lines = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in lines if i < len(line))
              for i in range(max(map(len, lines), default=0))]
    return '\n'.join(indent + '  '.join(
        cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
        for line in lines)


def plain(text: str) -> str:
    """Without what could control a terminal: titles are anybody's text."""

    return ''.join(each if each.isprintable() else '?' for each in text)


def size(number: float) -> str:
    """Bytes, as in 1.5 GB; a GB has 1024 MB, as in settings."""

    for unit in ('B', 'KB', 'MB', 'GB', 'TB'):
        if number < 1000 or unit == 'TB':
            break
        number /= 1024
    return f'{number:.0f} {unit}' if number >= 100 or unit == 'B' \
        else f'{number:.1f} {unit}'


def duration(seconds: float) -> str:
    """Its two largest units, as in 2 h 5 min."""

    left = max(int(seconds), 0)
    found = []
    for unit, length in (('d', 86400), ('h', 3600), ('min', 60), ('s', 1)):
        if left >= length and len(found) < 2:
            found.append(f'{left // length} {unit}')
        elif found:
            break
        left %= length
    return ' '.join(found) or '0 s'


def milliseconds(seconds: float) -> str:
    value = 1000 * seconds
    return f'{value:.1f} ms' if value < 10 else f'{value:.0f} ms'


def plural(number: float, one: str, many: str = '') -> str:
    return f'{number:.0f} {one if number == 1 else many or one + "s"}'


def progress(text: str) -> None:
    """A line that is written again and again, on a terminal only."""

    if sys.stderr.isatty():
        print(f'\r\033[K{text}', end='', file=sys.stderr, flush=True)


# Values of options.

def number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if re.fullmatch('[0-9]{1,9}', text) and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a number from {least} to {most}')
    return parse


seconds = number(0, 86400)
