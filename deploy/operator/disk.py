"""The slices on disk: nginx's cache in VOYO_HOME/cache."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from problem import Failed

SLICE = 512 * 1024


class File(NamedTuple):
    key: str
    path: Path
    size: int


class Cached(NamedTuple):
    slices: int
    bytes: int


def cached(home: Path, track: str) -> dict[str, Cached]:
    """What is there of each representation of a track."""

    found: dict[str, Cached] = {}
    for each in files_of(home, track):
        if not each.key.startswith('art/'):
            name = each.key.partition('bytes=')[0]
            old = found.get(name, Cached(0, 0))
            found[name] = Cached(old.slices + 1, old.bytes + each.size)
    return dict(sorted(found.items()))


def files_of(home: Path, track: str) -> Iterator[File]:
    """
    The slices of a track, and its picture.  Each file of the cache is opened,
    since only the files themselves say of what they are; and this finds those
    of representations that the record does not have any more.
    """

    for path in files(home / 'cache'):
        try:
            with path.open('rb') as file:
                begin = file.read(1024)
                size = os.fstat(file.fileno()).st_size
        except OSError:
            # removed meanwhile
            continue
        # after nginx's own header of it
        found = re.search(rb'\nKEY: (.+)\n', begin)
        key = found[1].decode(errors='replace') if found else ''
        if key.startswith(f'{track}.') or key == f'art/{track}':
            yield File(key, path, size)


def files(cache: Path) -> Iterator[Path]:
    def wrong(error: OSError) -> None:
        if isinstance(error, PermissionError):
            raise Failed(f'{error.filename} cannot be read: run this as root, '
                         'or as VOYO\'s user')

    for folder, _, names in os.walk(cache, onerror=wrong):
        for name in names:
            # others are being written
            if re.fullmatch('[0-9a-f]{32}', name):
                yield Path(folder, name)
