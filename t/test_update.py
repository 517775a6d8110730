"""A newer yt-dlp is used if it can resolve a track, and only then."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

import ytdlp  # noqa: E402
from jobs import Jobs  # noqa: E402
from stack import RESOLVER, ROOT, YTDLP, Stack, wait_for  # noqa: E402

UPDATE = ROOT / 'deploy/ytdlp'


class UpdateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(nginx=False, resolver=False)
        cls.addClassCleanup(cls.stack.close)

    def setUp(self) -> None:
        self.dir = Path(tempfile.mkdtemp(prefix='voyo-test-'))
        self.addCleanup(shutil.rmtree, self.dir)
        self.prefix = self.dir / 'prefix'
        self.prefix.symlink_to(self.edition('prefix-0', '2026.10.26'))

    def edition(self, name: str, version: str, broken: str = '') -> Path:
        """The same yt-dlp with another version, possibly broken."""

        root = self.dir / name
        packages = root / 'usr/lib/python3/dist-packages'
        (root / 'bin').mkdir(parents=True)
        packages.mkdir(parents=True)
        (packages / 'sitecustomize.py').write_text(
            ytdlp.says(version) + broken)
        program = root / 'bin/yt-dlp'
        program.write_text(f'''#!/bin/sh
here=$(dirname "$(dirname "$(readlink -f "$0")")")
PYTHONPATH=$here/usr/lib/python3/dist-packages
PYTHONPATH=$PYTHONPATH:{ytdlp.PACKAGES}
export PYTHONPATH
exec /usr/bin/python3 -B -P -m yt_dlp "$@"
''')
        program.chmod(0o755)
        return root

    def update(self, source: Path, **environment: str
               ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [UPDATE, '--from', source, self.prefix], capture_output=True,
            text=True, timeout=60, env={**self.environment(), **environment})

    def environment(self) -> dict[str, str]:
        return {'PATH': os.environ['PATH'], 'VOYO_RESOLVER': str(RESOLVER),
                'VOYO_CANARY': 's05_canary0',
                'VOYO_YTDLP_CONF': self.stack.source['ytdlp_conf'],
                'VOYO_MEDIA_HOSTS': ' '.join(self.stack.media_hosts())}

    def editions(self) -> set[str]:
        return {each.name for each in self.dir.glob('prefix-*')}

    def version(self) -> str:
        return subprocess.run(
            [self.prefix / 'bin/yt-dlp', '--ignore-config', '--version'],
            capture_output=True, text=True).stdout.strip()

    def test_a_newer_one_is_used(self) -> None:
        for number in range(1, 5):
            new = self.edition(f'new{number}', f'2027.01.0{number}')
            done = self.update(new)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertIn(f'yt-dlp 2027.01.0{number} is used', done.stdout)
            self.assertEqual(self.version(), f'2027.01.0{number}')
        # the one before is kept for the workers that run it, no more
        self.assertEqual(len(self.editions()), 2)
        done = self.update(new)
        self.assertIn('is the newest', done.stdout)
        self.assertEqual(done.returncode, 0)

    def test_an_older_one_is_not_used(self) -> None:
        done = self.update(self.edition('old', '2026.10.9'))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('yt-dlp 2026.10.26 is the newest', done.stdout)
        self.assertEqual(self.version(), '2026.10.26')

    def test_after_one_that_was_killed_halfway(self) -> None:
        (self.dir / 'prefix.link').symlink_to('nowhere')
        (self.dir / 'prefix-1/bin').mkdir(parents=True)
        done = self.update(self.edition('new', '2027.01.01'))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.version(), '2027.01.01')

    def test_the_first_only_has_to_start(self) -> None:
        self.prefix.unlink()
        done = self.update(self.edition('new', '2027.01.01'),
                           VOYO_RESOLVER='/nonexistent')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('yt-dlp 2027.01.01 is installed', done.stdout)
        self.assertEqual(self.version(), '2027.01.01')

    def test_one_for_another_python_is_made_again(self) -> None:
        new = self.edition('new', '2026.10.26')
        (self.prefix / 'stamp').write_text('the same 2.7')
        done = self.update(new)
        self.assertIn('yt-dlp 2026.10.26 is used, in place of', done.stdout)
        self.assertIn('is the newest', self.update(new).stdout)

    def test_one_at_a_time(self) -> None:
        with (self.dir / 'prefix.lock').open('w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = self.update(self.edition('new', '2027.01.01'))
        self.assertEqual(done.returncode, 1)
        self.assertIn('another update is running', done.stderr)

    def test_one_that_can_not_resolve_is_not(self) -> None:
        broken = '''
from yt_dlp.extractor.youtube import YoutubeIE

def _real_extract(self, url):
    raise ValueError('The melon is ripe')

YoutubeIE._real_extract = _real_extract
'''
        for name, text in (('extract', broken), ('start', 'raise SystemExit')):
            with self.subTest(name=name):
                done = self.update(self.edition(name, '2027.01.01', text))
                self.assertEqual(done.returncode, 1)
                self.assertEqual(self.version(), '2026.10.26')
        self.assertEqual(self.editions(), {'prefix-0'})

    def test_one_that_hangs_is_ended_with_its_children(self) -> None:
        new = self.edition('hangs', '2027.01.01')
        (new / 'bin/yt-dlp').write_text(
            f'#!/bin/sh\nsleep 1000 & echo $! > {self.dir}/child\nwait\n')
        loader = SourceFileLoader('update', str(UPDATE))
        update = module_from_spec(spec_from_loader('update', loader))
        loader.exec_module(update)
        update.VERSION = 1
        with self.assertRaisesRegex(SystemExit, 'it is not done after 1 s'):
            update.version(new)
        child = Path('/proc', (self.dir / 'child').read_text().strip(), 'stat')
        wait_for(lambda: not child.exists() or ') Z ' in child.read_text(),
                 'its child is ended')

    def test_it_is_ended_with_what_it_runs(self) -> None:
        new = self.edition('hangs', '2027.01.01')
        (new / 'bin/yt-dlp').write_text(
            f'#!/bin/sh\necho $$ > {self.dir}/child\nexec sleep 1000\n')
        process = subprocess.Popen(
            [UPDATE, '--from', new, self.prefix], env=self.environment())
        self.addCleanup(process.kill)
        path = self.dir / 'child'
        wait_for(lambda: path.exists() and path.read_text(), 'it runs')
        process.terminate()
        self.assertEqual(process.wait(10), 128 + signal.SIGTERM)
        self.assertFalse(Path('/proc', path.read_text().strip()).exists())
        self.assertEqual(self.editions(), {'prefix-0'})

    def test_one_that_takes_no_plugin_is_not(self) -> None:
        new = self.edition('cold', '2027.01.01')
        program = new / 'bin/yt-dlp'
        plain = ytdlp.without_plugins(self).read_text()
        program.write_text(plain.replace(
            f'exec {YTDLP} "$@"\n', program.read_text()))
        done = self.update(new)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("is not tested, it cannot be kept warm", done.stderr)
        self.assertEqual(self.version(), '2026.10.26')

    def test_one_that_fails_where_it_is_used_is_taken_back(self) -> None:
        own = self.edition('moved', '2027.01.01')
        program = own / 'bin/yt-dlp'
        program.write_text(program.read_text().replace(
            '#!/bin/sh\n', f'#!/bin/sh\n[ "$0" != {self.prefix}/bin/yt-dlp ]'
            ' || exit 1\n'))
        done = self.update(own)
        self.assertEqual(done.returncode, 1)
        self.assertIn('2026.10.26 is back', done.stderr)
        self.assertEqual(self.version(), '2026.10.26')

    def test_workers_move_over_without_losing_a_job(self) -> None:
        stack = Stack(nginx=False, resolver=False)
        jobs = Jobs(stack)
        try:
            stack.start_resolver(ytdlp=self.prefix / 'bin/yt-dlp')
            wait_for(lambda: stack.heartbeats()[0]['workers']['idle'] == 2,
                     'all are ready')
            update = subprocess.Popen(
                [UPDATE, '--from', self.edition('new', '2027.01.01'),
                 self.prefix], env=self.environment(),
                stdout=subprocess.DEVNULL)
            number = 0
            while stack.heartbeats()[0]['ytdlp_version'] != '2027.01.01':
                self.assertEqual(jobs.outcome(f's30_move{number:03}')[0],
                                 'record')
                number += 1
                self.assertLess(number, 999)
            self.assertEqual(update.wait(10), 0)
            self.assertNotIn('ended', stack.log('resolver'))
            self.assertNotIn('killed', stack.log('resolver'))
        finally:
            stack.close()


if __name__ == '__main__':
    unittest.main()
