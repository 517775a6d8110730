"""Real audio: a minute of melody, looped by stream copy to any length."""

import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Itag:
    itag: int
    mime: str
    quality: str
    rate: int
    channels: int
    encoder: tuple[str, ...]

    @property
    def extension(self) -> str:
        return 'm4a' if 'mp4' in self.mime else 'webm'


AAC = 'audio/mp4; codecs="mp4a.40.{}"'
OPUS = 'audio/webm; codecs="opus"'

# The bit rates are chosen for what comes out: on average about 48 and 129.5,
# 50, 70 and 130 kb/s with the container, as the real ones have.  139 is plain
# AAC, for Debian has no encoder of HE-AAC.

ITAGS = {
    each.itag: each for each in (
        Itag(139, AAC.format(5), 'AUDIO_QUALITY_LOW', 22050, 2,
             ('-c:a', 'aac', '-ar', '22050', '-b:a', '47200')),
        Itag(140, AAC.format(2), 'AUDIO_QUALITY_MEDIUM', 44100, 2,
             ('-c:a', 'aac', '-b:a', '128400')),
        Itag(249, OPUS, 'AUDIO_QUALITY_LOW', 48000, 2,
             ('-c:a', 'libopus', '-vbr', 'off', '-b:a', '47600')),
        Itag(250, OPUS, 'AUDIO_QUALITY_LOW', 48000, 2,
             ('-c:a', 'libopus', '-vbr', 'off', '-b:a', '67600')),
        Itag(251, OPUS, 'AUDIO_QUALITY_MEDIUM', 48000, 2,
             ('-c:a', 'libopus', '-vbr', 'off', '-b:a', '127600')),
    )
}

MELODY_SECONDS = 60
LENGTHS = (5, 30, 240, 3600)           # that tracks have

# four notes a second, a bass, a click, and a breath of noise that keeps the
# encoders at their bit rate; every take is in a key of its own
MELODY = (
    '0.45*exp(-5*mod(t,0.25))*sin(2*PI*mod(t,0.25)*{pitch}'
    '*pow(2,mod(floor(t*4)*5+floor(t/2)*3,17)/12))'
    '+0.25*exp(-1.5*mod(t,1))*sin(2*PI*mod(t,1)*{pitch}/4'
    '*pow(2,mod(floor(t)*7,12)/12))'
    '+0.06*exp(-9*mod(t,0.5))*(random(0)*2-1)+0.02*(random(1)-0.5)'
)


class Media:
    """
    The files of one directory, made when they are first asked for.  Any
    number of processes may share it: a file appears whole or not at all.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """
        Makes what nearly every track needs.  Made when it is first asked for,
        it would keep yt-dlp waiting beyond its time-out.
        """

        for itag in ITAGS:
            for seconds in LENGTHS:
                self.track(itag, seconds, 0)
            self.track(itag, 240, 1)

    def track(self, itag: int, seconds: int, take: int) -> Path:
        """The audio of that format and length; takes differ in every byte."""

        kind = ITAGS[itag]
        base = f'{itag}-{seconds}s-{take}.{kind.extension}'

        with self.lock:
            melody = self._make(
                f'melody-{take}.wav', '-f', 'lavfi', '-i',
                self._melody(take), '-c:a', 'pcm_s16le')
            encoded = self._make(
                f'{itag}-{take}.{kind.extension}', '-i', str(melody),
                *kind.encoder, *self._container(kind))
            return self._make(
                base, '-stream_loop', str(seconds // MELODY_SECONDS), '-i',
                str(encoded), '-c', 'copy', '-t', str(seconds),
                *self._container(kind))

    def thumbnail(self, extension: str) -> Path:
        with self.lock:
            return self._make(
                f'thumbnail.{extension}', '-f', 'lavfi', '-i',
                'gradients=s=480x360:c0=0x203060:c1=0xe08040:seed=7',
                '-frames:v', '1')

    @staticmethod
    def _melody(take: int) -> str:
        notes = MELODY.format(pitch=220 + 33 * take).replace(',', '\\,')
        return f"aevalsrc=exprs='{notes}':s=44100:c=stereo:d={MELODY_SECONDS}"

    @staticmethod
    def _container(kind: Itag) -> tuple[str, ...]:
        if kind.extension == 'm4a':
            return ('-movflags', '+faststart')
        return ()

    def _make(self, name: str, *arguments: str) -> Path:
        path = self.directory / name
        if path.exists():
            return path

        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            new = Path(scratch) / name
            subprocess.run(
                ['ffmpeg', '-nostdin', '-v', 'error', '-bitexact', *arguments,
                 '-map_metadata', '-1', '-bitexact', str(new)],
                check=True)
            os.replace(new, path)
        return path
