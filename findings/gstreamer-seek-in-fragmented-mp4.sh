#!/bin/bash

# GStreamer 1.22.0 (Debian 12: gstreamer1.0-plugins-good 1.22.0-5+deb12u4): a
# fragmented MP4 that comes through a queue, as all that playbin gets from HTTP
# does, answers the SEEKING query with "seekable" and then refuses the seek; it
# plays on from the beginning.  The same file without the queue is sought in,
# and so is, through the queue, one that is not fragmented.  An app can't tell
# from the query; playbin's flag "download" (0x80) is the way out.
#
# Also: where the movie box holds the first 10 s itself and there is no mehd,
# which ISO/IEC 14496-12 leaves to the writer (8.8.2), the file is 10 s long and
# a seek beyond ends it at once, although a fragment of that time is there.
#
# Seen on 2026-11-30:
#
#     fragmented: seekable, sought, at 192 s, 240 s long
#     fragmented, queue: seekable, refused, at 0 s, 240 s long
#     not fragmented, queue: seekable, sought, at 192 s, 240 s long
#     fragmented after 10 s, no mehd: seekable, sought, ended, 10 s long
#
# Makes its files itself, needs apt's sources of Debian 12 and of its security
# updates and python3, installs nothing; exit status 0 when it is still so.

set -euo pipefail

self=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -q -o APT::Sandbox::User="$(id -un)" download \
    libgstreamer1.0-0=1.22.0-2+deb12u1 \
    libgstreamer-plugins-base1.0-0=1.22.0-3+deb12u7 \
    gstreamer1.0-plugins-good=1.22.0-5+deb12u4 \
    libglib2.0-0 libffi8 libpcre2-8-0 liborc-0.4-0 libdw1 libelf1 libunwind8 \
    liblzma5 libbz2-1.0 zlib1g > apt.log 2>&1 || { cat apt.log >&2; exit 2; }
for each in *.deb; do
    dpkg -x "$each" root
done

lib=$(dirname "$(find "$dir/root" -name libgstreamer-1.0.so.0)")
export LD_LIBRARY_PATH=$lib:${lib/#$dir\/root\/usr/$dir/root}
export GST_PLUGIN_SYSTEM_PATH=$dir/plugins GST_REGISTRY=$dir/registry
mkdir plugins
cp "$lib"/gstreamer-1.0/libgst{isomp4,coreelements}.so plugins

cat > seek.py <<'END'
import ctypes
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


def movie(inside, offset, mehd):
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
    head = box(b'mvhd', head[8:], MATRIX, bytes(24), struct.pack('>I', 2))
    track = box(b'tkhd', track[8:], MATRIX, bytes(8))
    extends = b'' if inside == COUNT else box(
        b'mvex', full(b'mehd', 0, COUNT * FRAME) if mehd else b'',
        full(b'trex', 0, 1, 1, FRAME, len(SILENCE), 0))
    return box(b'moov', head, box(b'trak', track, media), extends)


def fragment(number, begin, count):
    def moof(offset):
        return box(b'moof', full(b'mfhd', 0, number), box(
            b'traf', full(b'tfhd', 0x20000, 1),
            full(b'tfdt', 0, begin * FRAME), full(b'trun', 1, count, offset)))
    return moof(len(moof(0)) + 8) + box(b'mdat', SILENCE * count)


def write(path, inside, mehd):
    kind = box(b'ftyp', b'isom', bytes(4), b'iso6mp41')
    offset = len(kind + movie(inside, 0, mehd)) + 8
    parts = [kind, movie(inside, offset, mehd)]
    if inside:
        parts.append(box(b'mdat', SILENCE * inside))
    for number, begin in enumerate(range(inside, COUNT, PIECE), 1):
        parts.append(fragment(number, begin, min(PIECE, COUNT - begin)))
    with open(path, 'wb') as file:
        file.write(b''.join(parts))


# GStreamer in C's words: states PAUSED and PLAYING are 3 and 4, format TIME 3,
# flags FLUSH|KEY_UNIT 1|4, message EOS 1.

gst = ctypes.CDLL('libgstreamer-1.0.so.0')
for name in ('parse_launch', 'query_new_seeking', 'element_get_bus',
             'bus_timed_pop_filtered'):
    getattr(gst, f'gst_{name}').restype = ctypes.c_void_p
SECOND = 10 ** 9


def time(query, pipeline):
    found = ctypes.c_int64(-1)
    query(pipeline, 3, ctypes.byref(found))
    return found.value / SECOND


def seek(path, queue=False):
    pipeline = ctypes.c_void_p(gst.gst_parse_launch(
        f'filesrc location={path} {"! queue " if queue else ""}! qtdemux '
        '! fakesink sync=true'.encode(), None))
    wait = (pipeline, None, None, ctypes.c_uint64(10 * SECOND))
    gst.gst_element_set_state(pipeline, 3)
    assert gst.gst_element_get_state(*wait) == 1, 'it does not open'

    query = ctypes.c_void_p(gst.gst_query_new_seeking(3))
    seekable = ctypes.c_int()
    gst.gst_element_query(pipeline, query)
    gst.gst_query_parse_seeking(query, None, ctypes.byref(seekable), None,
                                None)
    sought = gst.gst_element_seek_simple(pipeline, 3, 1 | 4,
                                         ctypes.c_int64(192 * SECOND))
    gst.gst_element_get_state(*wait)
    at = time(gst.gst_element_query_position, pipeline)
    gst.gst_element_set_state(pipeline, 4)
    bus = ctypes.c_void_p(gst.gst_element_get_bus(pipeline))
    ended = gst.gst_bus_timed_pop_filtered(
        bus, ctypes.c_uint64(2 * SECOND), 1)
    text = ', '.join((
        'seekable' if seekable.value else 'not seekable',
        'sought' if sought else 'refused',
        'ended' if ended else f'at {at:.0f} s',
        f'{time(gst.gst_element_query_duration, pipeline):.0f} s long'))
    gst.gst_element_set_state(pipeline, 1)
    return text


gst.gst_init(None, None)
write('fragmented.m4a', 0, True)
write('plain.m4a', COUNT, True)
write('half.m4a', PIECE, False)
print('fragmented:', seek('fragmented.m4a'))
print('fragmented, queue:', seek('fragmented.m4a', True))
print('not fragmented, queue:', seek('plain.m4a', True))
print('fragmented after 10 s, no mehd:', seek('half.m4a'))
END

python3 seek.py | tee seen
sed -n 's/^#     \(.* s long\)$/\1/p' "$self" > expected
diff expected seen
