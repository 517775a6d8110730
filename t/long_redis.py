"""The scripts, and the refusals of a Redis, with newer servers than Debian's.

VOYO may be given any Redis or Valkey, and the words of an error, what an ACL
allows and what a full memory refuses are theirs.
"""

import os
import subprocess
import sys
import unittest
from pathlib import Path

T = Path(__file__).resolve().parent
SUITES = (('test_lua.py',), ('test_waiting.py', 'RefusalTest'))


class ServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        subprocess.run([T.parent / 'util/redis-servers'], check=True)

    def runs(self, name: str, version: str) -> None:
        directory = T.parent / 'build/redis' / name
        said = subprocess.run([directory / 'redis-server', '--version'],
                              capture_output=True, text=True, check=True)
        self.assertRegex(said.stdout, version)
        print(said.stdout.strip(), file=sys.stderr)
        path = f'{directory}:{os.environ["PATH"]}'
        for suite, *words in SUITES:
            with self.subTest(suite):
                done = subprocess.run(
                    [sys.executable, T / suite, *words], capture_output=True,
                    text=True, env={**os.environ, 'PATH': path})
                self.assertEqual(done.returncode, 0, done.stderr)

    def test_redis_of_debian_13(self) -> None:
        self.runs('trixie-redis', r'Redis server v=8\.')

    def test_valkey_of_debian_13(self) -> None:
        self.runs('trixie-valkey', r'Valkey server v=8\.')

    def test_redis_of_sid(self) -> None:
        self.runs('sid-redis', r'Redis server v=(8|9|\d\d)\.')

    def test_valkey_of_sid(self) -> None:
        self.runs('sid-valkey', r'Valkey server v=(9|\d\d)\.')


if __name__ == '__main__':
    unittest.main()
