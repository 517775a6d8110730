#!/usr/bin/python3 -B

"""nixpacks.toml, railpack.json, and yt-dlp from PyPI: `make test-platforms`."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent)]

import platforms  # noqa: E402
from container import Container, expected, settings  # noqa: E402
from engine import BASE, ROOT, build, make_base  # noqa: E402
from engine import podman  # noqa: E402
from index import index  # noqa: E402
from stack import Stack  # noqa: E402

FROM_PYPI = ('grep -qx pip /opt/voyo/build/prefix/usr/lib/python3/'
             'dist-packages/yt_dlp-*.dist-info/INSTALLER')

NIXPACKS = {'CPATH', 'DEBIAN_FRONTEND', 'ENV', 'HOME', 'HOSTNAME',
            'LD_LIBRARY_PATH', 'LIBRARY_PATH', 'OLDPWD', 'PATH', 'PWD',
            'SHLVL', 'USER', '_'}


class PlatformsTest(unittest.TestCase):
    source: Stack

    @classmethod
    def setUpClass(cls) -> None:
        make_base()
        # its Redis is not used
        cls.source = Stack(nginx=False, resolver=False)
        cls.addClassCleanup(cls.source.close)
        cls.directory = Path(cls.enterClassContext(
            tempfile.TemporaryDirectory(prefix='voyo-platforms-')))
        (cls.directory / 'index').mkdir()
        build('localhost/voyo-tools', ROOT / 'deploy/Dockerfile', ROOT,
              f'--build-arg=BASE={BASE}', '--target=tools')
        cls.index = cls.enterClassContext(index(cls.directory / 'index'))

    def build(self, name: str, dockerfile: str, *more: str) -> str:
        file = self.directory / name
        file.write_text(dockerfile)
        build(f'localhost/voyo-{name}', file, self.checkout(), *more)
        return f'localhost/voyo-{name}'

    def checkout(self) -> Path:
        """What the platform clones: no file that git ignores."""

        found = self.directory / 'checkout'
        if not found.exists():
            listed = subprocess.run(
                ['git', '-C', ROOT, 'ls-files', '-z', '--cached', '--others',
                 '--exclude-standard'], check=True, stdout=subprocess.PIPE)
            found.mkdir()
            subprocess.run(
                ['cp', '--parents', '-t', found, *(
                    each for each in listed.stdout.decode().split('\0')[:-1]
                    if (ROOT / each).exists())], cwd=ROOT, check=True)
        return found

    def plays(self, image: str) -> Container:
        voyo = Container(
            image, f'--volume={self.source.dir}/source:{self.source.dir}'
            '/source:ro', **settings(self.source.source))
        self.addCleanup(voyo.remove)
        voyo.start()
        voyo.healthy()
        status, body = voyo.get(f'/cdn/stream/s30_{image[-7:]}')
        self.assertEqual((status, body == expected(30)), (200, True))
        voyo.execute('sh', '-c', FROM_PYPI)
        self.assertEqual(voyo.stop(), 0, voyo.log())
        self.assertNotRegex(voyo.log(), r'\[(error|alert|crit|emerg)\]')
        return voyo

    def test_nixpacks(self) -> None:
        image = self.build('nixpack', platforms.nixpacks(
            'localhost/voyo-tools', {'PIP_INDEX_URL': self.index}))
        # its phases ran in a login shell, with nothing of this machine's
        found = dict(each.split('=', 1) for each in podman(
            'run', '--rm', image, 'cat /environment').splitlines())
        self.assertNotIn('/usr/local', found['PATH'])
        self.assertTrue(found.keys() <= NIXPACKS, found.keys() - NIXPACKS)
        self.plays(image)

    def test_railpack(self) -> None:
        self.plays(self.build('railpac', platforms.railpack(
            'localhost/voyo-tools', BASE, {'PIP_INDEX_URL': self.index})))

    def test_ytdlp_of_the_image_from_pypi(self) -> None:
        build('localhost/voyo-pypi', ROOT / 'deploy/Dockerfile',
              self.checkout(), f'--build-arg=BASE={BASE}', '--target=yt-dlp',
              f'--build-arg=PIP_INDEX_URL={self.index}')
        said = podman('run', '--rm', 'localhost/voyo-pypi', 'sh', '-ec',
                      f'{FROM_PYPI}; /opt/voyo/build/prefix/bin/yt-dlp '
                      '--ignore-config --version')
        self.assertRegex(said, r'^20\d\d\.')


if __name__ == '__main__':
    unittest.main(verbosity=2)
