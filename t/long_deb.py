"""The Debian packages, in a chroot of this machine's release: `make test-deb`.

It needs root, debootstrap, and the mirror of the machine; build/deb has the
packages, which util/deb makes.  The stand-in source runs outside, and systemd
nowhere: the service is started as its unit says.
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

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import BUILD, ROOT, Stack, free_port, wait_for  # noqa: E402

APT = '''Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
APT::Install-Recommends "false";
'''
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'


def release() -> str:
    text = Path('/etc/os-release').read_text()
    return re.findall('^VERSION_CODENAME=(.*)', text, re.M)[0]


def mirrors() -> list[str]:
    """The machine's own sources, as lines for the chroot."""

    done = subprocess.run(
        ['apt-get', 'indextargets', '--format',
         'deb [signed-by=%s] $(REPO_URI) $(RELEASE) $(COMPONENT)' % KEYRING,
         'Identifier: Packages'], check=True, capture_output=True, text=True)
    return sorted({line for line in done.stdout.splitlines()
                   if line.endswith(' main') and f' {release()}' in line})


class DebTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls) -> None:
        subprocess.run([ROOT / 'util/deb'], check=True,
                       stdout=subprocess.DEVNULL)
        cls.root = Path(tempfile.mkdtemp(prefix='voyo-deb-', dir=BUILD))
        cls.addClassCleanup(cls.end)
        cls.root.chmod(0o755)
        lines = mirrors()
        subprocess.run(
            ['debootstrap', '--variant=minbase', '--include=ca-certificates',
             f'--keyring={KEYRING}', release(), cls.root,
             next(line.split()[2] for line in lines
                  if line.split()[3] == release())],
            check=True, stdout=subprocess.DEVNULL)
        (cls.root / 'etc/apt/apt.conf.d/99test').write_text(APT)
        (cls.root / 'etc/apt/sources.list').write_text('\n'.join(lines) + '\n')
        policy = cls.root / 'usr/sbin/policy-rc.d'
        policy.write_text('#!/bin/sh\nexit 101\n')
        policy.chmod(0o755)
        for each in ('resolv.conf', 'hosts'):
            shutil.copy(f'/etc/{each}', cls.root / 'etc')
        for place in ('proc', 'dev'):
            subprocess.run(['mount', '--bind', f'/{place}', cls.root / place],
                           check=True)
        cls.run_in('apt-get', '-qq', 'update')

    @classmethod
    def end(cls) -> None:
        for place in ('dev', 'proc'):
            subprocess.run(['umount', '-l', cls.root / place],
                           stderr=subprocess.DEVNULL)
        # not while anything of the machine is below it
        if not any(os.path.ismount(cls.root / each)
                   for each in ('dev', 'proc')):
            shutil.rmtree(cls.root)

    @classmethod
    def run_in(cls, *command: str, check: bool = True, **environment: str
               ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ['chroot', cls.root, *command], capture_output=True, text=True,
            stdin=subprocess.DEVNULL,
            env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': '/root',
                 'LC_ALL': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive',
                 **environment})
        if check and done.returncode:
            raise AssertionError(f'{command}: {done.stdout}{done.stderr}')
        return done

    def packages(self, suffix: str = '.deb') -> list[str]:
        """Copies the packages into the chroot."""

        found = sorted((BUILD / 'deb').glob(f'*{suffix}'))
        self.assertEqual(len(found), 2)
        for each in found:
            shutil.copy(each, self.root / 'tmp')
        return [f'/tmp/{each.name}' for each in found]

    # Its steps need each other, so they are one test.

    def test_its_life(self) -> None:
        packages = self.packages()
        self.depends()
        before = self.files()
        self.run_in('apt-get', '-y', 'install', 'redis-server', 'lintian')
        self.lint(packages)
        self.run_in('apt-get', '-y', 'install', *packages)
        self.loaded()
        self.assertEqual({each for each in self.files() if '/man/' in each
                          and 'voyo' in each},
                         {f'usr/share/man/{page}.gz' for page in (
                             'man1/voyo.1', 'man5/voyo.conf.5',
                             'man8/voyo-resolver.8')})

        # a setting of the operator's survives everything but a purge
        conf = self.root / 'etc/voyo/voyo.conf'
        self.assertEqual(conf.stat().st_mode & 0o777, 0o640)
        conf.write_text(conf.read_text() + 'VOYO_STOP_TIMEOUT=3\n')

        self.stack = Stack(nginx=False, resolver=False)
        self.addCleanup(self.stack.close)
        self.serves('s30_deb0001')
        self.upgrade_nginx()
        self.loaded()
        self.serves('s30_deb0002')

        self.run_in('dpkg', '-i', *packages)
        self.assertIn('VOYO_STOP_TIMEOUT=3', conf.read_text())
        self.run_in('apt-get', '-y', 'remove', 'voyo',
                    'libnginx-mod-http-voyo')
        self.assertIn('VOYO_STOP_TIMEOUT=3', conf.read_text())
        self.assertTrue((self.root / 'var/lib/voyo').exists())
        self.run_in('nginx', '-t')
        self.run_in('apt-get', '-y', 'purge', 'voyo',
                    'libnginx-mod-http-voyo')
        self.assertEqual({each for each in self.files() - before
                          if 'voyo' in each}, set())

    def files(self) -> set[str]:
        return {str(path.relative_to(self.root))
                for each in ('etc', 'usr', 'var/lib')
                for path in (self.root / each).rglob('*')}

    def depends(self) -> None:
        """On the interface of Debian's nginx, as Debian's own modules do."""

        def depends(*command: str) -> str:
            done = self.run_in(*command)
            return re.findall(r'nginx-abi-[^ ,|]+', done.stdout)[0]

        self.assertEqual(
            depends('sh', '-c',
                    'dpkg-deb -f /tmp/libnginx-mod-http-voyo_*.deb Depends'),
            depends('apt-cache', 'show', 'libnginx-mod-http-echo'))

    def lint(self, packages: list[str]) -> None:
        done = self.run_in('lintian', '--fail-on', 'error',
                           '--allow-root', *packages, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def loaded(self) -> None:
        """Debian's own nginx has the module."""

        self.run_in('nginx', '-t')
        self.assertIn('ngx_http_voyo_module.so',
                      self.run_in('nginx', '-T').stdout)

    def serves(self, track: str) -> None:
        """A track plays from a service that is started as the unit says."""

        unit = (self.root / 'usr/lib/systemd/system/voyo.service')
        if not unit.exists():
            unit = self.root / 'lib/systemd/system/voyo.service'
        text = unit.read_text()
        start = re.findall('^ExecStart=(.*)', text, re.M)[0]
        user = re.findall('^User=(.*)', text, re.M)[0]
        port = free_port()
        settings = dict(each.split('=', 1) for each in re.findall(
            '^Environment=(.*)', text, re.M)[0].split())
        settings |= dict(re.findall('^([A-Z_]+)=(.*)', (
            self.root / 'etc/voyo/voyo.conf').read_text(), re.M))
        # what the stand-in needs
        for name in ('ytdlp_conf', 'ca'):
            shutil.copy(self.stack.source[name], self.root / 'etc/voyo' / name)
            (self.root / 'etc/voyo' / name).chmod(0o644)
        options = (self.root / 'etc/voyo/ytdlp_conf')
        options.write_text(options.read_text().replace(
            self.stack.source['ca'], '/etc/voyo/ca'))
        settings |= {
            'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
            'PORT': str(port), 'VOYO_YTDLP_CONF': '/etc/voyo/ytdlp_conf',
            'VOYO_CA_FILE': '/etc/voyo/ca', 'VOYO_CANARY': 's05_canary0',
            'VOYO_MEDIA_HOSTS': ' '.join(self.stack.media_hosts())}

        # StateDirectory=
        self.run_in('install', '-d', '-o', user, '-g', user, '/var/lib/voyo')
        log = self.root / 'tmp/log'
        with log.open('wb') as file:
            process = subprocess.Popen(
                ['chroot', self.root, 'setpriv', f'--reuid={user}',
                 f'--regid={user}', '--init-groups', '--no-new-privs',
                 '--bounding-set=-all', start], stdin=subprocess.DEVNULL,
                stdout=file, stderr=file, env=settings)
        self.addCleanup(process.kill)
        wait_for(lambda: 'voyo: ready' in log.read_text()
                 or process.poll() is not None, 'it is ready', 180)
        self.assertIsNone(process.poll(), log.read_text())
        with urllib.request.urlopen(
                f'http://127.0.0.1:{port}/cdn/stream/{track}',
                timeout=30) as answer:
            size = int(answer.headers['Content-Length'])
            self.assertEqual(len(answer.read()), size)
        self.assertGreater(size, 100000)
        with urllib.request.urlopen(f'http://127.0.0.1:{port}/health',
                                    timeout=30) as answer:
            self.assertEqual(json.load(answer)['status'], 'healthy')
        # the operator's commands find it by its configuration
        self.assertIn('VOYO is healthy', self.run_in(
            'voyo', 'status', PORT=str(port)).stdout)
        self.assertRegex(self.run_in('voyo', 'explain', track,
                                     PORT=str(port)).stdout,
                         f'GET /cdn/stream/{track} 200')
        self.assertIn('usage: voyo status',
                      self.run_in('voyo', 'status', '--help').stdout)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(40), 0, log.read_text())
        self.assertNotRegex(log.read_text(), r'\[(alert|crit|emerg)\]')
        for name in ('ytdlp_conf', 'ca'):
            (self.root / 'etc/voyo' / name).unlink()

    def upgrade_nginx(self) -> None:
        """The same nginx with a higher version, then one that loads no module
        that was made for this one."""

        version = self.run_in('dpkg-query', '-W', '-f', '${Version}',
                              'nginx').stdout
        self.run_in('sh', '-c', 'cd /tmp && apt-get -q download nginx && '
                    'dpkg-deb -R nginx_*.deb nginx')
        control = self.root / 'tmp/nginx/DEBIAN/control'
        text = control.read_text()
        for abi, status in (('nginx-abi-', 0), ('nginx-abi-9.', 100)):
            control.write_text(re.sub(
                '^Version: .*', f'Version: {version}+{status}',
                text, flags=re.M).replace('nginx-abi-', abi))
            self.run_in('dpkg-deb', '-b', '/tmp/nginx', '/tmp/new.deb')
            done = self.run_in('apt-get', '-y', '--no-remove', 'install',
                               '/tmp/new.deb', check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            if status:
                self.assertRegex(done.stdout, r'REMOVED:\n.*'
                                 'libnginx-mod-http-voyo')
            else:
                self.assertIn('Processing triggers for voyo', done.stdout)


if __name__ == '__main__':
    unittest.main()
