"""A container that runs VOYO on the stand-in source."""

import http.client
import itertools
import re
import socket
import sys
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / 'lib')]

from engine import inspect, podman  # noqa: E402
from stack import BUILD, Stack, free_port, wait_for  # noqa: E402
import boxes  # noqa: E402

numbers = itertools.count()


def expected(seconds: int) -> bytes:
    """The bytes of a track of this length."""

    return boxes.served(
        (BUILD / f'media/140-dash-{seconds}s-0.m4a').read_bytes())


def settings(source: dict[str, Any]) -> dict[str, str]:
    """Those that make the stand-in the source."""

    return {'VOYO_YTDLP_CONF': source['ytdlp_conf'],
            'VOYO_CA_FILE': source['ca'],
            'VOYO_MEDIA_HOSTS': ' '.join(f'http://127.0.0.1:{port}'
                                         for port in source['media_http'])}


class Container:
    """It is created, and removed at the end; start() starts it."""

    def __init__(self, image: str, *options: str, command: tuple[str, ...] = (),
                 host: str = '127.0.0.1', network: str = 'host',
                 **environment: str) -> None:
        self.name = f'voyo-{time.time_ns()}-{next(numbers)}'
        self.host = host
        self.port = free_port()
        environment.setdefault('PORT', str(self.port))
        podman('create', '--name', self.name, '--network', network,
               *(f'--env={name}={value}'
                 for name, value in environment.items()),
               *options, image, *command)

    def start(self) -> float:
        """Returns the time at which it began to start."""

        began = time.monotonic()
        podman('start', self.name)
        return began

    def healthy(self, seconds: float = 60) -> float:
        """Waits until /health is 200; returns the time."""

        try:
            wait_for(lambda: self.status('/health') == 200, 'it is healthy',
                     seconds)
        except AssertionError as error:
            raise AssertionError(f'{error}\n{self.log()}') from None
        return time.monotonic()

    def listens(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), 5).close()
        except OSError:
            return False
        return True

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port,
                                                timeout=60)
        try:
            connection.request('GET', path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def status(self, path: str) -> int:
        try:
            return self.get(path)[0]
        except (OSError, http.client.HTTPException):
            return 0

    def execute(self, *command: str) -> str:
        return podman('exec', self.name, *command)

    def log(self) -> str:
        return podman('logs', self.name, errors=True)

    def stop(self, seconds: int = 30) -> int:
        """As an orchestrator does, with its grace period; the exit status."""

        podman('stop', '-t', seconds, self.name, seconds=seconds + 60)
        return inspect(self.name)['State']['ExitCode']

    def limits(self) -> Path:
        """The directory of its memory cgroup."""

        pid = inspect(self.name)['State']['Pid']
        lines = Path(f'/proc/{pid}/cgroup').read_text()
        old = re.search(r':memory:(.*)', lines)
        if old:
            return Path('/sys/fs/cgroup/memory' + old[1])
        return Path('/sys/fs/cgroup' + re.findall(r'0::(.*)', lines)[0])

    def remove(self) -> None:
        podman('rm', '--force', '--time', '0', self.name, check=False)
