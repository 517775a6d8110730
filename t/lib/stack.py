"""All of VOYO on the stand-in source, with each part controlled by a test.

A Stack has its own directory, ports and processes, and leaves none of them
behind.  Redis, the resolver and nginx are the real ones, configured as by
deploy/voyo; they are started individually, so that a test can stop, freeze and
kill each.
"""

import http.client
import json
import os
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boxes
from openapi import OpenApi
from ports import free_port

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / 'build'
# empty: it is linked into nginx
MODULE = os.environ.get('VOYO_MODULE', str(BUILD / 'nginx/ngx_voyo_module.so'))
RESOLVER = Path(os.environ.get('VOYO_RESOLVER', BUILD / 'voyo-resolver'))
NGINX = os.environ.get('VOYO_NGINX', '/usr/sbin/nginx')
UNDER = shlex.split(os.environ.get('VOYO_UNDER', ''))     # e.g. valgrind
YTDLP = BUILD / 'prefix/bin/yt-dlp'
SLICE = 512 * 1024
API = OpenApi()
LISTED = ('http://127.0.0.1:@HTTP0@ http://127.0.0.1:@HTTP1@ '
          'https://127.0.0.1:@HTTPS0@ https://127.0.0.1:@HTTPS1@')


def wait_for(what: Callable[[], Any], about: str, seconds: float = 10) -> Any:
    """Waits until "what" returns a true value, and returns that."""

    end = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f'not within {seconds} s: {about}')
        time.sleep(0.01)


def command_line(pid: str) -> str:
    """Empty if the process has ended."""

    try:
        return Path(f'/proc/{pid}/cmdline').read_text()
    except OSError:
        return ''


class Answer:
    def __init__(self, status: int, headers: http.client.HTTPMessage,
                 body: bytes, seconds: float) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.seconds = seconds

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers['Content-Type'] == 'application/problem+json', \
            self.headers['Content-Type']
        return json.loads(self.body)


class Stack:
    def __init__(self, workers: int = 2, resolve_timeout: str = '15s',
                 retry_timeout: str = '0',
                 ytdlp_workers: int = 2, scheme: str = 'http',
                 resolver: bool = True, conf: str = '',
                 ahead: int = 4, hosts: str = '',
                 cold_rate: int = 0, zone: str = '32m', nginx: bool = True,
                 min_free: str = '1m', redis: str = '', nofile: int = 0,
                 settings: dict[str, str] | None = None) -> None:
        for path in (MODULE, RESOLVER, YTDLP, NGINX):
            if path and not Path(path).exists():
                raise SystemExit(f'{path} is missing: run "make build"')

        self.dir = Path(tempfile.mkdtemp(prefix='voyo-test-'))
        self.dir.chmod(0o755)
        self.port = free_port()
        self.workers = workers
        self.resolve_timeout = resolve_timeout
        self.retry_timeout = retry_timeout
        self.ytdlp_workers = ytdlp_workers
        self.conf = conf
        self.ahead = ahead
        self.cold_rate = cold_rate       # per minute and client, 0: unlimited
        self.hosts = hosts
        self.zone = zone
        self.min_free = min_free
        self.nofile = nofile or resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self.redis_url = redis           # nginx's; empty: the socket
        # tests that count requests must not count proofs
        self.settings = {'VOYO_PROOF': '0', **(settings or {})}
        # [error] and worse that a test expects; Valgrind keeps some files
        self.provoked = [r'setrlimit\(RLIMIT_NOFILE'] if UNDER else []
        self.parts: dict[str, subprocess.Popen[bytes]] = {}

        try:
            self._start_source(scheme)
            self.start_redis()
            if resolver:
                self.start_resolver()
            if nginx:
                self._start_nginx()
        except BaseException:
            self._end()
            raise
        living.add(self)

    # The parts.

    def _spawn(self, name: str, command: list[Any],
               environment: dict[str, str] | None = None,
               **more: Any) -> subprocess.Popen[bytes]:
        log = (self.dir / f'{name}.log').open('ab')
        process = subprocess.Popen(
            [str(each) for each in command], stderr=log, cwd=self.dir,
            env=environment, stdin=more.pop('stdin', subprocess.DEVNULL),
            stdout=more.pop('stdout', log), **more)
        log.close()
        self.parts[name] = process
        return process

    def _start_source(self, scheme: str) -> None:
        source = self._spawn('source', [
            '/usr/bin/python3', ROOT / 't/youtube/server.py', '--dir',
            self.dir / 'source', '--media', BUILD / 'media', '--scheme',
            scheme, '--exit-with-stdin'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert source.stdout is not None
        line = source.stdout.readline()
        if not line:
            raise AssertionError(self.log('source'))
        self.source = json.loads(line)

    def start_redis(self) -> None:
        self.redis_socket = self.dir / 'redis.sock'
        self._spawn('redis', [
            'redis-server', '--port', '0', '--unixsocket', self.redis_socket,
            '--unixsocketperm', '777', '--dir', self.dir, '--save', '60 1',
            '--daemonize', 'no'])
        wait_for(lambda: self._redis_answers(), 'Redis answers')

    def _redis_answers(self) -> bool:
        try:
            return self.redis('PING') == b'PONG'
        except (OSError, ValueError):    # it may be loading
            return False

    def start_resolver(self, name: str = 'resolver', ytdlp: Any = YTDLP,
                       seconds: float = 60, **settings: str) -> None:
        """Starts another resolver, and waits for its first heartbeat."""

        own = settings.get('VOYO_NAME', f'{name}-{time.monotonic_ns()}')
        process = self._spawn(name, [RESOLVER], {
            'PATH': os.environ['PATH'],
            'REDIS_URL': f'unix:{self.redis_socket}',
            'YT_DLP_PATH': str(ytdlp),
            'VOYO_YTDLP_CONF': self.source['ytdlp_conf'],
            'VOYO_YTDLP_WORKERS': str(self.ytdlp_workers),
            'VOYO_RESOLVE_TIMEOUT': self.resolve_timeout,
            'VOYO_MEDIA_HOSTS': ' '.join(self.media_hosts()),
            'VOYO_NAME': own,
            **{name: value for name, value in os.environ.items()
               if name in ('ASAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS',
                           'VOYO_PLUGIN_DIR')},
            **self.settings,
            **settings,
        })
        wait_for(lambda: process.poll() is not None or any(
            beat['name'] == own for beat in self.heartbeats()),
            'the resolver lives', seconds)
        if process.poll() is not None:
            raise AssertionError(self.log(name))

    def heartbeats(self) -> list[dict[str, Any]]:
        """The heartbeats of the live resolvers."""

        names = self.redis('ZRANGEBYSCORE', 'voyo:{default}:resolvers',
                           str(int(1000 * time.time())), '+inf')
        texts = [self.redis('GET', 'voyo:{default}:resolver:' + name.decode())
                 for name in names]
        return [json.loads(text) for text in texts if text]

    def media_hosts(self) -> list[str]:
        return [f'{scheme}://127.0.0.1:{port}'
                for scheme in ('http', 'https')
                for port in self.source[f'media_{scheme}']]

    def _start_nginx(self) -> None:
        home = self.dir / 'home'
        for name in ('run', 'cache', 'tmp', 'conf'):
            (home / name).mkdir(parents=True)
        # in "hosts", @HTTP0@ and so on are the ports of the media hosts
        ports = {f'{scheme}{i}'.upper(): port for scheme in ('http', 'https')
                 for i, port in enumerate(self.source[f'media_{scheme}'])}
        hosts = re.sub('@([A-Z0-9]+)@', lambda m: str(ports[m[1]]),
                       self.hosts or LISTED)
        self._render(home, {
            'MODULE': MODULE, 'HOME': home, 'CONF': home / 'conf',
            'SCRATCH': home / 'run',
            'USER': 'user root;', 'LOG_LEVEL': 'info', 'WORKERS': self.workers,
            'NOFILE': self.nofile,
            # as deploy/voyo has it
            'CONNECTIONS': min(self.nofile // 4, 8192),
            'ACCESS_LOG': f'{home}/access.log voyo', 'ZONE_SIZE': self.zone,
            'REDIS_URL': self.redis_url or f'unix:{self.redis_socket}',
            'EGRESS': 'default',
            'CODEC': 'aac', 'QUALITY_TOLERANCE': 10,
            'MP4_HEADER': 'on',
            'MEDIA_HOSTS': hosts,
            'RESOLVE_TIMEOUT': self.resolve_timeout,
            'RETRY_TIMEOUT': self.retry_timeout,
            'RESOLVER': self.conf, 'CACHE_SIZE': '1g', 'CACHE_KEYS': '16m',
            'CACHE_MIN_FREE': self.min_free,
            'CORS_KEY': '""', 'CORS_ORIGINS': 'default "*";', 'PORT': f'127.0.0.1:{self.port}',
            'LISTEN_IPV6': '', 'APP': '', 'OWN_HTTP': '', 'OWN_SERVER': '',
            'OWN_TRACK': '', 'OWN_STATUS': '',
            'CA_FILE': self.source['ca'],
            'PROXY_BIND': '',
            'AHEAD': self.ahead, 'ART_URL': f'http://127.0.0.1:{ports["HTTP0"]}/vi/${{voyo_id_track}}/hqdefault.jpg',
            'FAMILY': 'any',
            'FETCH_ZONE': '', 'FETCH': '',
            'STATUS_ALLOW': '127.0.0.0/8 1; ::1 1;',
            'TRUSTED': '127.0.0.0/8 1;',
            'LOG_CLIENT': ',"client":"$remote_addr"',
            'LOG_CLIENT_TEXT': '', 'LOG_SAMPLE': '',
            'LIMIT_ZONE': '' if not self.cold_rate else
            'limit_req_zone $voyo_cold_key zone=voyo_cold:2m '
            f'rate={self.cold_rate}r/m; limit_req_status 429; '
            'limit_req_log_level notice;',
            'LIMIT': '' if not self.cold_rate else
            f'limit_req zone=voyo_cold burst={self.cold_rate} nodelay; '
            'error_page 429 = @limited;',
            'REAL_IP': 'real_ip_header X-Forwarded-For; '
            'set_real_ip_from 127.0.0.0/8;',
        })
        self.start_nginx()

    def _render(self, home: Path, values: dict[str, Any]) -> None:
        for path in (ROOT / 'conf').iterdir():
            text = path.read_text()
            if not MODULE:
                text = text.replace('load_module @MODULE@;', '')
            text = re.sub(r'@([A-Z0-9_]+)@', lambda m: str(values[m[1]]),
                          text)
            (home / 'conf' / path.name.removesuffix('.in')).write_text(text)

    def start_nginx(self) -> None:
        home = self.dir / 'home'
        under = [each.replace('FOUND', f'{self.dir}/found') for each in UNDER]
        self._spawn('nginx', [*under, NGINX, '-p', home, '-e', 'stderr', '-c',
                              home / 'conf/nginx.conf'],
                    {**os.environ, 'ASAN_OPTIONS': self._sanitizer(
                        'detect_leaks=0:abort_on_error=1'),
                     'UBSAN_OPTIONS': self._sanitizer(
                         'print_stacktrace=1:halt_on_error=1')})
        wait_for(self._nginx_listens, 'nginx listens', 30 if under else 10)

    def _sanitizer(self, options: str) -> str:
        """nginx frees memory by exiting, so its counters show leaks."""

        return f'{options}:log_path={self.dir}/found'

    def _nginx_listens(self) -> bool:
        if self.parts['nginx'].poll() is not None:
            raise AssertionError(self.log('nginx'))
        # before its workers run, a signal would end it without clean-up
        return len(self.nginx_workers()) == self.workers

    def send(self, name: str, number: int) -> None:
        self.parts[name].send_signal(number)

    def stop(self, name: str, number: int = 0, seconds: float = 10) -> int:
        """Stops a part, waits for it, and returns its exit status."""

        process = self.parts.pop(name)
        # nginx ignores TERM, see voyo_ignore_term
        number = number or (signal.SIGINT if name == 'nginx'
                            else signal.SIGTERM)
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f'{name} did not stop in {seconds} s')
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()

    def reload(self) -> None:
        """Reloads the configuration, and waits for the old workers to exit."""

        old = set(self.nginx_workers())
        self.send('nginx', signal.SIGHUP)
        wait_for(lambda: len(self.nginx_workers()) == self.workers
                 and not old & set(self.nginx_workers()),
                 'the old workers leave')

    def nginx_child(self, title: str) -> int:
        """The nginx process with that title."""

        return next(pid for pid in self._nginx_children()
                    if title in command_line(str(pid)))

    def _nginx_children(self) -> list[int]:
        pid = self.parts['nginx'].pid
        return [int(child) for child in Path(
            f'/proc/{pid}/task/{pid}/children').read_text().split()]

    def nginx_workers(self) -> list[int]:
        listed = self._nginx_children()
        if UNDER:
            # under Valgrind nginx cannot set process titles
            started = re.findall(r'start worker process (\d+)',
                                 self.log('nginx'))
            return [pid for pid in listed if str(pid) in started]
        return [pid for pid in listed
                if 'worker process' in command_line(str(pid))]

    # Its interfaces.

    def url(self, path: str) -> str:
        return f'http://127.0.0.1:{self.port}{path}'

    def get(self, path: str, headers: dict[str, str] | None = None,
            method: str = 'GET', seconds: float = 60) -> Answer:
        began = time.monotonic()
        connection = http.client.HTTPConnection('127.0.0.1', self.port,
                                                timeout=seconds)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        seconds = time.monotonic() - began
        wrong = API.wrong(method, path, answer.status, answer.headers, body)
        assert not wrong, '\n'.join(wrong)
        return Answer(answer.status, answer.headers, body, seconds)

    def health(self) -> dict[str, Any]:
        return json.loads(self.get('/health').body)

    def parked(self) -> int:
        return self.health()['checks']['zone']['parked']

    def control(self, path: str, change: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(
            f'http://127.0.0.1:{self.source["control"]}{path}',
            data=None if change is None else json.dumps(change).encode())
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def switch(self, **change: Any) -> None:
        self.control('/switch', change)

    def requests(self, kind: str, track: str = '') -> list[dict[str, Any]]:
        """The source's log of one kind, and of one track if given."""

        query = f'?kind={kind}' + (f'&id={track}' if track else '')
        return self.control('/log' + query)

    def settled(self, track: str = '') -> list[dict[str, Any]]:
        """The source's log when nothing has come to it for a second."""

        seen, since = -1, 0.0

        def quiet() -> bool:
            nonlocal seen, since
            now = len(self.requests('media', track))
            if now != seen:
                seen, since = now, time.monotonic()
            return time.monotonic() - since > 1
        wait_for(quiet, 'the source is left alone', 30)
        return self.requests('media', track)

    def source_file(self, track: str, itag: int = 140) -> bytes:
        """The present bytes of a track at the source."""

        return next(Path(each['path']).read_bytes()
                    for each in self.control(f'/track?id={track}')
                    if each['itag'] == itag)

    def file(self, track: str, itag: int = 140) -> bytes:
        """The bytes that a client should receive."""

        return boxes.served(self.source_file(track, itag))

    def redis(self, *command: str) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.redis_socket))
            connection.sendall(f'*{len(command)}\r\n'.encode() + b''.join(
                b'$%d\r\n%s\r\n' % (len(each.encode()), each.encode())
                for each in command))
            return read_reply(connection.makefile('rb'))

    def log(self, name: str) -> str:
        return (self.dir / f'{name}.log').read_text(errors='replace')

    # Shutdown.

    def close(self) -> None:
        living.discard(self)
        try:
            others = [name for name in self.parts
                      if name not in ('nginx', 'redis', 'source')]
            for name in ('nginx', *others, 'redis', 'source'):
                if name in self.parts:
                    self.stop(name, signal.SIGQUIT if name == 'nginx'
                              else signal.SIGTERM)
            if (self.dir / 'nginx.log').exists():
                self.check_log()
            self._check_sanitizers()
            self._check_processes()
        finally:
            self._end()

    def check_log(self) -> None:
        bad = []
        for line in self.log('nginx').splitlines():
            if re.search(r'\[(error|alert|crit|emerg)\]|'
                         'exited with code [1-9]', line) \
               and not any(re.search(each, line) for each in self.provoked):
                bad.append(line)
            if 'videoplayback' in line:
                bad.append('a media URL in the log: ' + line)
        for found in sorted(self.dir.glob('found*')):
            text = found.read_text(errors='replace')
            bad += [f'{found.name}:', text] if text else []
        assert not bad, '\n'.join(bad)

    def _check_sanitizers(self) -> None:
        """Their reports, also those at exit, are in a part's log."""

        for path in self.dir.glob('*.log'):
            text = path.read_text(errors='replace')
            assert not re.search(r'Sanitizer|: runtime error: ', text), text

    def _check_processes(self) -> None:
        left = []
        for process in Path('/proc').iterdir():
            try:
                if process.name.isdigit() and str(self.dir).encode() in (
                        process / 'environ').read_bytes() + (
                        process / 'cmdline').read_bytes():
                    left.append((process / 'cmdline').read_text())
            except OSError:
                continue
        assert not left, f'processes left: {left}'

    def _end(self) -> None:
        for process in self.parts.values():
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
        self.parts.clear()
        if not os.environ.get('VOYO_KEEP'):
            shutil.rmtree(self.dir, ignore_errors=True)


# With VOYO_RELOAD every test starts with new workers and a new configuration:
# only the zone, the cache and Redis keep state.

living: set[Stack] = set()


def reloaded(run: Callable[..., Any]) -> Callable[..., Any]:
    def run_after_reload(*arguments: Any) -> Any:
        for stack in living:
            if 'nginx' in stack.parts:
                stack.reload()
        return run(*arguments)
    return run_after_reload


if os.environ.get('VOYO_RELOAD'):
    unittest.TestCase.run = reloaded(unittest.TestCase.run)  # type: ignore


def read_reply(stream: Any) -> Any:
    """One reply of RESP2."""

    line = stream.readline()
    kind, rest = line[:1], line[1:-2]
    if kind == b'+':
        return rest
    if kind == b'-':
        raise ValueError(rest.decode())
    if kind == b':':
        return int(rest)
    if kind == b'$':
        if rest == b'-1':
            return None
        return stream.read(int(rest) + 2)[:-2]
    if kind == b'*':
        return [read_reply(stream) for _ in range(int(rest))]
    raise OSError(f'no reply: {line!r}')
