"""HTTP/1.1 as far as the stand-in needs it, one request at a time."""

import asyncio
import itertools
import socket
import struct
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

HEAD_MAX = 64 * 1024
BODY_MAX = 1024 * 1024
PHRASES = {each.value: each.phrase for each in HTTPStatus}


class Cut(Exception):
    """Closes the connection with an incomplete response."""


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]            # names in lower case
    body: bytes
    connection: int
    first: bool                        # on its connection
    host: str                          # the peer's address
    port: int                          # ours
    secure: bool
    tls: str | None                    # its version, with TLS

    path: str = field(init=False)
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        parts = urllib.parse.urlsplit(self.target)
        self.path = parts.path
        self.query = dict(urllib.parse.parse_qsl(parts.query, True))


class Answer:
    """Writes one response.  `sent` counts the bytes of its body."""

    def __init__(self, writer: asyncio.StreamWriter, head: bool) -> None:
        self.writer = writer
        self.only_header = head
        self.status = 0
        self.sent = 0
        self.close = False

    async def header(self, status: int, fields: Mapping[str, str]) -> None:
        self.status = status
        phrase = PHRASES.get(status, 'Unknown')
        lines = [f'HTTP/1.1 {status} {phrase}']
        lines += [f'{name}: {value}' for name, value in fields.items()]
        if self.close:
            lines.append('Connection: close')
        self.writer.write('\r\n'.join([*lines, '', '']).encode('latin-1'))
        await self.writer.drain()

    async def data(self, piece: bytes, frame: bool = False) -> None:
        self.sent += len(piece)
        if frame:
            piece = b'%x\r\n%b\r\n' % (len(piece), piece)
        self.writer.write(piece)
        await self.writer.drain()

    async def whole(self, status: int, kind: str, body: bytes,
                    fields: Mapping[str, str] | None = None) -> None:
        await self.header(status, {
            'Content-Type': kind, 'Content-Length': str(len(body)),
            **(fields or {})})
        if not self.only_header and body:
            await self.data(body)

    def reset(self) -> None:
        """Ends the connection with a RST; unsent bytes are lost."""

        sock = self.writer.get_extra_info('socket')
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack('ii', 1, 0))
        self.writer.transport.abort()
        raise Cut

    async def hang(self, reader: asyncio.StreamReader) -> None:
        """Waits until the client has had enough."""

        while await reader.read(4096):
            pass
        raise Cut


Handler = Callable[[Request, Answer, asyncio.StreamReader], Awaitable[None]]


class Wire:
    """The connections of one kind of server."""

    numbers = itertools.count(1)

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.open = 0
        self.total = 0

    async def connection(self, reader: asyncio.StreamReader,
                         writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.total += 1
        try:
            await self._requests(reader, writer)
        except (Cut, ConnectionError, asyncio.IncompleteReadError,
                asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _requests(self, reader: asyncio.StreamReader,
                        writer: asyncio.StreamWriter) -> None:
        number, first = next(self.numbers), True

        while True:
            request = await self._read(reader, writer, number, first)
            if request is None:
                return
            answer = Answer(writer, request.method == 'HEAD')
            await self.handler(request, answer, reader)
            if answer.close \
               or request.headers.get('connection', '').lower() == 'close':
                return
            first = False

    @staticmethod
    async def _read(reader: asyncio.StreamReader,
                    writer: asyncio.StreamWriter, number: int,
                    first: bool) -> Request | None:
        try:
            head = await reader.readuntil(b'\r\n\r\n')
        except asyncio.IncompleteReadError:
            return None

        line, *rest = head.decode('latin-1').split('\r\n')[:-2]
        method, target, _ = line.split(' ')
        headers = {name.strip().lower(): value.strip()
                   for name, _, value in (each.partition(':')
                                          for each in rest)}
        length = int(headers.get('content-length', '0'))
        if length > BODY_MAX:
            raise ValueError('body too large')

        tls = writer.get_extra_info('ssl_object')

        return Request(
            method, target, headers, await reader.readexactly(length),
            number, first, writer.get_extra_info('peername')[0],
            writer.get_extra_info('sockname')[1],
            tls is not None, tls and tls.version())
