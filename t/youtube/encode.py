"""
Real audio that encodes its position: one period is encoded in each format, and
its frames are repeated to any length.
"""

import fcntl
import itertools
import math
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import mp4
import webm


@dataclass(frozen=True)
class Itag:
    itag: int
    mime: str
    quality: str
    rate: int
    bits: int                          # per second, for the encoder
    channels: int = 2

    @property
    def aac(self) -> bool:
        return 'mp4' in self.mime

    @property
    def samples(self) -> int:          # in a frame
        return mp4.SAMPLES if self.aac else self.rate * webm.FRAME // 1000


AAC = 'audio/mp4; codecs="mp4a.40.{}"'
OPUS = 'audio/webm; codecs="opus"'

# The bit rates are chosen for the result: on average about 48 and 129.5, 50, 70
# and 130 kb/s with the container, as the real ones have.  139 is plain AAC,
# since Debian has no encoder for HE-AAC.

ITAGS = {
    each.itag: each for each in (
        Itag(139, AAC.format(5), 'AUDIO_QUALITY_LOW', 22050, 47100),
        Itag(140, AAC.format(2), 'AUDIO_QUALITY_MEDIUM', 44100, 127350),
        Itag(249, OPUS, 'AUDIO_QUALITY_LOW', 48000, 47600),
        Itag(250, OPUS, 'AUDIO_QUALITY_LOW', 48000, 67600),
        Itag(251, OPUS, 'AUDIO_QUALITY_MEDIUM', 48000, 127600),
    )
}

# Fast settings.  By default AAC's would drop the sweep at a low bit rate.

AAC_ENCODER = ('-c:a', 'aac', '-aac_coder', 'fast', '-cutoff', '10000',
               '-f', 'adts')
OPUS_ENCODER = ('-c:a', 'libopus', '-compression_level', '0', '-vbr', 'off',
                '-map', '0:a', '-f', 'data')

# what tracks need: seconds, take, form
TRACKS = ((5, 0, 'dash'), (10, 0, 'dash'), (30, 0, 'dash'), (240, 0, 'dash'),
          (240, 1, 'dash'), (3600, 0, 'dash'))
FAST_TRACKS = ((240, 0, 'faststart'),)

# A tone that gives the second, a sweep that gives the fraction, and noise that
# keeps the encoders at their bit rate.  t/lib/position.py decodes them.

PERIOD = 256                           # seconds
SOUND_RATE = 44100
SOUND = (
    'aevalsrc=d={period}:s={rate}:exprs='
    '0.3*sin(2*PI*t*(400+12*floor(t)))'
    '+0.3*sin(2*PI*mod(t\\,1)*(4000+2000*mod(t\\,1)))[code];'
    'anoisesrc=d={period}:r={rate}:a=0.02:seed=1[noise];'
    '[code][noise]amix=normalize=0'
)

# Encoded before and after the period, so that its frames match at both ends.  44
# frames are whole samples at each of the rates.

MARGIN = 44


class Media:
    """
    The files of one directory, made on first use.  Any number of processes may
    share it: a file is created atomically, and once.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """
        Makes what nearly every track needs, which on first use would keep yt-dlp
        waiting beyond its timeout.
        """

        def make(kind: Itag) -> None:
            for track in TRACKS + FAST_TRACKS * kind.aac:
                self.track(kind.itag, *track)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(make, ITAGS.values()))

    def track(self, itag: int, seconds: int, take: int,
              form: str = 'dash') -> Path:
        """The audio of a format and length; takes differ in all bytes."""

        kind = ITAGS[itag]
        extension = 'm4a' if kind.aac else 'webm'
        name = f'{itag}-{form}-{seconds}s-{take}.{extension}'

        if form == 'faststart':
            whole = self.track(itag, seconds, take)
            return self._ffmpeg(name, '-i', whole, '-c', 'copy', '-movflags',
                                '+faststart')
        return self._made(name, lambda path: write(
            path, self._dash(kind, seconds, take)))

    def thumbnail(self, extension: str) -> Path:
        return self._ffmpeg(
            f'thumbnail.{extension}', '-f', 'lavfi', '-i',
            'gradients=s=480x360:c0=0x203060:c1=0xe08040:seed=7',
            '-frames:v', '1')

    def _dash(self, kind: Itag, seconds: int, take: int) -> Iterator[bytes]:
        count = round(seconds * kind.rate / kind.samples)
        frames = list(itertools.islice(
            itertools.cycle(self._period(kind, take)), count))
        if kind.aac:
            return mp4.fragmented(frames, kind.rate, kind.channels)
        return webm.dash(frames, kind.channels)

    def _period(self, kind: Itag, take: int) -> list[bytes]:
        """The frames that can be repeated: those of one or two periods."""

        sound = self._ffmpeg(
            'sound.s16', '-f', 'lavfi', '-i',
            SOUND.format(period=PERIOD, rate=SOUND_RATE), '-f', 's16le')

        samples = PERIOD * kind.rate
        periods = kind.samples // math.gcd(samples, kind.samples)
        margin = 2 * MARGIN * kind.samples * SOUND_RATE // kind.rate

        def pcm() -> bytes:
            period = sound.read_bytes()
            return period[-margin:] + period * periods + period[:margin]

        encoded = self._ffmpeg(
            f'{kind.itag}-{take}.frames', '-f', 's16le', '-ar',
            str(SOUND_RATE), '-ac', '1', '-i', '-',
            '-af', f'volume={1 - take / 8}', '-ac', str(kind.channels),
            '-ar', str(kind.rate), '-b:a', str(kind.bits),
            *(AAC_ENCODER if kind.aac else OPUS_ENCODER),
            source=pcm).read_bytes()

        if kind.aac:
            # the first frame is the encoder's delay
            frames, first = list(adts_frames(encoded)), MARGIN + 1
        else:
            size = kind.bits * webm.FRAME // 8000
            frames, first = [encoded[place:place + size] for place
                             in range(0, len(encoded), size)], MARGIN
        return frames[first:first + periods * samples // kind.samples]

    def _ffmpeg(self, name: str, *arguments: str | Path,
                source: Callable[[], bytes] = bytes) -> Path:
        return self._made(name, lambda path: subprocess.run(
            ['ffmpeg', '-v', 'error', '-bitexact', *arguments,
             '-map_metadata', '-1', '-bitexact', path],
            input=source(), check=True))

    def _made(self, name: str, make: Callable[[Path], object]) -> Path:
        path = self.directory / name
        if path.exists():
            return path

        # other processes wait, and then find it
        lock = self.directory / f'{name}.lock'
        with lock.open('w') as file, \
             tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not path.exists():
                new = Path(scratch) / name
                make(new)
                os.replace(new, path)
            lock.unlink(missing_ok=True)
        return path


def write(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open('wb') as file:
        file.writelines(pieces)


def adts_frames(data: bytes) -> Iterator[bytes]:
    """Each without its header of seven bytes."""

    begin = 0
    while begin < len(data):
        end = begin + (int.from_bytes(data[begin + 3:begin + 6]) >> 5 & 0x1fff)
        yield data[begin + 7:end]
        begin = end
