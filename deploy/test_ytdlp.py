#!/usr/bin/python3 -B

"""yt-dlp on a server that was installed without a checkout.

It comes from an index like PyPI, which is served here; its packages are made
from those that the tests use.
"""

import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
import zipfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 't/lib'))

import ytdlp  # noqa: E402
from stack import Stack, free_port, wait_for  # noqa: E402

BROKEN = '''
from yt_dlp.extractor.youtube import YoutubeIE

def _real_extract(self, url):
    raise ValueError('The melon is ripe')

YoutubeIE._real_extract = _real_extract
'''


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        pass


class Index:
    """A package index: simple/NAME/ lists the files of a package."""

    def __init__(self, directory: Path) -> None:
        self.simple = directory / 'simple'
        self.server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), partial(Quiet, directory=str(directory)))
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        for name in ('requests', 'urllib3', 'idna', 'certifi'):
            self.add(name, '3.0', {}, ytdlp.PACKAGES / name)
        for name in ('chardet', 'charset_normalizer'):
            if (ytdlp.PACKAGES / name).exists():
                self.add('charset-normalizer', '3.0', {},
                         ytdlp.PACKAGES / name)
        self.add('yt-dlp-ejs', '0.8.0', {
            'yt_dlp_ejs/__init__.py': 'version = "0.8.0"\n',
            'yt_dlp_ejs/yt/__init__.py': '',
            'yt_dlp_ejs/yt/solver.py': 'core = lib = lambda: ""\n'})
        self.add('deno', '2.9.9', {
            'deno-2.9.9.data/scripts/deno':
                '#!/bin/sh\necho "deno 2.9.9 (stable)"\n'})

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server.server_address[1]}/simple'

    def ytdlp(self, version: str, more: str = '') -> None:
        """Adds the real yt-dlp with another version."""

        text = (ytdlp.PACKAGES / 'yt_dlp/version.py').read_text()
        self.add('yt-dlp', version, {
            'yt_dlp/version.py': re.sub(
                "(__version__|_pkg_version) = '.*'", rf"\1 = '{version}'",
                text),
            'yt_dlp/__main__.py': more + (
                ytdlp.PACKAGES / 'yt_dlp/__main__.py').read_text(),
        }, ytdlp.PACKAGES / 'yt_dlp', [
            f'{each}; extra == "default"' for each in (
                'requests', 'urllib3', 'idna', 'certifi', 'charset-normalizer',
                'yt-dlp-ejs==0.8.0')])

    def add(self, name: str, version: str, files: dict[str, str],
            directory: Path | None = None, requires: list[str] = []) -> None:
        package = self.simple / name
        package.mkdir(parents=True, exist_ok=True)
        stem = f'{name.replace("-", "_")}-{version}'
        info = f'{stem}.dist-info'
        files = {
            **files,
            f'{info}/METADATA': '\n'.join([
                'Metadata-Version: 2.1', f'Name: {name}',
                f'Version: {version}', 'Provides-Extra: default',
                *(f'Requires-Dist: {each}' for each in requires), '']),
            f'{info}/WHEEL': 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\n'
                             'Tag: py3-none-any\n',
            f'{info}/RECORD': ''}
        wheel = package / f'{stem}-py3-none-any.whl'
        with zipfile.ZipFile(wheel.with_suffix('.new'), 'w') as archive:
            for path in sorted(directory.rglob('*')) if directory else ():
                inside = str(path.relative_to(directory.parent))
                if ('__pycache__' not in inside and path.is_file()
                        and inside not in files):
                    archive.write(path, inside)
            for inside, text in files.items():
                entry = zipfile.ZipInfo(inside)
                entry.external_attr = 0o100755 << 16
                archive.writestr(entry, text)
        wheel.with_suffix('.new').replace(wheel)
        (package / 'index.html').write_text(''.join(
            f'<a href="{each.name}">{each.name}</a>\n'
            for each in sorted(package.glob('*.whl'))))


class InstalledTest(unittest.TestCase):
    def setUp(self) -> None:
        self.stack = Stack(nginx=False, resolver=False)
        self.addCleanup(self.stack.close)
        self.dir = Path(tempfile.mkdtemp(prefix='voyo-test-'))
        self.addCleanup(shutil.rmtree, self.dir)
        self.dir.chmod(0o755)
        self.index = Index(self.dir / 'index')
        self.addCleanup(self.index.server.server_close)
        self.addCleanup(self.index.server.shutdown)
        self.root = self.dir / 'installed'
        self.home = self.dir / 'home'
        subprocess.run([ROOT / 'deploy/install', self.root], check=True)
        self.port = free_port()
        self.number = 0
        self.tools()

    def tools(self) -> None:
        """What PATH has: no JavaScript runtime, unless a test adds it."""

        (self.dir / 'bin').mkdir()
        for each in os.environ['PATH'].split(':') + ['/usr/sbin']:
            for path in Path(each).glob('*') if each else ():
                link = self.dir / 'bin' / path.name
                if (path.name not in ('deno', 'node', 'nodejs', 'qjs', 'bun')
                        and not link.is_symlink()):
                    link.symlink_to(path)

    def environment(self, **more: str) -> dict[str, str]:
        return {'PATH': str(self.dir / 'bin'), 'PORT': str(self.port),
                'VOYO_HOME': str(self.home), 'PIP_INDEX_URL': self.index.url,
                'VOYO_CANARY': 's05_canary0', 'VOYO_CANARY_EVERY': '1440',
                'VOYO_YTDLP_CONF': self.stack.source['ytdlp_conf'],
                'VOYO_CA_FILE': self.stack.source['ca'],
                'VOYO_MEDIA_HOSTS': ' '.join(self.stack.media_hosts()),
                'VOYO_AHEAD': '0', 'VOYO_COLD_RATE': '0',
                'VOYO_FETCH_RATE': '0', **more}

    def get(self, link: Path, *words: str, **more: str
            ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / 'deploy/ytdlp', *words, link], capture_output=True,
            text=True, timeout=120, env=self.environment(**more))

    def test_from_an_index_with_all_it_needs(self) -> None:
        self.index.ytdlp('2026.12.1')
        link = self.dir / 'own'
        done = self.get(link, '--from', 'pypi')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout,
                         'ytdlp: yt-dlp 2026.12.1 is installed\n')
        done = subprocess.run(
            [self.root / 'build/voyo-resolver', '--check'],
            capture_output=True, text=True, timeout=60,
            env=self.environment(
                REDIS_URL=f'unix:{self.stack.redis_socket}',
                YT_DLP_PATH=str(link / 'bin/yt-dlp')))
        # with its runtime, and the scripts for it
        self.assertRegex(done.stderr,
                         'yt-dlp 2026.12.1 is ready, JavaScript: deno 2.9.9\n')
        # nothing but the environment is left
        self.assertEqual({each.name for each in link.iterdir()},
                         {'bin', 'stamp', 'usr'})

        # where the machine has a runtime, that one is used
        ytdlp.script(self.dir / 'bin/qjs',
                     '#!/bin/sh\necho "QuickJS version 2025-09-13"\n')
        link = self.dir / 'other'
        self.assertEqual(self.get(link, '--from', 'pypi').returncode, 0)
        self.assertEqual({each.name for each in (link / 'bin').iterdir()},
                         {'yt-dlp'})

    def test_an_index_that_has_none(self) -> None:
        link = self.dir / 'own'
        for url in (self.index.url, 'http://127.0.0.1:1/simple'):
            done = self.get(link, '--from', 'pypi', PIP_INDEX_URL=url)
            self.assertEqual(done.returncode, 1)
            self.assertIn('PyPI has none, or cannot be reached', done.stderr)
            self.assertEqual([each.name for each in self.dir.glob('own*')],
                             ['own.lock'])

    # The server.

    def start(self) -> None:
        self.log = self.dir / 'log'
        with self.log.open('wb') as log:
            self.process = subprocess.Popen(
                [self.root / 'deploy/voyo'], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
                env=self.environment(VOYO_YTDLP_UPDATE='daily'))
        self.addCleanup(self.stop, self.process)
        wait_for(lambda: 'voyo: ready' in self.log.read_text()
                 or self.process.poll() is not None, 'it is ready', 120)
        self.assertIsNone(self.process.poll(), self.log.read_text())

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)

    def play(self) -> None:
        """A track that nobody has played before: a job for the resolver."""

        self.number += 1
        request = urllib.request.Request(
            f'http://127.0.0.1:{self.port}/cdn/stream/'
            f's30_ins{self.number:04}', headers={'Range': 'bytes=0-999'})
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.assertEqual((answer.status, len(answer.read())), (206, 1000))

    def used(self) -> str:
        with urllib.request.urlopen(
                f'http://127.0.0.1:{self.port}/health', timeout=10) as answer:
            return json.load(answer)['checks']['ytdlp']['version']

    def test_updates_of_a_server(self) -> None:
        # it gets the first one itself, and looks for a newer one a day later
        self.index.ytdlp('2026.12.1')
        (self.home / 'ytdlp').mkdir(parents=True)
        self.home.chmod(0o755)
        looked = self.home / 'ytdlp/looked'
        looked.touch()
        self.start()
        self.play()
        self.assertEqual(self.used(), '2026.12.01')
        self.index.ytdlp('2027.1.1')
        self.stop(self.process)

        # a day has passed: it switches, and no job is lost
        os.utime(looked, (0, time.time() - 86401))
        self.start()
        end = time.monotonic() + 120
        while self.used() != '2027.01.01':
            self.play()
            self.assertLess(time.monotonic(), end, self.log.read_text())
        wait_for(lambda: 'ytdlp: yt-dlp 2027.1.1 is used, in place of '
                 '2026.12.1' in self.log.read_text(), 'it is said')
        self.assertGreater(looked.stat().st_mtime, time.time() - 3600)
        self.assertNotRegex(self.log.read_text(), r'ended with|is killed')
        self.stop(self.process)

        # the next one cannot resolve
        self.index.ytdlp('2027.2.1', BROKEN)
        looked.unlink()
        self.start()
        wait_for(lambda: 'voyo: yt-dlp was not updated: see above' in
                 self.log.read_text(), 'it is tried', 120)
        self.assertIn('ytdlp: yt-dlp 2027.2.1 cannot resolve, 2027.1.1 stays',
                      self.log.read_text())
        self.play()
        self.assertEqual(self.used(), '2027.01.01')
        self.assertEqual(len(list((self.home / 'ytdlp').glob('current-*'))),
                         2)


if __name__ == '__main__':
    unittest.main()
