"""Listeners of every kind, who play at the speed of the music and compare.

A hot one seeks in a track that is cached, a warm one in tracks that are known,
and a cold one starts an unknown track every few seconds.  Each behaves
like a browser's media element: it reads ahead a little, resumes with a Range
where a body was cut, and stalls when it has played all that it has.
"""

import asyncio
import hashlib
import itertools
import json
import random
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boxes
from stack import Stack

RATE = 16_000                          # bytes a second: 128 kb/s
AHEAD = 5.0                            # seconds that a listener buffers
PATIENCE = 30.0                        # seconds without a byte
RETRY = 0.3                            # seconds until it resumes
JITTER = 0.5                           # seconds that are not heard as a stall
KINDS = ('hot', 'warm', 'cold')


@dataclass
class Request:
    """One request, and what came of it."""

    kind: str
    track: str
    start: int
    began: float
    status: int = 0                    # 0: no answer
    code: str = ''                     # of a problem
    length: int = 0                    # that was announced
    received: int = 0
    first: float = 0.0                 # when the first byte came
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def whole(self) -> bool:
        return self.received == self.length


@dataclass
class Health:
    at: float
    status: str                        # "none": no answer within a second;
                                       # "lost": the connection broke
    checks: dict[str, Any]

    @property
    def failed(self) -> list[str]:
        return [name for name, check in self.checks.items()
                if check['status'] == 'failed']


class Crowd:
    """All listeners of one product, and what they saw."""

    def __init__(self, stack: Stack, port: int, listeners: int,
                 seed: int = 1) -> None:
        self.stack = stack
        self.port = port
        self.random = random.Random(seed)
        self.numbers = itertools.count()
        self.name = f'{time.monotonic_ns() % 46656:04}'[:4]
        self.hot = [f'm04_{self.name}h{n:02}' for n in range(2)]
        self.warm = [f'h01_{self.name}w{n:02}' for n in range(8)]
        self.counts = dict(zip(KINDS, (listeners * 4 // 10,
                                       listeners * 3 // 10,
                                       listeners * 3 // 10)))
        self.requests: list[Request] = []
        self.health: list[Health] = []
        self.stalls: list[tuple[float, str, float]] = []   # at, kind, seconds
        self.cuts: list[tuple[float, str]] = []
        self.files: dict[str, bytes] = {}
        self.tasks: list[asyncio.Task[Any]] = []

    async def prepare(self) -> None:
        for track in self.hot:
            await self._request(Request('hot', track, 0, time.monotonic()),
                                None)
        for track in self.warm:
            await self._request(Request('warm', track, 0, time.monotonic()),
                                lambda request: request.received > 1000)
        self.requests.clear()

    def start(self) -> None:
        for kind, count in self.counts.items():
            self.tasks += [asyncio.create_task(self._listen(kind, number))
                           for number in range(count)]
        self.tasks.append(asyncio.create_task(self._watch()))

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        for result in await asyncio.gather(*self.tasks,
                                           return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    # The listeners.

    async def _listen(self, kind: str, number: int) -> None:
        await asyncio.sleep(self.random.uniform(0, 1))
        while True:
            if kind == 'hot':
                track = self.hot[number % len(self.hot)]
                await self._play(kind, track, self.random.randrange(1 << 21),
                                 self.random.uniform(3, 8))
            elif kind == 'warm':
                track = self.random.choice(self.warm)
                await self._play(kind, track, self.random.randrange(50 << 20),
                                 self.random.uniform(4, 8))
            else:
                began = time.monotonic()
                await self._play(kind, self.unknown(), 0, 4)
                # as often, whether it was refused at once or played
                await asyncio.sleep(max(0.0, began + 10 - time.monotonic()))

    def unknown(self) -> str:
        return f's05_{self.name}{next(self.numbers):03}'

    async def _play(self, kind: str, track: str, start: int,
                    seconds: float) -> None:
        """Plays from an offset for so long, and resumes what is cut."""

        end = time.monotonic() + seconds
        position, begun, paused = start, 0.0, 0.0

        def played(request: Request) -> bool:
            nonlocal begun, paused
            now = time.monotonic()
            begun = begun or now
            late = now - begun - paused - (position + request.received
                                           - size - start) / RATE
            if late > 0:
                paused += late
                if late > JITTER:
                    self.stalls.append((now, kind, late))
            return now > end

        while time.monotonic() < end:
            request = Request(kind, track, position, time.monotonic())
            size = 0

            async def pace(arrived: int) -> bool:
                nonlocal size
                size = arrived
                if played(request):
                    return True
                ahead = ((position + request.received - start) / RATE
                         - (time.monotonic() - begun - paused))
                if ahead > AHEAD:
                    await asyncio.sleep(ahead - AHEAD)
                return False

            left = await self._request(request, None, pace)
            position += request.received
            if left or (request.whole and request.status in (200, 206)):
                return
            self.cuts.append((time.monotonic(), kind))
            if position == start and kind == 'cold':
                return
            await asyncio.sleep(RETRY)

        late = end - begun - paused - (position - start) / RATE
        if begun and late > JITTER:
            self.stalls.append((end, kind, late))

    async def _request(self, request: Request, leave: Any,
                       pace: Any = None) -> bool:
        """Whether the listener left before the end."""

        self.requests.append(request)
        address = f'10.{hash(request.track) % 200}.{request.start % 200}.1'
        writer = None
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await self._connect()
                writer.write((
                    f'GET /cdn/stream/{request.track} HTTP/1.1\r\n'
                    f'Host: voyo\r\nX-Forwarded-For: {address}\r\n'
                    f'Connection: close\r\n'
                    + (f'Range: bytes={request.start}-\r\n'
                       if request.start else '') + '\r\n').encode())
                head = await reader.readuntil(b'\r\n\r\n')
            lines = head.decode('latin-1').split('\r\n')
            fields = {name.lower(): value for name, _, value in (
                line.partition(': ') for line in lines[1:])}
            request.length = int(fields.get('content-length', 0))
            status = int(lines[0].split()[1])
            if status not in (200, 206):
                body = await self._read(reader, -1)
                request.code = json.loads(body).get('code', '') \
                    if 'json' in fields.get('content-type', '') else ''
                request.status = status
                return False
            request.status = status
            while data := await self._read(reader, 4096):
                request.first = request.first or time.monotonic()
                request.received += len(data)
                request.digest.update(data)
                if pace and await pace(len(data)):
                    return True
                if leave and leave(request):
                    return True
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass
        except asyncio.CancelledError:
            # all ends: that it had no answer yet says nothing
            if not request.received:
                self.requests.remove(request)
            raise
        finally:
            if writer:
                writer.transport.abort()
        return False

    @staticmethod
    async def _read(reader: asyncio.StreamReader, size: int) -> bytes:
        # wait_for() of Python 3.11 may lose a cancellation
        async with asyncio.timeout(PATIENCE):
            return await reader.read(size)

    async def _connect(self) -> tuple[asyncio.StreamReader,
                                      asyncio.StreamWriter]:
        """With small buffers: what was sent is soon played, or missed."""

        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        try:
            await asyncio.get_running_loop().sock_connect(
                connection, ('127.0.0.1', self.port))
            return await asyncio.open_connection(sock=connection, limit=8192)
        except BaseException:
            connection.close()
            raise

    # /health, and a play of an unknown track.

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            self.health.append(await self._ask_health())
            await asyncio.sleep(max(0.0, began + 0.25 - time.monotonic()))

    async def _ask_health(self) -> Health:
        writer = None
        try:
            async with asyncio.timeout(1):
                reader, writer = await asyncio.open_connection(
                    '127.0.0.1', self.port)
                writer.write(b'GET /health HTTP/1.0\r\n\r\n')
                answer = await reader.read(-1)
            body = json.loads(answer.partition(b'\r\n\r\n')[2])
            return Health(time.monotonic(), body['status'], body['checks'])
        except TimeoutError:
            return Health(time.monotonic(), 'none', {})
        except (OSError, ValueError):
            return Health(time.monotonic(), 'lost', {})
        finally:
            if writer:
                writer.transport.abort()

    async def probe(self) -> float | None:
        """When the first byte of an unknown track came, if it did."""

        request = Request('cold', self.unknown(), 0, time.monotonic())
        await self._request(request, lambda request: True)
        return request.first or None

    # What it was.

    def corrupt(self) -> list[Request]:
        """Requests whose bytes are not the source's."""

        return [request for request in self.requests if request.received
                and hashlib.sha256(self._file(request.track)[
                    request.start:request.start + request.received]).digest()
                != request.digest.digest()]

    def _file(self, track: str) -> bytes:
        path = next(each['path'] for each in
                    self.stack.control(f'/track?id={track}')
                    if each['itag'] == 140)
        if path not in self.files:
            self.files[path] = boxes.served(Path(path).read_bytes())
        return self.files[path]

    def disturbed(self, kind: str) -> int:
        """Plays that stalled, or had no sound within a second."""

        return sum(1 for _, each, _ in self.stalls if each == kind) + sum(
            1 for request in self.requests if request.kind == kind
            and not 0 < request.first - request.began < 1)

    def disturbed_since(self, since: float) -> int:
        """The same of known tracks, without what began earlier."""

        return sum(1 for at, each, late in self.stalls if each != 'cold'
                   and at - late > since) + sum(
            1 for request in self.requests if request.kind != 'cold'
            and request.began > since
            and not 0 < request.first - request.began < 1)

    def empty(self) -> list[Request]:
        """A 200 without a byte, which is not the cut of a resume."""

        return [request for request in self.requests
                if request.status == 200 and not request.received
                and request.code == '']

    def answers(self) -> Counter[tuple[int, str]]:
        """How often each status and code; 0 is no answer."""

        return Counter((request.status, request.code)
                       for request in self.requests)
