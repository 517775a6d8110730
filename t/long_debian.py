#!/usr/bin/python3 -B

"""What the documentation tells a newcomer, in a fresh Debian: `make debian`.

Each release is installed by debootstrap, with git and make; needs root and a
mirror.  VOYO_DEBIAN names the releases.  Without the tests of VOYO itself, which
`make test` runs there as here.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / 'lib'))

from stack import ROOT, Stack, free_port, wait_for  # noqa: E402

RELEASES = os.environ.get('VOYO_DEBIAN', 'bookworm trixie sid').split()
MOUNTS = ('proc', 'dev')


class Debian:
    """A chroot, with a clone of what is committed in /srv/voyo."""

    def __init__(self, release: str) -> None:
        self.root = Path(tempfile.mkdtemp(prefix='voyo-debian-'))
        subprocess.run(
            ['debootstrap', '--variant=minbase', '--include=git,make',
             release, self.root], check=True, stdout=subprocess.DEVNULL)
        for each in MOUNTS:
            subprocess.run(['mount', '--bind', f'/{each}', self.root / each],
                           check=True)
        (self.root / 'etc/apt/apt.conf.d/dates').write_text(
            'Acquire::Check-Valid-Until "false";\n')
        subprocess.run(['git', 'clone', '-q', ROOT, self.root / 'srv/voyo'],
                       check=True)

    def remove(self) -> None:
        for each in MOUNTS:
            subprocess.run(['umount', self.root / each], check=True)
        shutil.rmtree(self.root)

    def begin(self, line: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ['chroot', self.root, 'sh', '-ec', f'cd /srv/voyo; {line}'],
            text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env={
                'HOME': '/', 'PATH': '/usr/sbin:/usr/bin:/sbin:/bin',
                **settings})

    def run(self, line: str, **settings: str) -> str:
        process = self.begin(line, **settings)
        said, _ = process.communicate()
        if process.returncode:
            raise AssertionError(f'{line}: {process.returncode}\n{said}')
        return said

    def processes(self) -> list[str]:
        found = []
        for entry in Path('/proc').iterdir():
            try:
                if os.readlink(entry / 'root') == str(self.root):
                    found.append((entry / 'cmdline').read_bytes().decode())
            except OSError:
                pass
        return found


def lines(document: str, after: str) -> list[str]:
    """The first block of commands after a text, for root."""

    text = (ROOT / document).read_text()
    block = re.search(r'\n\n((?:    .*\n)+)', text[text.index(after):])
    return [line.strip().removeprefix('sudo ').partition('    ')[0]
            for line in block[1].splitlines()]


class DebianTest(unittest.TestCase):
    def test_releases(self) -> None:
        for release in RELEASES:
            with self.subTest(release=release):
                self.debian = Debian(release)
                self.stack = Stack(nginx=False, resolver=False)
                try:
                    # under its path outside, in the chroot too
                    source = self.stack.dir / 'source'
                    shutil.copytree(source, self.debian.root
                                    / source.relative_to('/'))
                    self.port = free_port()
                    self.settings = {
                        'PORT': str(self.port),
                        'VOYO_YTDLP_CONF': self.stack.source['ytdlp_conf'],
                        'VOYO_CA_FILE': self.stack.source['ca'],
                        'VOYO_MEDIA_HOSTS': ' '.join(self.stack.media_hosts())}
                    self.quick_start()
                    self.installed()
                    self.own_nginx()
                finally:
                    self.stack.close()
                    self.debian.remove()

    def quick_start(self) -> None:
        self.assertIn('make run', lines('README.md', '## Quick start'))
        self.plays('make run')

    def installed(self) -> None:
        said = self.debian.run('make install PREFIX=/opt/voyo')
        start = re.search(r'Nothing is started: run (\S+),', said)[1]
        self.plays(start, VOYO_HOME='/var/lib/voyo',
                   YT_DLP_PATH='/srv/voyo/build/prefix/bin/yt-dlp')

    def plays(self, line: str, **settings: str) -> None:
        process = self.debian.begin(f'exec {line}', **self.settings,
                                    **settings)
        said = ''
        for each in process.stdout:
            said += each
            if 'voyo: ready' in each:
                break
        else:
            self.fail(said)
        at = f'http://127.0.0.1:{self.port}'
        with urllib.request.urlopen(f'{at}/cdn/stream/s30_debian0') as answer:
            self.assertEqual(
                len(answer.read()), int(answer.headers['Content-Length']))
        with urllib.request.urlopen(f'{at}/health') as answer:
            self.assertEqual(json.load(answer)['status'], 'healthy')
        process.send_signal(signal.SIGTERM)
        process.communicate()
        wait_for(lambda: not self.debian.processes(), 'all have ended')

    def own_nginx(self) -> None:
        after = "With Debian's nginx"
        for line in lines('docs/own-nginx.md', after):
            # its name server and its Redis are not there
            self.debian.run(line)
        self.assertRegex(lines('docs/own-nginx.md', 'the other half')[0],
                         '^YT_DLP_PATH=.* build/voyo-resolver$')
        prove = lines('docs/own-nginx.md', 'the other half')[0] + ' --prove'
        self.assertIn('resolves "s30_debian1"', self.debian.run(
            prove, **self.settings, VOYO_CANARY='s30_debian1'))


if __name__ == '__main__':
    unittest.main()
