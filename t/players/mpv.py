"""mpv, by its own socket."""

import json
import socket
import subprocess
from pathlib import Path
from typing import Any, TextIO

from players.player import Player
from position import RATE
from stack import wait_for

# the sound is written to a file, as fast as possible
TO_FILE = ('--ao=pcm', '--ao-pcm-waveheader=no', '--audio-format=s16',
           f'--audio-samplerate={RATE}', '--audio-channels=mono',
           '--keep-open=yes', '--pause')


class Mpv(Player):
    name = 'mpv'

    @staticmethod
    def version() -> str:
        return subprocess.check_output(['mpv', '--version'],
                                       text=True).split()[1].lstrip('v')

    def __init__(self, url: str, home: Path, *options: str) -> None:
        self.pcm = home / 'mpv.pcm'
        if not options:
            options = (*TO_FILE, f'--ao-pcm-file={self.pcm}')
        path = home / 'mpv.sock'
        self.process = subprocess.Popen(
            ['mpv', '--no-config', '--no-video', '--no-terminal',
             '--msg-level=all=warn', '--no-ytdl', f'--log-file={home}/mpv.log',
             f'--input-ipc-server={path}', *options, url],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.reader: TextIO | None = None
        self.from_byte = 0
        try:
            wait_for(lambda: self.socket.connect_ex(str(path)) == 0,
                     'mpv listens', 40)
            self.reader = self.socket.makefile('r')
            wait_for(lambda: self.get('time-pos') is not None,
                     'mpv opens it', 40)
        except BaseException:
            self.close()
            raise

    def command(self, *command: Any) -> Any:
        self.socket.sendall(json.dumps(
            {'command': command, 'request_id': 1}).encode() + b'\n')
        assert self.reader
        while True:
            answer = json.loads(self.reader.readline())
            if answer.get('request_id') == 1:
                break
        if answer['error'] not in ('success', 'property unavailable'):
            raise AssertionError(f'mpv, {command}: {answer["error"]}')
        return answer.get('data')

    def get(self, name: str) -> Any:
        """The value of a property; None if it has none yet."""

        return self.command('get_property', name)

    def at(self) -> float:
        return self.get('time-pos') or 0.0

    def duration(self) -> float:
        return self.get('duration')

    def seek(self, seconds: float) -> None:
        self.from_byte = self._written()
        self.command('seek', seconds, 'absolute')
        wait_for(lambda: abs(self.at() - seconds) < 1 and not
                 self.get('seeking'), f'mpv seeks to {seconds}', 40)

    def sound(self, seconds: float = 3600) -> bytes:
        until = self.from_byte + int(seconds * RATE) * 2
        self.command('set_property', 'pause', False)
        wait_for(lambda: self._written() >= until or self.get('eof-reached'),
                 'mpv plays', 40)
        self.command('set_property', 'pause', True)
        return self.pcm.read_bytes()[self.from_byte:]

    def _written(self) -> int:
        return self.pcm.stat().st_size if self.pcm.exists() else 0

    def end(self) -> int:
        self.command('quit')
        # it may still write events, and closing the socket would be an error
        return self.process.wait(10)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.reader:
            self.reader.close()
        self.socket.close()
