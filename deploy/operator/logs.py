"""What VOYO's log says of a track."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import output
import track as tracks
from problem import Failed

TAIL = 64 * 1024 * 1024
# an id has a digit, words have none
REQUEST = re.compile(r'\brequest[" :]+(?=\S*\d)([0-9A-Za-z_.-]{8,64})\b')
TIME = re.compile(r'(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d:\d\d:\d\d)')


def about(track: str, texts: list[str]) -> list[str]:
    """
    The lines that name the track, in either form, and those of the same
    requests: a request's id joins edge, origin and resolver.
    """

    names = (track, tracks.alias(track))
    lines = [line for text in texts for line in text.splitlines()]
    requests = {found for line in lines if any(each in line for each in names)
                for found in REQUEST.findall(line)}
    wanted = re.compile('|'.join(map(re.escape, [*names, *requests])))
    found = [clean(line) for line in lines if wanted.search(line)]
    # stable: lines of the same second stay in order
    return sorted(found, key=when) if len(texts) > 1 else found


def clean(line: str) -> str:
    """No URL has its path or query here, whoever logged it."""

    return output.plain(re.sub(r'(https?://[^\s/"?]+)[^\s"]*', r'\1/...',
                               line))


def when(line: str) -> str:
    found = TIME.search(line)
    return ''.join(found.groups()) if found else ''


def texts(names: list[str], home: Path) -> list[str]:
    """The files with those names; without any, the log of the VOYO in "home".

    Its parts write to deploy/voyo's relay, which writes to files, or to
    systemd's journal, or to where nobody can read it again.
    """

    if names:
        return [sys.stdin.read() if name == '-' else tail(Path(name))
                for name in names]
    relay = find_relay(home)
    if not relay:
        return []
    paths = {os.path.realpath(f'/proc/{relay}/fd/{fd}') for fd in (1, 2)}
    return [tail(Path(path)) for path in sorted(filter(
        os.path.isfile, paths))] or journal(relay)


def tail(path: Path) -> str:
    try:
        with path.open('rb') as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            return file.read().decode(errors='replace')
    except OSError as error:
        raise Failed(f'the log {path} cannot be read: '
                     f'{error.strerror}') from error


def find_relay(home: Path) -> int | None:
    """The process that writes the log: a sibling of nginx."""

    try:
        nginx = int((home / 'run/nginx.pid').read_text())
        parent = re.findall(r'\nPPid:\t(\d+)',
                            Path(f'/proc/{nginx}/status').read_text())[0]
        for pid in Path(f'/proc/{parent}/task/{parent}/children'
                        ).read_text().split():
            if b'\0--relay\0' in Path(f'/proc/{pid}/cmdline').read_bytes():
                return int(pid)
    except (OSError, ValueError, IndexError):
        pass
    return None


def journal(relay: int) -> list[str]:
    """Of the unit that the process belongs to."""

    try:
        unit = re.search(r'/([^/\n]+\.service)$',
                         Path(f'/proc/{relay}/cgroup').read_text(), re.M)
    except OSError:
        return []
    if not unit or not shutil.which('journalctl'):
        return []
    done = subprocess.run(
        ['journalctl', '--unit', unit[1], '--output', 'cat', '--no-pager',
         '--lines', '200000'], capture_output=True, text=True,
        errors='replace')
    return [done.stdout] if done.stdout else []


def last(lines: list[str], number: int) -> Iterator[str]:
    yield from lines[-number:] if number else []
