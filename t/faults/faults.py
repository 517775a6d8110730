"""The faults: how each begins, goes on and ends.

They concern only processes that the harness has started itself.
"""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ytdlp
from dns import Dns
from stack import ROOT, Stack, free_port, wait_for

class Fault:
    """Begins, goes on, and ends; "expected" are the checks that must fail."""

    name = ''
    expected: tuple[str, ...] = ()     # one of these; none: any answer is right
    healthy = False                    # it must stay healthy
    loses = False                      # connections, which nothing can keep
    settings: dict[str, Any] = {}      # of the Stack
    # seconds after its end until all is normal again; None: not judged
    again: float | None = 2.0

    def __init__(self, stack: Stack | None = None) -> None:
        self.stack = stack or self.product()
        self.port = self.stack.port

    def product(self) -> Stack:
        return Stack(**self.settings)

    def begin(self) -> None:
        raise NotImplementedError

    def go_on(self) -> None:
        """Called twice a second."""

    def end(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        self.stack.provoked = ['']     # the table is the judge
        self.stack.close()


def signals(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


class Nothing(Fault):
    """What the load of this machine does."""

    name = 'none'
    healthy = True

    def begin(self) -> None:
        pass

    def end(self) -> None:
        pass


# Processes.

class ResolverKilled(Fault):
    name = 'resolver: SIGKILL'
    expected = ('resolver',)

    def begin(self) -> None:
        self.stack.stop('resolver', signal.SIGKILL)

    def end(self) -> None:
        # the time that it takes to start is the machine's
        self.stack.start_resolver()


class ResolverStopped(Fault):
    name = 'resolver: SIGSTOP'
    expected = ('resolver',)

    def begin(self) -> None:
        self.stack.send('resolver', signal.SIGSTOP)

    def end(self) -> None:
        self.stack.send('resolver', signal.SIGCONT)


class YtdlpKilled(Fault):
    name = 'yt-dlp: SIGKILL, each that starts'
    expected = ('ytdlp',)

    def workers(self) -> list[int]:
        return ytdlp.family(self.stack.parts['resolver'].pid)

    def begin(self) -> None:
        self.killing = True
        self.thread = threading.Thread(target=self.kill, daemon=True)
        self.thread.start()

    def kill(self) -> None:
        """More often than one becomes ready."""

        while self.killing:
            signals(self.workers(), signal.SIGKILL)
            time.sleep(0.05)

    def end(self) -> None:
        self.killing = False
        self.thread.join()


class YtdlpStopped(YtdlpKilled):
    name = 'yt-dlp: SIGSTOP'
    expected = ()

    def begin(self) -> None:
        self.stopped = self.workers()
        signals(self.stopped, signal.SIGSTOP)

    def end(self) -> None:
        signals([pid for pid in self.stopped if pid in self.workers()],
                signal.SIGCONT)


class WorkerKilled(Fault):
    name = 'nginx worker: SIGKILL, each 2 s'
    healthy = True
    loses = True

    def begin(self) -> None:
        self.turns = 0
        signals(self.stack.nginx_workers()[:1], signal.SIGKILL)

    def go_on(self) -> None:
        self.turns += 1
        if self.turns % 4 == 0:
            signals(self.stack.nginx_workers()[:1], signal.SIGKILL)

    def end(self) -> None:
        pass


class WorkerStopped(Fault):
    name = 'nginx worker: SIGSTOP'

    def begin(self) -> None:
        self.worker = self.stack.nginx_workers()[:1]
        signals(self.worker, signal.SIGSTOP)

    def end(self) -> None:
        signals(self.worker, signal.SIGCONT)


class Reloads(Fault):
    name = 'nginx: reload each second'
    healthy = True

    def begin(self) -> None:
        self.turns = 0
        self.stack.send('nginx', signal.SIGHUP)

    def go_on(self) -> None:
        self.turns += 1
        if self.turns % 2 == 0:
            self.stack.send('nginx', signal.SIGHUP)

    def end(self) -> None:
        pass


class Descriptors(Fault):
    """Idle clients, more than nginx's workers may have descriptors."""

    name = 'file descriptors used up'
    healthy = True
    settings = {'nofile': 1024}

    def begin(self) -> None:
        self.idle: list[socket.socket] = []
        self.come(3000)

    def go_on(self) -> None:
        self.come(250)

    def come(self, number: int) -> None:
        for _ in range(number):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(('127.0.0.1', self.port))
            self.idle.append(client)

    def end(self) -> None:
        for client in self.idle:
            client.close()


# Redis.

class RedisKilled(Fault):
    name = 'Redis: SIGKILL'
    expected = ('redis',)
    again = 5.0

    def begin(self) -> None:
        self.stack.stop('redis', signal.SIGKILL)

    def end(self) -> None:
        self.stack.start_redis()


class RedisStopped(Fault):
    name = 'Redis: SIGSTOP'
    expected = ('redis',)
    again = 5.0

    def begin(self) -> None:
        self.stack.send('redis', signal.SIGSTOP)

    def end(self) -> None:
        self.stack.send('redis', signal.SIGCONT)


class Flushed(Fault):
    name = 'Redis: FLUSHALL each second'

    def begin(self) -> None:
        self.turns = 0
        self.stack.redis('FLUSHALL')

    def go_on(self) -> None:
        self.turns += 1
        if self.turns % 2 == 0:
            self.stack.redis('FLUSHALL')

    def end(self) -> None:
        pass


class FailedOver(Fault):
    """The primary becomes a replica; later its replica has its address."""

    name = 'Redis: failover to a replica'
    expected = ('redis',)
    again = 5.0

    def product(self) -> Stack:
        stack = super().product()
        self.ports = (free_port(), free_port())
        stack.redis('CONFIG', 'SET', 'port', str(self.ports[0]))
        self.old, self.new = stack.redis_socket, stack.dir / 'replica.sock'
        stack._spawn('replica', [
            'redis-server', '--port', str(self.ports[1]), '--bind',
            '127.0.0.1', '--unixsocket', self.new, '--dir', stack.dir,
            '--dbfilename', 'replica.rdb', '--replicaof', '127.0.0.1',
            str(self.ports[0])])
        self.at(stack, self.new, lambda: b'master_link_status:up'
                in stack.redis('INFO', 'replication'))
        return stack

    def at(self, stack: Stack, path: Path, what: Callable[[], Any]) -> None:
        """Waits for what the server at the other socket says."""

        def found() -> Any:
            try:
                return what()
            except (OSError, ValueError):
                return False

        stack.redis_socket, before = path, stack.redis_socket
        try:
            wait_for(found, 'the other Redis is ready')
        finally:
            stack.redis_socket = before

    def begin(self) -> None:
        self.stack.redis('REPLICAOF', '127.0.0.1', str(self.ports[1]))

    def end(self) -> None:
        self.at(self.stack, self.new,
                lambda: self.stack.redis('REPLICAOF', 'NO', 'ONE'))
        self.new.rename(self.old)


class Moved(Fault):
    """Redis's name leads to an address where it is no more."""

    name = 'Redis: another address'
    expected = ('redis',)
    again = 5.0

    def product(self) -> Stack:
        self.dns = Dns({'redis.test': ['127.0.0.2']})
        self.redis_port = free_port()
        stack = Stack(redis=f'redis://redis.test:{self.redis_port}',
                      conf=f'resolver 127.0.0.1:{self.dns.port} valid=1s;')
        self.listens(stack, '127.0.0.2')
        wait_for(lambda: stack.health()['status'] == 'healthy', 'it is found')
        return stack

    def listens(self, stack: Stack, address: str) -> None:
        stack.redis('CONFIG', 'SET', 'bind', address)
        stack.redis('CONFIG', 'SET', 'port', str(self.redis_port))
        for kind in ('pubsub', 'normal'):
            stack.redis('CLIENT', 'KILL', 'TYPE', kind)

    def begin(self) -> None:
        self.listens(self.stack, '127.0.0.3')

    def end(self) -> None:
        self.dns.names['redis.test'] = ['127.0.0.3']

    def close(self) -> None:
        super().close()
        self.dns.stop()


class RedisFull(Fault):
    name = 'Redis: full memory'
    expected = ('redis',)
    again = 5.0

    def begin(self) -> None:
        self.stack.redis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
        self.stack.redis('CONFIG', 'SET', 'maxmemory', '1')

    def end(self) -> None:
        self.stack.redis('CONFIG', 'SET', 'maxmemory', '0')


# Disk and log.

class DiskFull(Fault):
    name = 'cache: full disk'
    expected = ('cache',)
    settings = {'min_free': '4m'}
    options = 'size=320m'

    def product(self) -> Stack:
        stack = Stack(nginx=False, **self.settings)
        self.cache = stack.dir / 'home/cache'
        # nginx's own start makes the directory, and the disk is mounted on it
        stack._start_nginx()
        stack.stop('nginx')
        subprocess.run(['mount', '-t', 'tmpfs', '-o', self.options, 'tmpfs',
                        self.cache], check=True)
        stack.start_nginx()
        return stack

    def begin(self) -> None:
        try:
            with (self.cache / 'filled').open('wb') as file:
                while True:
                    file.write(bytes(1 << 20))
        except OSError:
            pass

    def end(self) -> None:
        (self.cache / 'filled').unlink()

    def close(self) -> None:
        try:
            super().close()
        finally:
            subprocess.run(['umount', '-l', self.cache], check=True)


class NoInodes(DiskFull):
    name = 'cache: no inodes'
    options = 'size=320m,nr_inodes=600'

    def begin(self) -> None:
        (self.cache / 'filled').mkdir()
        try:
            for number in range(1000):
                (self.cache / f'filled/{number}').touch()
        except OSError:
            pass

    def end(self) -> None:
        for path in (self.cache / 'filled').iterdir():
            path.unlink()
        (self.cache / 'filled').rmdir()


class Unread(Fault):
    """deploy/voyo, whose stdout and stderr nobody reads for a while."""

    name = 'log: unread stdout and stderr'
    healthy = True

    def product(self) -> Stack:
        stack = Stack(nginx=False, resolver=False)
        source = stack.source
        self.deployed_port = free_port()
        hosts = ' '.join(stack.media_hosts())
        self.pipe, end = os.pipe()
        self.deploy = subprocess.Popen(
            [ROOT / 'deploy/voyo'], stdin=subprocess.DEVNULL, stdout=end,
            stderr=end, env={
                'PATH': os.environ['PATH'], 'PORT': str(self.deployed_port),
                'VOYO_HOME': str(stack.dir / 'deployed'),
                'REDIS_URL': f'unix:{stack.redis_socket}',
                'VOYO_YTDLP_CONF': source['ytdlp_conf'],
                'VOYO_CA_FILE': source['ca'], 'VOYO_MEDIA_HOSTS': hosts,
                'VOYO_COLD_RATE': '0', 'VOYO_FETCH_RATE': '0',
                'NGINX_WORKERS': '2'})
        os.close(end)
        os.set_blocking(self.pipe, False)
        fcntl.fcntl(self.pipe, fcntl.F_SETPIPE_SZ, 4096)
        said = b''

        def ready() -> bool:
            nonlocal said
            said += self.read()
            assert self.deploy.poll() is None, said.decode()
            return b'voyo: ready' in said

        wait_for(ready, 'it is ready', 60)
        return stack

    def __init__(self) -> None:
        self.reading = True
        super().__init__()
        self.port = self.deployed_port

    def read(self) -> bytes:
        try:
            return os.read(self.pipe, 1 << 16)
        except BlockingIOError:
            return b''

    def begin(self) -> None:
        """Fills the pipe, as many requests would."""

        self.reading = False
        connection = http.client.HTTPConnection('127.0.0.1', self.port,
                                                timeout=2)
        try:
            for _ in range(1500):
                connection.request('GET', '/health/live')
                connection.getresponse().read()
        except OSError:
            pass
        connection.close()

    def go_on(self) -> None:
        if self.reading:
            while self.read():
                pass

    def end(self) -> None:
        self.reading = True
        self.go_on()

    def close(self) -> None:
        self.deploy.terminate()
        while self.deploy.poll() is None:
            self.read()
        os.close(self.pipe)
        super().close()


# The source.

class SourceFault(Fault):
    do: dict[str, Any] = {}
    on = ('player', 'page', 'media', 'thumb')
    expected = ('ytdlp', 'media')

    def begin(self) -> None:
        self.stack.switch(faults=[{'on': on, 'do': self.do}
                                  for on in self.on])

    def end(self) -> None:
        self.stack.switch(forget_faults=True)


class Forbidden(SourceFault):
    name = 'source: 403'
    do = {'status': 403}


class TooMany(SourceFault):
    name = 'source: 429'
    do = {'status': 429}
    again = None                       # the circuit breaker's time


class Slow(SourceFault):
    name = 'source: 5 s late'
    do = {'delay': 5000}
    expected = ()
    again = 7.0                        # what is under way is 5 s late too


class Resets(SourceFault):
    name = 'source: resets'
    do = {'reset': 'header'}


class Garbage(SourceFault):
    name = 'source: garbage'
    do = {'html': True}


ALL = [Nothing, ResolverKilled, ResolverStopped, YtdlpKilled, YtdlpStopped,
       WorkerKilled, WorkerStopped, Reloads, RedisKilled, RedisStopped,
       Flushed, FailedOver, Moved, RedisFull, DiskFull, NoInodes, Unread,
       Forbidden, TooMany, Slow, Resets, Garbage, Descriptors]
