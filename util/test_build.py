#!/usr/bin/python3 -B

"""The Makefile: what is built again after an upgrade, what it refuses."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# ./configure of nginx, which takes its time
CONFIGURE = """
for each; do case $each in --builddir=*) build=${each#*=} ;; esac; done
echo modules: > "$build/Makefile"
echo configured >> "$LOG"
"""


class BuildTest(unittest.TestCase):
    def setUp(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix='voyo-build-'))
        self.addCleanup(shutil.rmtree, self.dir)
        self.nginx = self.dir / 'nginx'
        self.write(self.nginx / 'configure', CONFIGURE)
        self.write(self.nginx / 'conf_flags', 'NGX_CONF_FLAGS=()')
        self.write(self.nginx / 'src/core/nginx.h', '1')

    def write(self, path: Path, text: str) -> None:
        """Writes a file as a package does: with a date of long ago."""

        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        os.utime(path, (1e9, 1e9))

    def make(self, *words: str) -> str:
        done = subprocess.run(
            ['make', f'BUILD={self.dir}/build', f'NGINX_DEV={self.nginx}',
             *words], cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={'PATH': f'{self.dir}/bin:{os.environ["PATH"]}',
                 'LOG': f'{self.dir}/log'})
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def compiled(self) -> bool:
        return '-c -o' in self.make(f'{self.dir}/build/plain/common/voyo_key.o')

    def configured(self) -> bool:
        log = self.dir / 'log'
        log.write_text('')
        self.make('module')
        return log.read_text() != ''

    def test_the_same_is_built_once(self) -> None:
        self.assertTrue(self.compiled())
        self.assertFalse(self.compiled())
        self.assertTrue(self.configured())
        self.assertFalse(self.configured())

    def test_another_nginx(self) -> None:
        self.assertTrue(self.configured())
        self.write(self.nginx / 'src/core/nginx.h', '2')
        self.assertTrue(self.configured())
        self.assertFalse(self.configured())

    def test_another_hiredis(self) -> None:
        self.assertTrue(self.compiled())
        self.write(self.dir / 'bin/pkg-config',
                   '#!/bin/sh\nif [ "$1" = --modversion ]; then echo 9; fi\n')
        self.assertTrue(self.compiled())
        self.assertFalse(self.compiled())

    def test_another_compiler(self) -> None:
        self.assertTrue(self.compiled())
        self.write(self.dir / 'bin/gcc',
                   '#!/bin/sh\n[ "$1" != --version ] || exec echo 99\n'
                   f'exec {shutil.which("gcc")} "$@"\n')
        self.assertTrue(self.compiled())
        self.assertFalse(self.compiled())

    def test_a_path_with_a_space(self) -> None:
        place = self.dir / 'a b'
        place.mkdir()
        shutil.copy(ROOT / 'Makefile', place)
        done = subprocess.run(['make'], cwd=place, capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr,
                         r'^.*"/.*/a b" contains a space: move VOYO .*\n$')


if __name__ == '__main__':
    unittest.main()
