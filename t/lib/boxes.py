"""The boxes of an MP4 file by ISO/IEC 14496-12, parsed independently of the
module: the bytes that a client should receive, and the duration that players
show."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

CONTAINERS = {b'moov', b'mvex', b'trak', b'mdia', b'minf', b'stbl', b'moof',
              b'traf'}
DURATIONS = ('moov/mvhd', 'moov/trak/tkhd', 'moov/trak/mdia/mdhd')


@dataclass
class Box:
    path: str
    begin: int                     # of its content
    end: int


@dataclass
class Duration:
    begin: int
    end: int
    units: int
    scale: int                     # units a second; 0: the movie's


def boxes(data: bytes, begin: int = 0, end: int | None = None,
          path: str = '') -> Iterator[Box]:
    end = len(data) if end is None else end
    while begin < end:
        size, kind = struct.unpack_from('>I4s', data, begin)
        header = 8
        if size == 1:
            size, = struct.unpack_from('>Q', data, begin + 8)
            header = 16
        assert size >= header and begin + size <= end, (path, kind, size)
        box = Box(path + kind.decode('latin-1'), begin + header, begin + size)
        yield box
        if kind in CONTAINERS:
            yield from boxes(data, box.begin, box.end, box.path + '/')
        begin += size


def duration(data: bytes, box: Box) -> Duration:
    """The duration in mvhd, tkhd, mdhd or mehd."""

    wide = data[box.begin]
    times = '>QQ' if wide else '>II'
    number = '>Q' if wide else '>I'
    at = box.begin + 4
    scale = 0
    if box.path.endswith(('mvhd', 'mdhd')):
        at += struct.calcsize(times)
        scale, = struct.unpack_from('>I', data, at)
        at += 4
    elif box.path.endswith('tkhd'):
        at += struct.calcsize(times) + 8
    units, = struct.unpack_from(number, data, at)
    return Duration(at, at + struct.calcsize(number), units, scale)


def durations(data: bytes) -> dict[str, Duration]:
    return {box.path: duration(data, box) for box in boxes(data)
            if box.path in (*DURATIONS, 'moov/mvex/mehd')}


def is_fragmented(data: bytes) -> bool:
    return data[4:8] == b'ftyp' and any(
        box.path == 'moov/mvex' for box in boxes(data))


def served(data: bytes) -> bytes:
    """The bytes served for a file of the source."""

    if not is_fragmented(data):
        return data

    made = bytearray(data)
    for path, each in durations(data).items():
        if path in DURATIONS:
            made[each.begin:each.end] = bytes(each.end - each.begin)
    return bytes(made)


def fragments(data: bytes) -> float:
    """Seconds of sound in the fragments."""

    scale = durations(data)['moov/trak/mdia/mdhd'].scale
    trex = next(box for box in boxes(data) if box.path == 'moov/mvex/trex')
    each, = struct.unpack_from('>I', data, trex.begin + 12)
    samples = sum(struct.unpack_from('>I', data, box.begin + 4)[0]
                  for box in boxes(data) if box.path == 'moof/traf/trun')
    return samples * each / scale


def apple(data: bytes) -> float:
    """Seconds that Apple's players are reported to show: those of the header and
    of the fragments together (docs/upstream.md, V2)."""

    header = durations(data)['moov/trak/mdia/mdhd']
    return header.units / header.scale + fragments(data)
