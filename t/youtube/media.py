"""The media hosts, as strict as the real ones."""

import asyncio
import re
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any, BinaryIO

from control import Entry, State
from encode import ITAGS, Media
from player import signature
from wire import Answer, Cut, Request

PIECE = 128 * 1024
CRUMBLED = 2048                        # bytes that are sent in crumbs
PAGE = b'<!DOCTYPE html><title>Sorry</title><p>Please try again later.</p>\n'
THUMBNAILS = {'jpg': 'image/jpeg', 'webp': 'image/webp'}


class Refused(Exception):
    def __init__(self, why: str, status: int = 403) -> None:
        super().__init__(why)
        self.status = status


class MediaHosts:
    def __init__(self, state: State, files: Media,
                 ports: dict[str, list[int]]) -> None:
        self.state = state
        self.files = files
        self.ports = ports

    def subject(self, request: Request) -> tuple[str, str | None, int | None]:
        if request.path.startswith(('/vi/', '/vi_webp/')):
            parts = request.path.split('/')
            return 'thumb', parts[2] if len(parts) > 2 else None, None

        itag = request.query.get('itag', '')
        track = request.query.get('id', '')
        return ('media', track.removeprefix('o-') or None,
                int(itag) if itag.isdecimal() else None)

    async def answer(self, request: Request, entry: Entry, answer: Answer,
                     reader: asyncio.StreamReader) -> None:
        try:
            if entry.kind == 'thumb':
                await self._thumbnail(request, answer)
            else:
                await self._media(request, entry, answer, reader)
        except Refused as refused:
            entry.why = str(refused)
            await answer.whole(refused.status, 'text/plain', b'')

    async def _thumbnail(self, request: Request, answer: Answer) -> None:
        extension = request.path.rpartition('.')[2]
        if extension not in THUMBNAILS:
            raise Refused('no such thumbnail', 404)
        path = await asyncio.to_thread(self.files.thumbnail, extension)
        await answer.whole(200, THUMBNAILS[extension], path.read_bytes(),
                           {'Cache-Control': 'public, max-age=7200'})

    async def _media(self, request: Request, entry: Entry, answer: Answer,
                     reader: asyncio.StreamReader) -> None:
        do = entry.fault
        location = do.get('location')
        if do.get('redirect'):
            location = self._sibling(request)
        if location is not None:
            await answer.whole(do.get('status', 302), 'text/plain', b'',
                               {'Location': location})
            return

        if 'html' not in do and do.get('status', 206) != 206:
            entry.why = 'fault'
            await answer.whole(do['status'], 'text/plain', b'')
            return

        self._check_url(request)
        path = await self._file(request, entry)
        size = path.stat().st_size
        first, last = self._range(request, size)

        if do.get('html') and do.get('status') != 206:
            await answer.whole(do.get('status', 200), 'text/html', PAGE)
            return
        if do.get('whole'):
            first, last = 0, size - 1
        if 'short' in do:
            last = first + do['short'] - 1

        with path.open('rb') as file:
            await self._send(request, entry, answer, reader, file,
                             first, last, size)

    # The rules.

    def _check_url(self, request: Request) -> None:
        query, now = request.query, time.time()
        if request.method != 'GET':
            raise Refused('method')
        if request.path != '/videoplayback' \
           or query.get('sig') != signature(query):
            raise Refused('signature')
        if int(query['expire']) <= now:
            raise Refused('expired')
        if self.state.settings.bound and query['ip'] != request.host:
            raise Refused('address')

        serial, not_before = map(int, query['ei'].split('.'))
        if self.state.is_dead(query['id'].removeprefix('o-'), serial):
            raise Refused('dead')
        if now < not_before:
            raise Refused('early')

    def _range(self, request: Request, size: int) -> tuple[int, int]:
        text = request.headers.get('range', '')
        match = re.fullmatch(r'bytes=(\d+)-(\d*)', text)
        strict = self.state.settings.strict

        if match is None or not match[2]:
            if strict or (text and match is None):
                raise Refused('open-ended range' if match else 'no range')
            first, last = int(match[1]) if match else 0, size - 1
        else:
            first, last = int(match[1]), int(match[2])

        if first > last or first >= size:
            raise Refused('range outside', 416)
        if strict and last - first + 1 > self.state.settings.cap:
            raise Refused('range too long')
        return first, min(last, size - 1)

    async def _file(self, request: Request, entry: Entry) -> Path:
        track, itag = entry.id, entry.itag
        if track is None or itag not in ITAGS:
            raise Refused('no such format', 404)

        xtags = request.query.get('xtags', '')
        for take in range(self.state.take(track) + 1):
            lmt = self.state.lmt(track, itag, xtags, take)
            if request.query['lmt'] == str(lmt):
                seconds, form = request.query['file'].split('.')
                return await asyncio.to_thread(
                    self.files.track, itag, int(seconds), take % 2, form)
        raise Refused('no such edition', 404)

    def _sibling(self, request: Request) -> str:
        scheme = 'https' if request.secure else 'http'
        other = next(port for port in self.ports[scheme]
                     if port != request.port)
        return f'{scheme}://{self.state.settings.host}:{other}{request.target}'

    # The bytes.

    async def _send(self, request: Request, entry: Entry, answer: Answer,
                    reader: asyncio.StreamReader, file: BinaryIO,
                    first: int, last: int, size: int) -> None:
        do = entry.fault
        whole = do.get('whole') or 'range' not in request.headers
        framing = do.get('length')
        answer.close = framing == 'close'

        await answer.header(
            200 if whole else 206,
            self._fields(request, do, whole, first, last, size))

        end = last - first + 1
        stops = {name: do[name] for name in ('cut', 'stall', 'reset')
                 if isinstance(do.get(name), int)}
        stop = min([end, *stops.values()])

        if do.get('html'):
            page = PAGE * (stop // len(PAGE) + 1)
            await answer.data(page[:stop], framing == 'chunked')
        else:
            await self._copy(answer, file, first, stop, do,
                             framing == 'chunked')

        if 'stall' in stops:
            await answer.hang(reader)
        if 'reset' in stops:
            answer.reset()
        if 'cut' in stops:
            raise Cut
        if framing == 'chunked':
            answer.writer.write(b'0\r\n\r\n')

    async def _copy(self, answer: Answer, file: BinaryIO, first: int,
                    length: int, do: dict[str, Any], chunked: bool) -> None:
        file.seek(first)
        crumbs = min(length, CRUMBLED) if 'crumbs' in do else 0
        for at in range(0, crumbs, do.get('crumbs', 1)):
            piece = min(do['crumbs'], crumbs - at)
            await answer.data(file.read(piece), chunked)
            await asyncio.sleep(0.002)

        throttle = do.get('throttle')
        for piece in self._pieces(length - crumbs, throttle):
            await answer.data(file.read(piece), chunked)
            if throttle is not None:
                await asyncio.sleep(piece / throttle)

    @staticmethod
    def _pieces(length: int, throttle: int | None) -> Iterator[int]:
        most = PIECE if throttle is None else max(1, throttle // 20)
        while length > 0:
            yield min(length, most)
            length -= most

    def _fields(self, request: Request, do: dict[str, Any], whole: bool,
                first: int, last: int, size: int) -> dict[str, str]:
        query = request.query
        left = max(0, int(query['expire']) - int(time.time()))
        kind = 'text/html' if do.get('html') else query['mime']

        fields = {
            'Last-Modified': formatdate(int(query['lmt']) / 1e6, usegmt=True),
            'Content-Type': do.get('type', kind),
            'Date': formatdate(usegmt=True),
            'Expires': formatdate(time.time() + left, usegmt=True),
            'Cache-Control': f'private, max-age={left}',
            'Accept-Ranges': 'bytes',
            'Cross-Origin-Resource-Policy': 'cross-origin',
            'X-Content-Type-Options': 'nosniff',
            'Vary': 'Origin',
            'Server': 'gvs 1.0',
        }
        if not whole:
            total = do.get('total', size)
            fields['Content-Range'] = f'bytes {first}-{last}/{total}'
        match do.get('length'):
            case None:
                fields['Content-Length'] = str(last - first + 1)
            case 'chunked':
                fields['Transfer-Encoding'] = 'chunked'
        return fields | do.get('headers', {})
