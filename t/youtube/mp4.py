"""
Fragmented MP4 like YouTube's AAC: a movie header with the total duration
although it contains no samples, an index, then fragments of ten seconds
(docs/upstream.md, V1; ISO/IEC 14496-12).
"""

import struct
from collections.abc import Iterator

SAMPLES = 1024                         # in a frame of AAC
FRAGMENT = 431                         # frames
RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000)
CREATED = 0xd9000000                   # seconds since 1904
MATRIX = struct.pack('>9I', 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def fragmented(frames: list[bytes], rate: int,
               channels: int) -> Iterator[bytes]:
    """The file in pieces, of AAC-LC frames without ADTS headers."""

    pieces = [frames[first:first + FRAGMENT]
              for first in range(0, len(frames), FRAGMENT)]

    yield box(b'ftyp', b'dash', bytes(4), b'iso6mp41')
    yield movie(len(frames) * SAMPLES, sum(map(len, frames)), rate, channels)
    yield index(pieces, rate)

    for number, piece in enumerate(pieces):
        yield fragment(number + 1, number * FRAGMENT * SAMPLES, piece)
        yield box(b'mdat', *piece)


def box(kind: bytes, *content: bytes) -> bytes:
    length = 8 + sum(map(len, content))
    return b''.join((struct.pack('>I4s', length, kind), *content))


def full(kind: bytes, version: int, flags: int, *content: bytes) -> bytes:
    return box(kind, struct.pack('>I', version << 24 | flags), *content)


def movie(duration: int, size: int, rate: int, channels: int) -> bytes:
    mvhd = full(b'mvhd', 0, 0,
                struct.pack('>IIII', CREATED, CREATED, rate, duration),
                struct.pack('>IH10x', 0x10000, 0x100), MATRIX, bytes(24),
                struct.pack('>I', 2))
    mvex = box(b'mvex', full(b'mehd', 0, 0, struct.pack('>I', duration)),
               full(b'trex', 0, 0, struct.pack('>5I', 1, 1, SAMPLES, 0, 0)))
    tkhd = full(b'tkhd', 0, 3,
                struct.pack('>IIIII', CREATED, CREATED, 1, 0, duration),
                bytes(8), struct.pack('>HHHH', 0, 0, 0x100, 0), MATRIX,
                bytes(8))
    return box(b'moov', mvhd, mvex,
               box(b'trak', tkhd, media(duration, size, rate, channels)))


def media(duration: int, size: int, rate: int, channels: int) -> bytes:
    mdhd = full(b'mdhd', 0, 0,
                struct.pack('>IIII', CREATED, CREATED, rate, duration),
                struct.pack('>HH', 0x55c4, 0))          # no language
    hdlr = full(b'hdlr', 0, 0, struct.pack('>I4s12x', 0, b'soun'),
                b'ISO Media file produced by Google Inc.\0')
    dinf = box(b'dinf', full(b'dref', 0, 0, struct.pack('>I', 1),
                             full(b'url ', 0, 1)))
    stbl = box(b'stbl',
               full(b'stsd', 0, 0, struct.pack('>I', 1),
                    mp4a(size * 8 * rate // duration, rate, channels)),
               full(b'stts', 0, 0, bytes(4)), full(b'stsc', 0, 0, bytes(4)),
               full(b'stsz', 0, 0, bytes(8)), full(b'stco', 0, 0, bytes(4)))
    return box(b'mdia', mdhd, hdlr,
               box(b'minf', dinf, stbl, full(b'smhd', 0, 0, bytes(4))))


def mp4a(bits: int, rate: int, channels: int) -> bytes:
    config = struct.pack('>H', 2 << 11 | RATES.index(rate) << 7
                         | channels << 3)               # AAC-LC
    decoder = struct.pack('>BB3xII', 0x40, 0x15, bits, bits)
    stream = bytes(3) + descriptor(4, decoder + descriptor(5, config)) \
        + descriptor(6, b'\2')
    return box(b'mp4a', struct.pack('>6xH8xHHHHI', 1, channels, 16, 0, 0,
                                    rate << 16),
               full(b'esds', 0, 0, descriptor(3, stream)))


def descriptor(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


def index(pieces: list[list[bytes]], rate: int) -> bytes:
    references = [
        struct.pack('>III', len(fragment(1, 0, piece)) + 8
                    + sum(map(len, piece)), len(piece) * SAMPLES,
                    0x90000000)                         # begins with a SAP
        for piece in pieces]
    return full(b'sidx', 0, 0,
                struct.pack('>IIIIHH', 1, rate, 0, 0, 0, len(pieces)),
                *references)


def fragment(number: int, time: int, frames: list[bytes]) -> bytes:
    sizes = struct.pack(f'>{len(frames)}I', *map(len, frames))

    def moof(offset: int) -> bytes:
        return box(
            b'moof', full(b'mfhd', 0, 0, struct.pack('>I', number)),
            box(b'traf',
                full(b'tfhd', 0, 0x20000, struct.pack('>I', 1)),
                full(b'tfdt', 1, 0, struct.pack('>Q', time)),
                full(b'trun', 0, 0x201,
                     struct.pack('>II', len(frames), offset), sizes)))

    return moof(len(moof(0)) + 8)                       # mdat's content
