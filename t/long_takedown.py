"""Takedowns on a large cache, and many of them at once.

Each file is read to learn of which track it is, so 64,000 of them are some
work; and what was about to be stored when the files were removed is removed
later.
"""

import hashlib
import shutil
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from jobs import Jobs  # noqa: E402
from stack import Stack, wait_for  # noqa: E402

FILES = 64000

# in memory: a disk would take minutes to create them
if Path('/dev/shm').is_dir():
    tempfile.tempdir = '/dev/shm'


class LargeCacheTest(unittest.TestCase):
    def setUp(self) -> None:
        self.stack = Stack(workers=2)
        self.addCleanup(self.stack.close)
        self.jobs = Jobs(self.stack)
        self.cache = self.stack.dir / 'home/cache'

    def store(self, track: str, number: int, header: bytes) -> None:
        key = f'{track}.140.1.1bytes={number}'.encode()
        name = hashlib.md5(key).hexdigest()
        path = self.cache / name[-1] / name[-3:-1]
        path.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(header + b'\nKEY: ' + key + b'\n' + 64 * b'x')

    def files(self) -> int:
        return sum(len(path.name) == 32 for path in self.cache.rglob('*'))

    def metric(self, name: str) -> float:
        for line in self.stack.get('/metrics').body.decode().splitlines():
            if line.startswith(name + ' '):
                return float(line.split()[1])
        raise AssertionError(name)

    def test_a_large_cache_and_a_long_log(self) -> None:
        track = 's30_large00'
        self.stack.get(f'/cdn/stream/{track}')
        mine = wait_for(self.files, 'it is stored')
        header = next(path for path in self.cache.rglob('*')
                      if len(path.name) == 32).read_bytes()
        header = header[:header.index(b'\nKEY: ')]
        self.stack.stop('nginx')
        for number in range(FILES):
            self.store(f'm04_{number % 5000:07}', number, header)
        # 3000 takedowns in pages, of tracks that have 60 % of the files
        for number in range(3000):
            self.jobs.takedown(f'm04_{number:07}')
        left = FILES - sum(number % 5000 < 3000 for number in range(FILES))
        began = time.monotonic()
        self.stack.start_nginx()
        wait_for(lambda: self.metric('voyo_takedowns_total') == 3000
                 and self.metric('voyo_takedowns_pending') == 0,
                 'all takedowns are carried out', 30)
        print(f'{FILES} files, 3000 takedowns after a restart: '
              f'{time.monotonic() - began:.1f} s')
        self.assertEqual(self.files(), left + mine)

        # one of them, while it runs
        began = time.monotonic()
        self.jobs.takedown(track)
        wait_for(lambda: self.metric('voyo_takedowns_total') == 3001
                 and self.metric('voyo_takedowns_pending') == 0,
                 'it is carried out', 30)
        print(f'{left} files, one takedown: {time.monotonic() - began:.1f} s')
        self.assertEqual(self.files(), left)

    def test_what_was_about_to_be_stored(self) -> None:
        track = 's30_settle0'
        self.stack.get(f'/cdn/stream/{track}')
        wait_for(self.files, 'it is stored')
        kept = self.stack.dir / 'kept'
        shutil.copytree(self.cache, kept)
        stored = self.files()
        self.jobs.takedown(track, 'legal')
        wait_for(lambda: not self.files(), 'it is removed')
        shutil.copytree(kept, self.cache, dirs_exist_ok=True)
        self.assertEqual(self.files(), stored)
        wait_for(lambda: not self.files(), 'it is removed once more', 15)
        self.assertEqual(self.metric('voyo_takedown_files_total'), 2 * stored)


if __name__ == '__main__':
    unittest.main()
