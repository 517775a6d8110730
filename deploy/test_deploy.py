#!/usr/bin/python3 -B

"""deploy/voyo: what it refuses, what it starts, and that nothing is left."""

import fcntl
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / 't/lib'))

from ports import free_port  # noqa: E402

OLD_YTDLP = """#!/usr/bin/python3
import sys
sys.path.insert(0, '{prefix}/lib/python3/dist-packages')
import yt_dlp.version
yt_dlp.version.__version__ = '2025.01.15'
import yt_dlp
yt_dlp.main()
"""
PARTS = ('redis-server', 'voyo-resolver', 'nginx: master')


class DeployTest(unittest.TestCase):
    def setUp(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix='voyo-deploy-'))
        self.home.chmod(0o755)
        self.port = free_port()
        self.running: list[subprocess.Popen[bytes]] = []

    def tearDown(self) -> None:
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.wait()
        self.until(lambda: not self.processes(), 'all processes are gone')
        shutil.rmtree(self.home)

    def environment(self, **more: str) -> dict[str, str]:
        return {'PATH': os.environ['PATH'], 'PORT': str(self.port),
                'VOYO_HOME': str(self.home / 'voyo'), **more}

    def check(self, *, script: Path = HERE / 'voyo',
              **more: str) -> tuple[int, str]:
        """The exit status and last line of "deploy/voyo --check"."""

        done = subprocess.run([script, '--check'], capture_output=True,
                              text=True, env=self.environment(**more),
                              stdin=subprocess.DEVNULL, timeout=60)
        lines = done.stderr.strip().splitlines()
        return done.returncode, lines[-1] if lines else ''

    def start(self, *prefix: str, **more: Any) -> subprocess.Popen[bytes]:
        process = self.begin(*prefix, **more)
        self.until(lambda: 'voyo: ready' in self.log()
                   or process.poll() is not None, 'it is ready')
        self.assertIsNone(process.poll(), self.log())
        return process

    def begin(self, *prefix: str, script: Path = HERE / 'voyo',
              **more: str) -> subprocess.Popen[bytes]:
        self.said = self.home / 'log'
        with self.said.open('wb') as log:
            process = subprocess.Popen(
                [*prefix, script], env=self.environment(**more),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.running.append(process)
        return process

    def log(self) -> str:
        return self.said.read_text(errors='replace')

    def until(self, what: Any, about: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                self.fail(f'not in {seconds} s: {about}')
            time.sleep(0.02)

    def processes(self) -> dict[int, str]:
        """The processes of this instance, by their directory, its home."""

        found = {}
        for entry in Path('/proc').iterdir():
            try:
                line = (entry / 'cmdline').read_bytes().replace(b'\0', b' ')
                place = (entry / 'environ').read_bytes() + line
            except OSError:
                continue
            if str(self.home / 'voyo').encode() in place:
                found[int(entry.name)] = line.decode(errors='replace').strip()
        return found

    def part(self, name: str) -> int:
        """The process of a part, 0 for none; while forking there are two."""

        found = []

        def settled() -> bool:
            found[:] = [pid for pid, line in self.processes().items()
                        if name in line and '--relay' not in line]
            return len(found) < 2

        self.until(settled, f'there is one {name}')
        return found[0] if found else 0

    def running_part(self, name: str) -> int:
        self.until(lambda: self.part(name), f'{name} runs')
        return self.part(name)

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(
                    f'http://127.0.0.1:{self.port}{path}', timeout=10) as it:
                return it.status, it.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    # What it refuses.

    def test_a_bad_setting_is_one_clear_line(self) -> None:
        for name, *values in (
                ('PORT', '0', '65536', 'http', '80;', ' '),
                ('REDIS_URL', 'localhost', 'redis://x";', 'redis://x y',
                 'redis://a$b'),
                ('VOYO_SOURCE_ADDRESS', '1.2.3', 'eth0', '::1;'),
                ('VOYO_YTDLP_WORKERS', '0', '65', 'two'),
                ('VOYO_MEDIA_HOSTS', ' ', 'a;b', '.x.com;}', 'a\nb',
                 'http://a/b', 'ftp://a', 'http://a:65536'),
                ('VOYO_CODEC', 'mp3', 'aac;'),
                ('VOYO_QUALITY_TOLERANCE', '-1', '101', '1;'),
                ('VOYO_CACHE_SIZE', '1', '1t', '0g', '1g;'),
                ('VOYO_CACHE_MIN_FREE', '0m', '1', '1g;'),
                ('VOYO_ZONE_SIZE', '0m', '32', '32m;'),
                ('VOYO_EGRESS', 'a b', 'a:b', 'a;', 'a\nb', 'x' * 33),
                ('VOYO_AHEAD', '17', '-1'),
                ('VOYO_REDIS_WAIT', '-1', '3601'),
                ('VOYO_COLD_RATE', '-1', 'x'),
                ('VOYO_FETCH_RATE', '10001', '1.5'),
                ('VOYO_RETRY_TIMEOUT', '31', '3s'),
                ('VOYO_QUEUE', '0', '1000000'),
                ('VOYO_BUDGET', '0', 'all'),
                ('VOYO_PROOF', 'yes'),
                ('VOYO_MP4_HEADER', 'off'),
                ('VOYO_CANARY', 'short', 'x;dropuser00', 'x' * 12),
                ('VOYO_CANARY_EVERY', '0', '1441'),
                ('VOYO_ART_URL', ' ', 'https://a/b', 'https://a/{id};',
                 'https://a/$x{id}', 'ftp://a/{id}'),
                ('VOYO_TRUSTED_PROXIES', '10.0.0.0/8;', 'proxy', '1.2.3.4/x',
                 '1.2.3.4/33', '::1/129', '1.2.3.4/'),
                ('VOYO_LOG_CLIENT', 'ip', 'Hash'),
                ('VOYO_STATUS_ALLOW', '10.0.0.0/8;', 'all', '1.2.3.4/33'),
                ('VOYO_CORS_ORIGINS', 'app.example', 'https://a;b',
                 'https://a/b', '* https://a', 'https://a:99999'),
                ('VOYO_RESOLVE_TIMEOUT', '15', '0s', '31s', '99ms', '30001ms',
                 '1h', '15s;'),
                ('VOYO_LOG_FORMAT', 'xml'),
                ('VOYO_LOG_SAMPLE', '101', '-1', '1.5'),
                ('VOYO_APP_URL', 'app', 'http://a/b', 'http://a;', 'http://a b',
                 'http://$host'),
                ('VOYO_DEMO', 'yes'),
                ('VOYO_YTDLP_CONF', '/nonexistent'),
                ('VOYO_NGINX_DIR', '/nonexistent', '/etc/passwd'),
                ('VOYO_CA_FILE', '/nonexistent', '/etc/passwd', '/tmp'),
                ('VOYO_HOME', '/proc/voyo', '/etc/passwd/x'),
                ('YT_DLP_PATH', '/nonexistent', '/etc/passwd'),
                ('NGINX_WORKERS', '0', 'auto')):
            for value in values:
                with self.subTest(name=name, value=value):
                    status, line = self.check(**{name: value})
                    self.assertEqual(status, 2, line)
                    self.assertRegex(line, f'^voyo: {name}.* is wrong: it '
                                           'must be [^.]*')

    def test_a_password_is_never_shown(self) -> None:
        _, line = self.check(REDIS_URL='redis://:secret word@host')
        self.assertNotIn('secret', line)

    def test_what_is_missing_has_a_cure(self) -> None:
        status, line = self.check(REDIS_URL=f'unix:{self.home}/none.sock')
        self.assertEqual(status, 1, line)
        self.assertIn('the resolver cannot start', line)

    def test_what_only_nginx_or_ytdlp_finds_wrong(self) -> None:
        for settings, text in (
                ({'VOYO_TRUSTED_PROXIES': ':::/8'}, 'nginx rejects'),
                ({'VOYO_APP_URL': 'http://[1:2]'}, 'nginx rejects'),
                ({'VOYO_ZONE_SIZE': '999999m'}, 'nginx rejects'),
                ({'YT_DLP_PATH': '/bin/true'}, 'the resolver cannot start')):
            with self.subTest(settings=settings):
                status, line = self.check(**settings)
                self.assertEqual(status, 2, line)
                self.assertRegex(line, f'{text}.*, a setting is wrong')

    def say(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([HERE / 'voyo', *words], capture_output=True,
                              text=True, env=self.environment(**more),
                              stdin=subprocess.DEVNULL, timeout=60)

    def test_a_misspelt_setting(self) -> None:
        done = self.say('--check', VOYO_CACH_SIZE='1g', VOYO_YTDLP_WORKER='3',
                        VOYO_AHEAD='5')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            set(re.findall('.*nothing reads.*', done.stderr)),
            {'voyo: warning: nothing reads VOYO_CACH_SIZE, there is '
             'VOYO_CACHE_SIZE',
             'voyo: warning: nothing reads VOYO_YTDLP_WORKER, there is '
             'VOYO_YTDLP_WORKERS'})

    def test_all_settings_are_known(self) -> None:
        names = set(re.findall(r'^\| `(VOYO_[A-Z0-9_]+)`', (
            ROOT / 'docs/settings.md').read_text(), re.M))
        self.assertGreater(len(names), 30)
        done = self.say('--check', **dict.fromkeys(
            names - {'VOYO_HOME'}, ''))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn('nothing reads', done.stderr)

    def test_it_says_what_it_is(self) -> None:
        done = self.say('--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertRegex(done.stdout, '^Starts VOYO(.|\n)* --check .*')
        self.assertNotIn('#', done.stdout)
        done = self.say('--version')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertRegex(done.stdout, r'^voyo \d+\.\d+\.\d+\S*\n$')
        for words in (['--chekc'], ['--check', 'x'], ['check'], ['']):
            done = self.say(*words)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, '^voyo: .* see deploy/voyo --help\n$')
        self.assertFalse((self.home / 'voyo').exists())

    def test_not_built(self) -> None:
        for name in ('deploy', 'conf'):
            shutil.copytree(ROOT / name, self.home / name)
        status, line = self.check(script=self.home / 'deploy/voyo')
        self.assertEqual(status, 1, line)
        self.assertIn('make build', line)

    def test_an_old_ytdlp(self) -> None:
        old = self.home / 'yt-dlp'
        # the real one, but for what it says of itself
        old.write_text(OLD_YTDLP.format(prefix=ROOT / 'build/prefix/usr'))
        old.chmod(0o755)
        done = subprocess.run(
            [HERE / 'voyo', '--check'], capture_output=True, text=True,
            env=self.environment(YT_DLP_PATH=str(old)), timeout=60,
            stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r'2025\.01\.15')

    def test_cookies_that_are_empty(self) -> None:
        conf = self.home / 'yt-dlp.conf'
        conf.write_text(f'--cookies {self.home}/cookies.txt\n')
        (self.home / 'cookies.txt').touch()
        done = subprocess.run(
            [HERE / 'voyo', '--check'], capture_output=True, text=True,
            env=self.environment(VOYO_YTDLP_CONF=str(conf)), timeout=60,
            stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f'cookie file "{self.home}/cookies.txt" of '
                      'VOYO_YTDLP_CONF is empty', done.stderr)

    def test_a_port_in_use(self) -> None:
        with socket.socket() as other:
            other.bind(('127.0.0.1', 0))
            other.listen()
            self.port = other.getsockname()[1]
            status, line = self.check()
        self.assertEqual(status, 1)
        self.assertIn(f'port {self.port} is in use', line)

    def test_one_home_is_for_one(self) -> None:
        self.start()
        self.port = free_port()
        done = self.say()
        self.assertEqual(done.returncode, 1)
        self.assertIn('is already running', done.stderr)

    def test_a_check_beside_a_running_one(self) -> None:
        tracks = self.home / 'tracks.json'
        tracks.write_text('[]')
        self.start(VOYO_DEMO='1', VOYO_DEMO_TRACKS=str(tracks))
        home = self.home / 'voyo'
        parts = {name: self.running_part(name) for name in PARTS}

        def state() -> dict[str, tuple[float, int]]:
            return {str(path): (path.lstat().st_mtime, path.lstat().st_ino)
                    for each in ('conf', 'run') for path in (
                        home / each, *(home / each).iterdir())
                    if path != home / 'run'}

        # voyo(1) finds it, with its Redis and its log
        done = self.say('status')
        self.assertEqual((done.returncode, done.stderr), (0, ''), done.stdout)
        self.get('/cdn/stream/bad')
        self.get('/cdn/track/s30_deploy0')
        done = self.say('explain', 's30_deploy0')
        self.assertEqual((done.returncode, done.stderr), (0, ''), done.stdout)
        self.assertIn('GET /cdn/track/s30_deploy0', done.stdout)
        self.assertNotIn('/bad ', done.stdout)
        before = state()
        tracks.write_text('[1]')
        for status, settings in ((0, {}), (0, {'VOYO_AHEAD': '7'}),
                                 (2, {'VOYO_AHEAD': '17'}),
                                 (2, {'VOYO_TRUSTED_PROXIES': ':::/8'}),
                                 (2, {'VOYO_JS_RUNTIME': 'java'})):
            with self.subTest(settings=settings):
                done = self.say('--check', VOYO_DEMO='1', **settings,
                                VOYO_DEMO_TRACKS=str(tracks))
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertEqual(state(), before)
        with socket.socket() as other:
            other.bind(('127.0.0.1', 0))
            other.listen()
            own, self.port = self.port, other.getsockname()[1]
            status, line = self.check()
            self.assertEqual(status, 1)
            self.assertIn(f'port {self.port} is in use', line)
            self.port = own
        self.assertEqual({name: self.part(name) for name in PARTS}, parts)
        self.assertEqual(self.get('/health')[0], 200)
        self.assertEqual(self.get('/tracks.json')[1], b'[]')

    def test_a_redis_that_refuses_us(self) -> None:
        self.redis('--requirepass', 'right')
        # waiting would be no cure
        for url in (f'unix:{self.home}/redis.sock',
                    f'unix:{self.home}/redis.sock?db=99'):
            done = subprocess.run(
                [HERE / 'voyo'], capture_output=True, text=True, timeout=60,
                env=self.environment(REDIS_URL=url), stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn('NOAUTH', done.stderr)

    def redis(self, *options: str) -> None:
        process = subprocess.Popen(
            ['redis-server', '--port', '0', '--unixsocket',
             self.home / 'redis.sock', '--unixsocketperm', '777', '--save', '',
             *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.running.append(process)
        self.until((self.home / 'redis.sock').exists, 'Redis is there')

    @unittest.skipUnless(shutil.which('systemd-analyze'), 'no systemd')
    def test_the_unit_exposes_little(self) -> None:
        done = subprocess.run(
            ['systemd-analyze', 'security', '--offline=true', '--no-pager',
             '--threshold=20', HERE / 'voyo.service'],
            capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # and systemd knows every line; the path is the installed one
        unit = self.home / 'voyo.service'
        unit.write_text((HERE / 'voyo.service').read_text().replace(
            '/opt/voyo', str(ROOT)))
        done = subprocess.run(['systemd-analyze', 'verify', unit],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ''))

    # What it renders.

    def conf(self, **more: str) -> str:
        status, line = self.check(**more)
        self.assertEqual(status, 0, line)
        return ''.join(
            path.read_text()
            for path in sorted((self.home / 'voyo/conf').iterdir()))

    def test_all_settings_reach_nginx(self) -> None:
        conf = self.conf(
            NGINX_WORKERS='3', VOYO_CODEC='opus', VOYO_ZONE_SIZE='8m',
            VOYO_CACHE_SIZE='77m', VOYO_CACHE_MIN_FREE='5m', VOYO_EGRESS='one.a-b',
            VOYO_QUALITY_TOLERANCE='0', VOYO_RESOLVE_TIMEOUT='9s',
            VOYO_MP4_HEADER='0',
            VOYO_MEDIA_HOSTS='.a.example http://127.0.0.1:8081',
            VOYO_CORS_ORIGINS='https://a.example, http://[::1]:3000',
            VOYO_SOURCE_ADDRESS='127.0.0.9', VOYO_NGINX_DIR='/usr/share')
        self.assertNotRegex(conf, r'@[A-Z_]+@')
        for text in ('worker_processes 3;', 'voyo_codec opus;',
                     'voyo_zone voyo:8m ', 'max_size=77m', 'min_free=5m',
                     'voyo_egress one.a-b;', 'voyo_quality_tolerance 0;',
                     'voyo_mp4_header off;',
                     'voyo_resolve_timeout 9s;',
                     'voyo_media_hosts .a.example http://127.0.0.1:8081;',
                     'default "";', '"https://a.example" "https://a.example";',
                     '"http://[::1]:3000" "http://[::1]:3000";',
                     'proxy_bind 127.0.0.9;',
                     *(f' include /usr/share/{name}*.conf;' for name in
                       ('http', 'server', 'track', 'status'))):
            self.assertIn(text, conf)

    def test_connections_leave_descriptors_for_files(self) -> None:
        for limit, memory, connections in (
                (100, 4000, 64), (1024, 4000, 256), (1048576, 64, 1024),
                (1048576, 256, 4096), (1048576, 16000, 65536)):
            self.assertEqual(self.rendered(f'connections {limit} {memory}'),
                             str(connections))
        # this machine's
        self.assertRegex(self.conf(), r'worker_connections \d+;')

    def test_memory_for_keys_follows_the_cache(self) -> None:
        for size, keys in (('64m', '16m'), ('10g', '16m'), ('64g', '32m'),
                           ('2048g', '1024m'), ('999999m', '488m')):
            self.assertEqual(self.rendered(f'cache_keys {size}'), keys)
        self.assertIn('keys_zone=voyo_cache:100m max_size=200g ',
                      re.sub(r'\s+', ' ', self.conf(VOYO_CACHE_SIZE='200g')))

    def rendered(self, command: str) -> str:
        done = subprocess.run(
            ['bash', '-c', f'. "$1"; {command}', '-', HERE / 'lib/render.sh'],
            capture_output=True, text=True)
        self.assertEqual(done.stderr, '')
        return done.stdout.strip()

    def test_a_password_is_in_no_file_for_others(self) -> None:
        self.conf()
        self.assertEqual((self.home / 'voyo/conf').stat().st_mode & 0o077, 0)

    def test_name_servers(self) -> None:
        file = self.home / 'resolv.conf'
        file.write_text('# nameserver 9.9.9.9\nsearch example\n'
                        'nameserver 10.0.0.53\n'
                        'nameserver fe80::1%eth0\n'
                        'nameserver 2001:db8::53\n'
                        'nameserver x;y\noptions ndots:1\nnameserver\n')
        done = subprocess.run(
            ['bash', '-euo', 'pipefail', '-c',
             f'. {HERE}/lib/machine.sh; name_servers {file}'],
            capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout.split(),
                         ['10.0.0.53', '[fe80::1]', '[2001:db8::53]'])

    # What it starts.

    def test_it_serves_and_stops(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                process = self.start()
                self.until(lambda: self.get('/health')[0] == 200, 'healthy')
                self.assertEqual(self.get('/')[0], 404)
                process.send_signal(number)
                self.assertEqual(process.wait(15), 0, self.log())
                self.assertEqual(self.processes(), {})
        self.assertNotRegex(self.log(), r'\[(error|alert|crit|emerg)\]')

    def test_one_version_everywhere(self) -> None:
        said = subprocess.run([ROOT / 'build/voyo-resolver', '--version'],
                              capture_output=True, text=True, check=True)
        version = said.stdout.removeprefix('voyo-resolver ').strip()
        self.assertRegex(version, r'^\d+\.\d+\.\d+')
        self.assertIn(f'voyo {version}\0'.encode(), (
            ROOT / 'build/nginx/ngx_voyo_module.so').read_bytes())

        self.start(VOYO_LOG_LEVEL='notice')
        self.assertEqual(json.loads(self.get('/health')[1])['version'], version)
        # after the warning that www-data cannot read the tree, if it cannot
        first = [line for line in self.log().splitlines()
                 if 'so all parts run as root' not in line][0]
        self.assertEqual(first, f'voyo: version {version}')
        self.assertRegex(self.log(), rf'\[notice\] .*: voyo {version}\n')
        self.assertIn(f' started, version {version}, ', self.log())

    def test_ready_means_that_a_play_works(self) -> None:
        slow = self.home / 'yt-dlp'
        slow.write_text('#!/bin/sh\nsleep 1.5\n'
                        f'exec {ROOT}/build/prefix/bin/yt-dlp "$@"\n')
        slow.chmod(0o755)
        self.start(YT_DLP_PATH=str(slow))
        self.assertEqual(self.get('/health')[0], 200)
        self.assertIn(b'"resolver":{"status":"ok"', self.get('/health')[1])

    def test_it_waits_for_a_redis_that_is_late(self) -> None:
        process = self.begin(REDIS_URL=f'unix:{self.home}/redis.sock')
        self.until(lambda: 'voyo: waiting for Redis' in self.log(),
                   'it waits')
        self.redis()
        self.until(lambda: 'voyo: ready' in self.log(), 'it is ready')
        self.assertNotIn('starts without it', self.log())
        self.until(lambda: self.get('/health')[0] == 200, 'healthy')
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(15), 0, self.log())

    def test_it_starts_without_a_redis_that_does_not_come(self) -> None:
        self.begin(REDIS_URL=f'unix:{self.home}/redis.sock',
                   VOYO_REDIS_WAIT='1')
        self.until(lambda: 'VOYO starts without it' in self.log(),
                   'it starts')
        self.running_part(PARTS[2])
        self.redis()
        self.until(lambda: 'voyo: ready' in self.log(), 'it is ready')
        self.assertEqual(self.get('/health')[0], 200)

    def test_a_snapshot_that_cannot_be_read(self) -> None:
        self.start()
        self.until(lambda: self.get('/health')[0] == 200, 'healthy')
        snapshot = self.home / 'voyo/redis/voyo.rdb'
        self.running[-1].terminate()
        self.assertEqual(self.running[-1].wait(15), 0)
        good = snapshot.read_bytes()
        owner = snapshot.stat()
        bad = {'empty': b'', 'truncated': good[:len(good) // 2],
               'of another version': b'REDIS0099' + good[9:],
               'with a wrong checksum': good[:-1] + bytes([good[-1] ^ 1])}
        for name, content in {'good': good, **bad}.items():
            with self.subTest(name):
                snapshot.write_bytes(content)
                subprocess.run(
                    ['bash', '-euo', 'pipefail', '-c',
                     f'home={self.home}/voyo; as=(env); say() {{ echo "$*"; }}'
                     f'; . {HERE}/lib/parts.sh; put_aside_snapshot'],
                    check=True, stdout=subprocess.DEVNULL)
                self.assertEqual(snapshot.exists(), name == 'good')
                if name != 'good':
                    aside = snapshot.with_suffix('.rdb.bad')
                    self.assertEqual(aside.read_bytes(), content)
        # and all together, with a file that another user owns
        snapshot.write_bytes(bad['truncated'])
        snapshot.chmod(0)
        if os.geteuid() == 0 and owner.st_uid != 0:
            os.chown(snapshot, 0, 0)
        self.start()
        self.assertIn('Redis starts empty: it cannot read its snapshot',
                      self.log())
        self.until(lambda: self.get('/health')[0] == 200, 'healthy')

    def test_the_demo_page(self) -> None:
        tracks = self.home / 'tracks.json'
        tracks.write_text('[{"id": "m04_tracks1", "title": "One"}]')
        self.start(VOYO_DEMO='1', VOYO_DEMO_TRACKS=str(tracks))
        self.assertIn(b'<title>VOYO', self.get('/')[1])
        self.assertEqual(json.loads(self.get('/tracks.json')[1])[0]['title'],
                         'One')
        for path in ('/conf/nginx.conf', '/../../conf/nginx.conf.in',
                     '/run/tracks.json'):
            self.assertIn(self.get(path)[0], (400, 404))

    def test_an_app_behind_it(self) -> None:
        class App(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                text = ' '.join([self.path, self.headers['Host'], *(
                    self.headers.get_all('X-Forwarded-Proto'))]).encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *words: Any) -> None:
                pass

        app = http.server.ThreadingHTTPServer(('127.0.0.1', 0), App)
        threading.Thread(target=app.serve_forever, daemon=True).start()
        try:
            self.start(
                VOYO_APP_URL=f'http://127.0.0.1:{app.server_address[1]}',
                VOYO_TRUSTED_PROXIES='127.0.0.1 127.0.1.0/24')
            for source, said, told in (
                    ('127.0.0.1', '', 'http'),
                    ('127.0.0.1', 'https', 'https'),
                    ('127.0.1.9', 'https, http', 'https'),
                    ('127.0.0.1', 'httpsx', 'http'),
                    ('127.0.0.2', 'https', 'http')):
                with self.subTest(source=source, said=said):
                    client = http.client.HTTPConnection(
                        '127.0.0.1', self.port, 20, (source, 0))
                    client.request('GET', '/a%20b?c=d', headers={
                        'X-Forwarded-Proto': said} if said else {})
                    self.assertEqual(
                        client.getresponse().read(),
                        f'/a%20b?c=d 127.0.0.1:{self.port} {told}'.encode())
                    client.close()
            self.assertIn(b'"checks"', self.get('/health')[1])
            self.assertEqual(self.get('/cdn/stream/bad')[0], 400)
        finally:
            app.shutdown()
            app.server_close()

    def test_killed_parts_come_back(self) -> None:
        self.start()
        old = {name: self.running_part(name) for name in PARTS[:2]}
        for pid in old.values():
            os.kill(pid, signal.SIGKILL)
        for name, pid in old.items():
            self.until(lambda: self.part(name) not in (0, pid), name)
        self.until(lambda: self.get('/health')[0] == 200, 'healthy')
        self.assertEqual(len(re.findall(
            r'ended with status 137, next start in', self.log())), 2)

    def test_a_part_that_never_lives_is_not_hurried(self) -> None:
        self.start()
        for _ in range(3):
            old = self.running_part(PARTS[0])
            os.kill(old, signal.SIGKILL)
            self.until(lambda: self.part(PARTS[0]) != old, 'it is gone')
        self.until(lambda: len(re.findall('next start in', self.log())) == 3,
                   'it said so')
        self.assertEqual(re.findall(r'next start in (\d+) ms', self.log()),
                         ['100', '200', '400'])

    def test_without_nginx_it_ends(self) -> None:
        process = self.start()
        os.kill(self.running_part(PARTS[2]), signal.SIGKILL)
        self.assertEqual(process.wait(15), 1)
        self.assertEqual(self.processes(), {})

    def test_killed_itself_it_leaves_nothing(self) -> None:
        process = self.start()
        process.kill()
        process.wait()
        self.until(lambda: not self.processes(), 'all ends', 5)

    def workers(self) -> set[str]:
        master = self.running_part(PARTS[2])
        return set(Path(f'/proc/{master}/task/{master}/children')
                   .read_text().split())

    def test_hup_reloads(self) -> None:
        process = self.start(VOYO_LOG_FORMAT='json', VOYO_LOG_LEVEL='notice',
                             VOYO_LOG_SAMPLE='10')
        old = self.workers()
        process.send_signal(signal.SIGHUP)
        self.until(lambda: self.workers() and not self.workers() & old,
                   'new workers')
        self.assertEqual(self.get('/health/live')[0], 200)
        process.terminate()
        self.assertEqual(process.wait(15), 0)
        self.all_is_json(self.log())

    def all_is_json(self, log: str) -> None:
        said = [json.loads(line) for line in log.splitlines()]
        for each in said:
            self.assertRegex(each['time'], r'^20\d\d-\d\d-\d\dT[\d:]{8}')
        for text in ('"level": "notice", "message": "[0-9#]+: voyo [0-9.]+"',
                     '"message": "GET /health/live 200", "level": "info"',
                     '"level": "info", "message": "voyo: ready',
                     '"level": "notice", "message": "\\\\"\\S+\\\\" started'):
            self.assertRegex(json.dumps(said), text)

    def test_an_upgrade_needs_a_restart(self) -> None:
        place = self.home / 'installed'
        install = [HERE / 'install', place]
        done = subprocess.run(install, check=True, capture_output=True,
                              text=True)
        self.assertIn(f'Nothing is started: run {place}/deploy/voyo',
                      done.stdout)
        process = self.start(
            script=place / 'deploy/voyo',
            YT_DLP_PATH=str(ROOT / 'build/prefix/bin/yt-dlp'))
        old = self.workers()
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        process.send_signal(signal.SIGHUP)
        self.until(lambda: 'was replaced: restart VOYO' in self.log(), 'said')
        self.assertNotIn('reloading', self.log())
        self.assertEqual(self.workers(), old)

    def test_a_removed_cache_comes_back(self) -> None:
        self.start()
        cache = self.home / 'voyo/cache'
        owner = cache.stat().st_uid
        shutil.rmtree(cache)
        self.until(cache.exists, 'it is there again')
        self.until(lambda: cache.stat().st_uid == owner, 'it has its owner')

    def test_a_slow_listener_does_not_hold_it_up(self) -> None:
        process = self.start(VOYO_STOP_TIMEOUT='1')
        with socket.create_connection(('127.0.0.1', self.port)) as listener:
            listener.sendall(b'GET /health HTTP/1.1\r\nHost: x\r\n')
            time.sleep(0.2)
            process.terminate()
            began = time.monotonic()
            self.assertEqual(process.wait(15), 0)
        self.assertLess(time.monotonic() - began, 5)

    @unittest.skipUnless(os.geteuid() == 0, 'only root makes a container')
    def test_process_1_hears_a_stop_from_its_start(self) -> None:
        for seconds in (0, 0.3, 1):
            with self.subTest(seconds=seconds):
                shutil.rmtree(self.home / 'voyo', ignore_errors=True)
                process = subprocess.Popen(
                    ['unshare', '--pid', '--fork', '--kill-child',
                     HERE / 'voyo'], env=self.environment(),
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
                self.running.append(process)
                self.until((self.home / 'voyo').exists, 'it has begun')
                time.sleep(seconds)
                first = Path(f'/proc/{process.pid}/task/{process.pid}/'
                             'children').read_text()
                os.kill(int(first), signal.SIGTERM)
                self.assertEqual(process.wait(15), 0)
                self.assertEqual(self.processes(), {})

    def test_all_are_told_to_stop(self) -> None:
        """By systemd, or at a machine's end: listeners get what they wait for."""

        told = threading.Event()

        class App(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header('Content-Length', '8')
                self.end_headers()
                self.wfile.write(b'half')
                told.wait(20)
                self.wfile.write(b'half')

            def log_message(self, *words: Any) -> None:
                pass

        app = http.server.ThreadingHTTPServer(('127.0.0.1', 0), App)
        threading.Thread(target=app.serve_forever, daemon=True).start()
        try:
            process = self.start(
                VOYO_APP_URL=f'http://127.0.0.1:{app.server_address[1]}')
            url = f'http://127.0.0.1:{self.port}/'
            with urllib.request.urlopen(url, timeout=20) as listener:
                self.assertEqual(listener.read(4), b'half')
                for pid in self.processes():
                    os.kill(pid, signal.SIGTERM)
                self.until(lambda: re.search('resolver ended .*|redis ended',
                                             self.log()), 'all were told')
                told.set()
                self.assertEqual(listener.read(), b'half')
            self.assertEqual(process.wait(20), 0, self.log())
        finally:
            told.set()
            app.shutdown()
            app.server_close()
        self.assertEqual(self.processes(), {})

    # Its log.

    def log_to(self, output: int, errors: int) -> subprocess.Popen[bytes]:
        """Starts it with a log that is not a file, at level info."""

        process = subprocess.Popen(
            [HERE / 'voyo'], env=self.environment(VOYO_LOG_LEVEL='info'),
            stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        self.running.append(process)
        os.close(output)
        os.close(errors)
        self.until(lambda: process.poll() is not None or self.is_up(), 'is up')
        self.assertIsNone(process.poll())
        return process

    def is_up(self) -> bool:
        try:
            return self.get('/health')[0] == 200
        except OSError:
            return False

    def dropped(self) -> int:
        return json.loads(self.get('/health')[1])['checks']['log']['dropped']

    def unread(self, output: int, errors: int, read: int) -> None:
        """Nobody reads: all goes on, and what is read then has whole lines."""

        process = self.log_to(output, errors)
        begun = time.monotonic()
        while not self.dropped():
            for _ in range(100):
                self.assertEqual(self.get('/health/live')[0], 200)
            self.assertLess(time.monotonic() - begun, 60)
        os.kill(self.running_part('voyo-resolver'), signal.SIGKILL)
        self.until(lambda: self.part('voyo-resolver'), 'it comes back')

        lines = []
        reader = threading.Thread(target=lambda: lines.extend(
            self.lines(read)), daemon=True)
        reader.start()
        self.until(lambda: any('were dropped' in line for line in lines),
                   'it says so')
        process.terminate()
        self.assertEqual(process.wait(15), 0)
        reader.join(10)
        for line in lines:
            self.assertRegex(line, r'^(\{".*"\}|voyo: .+|\d{4}[/-]\d\d[/-]\d\d.+|'
                             r'\d+:\S+ .+)\r?\n$')

    def lines(self, read: int) -> Iterator[str]:
        try:
            with open(read, errors='replace', newline='\n') as file:
                yield from file
        except OSError:      # a terminal's end
            return

    def test_an_unread_pipe(self) -> None:
        read, write = os.pipe()
        fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, 4096)
        self.unread(os.dup(write), write, read)

    def test_an_unread_socket(self) -> None:
        read, write = socket.socketpair()
        self.unread(os.dup(write.fileno()), write.detach(), read.detach())

    def test_a_stopped_terminal(self) -> None:
        read, write = os.openpty()
        termios.tcflow(write, termios.TCOOFF)
        kept = os.dup(write)
        self.addCleanup(os.close, kept)
        threading.Thread(target=lambda: self.until(
            lambda: self.is_up() and self.dropped(), 'lines are dropped', 60)
            or termios.tcflow(kept, termios.TCOON), daemon=True).start()
        self.unread(os.dup(write), write, read)

    def test_the_readers_of_the_log_are_gone(self) -> None:
        read, write = os.pipe()
        process = self.log_to(os.dup(write), write)
        os.close(read)
        os.kill(self.running_part('voyo-resolver'), signal.SIGKILL)
        self.until(self.dropped, 'it is counted')
        self.until(lambda: self.part('voyo-resolver'), 'it comes back')
        process.terminate()
        self.assertEqual(process.wait(15), 0)

    def test_what_carries_the_log_comes_back(self) -> None:
        process = self.start()
        nginx = self.part(PARTS[2])
        relay = [pid for pid, line in self.processes().items()
                 if '--relay' in line]
        os.kill(relay[0], signal.SIGKILL)
        self.until(lambda: 'log ended' in self.log(), 'it is said')
        self.get('/health/live')
        self.until(lambda: 'GET /health/live 200' in self.log(), 'it goes on')
        self.assertEqual(self.part(PARTS[2]), nginx)
        process.terminate()
        self.assertEqual(process.wait(15), 0)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can be another')
    def test_a_user_without_a_name(self) -> None:
        if subprocess.run(['setpriv', '--reuid=54321', '--regid=54321',
                           '--clear-groups', 'test', '-r', HERE / 'voyo'],
                          stderr=subprocess.DEVNULL).returncode != 0:
            # the tree is below a directory of root's, as in a mktemp -d
            self.assertEqual(self.home.stat().st_uid, 0)
            return
        (self.home / 'voyo').mkdir()
        os.chown(self.home / 'voyo', 54321, 54321)
        process = self.start('setpriv', '--reuid=54321', '--regid=54321',
                             '--clear-groups')
        self.until(lambda: self.get('/health')[0] == 200, 'healthy')
        process.terminate()
        self.assertEqual(process.wait(15), 0)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can be another')
    def test_with_and_without_root(self) -> None:
        self.start()
        if subprocess.run(['setpriv', '--reuid=www-data', '--regid=www-data',
                           '--clear-groups', 'test', '-r', HERE / 'voyo'],
                          stderr=subprocess.DEVNULL).returncode != 0:
            # in root's own directory there is no other way
            self.assertIn('www-data cannot read', self.log())
            self.assertIn('so all parts run as root', self.log())
            return

        for name in PARTS[:2]:
            owner = Path(f'/proc/{self.running_part(name)}').stat().st_uid
            self.assertNotEqual(owner, 0, name)
        self.running[-1].terminate()
        self.assertEqual(self.running[-1].wait(15), 0)

        shutil.rmtree(self.home / 'voyo')
        (self.home / 'voyo').mkdir()
        shutil.chown(self.home / 'voyo', 'nobody')
        process = self.start('setpriv', '--reuid=nobody', '--regid=nogroup',
                             '--clear-groups')
        self.until(lambda: self.get('/health')[0] == 200, 'healthy')
        process.terminate()
        self.assertEqual(process.wait(15), 0)
        self.assertNotIn('[warn]', self.log())


if __name__ == '__main__':
    unittest.main()
