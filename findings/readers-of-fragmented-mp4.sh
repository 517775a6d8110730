#!/bin/bash

# exiftool 12.57, mutagen 1.46.0 and AtomicParsley 20210715 (Debian 12) take
# "mvhd" or "mdhd" for the length of an MP4 and know no "mehd".  By ISO/IEC
# 14496-12 the former is that of the movie box's own samples (8.2.2, 8.4.2), the
# latter that of the whole with its fragments (8.8.2): of a fragmented file that
# keeps to the standard they say 0 s, and the length of its beginning where
# the movie box has that.  ffprobe and MediaInfo say 240 s of both.
#
# Seen on 2026-11-30, of two files of 240 s:
#
#     exiftool: 0 and 10 s
#     mutagen: 0 and 10 s
#     AtomicParsley: 0 and 10 s
#
# Makes its files itself, needs apt's sources of Debian 12, perl and python3,
# installs nothing; exit status 0 when it is still so.

set -euo pipefail

self=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -q -o APT::Sandbox::User="$(id -un)" download \
    libimage-exiftool-perl=12.57+dfsg-1 python3-mutagen=1.46.0-1 \
    atomicparsley=20210715.151551.e7ad03a-1+b1 libstdc++6 libgcc-s1 zlib1g \
    > apt.log 2>&1 || { cat apt.log >&2; exit 2; }
for each in *.deb; do
    dpkg -x "$each" root
done

cat > make.py <<'END'
import struct

RATE, FRAME, COUNT = 44100, 1024, 10336          # 240 s of AAC
SILENCE = bytes.fromhex('210049900219002380')    # one frame of it
PIECE = 431                                      # frames, 10 s
MATRIX = struct.pack('>9I', 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def box(kind, *parts):
    content = b''.join(parts)
    return struct.pack('>I4s', 8 + len(content), kind) + content


def full(kind, flags, *numbers):
    return box(kind, struct.pack(f'>I{len(numbers)}I', flags, *numbers))


def movie(inside, offset):
    """The first frames, "inside" of them, are the movie box's own."""

    esds = bytes.fromhex('00000000 03190001 00 0411 4015 000000 00000000'
                         '00000000 0502 1210 060102')
    entry = box(b'mp4a', struct.pack('>6xH8xHHIHxx', 1, 2, 16, 0, RATE),
                box(b'esds', esds))
    table = box(
        b'stbl', box(b'stsd', struct.pack('>II', 0, 1), entry),
        full(b'stts', 0, *((1, inside, FRAME) if inside else (0,))),
        full(b'stsc', 0, *((1, 1, inside, 1) if inside else (0,))),
        full(b'stsz', 0, len(SILENCE) if inside else 0, inside),
        full(b'stco', 0, *((1, offset) if inside else (0,))))
    data = box(b'dref', struct.pack('>II', 0, 1), full(b'url ', 1))
    media = box(
        b'mdia', full(b'mdhd', 0, 0, 0, RATE, inside * FRAME, 0x55c4 << 16),
        box(b'hdlr', struct.pack('>8x4s13x', b'soun')),
        box(b'minf', full(b'smhd', 0, 0), box(b'dinf', data), table))
    head = full(b'mvhd', 0, 0, 0, RATE, inside * FRAME, 1 << 16, 1 << 24, 0, 0)
    track = full(b'tkhd', 3, 0, 0, 1, 0, inside * FRAME, 0, 0, 0, 1 << 24)
    return box(
        b'moov',
        box(b'mvhd', head[8:], MATRIX, bytes(24), struct.pack('>I', 2)),
        box(b'trak', box(b'tkhd', track[8:], MATRIX, bytes(8)), media),
        box(b'mvex', full(b'mehd', 0, COUNT * FRAME),
            full(b'trex', 0, 1, 1, FRAME, len(SILENCE), 0)))


def fragment(number, begin, count):
    def moof(offset):
        return box(b'moof', full(b'mfhd', 0, number), box(
            b'traf', full(b'tfhd', 0x20000, 1),
            full(b'tfdt', 0, begin * FRAME), full(b'trun', 1, count, offset)))
    return moof(len(moof(0)) + 8) + box(b'mdat', SILENCE * count)


def write(path, inside):
    kind = box(b'ftyp', b'isom', bytes(4), b'iso6mp41')
    offset = len(kind + movie(inside, 0)) + 8
    parts = [kind, movie(inside, offset)]
    if inside:
        parts.append(box(b'mdat', SILENCE * inside))
    for number, begin in enumerate(range(inside, COUNT, PIECE), 1):
        parts.append(fragment(number, begin, min(PIECE, COUNT - begin)))
    with open(path, 'wb') as file:
        file.write(b''.join(parts))


write('all.m4a', 0)
write('rest.m4a', PIECE)
END
python3 make.py

exiftool()
{
    PERL5LIB=root/usr/share/perl5 \
        perl root/usr/bin/exiftool -n -s3 -Duration "$1"
}

mutagen()
{
    PYTHONPATH=root/usr/lib/python3/dist-packages python3 -c \
        'import sys, mutagen; print(mutagen.File(sys.argv[1]).info.length)' "$1"
}

AtomicParsley()
{
    LD_LIBRARY_PATH=$(find "$dir/root" -name '*-linux-gnu' -printf '%p:') \
        root/usr/bin/AtomicParsley "$1" -T 1 \
        | sed -n 's/.*Movie duration: \([0-9.]*\) seconds.*/\1/p'
}

for each in exiftool mutagen AtomicParsley; do
    all=$($each all.m4a)
    rest=$($each rest.m4a)
    LC_ALL=C printf '%s: %.0f and %.0f s\n' "$each" "$all" "$rest"
done | tee seen
sed -n 's/^#     \(.* and .* s\)$/\1/p' "$self" > expected
diff expected seen
