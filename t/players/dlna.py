"""A renderer as in a loudspeaker or a television: HTTP/1.0, without Host.

The requests are its own; ffmpeg only decodes the data.
"""

import contextlib
import http.client
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from players.ffmpeg import Ffmpeg

HEADERS = (
    'User-Agent: Renderer/1.0 UPnP/1.0 DLNADOC/1.50\r\n'
    'Icy-MetaData: 1\r\n'
    'getcontentFeatures.dlna.org: 1\r\n'
    'transferMode.dlna.org: Streaming\r\n'
    'TimeSeekRange.dlna.org: npt=0.000-\r\n'
    'Connection: close\r\n'
)


class Dlna(Ffmpeg):
    name = 'DLNA renderer'
    note = 'HTTP/1.0 without Host; asks again by Range'

    @staticmethod
    def version() -> str:
        return f'(ours, ffmpeg {Ffmpeg.version()})'

    def __init__(self, url: str, home: Path) -> None:
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Gateway)
        self.server.source = url
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.05,))
        self.thread.start()
        super().__init__(f'http://127.0.0.1:{self.server.server_port}/', home)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Gateway(BaseHTTPRequestHandler):
    """Forwards ffmpeg's requests to the source, in the form of a renderer."""

    def do_GET(self) -> None:
        source = self.server.source
        at = int((self.headers['Range'] or 'bytes=0-')[6:].split('-')[0])
        with ask('HEAD', source) as head:
            size = int(head.headers['Content-Length'])
        self.send_response(206)
        self.send_header('Content-Type', head.headers['Content-Type'])
        self.send_header('Content-Length', str(size - at))
        self.send_header('Content-Range', f'bytes {at}-{size - 1}/{size}')
        self.end_headers()

        # ffmpeg closes the connection when it seeks
        with contextlib.suppress(ConnectionError):
            for _ in range(3):
                with ask('GET', source, at) as answer, \
                     contextlib.suppress(http.client.IncompleteRead):
                    while piece := answer.read1(16384):
                        self.wfile.write(piece)
                        at += len(piece)
                if at == size:
                    break

    def log_message(self, *_: object) -> None:
        pass


def ask(method: str, url: str, start: int = 0) -> http.client.HTTPResponse:
    """A renderer first requests the whole track, and then the rest."""

    parts = urlsplit(url)
    request = f'{method} {parts.path}?{parts.query} HTTP/1.0\r\n{HEADERS}'
    if start:
        request += f'Range: bytes={start}-\r\n'
    with socket.create_connection((parts.hostname, parts.port), 40) as line:
        line.sendall(request.encode() + b'\r\n')
        answer = http.client.HTTPResponse(line, method=method)
        answer.begin()
        return answer
