"""Requests to the nginx of this VOYO: its status socket, or its port."""

import http.client
import json
import re
import socket
from typing import Any, NamedTuple

from problem import Failed
from settings import Settings


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__('localhost', timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    def __init__(self, settings: Settings, timeout: float = 5) -> None:
        self.port = settings.port
        self.socket = settings.home / 'run/status.sock'
        self.timeout = timeout

    def ask(self, path: str, method: str = 'GET',
            headers: dict[str, str] | None = None,
            timeout: float = 0) -> Answer:
        """A request to the port, as a listener's."""

        return self._send(
            http.client.HTTPConnection('127.0.0.1', self.port,
                                       timeout=timeout or self.timeout),
            f'port {self.port}', method, path, headers or {})

    def control(self, path: str, method: str = 'GET') -> Answer:
        """A request to the socket, which only the operator can open."""

        return self._send(UnixConnection(str(self.socket), self.timeout),
                          str(self.socket), method, path, {})

    def _send(self, connection: http.client.HTTPConnection, where: str,
              method: str, path: str, headers: dict[str, str]) -> Answer:
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except PermissionError as error:
            raise Failed(f'{where} cannot be opened: run this as root, or as '
                         'VOYO\'s user') from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, 'strerror', None) or str(error)
            raise Failed(f'VOYO does not answer at {where}: {reason or error}; '
                         'is it running?') from error
        finally:
            connection.close()

    def details(self, path: str) -> Answer:
        """Of /health or /metrics: the socket shows all, the port may not."""

        return self.control(path) if self.socket.exists() else self.ask(path)

    def health(self) -> dict[str, Any]:
        answer = self.details('/health')
        try:
            found = json.loads(answer.body)
            if found['status'] in ('healthy', 'degraded', 'unhealthy'):
                return found
        except (ValueError, LookupError, TypeError):
            pass
        raise Failed(f'what answers at port {self.port} is not VOYO: /health '
                     f'has status {answer.status}')

    def metrics(self) -> 'Metrics':
        answer = self.details('/metrics')
        if answer.status != 200:
            raise Failed(f'/metrics has status {answer.status}: '
                         'VOYO_STATUS_ALLOW does not list this machine')
        return Metrics(answer.body.decode())


class Metrics:
    """What /metrics says, as Prometheus's text."""

    def __init__(self, text: str) -> None:
        self.samples = [
            (name, dict(re.findall(r'(\w+)="([^"]*)"', labels)), float(value))
            for name, labels, value in re.findall(
                r'^(\w+)(?:\{(.*)\})? (\S+)', text, re.M)]

    def total(self, name: str, **labels: str) -> float:
        return sum(self.by(name, '', **labels).values())

    def most(self, name: str, **labels: str) -> float:
        """Of what each resolver says of all."""

        return max((value for found, has, value in self.samples
                    if found == name and labels.items() <= has.items()),
                   default=0.0)

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """The sum for each value of a label."""

        sums: dict[str, float] = {}
        for found, has, value in self.samples:
            if found == name and labels.items() <= has.items():
                key = has.get(label, '')
                sums[key] = sums.get(key, 0) + value
        return sums
