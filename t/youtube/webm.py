"""
DASH WebM like YouTube's Opus: one frame per block, clusters of ten seconds, and
the Cues in front of them (docs/upstream.md, V1; RFC 9559).
"""

import struct
from collections.abc import Iterator

FRAME = 20                             # milliseconds
CLUSTER = 500                          # frames
PRE_SKIP = 312                         # samples at 48 kHz, as libopus has it


def dash(frames: list[bytes], channels: int) -> Iterator[bytes]:
    """The file in pieces, of Opus frames of 20 ms."""

    clusters = [cluster(first, frames[first:first + CLUSTER])
                for first in range(0, len(frames), CLUSTER)]
    head = [info(len(frames)), tracks(channels),
            cues([0] * len(clusters))]

    # all numbers in front have a fixed width, so offsets do not change
    places = [len(seek_head([0, 0, 0]))]
    for each in (*head, *clusters):
        places.append(places[-1] + len(each))
    head[2] = cues(places[3:-1])

    yield element(
        0x1a45dfa3, number(0x4286, 1), number(0x42f7, 1), number(0x42f2, 4),
        number(0x42f3, 8), element(0x4282, b'webm'), number(0x4287, 4),
        number(0x4285, 2))
    yield opening(0x18538067, places[-1])               # Segment
    yield seek_head(places[:3])
    yield from head
    yield from clusters


def moment(frame: int) -> int:
    """
    Milliseconds.  The decoder's delay of 6.5 ms is rounded with the time of
    each block but the first: 0, 21, 41, 61.
    """

    return frame * FRAME + 1 if frame else 0


def opening(name: int, length: int) -> bytes:
    width = ((length + 1).bit_length() + 6) // 7        # the shortest
    return name.to_bytes((name.bit_length() + 7) // 8) \
        + (1 << 7 * width | length).to_bytes(width)


def element(name: int, *content: bytes) -> bytes:
    return b''.join((opening(name, sum(map(len, content))), *content))


def number(name: int, value: int) -> bytes:
    return element(name, value.to_bytes(8))


def seek_head(places: list[int]) -> bytes:
    names = (0x1549a966, 0x1654ae6b, 0x1c53bb6b)
    return element(0x114d9b74, *(
        element(0x4dbb, element(0x53ab, name.to_bytes(4)),
                number(0x53ac, place))
        for name, place in zip(names, places)))


def info(frames: int) -> bytes:
    return element(
        0x1549a966, number(0x2ad7b1, 1_000_000),        # ns: milliseconds
        element(0x4489, struct.pack('>d', moment(frames))),
        element(0x4d80, b'google/video-file'),
        element(0x5741, b'google/video-file'))


def tracks(channels: int) -> bytes:
    opus = struct.pack('<8sBBHIhB', b'OpusHead', 1, channels, PRE_SKIP,
                       48000, 0, 0)
    return element(0x1654ae6b, element(
        0xae, number(0xd7, 1), number(0x73c5, 1),       # number and UID
        number(0x9c, 0), number(0x83, 2),               # no lacing; audio
        element(0x86, b'A_OPUS'), element(0x63a2, opus),
        number(0x56aa, PRE_SKIP * 10**9 // 48000),      # CodecDelay
        number(0x56bb, 80_000_000),                     # SeekPreRoll
        element(0xe1, element(0xb5, struct.pack('>d', 48000)),
                number(0x9f, channels))))


def cues(places: list[int]) -> bytes:
    return element(0x1c53bb6b, *(
        element(0xbb, number(0xb3, moment(index * CLUSTER)),
                element(0xb7, number(0xf7, 1), number(0xf1, place)))
        for index, place in enumerate(places)))


def cluster(first: int, frames: list[bytes]) -> bytes:
    begin = moment(first)
    blocks = (
        # of the first track, each a key frame
        element(0xa3, struct.pack('>BhB', 0x81, moment(first + place) - begin,
                                  0x80), frame)
        for place, frame in enumerate(frames))
    return element(0x1f43b675, number(0xe7, begin), *blocks)
