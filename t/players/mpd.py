"""mpd, by its own protocol, with a private configuration."""

import socket
import subprocess
from pathlib import Path
from typing import TextIO

from players.player import Player
from position import RATE
from stack import wait_for

HEADER = 44                            # bytes, of a WAVE file

CONF = '''
bind_to_address "{home}/mpd.sock"
log_file "{home}/mpd.log"
zeroconf_enabled "no"
input {{
    plugin "curl"
}}
audio_output {{
    type "recorder"
    name "file"
    encoder "wave"
    path "{home}/mpd.wav"
    format "{rate}:16:1"
}}
audio_output {{
    type "null"
    name "real time"
}}
'''


class Mpd(Player):
    """It plays in real time; its recorder is some seconds ahead."""

    name = 'mpd'
    resumes = False

    @staticmethod
    def version() -> str:
        return subprocess.check_output(['mpd', '--version'],
                                       text=True).split()[3]

    def __init__(self, url: str, home: Path) -> None:
        conf = home / 'mpd.conf'
        conf.write_text(CONF.format(home=home, rate=RATE))
        self.wave = home / 'mpd.wav'
        self.process = subprocess.Popen(
            ['mpd', '--no-daemon', conf], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(40)
        self.reader: TextIO | None = None
        self.last = 0.0
        try:
            wait_for(lambda: self.socket.connect_ex(f'{home}/mpd.sock') == 0,
                     'mpd listens', 40)
            self.reader = self.socket.makefile('r')
            self.reader.readline()
            self.command(f'add "{url}"')
            self.seek(0)
        except BaseException:
            self.close()
            raise

    def command(self, line: str) -> dict[str, str]:
        self.socket.sendall(line.encode() + b'\n')
        assert self.reader
        answer = {}
        name = ''
        for each in self.reader:
            name, _, value = each.rstrip().partition(': ')
            if name == 'OK':
                return answer
            if name.startswith('ACK'):
                break
            answer[name] = value
        raise AssertionError(f'mpd, {line}: {name or "no answer"}')

    def duration(self) -> float:
        """The displayed duration, or the last one before it stopped."""

        return wait_for(lambda: self._look() and self.last, 'mpd opens it',
                        40)

    def seek(self, seconds: float) -> None:
        self.command('stop')
        self.wave.unlink(missing_ok=True)
        self.command(f'seek 0 {seconds}')
        self.at = seconds

    def sound(self, seconds: float = 3600) -> bytes:
        until = self.at + seconds
        wait_for(lambda: self._look()['state'] == 'stop'
                 or float(self._look().get('elapsed', 0)) > until,
                 'mpd plays', 40)
        self.command('stop')
        wait_for(self.wave.exists, 'mpd writes its file')
        return self.wave.read_bytes()[HEADER:]

    def _look(self) -> dict[str, str]:
        status = self.command('status')
        self.last = float(status.get('duration', self.last))
        return status

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.reader:
            self.reader.close()
        self.socket.close()
