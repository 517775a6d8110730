#!/usr/bin/python3 -B

"""
The stand-in's files have the structure of YouTube's, and the sound of each
position.
"""

import math
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parents[1] / 'build'
sys.path[:0] = [str(HERE), str(HERE.parent / 'lib')]

import position  # noqa: E402
from boxes import boxes  # noqa: E402
from encode import ITAGS, Media  # noqa: E402

MEDIA = Media(BUILD / 'media')
AAC, OPUS = (139, 140), (249, 250, 251)
LENGTHS = (5, 30, 3600)


def probe(path: Path, *entries: str) -> list[str]:
    """ffprobe's data about a file's only stream, or its format."""

    return subprocess.run(
        ['ffprobe', '-v', 'error', '-of', 'csv=p=0', *entries, path],
        capture_output=True, text=True, check=True).stdout.split()


def top(data: bytes) -> list[tuple[str, bytes]]:
    """The top-level boxes: name and content."""

    return [(box.path, data[box.begin:box.end]) for box in boxes(data)
            if '/' not in box.path]


def inside(data: bytes, path: str) -> bytes:
    """The content of the only box with that path."""

    found, = [data[box.begin:box.end] for box in boxes(data)
              if box.path == path]
    return found


def numbers(data: bytes, at: int, layout: str = 'I') -> tuple[int, ...]:
    return struct.unpack_from(f'>{layout}', data, at)


class FragmentedTest(unittest.TestCase):
    """AAC."""

    def each(self) -> Iterator[tuple[int, int, int, Path]]:
        for itag in AAC:
            for seconds, frames in zip(LENGTHS, {
                    139: (108, 646, 77520),
                    140: (215, 1292, 155039)}[itag]):
                with self.subTest(itag=itag, seconds=seconds):
                    yield (itag, seconds, frames,
                           MEDIA.track(itag, seconds, 0))

    def test_frames_are_neither_lost_nor_added(self) -> None:
        for itag, seconds, frames, path in self.each():
            self.assertEqual(
                probe(path, '-count_packets', '-show_entries',
                      'stream=nb_read_packets'), [str(frames)])
            told, = probe(path, '-show_entries', 'format=duration')
            self.assertAlmostEqual(float(told), seconds, delta=0.025)

    def test_the_header_has_the_whole_length_and_no_sample(self) -> None:
        for itag, _, frames, path in self.each():
            whole, rate = frames * 1024, ITAGS[itag].rate
            (first, ftyp), (second, moov), (third, _), *_ = \
                top(path.read_bytes())
            self.assertEqual([first, second, third], ['ftyp', 'moov', 'sidx'])
            self.assertEqual(ftyp, b'dash\0\0\0\0iso6mp41')
            self.assertEqual([name for name, _ in top(moov)],
                             ['mvhd', 'mvex', 'trak'])
            self.assertEqual([name for name, _ in top(inside(moov, 'trak'))],
                             ['tkhd', 'mdia'])
            self.assertEqual(numbers(inside(moov, 'mvhd'), 12, 'II'),
                             (rate, whole))
            self.assertEqual(numbers(inside(moov, 'trak/tkhd'), 20),
                             (whole,))
            self.assertEqual(
                numbers(inside(moov, 'trak/mdia/mdhd'), 12, 'II'),
                (rate, whole))
            self.assertEqual(numbers(inside(moov, 'mvex/mehd'), 4),
                             (whole,))
            self.assertEqual(numbers(inside(moov, 'mvex/trex'), 12),
                             (1024,))

            for name in ('stts', 'stsc', 'stco', 'stsz'):
                self.assertEqual(
                    inside(moov, f'trak/mdia/minf/stbl/{name}'),
                    bytes(12 if name == 'stsz' else 8), name)

    def test_the_index_names_each_fragment(self) -> None:
        for itag, _, frames, path in self.each():
            _, _, (_, sidx), *rest = top(path.read_bytes())
            count = math.ceil(frames / 431)
            self.assertEqual([name for name, _ in rest],
                             ['moof', 'mdat'] * count)
            self.assertEqual(numbers(sidx, 4, 'IIIIHH'),
                             (1, ITAGS[itag].rate, 0, 0, 0, count))
            self.assertEqual(
                list(struct.iter_unpack('>III', sidx[24:])),
                [(16 + len(moof) + len(mdat),
                  1024 * min(431, frames - 431 * number), 0x90000000)
                 for number, (moof, mdat) in enumerate(zip(
                     (content for _, content in rest[::2]),
                     (content for _, content in rest[1::2])))])

    def test_each_fragment_finds_its_frames(self) -> None:
        for _, _, frames, path in self.each():
            rest = [content for _, content in top(path.read_bytes())[3:]]
            for number, (moof, mdat) in enumerate(zip(rest[::2], rest[1::2])):
                first = number * 431
                self.assertEqual(numbers(inside(moof, 'mfhd'), 4),
                                 (number + 1,))
                self.assertEqual(
                    numbers(inside(moof, 'traf/tfdt'), 0, 'IQ'),
                    (1 << 24, first * 1024))
                trun = inside(moof, 'traf/trun')
                count, offset = numbers(trun, 4, 'II')
                self.assertEqual(count, min(431, frames - first))
                self.assertEqual(offset, 8 + len(moof) + 8)
                self.assertEqual(sum(numbers(trun, 12, f'{count}I')),
                                 len(mdat))

    def test_the_old_form_has_its_samples_in_the_header(self) -> None:
        for itag, frames in ((139, 5168), (140, 10336)):
            path = MEDIA.track(itag, 240, 0, 'faststart')
            file = path.read_bytes()
            self.assertEqual([name for name, _ in top(file)
                              if name != 'free'], ['ftyp', 'moov', 'mdat'])
            moov = inside(file, 'moov')
            self.assertEqual(numbers(inside(
                moov, 'trak/mdia/minf/stbl/stsz'), 8), (frames,))
            self.assertNotIn('mvex', dict(top(moov)))


# RFC 8794 and RFC 9559

EBML, SEGMENT, SEEK_HEAD = 0x1a45dfa3, 0x18538067, 0x114d9b74
INFO, TRACKS, CUES, CLUSTER = 0x1549a966, 0x1654ae6b, 0x1c53bb6b, 0x1f43b675


def elements(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Id, offset and content of each."""

    at = 0
    while at < len(data):
        begin = at
        name = data[at:at + 9 - data[at].bit_length()]
        at += len(name)
        width = 9 - data[at].bit_length()
        size = int.from_bytes(data[at:at + width]) & (1 << 7 * width) - 1
        at += width
        assert at + size <= len(data), name
        yield int.from_bytes(name), begin, data[at:at + size]
        at += size


def within(data: bytes, *path: int) -> bytes:
    for name in path:
        data, = [content for kind, _, content in elements(data)
                 if kind == name]
    return data


class WebmTest(unittest.TestCase):
    """Opus."""

    def each(self) -> Iterator[tuple[int, Path, bytes]]:
        for itag in OPUS:
            for seconds in LENGTHS:
                with self.subTest(itag=itag, seconds=seconds):
                    path = MEDIA.track(itag, seconds, 0)
                    head, segment = elements(path.read_bytes())
                    self.assertEqual((head[0], segment[0]), (EBML, SEGMENT))
                    yield seconds, path, segment[2]

    def test_the_cues_stand_in_front(self) -> None:
        for seconds, _, segment in self.each():
            found = list(elements(segment))
            clusters = math.ceil(seconds / 10)
            self.assertEqual(
                [name for name, _, _ in found],
                [SEEK_HEAD, INFO, TRACKS, CUES] + [CLUSTER] * clusters)

            self.assertEqual(
                [(within(seek, 0x53ab), int.from_bytes(within(seek, 0x53ac)))
                 for _, _, seek in elements(found[0][2])],
                [(name.to_bytes(4), place) for name, place, _ in found[1:4]])
            self.assertEqual(
                [(int.from_bytes(within(cue, 0xb3)),
                  int.from_bytes(within(cue, 0xb7, 0xf1)))
                 for _, _, cue in elements(found[3][2])],
                [(int.from_bytes(within(cluster, 0xe7)), place)
                 for _, place, cluster in found[4:]])

    def test_each_frame_has_its_time(self) -> None:
        for seconds, path, segment in self.each():
            times = []
            for name, _, cluster in elements(segment):
                if name == CLUSTER:
                    stamp, *blocks = elements(cluster)
                    begin = int.from_bytes(stamp[2])
                    times += [begin + numbers(block, 1, 'h')[0]
                              for _, _, block in blocks]
            self.assertEqual(times, [0, *range(21, 1000 * seconds, 20)])
            self.assertEqual(
                numbers(within(segment, INFO, 0x4489), 0, 'd'),
                (seconds * 1000 + 1,))
            self.assertEqual(
                probe(path, '-count_packets', '-show_entries',
                      'stream=nb_read_packets'), [str(50 * seconds)])

    def test_the_decoder_is_told_of_its_delay(self) -> None:
        for _, _, segment in self.each():
            track = within(segment, TRACKS, 0xae)
            self.assertEqual(int.from_bytes(within(track, 0x56aa)), 6500000)
            self.assertEqual(int.from_bytes(within(track, 0x56bb)), 80000000)
            self.assertEqual(
                within(track, 0x63a2),
                b'OpusHead\1\2' + struct.pack('<HIHB', 312, 48000, 0, 0))


class SoundTest(unittest.TestCase):
    def hear(self, path: Path, *places: float) -> None:
        for place in places:
            with self.subTest(path=path.name, place=place):
                heard = position.heard_at(str(path), place)
                assert heard is not None
                self.assertLess(position.distance(heard, place), 0.1)

    def test_each_place_sounds_as_it_should(self) -> None:
        for itag in ITAGS:
            # at a change of the second, after turns of the period, at 80 %
            self.hear(MEDIA.track(itag, 3600, 0), 0.3, 100.92, 256, 512.1,
                      2880, 3599.8)
            self.hear(MEDIA.track(itag, 240, 1), 0, 192, 239.7)
        for itag in AAC:
            self.hear(MEDIA.track(itag, 240, 0, 'faststart'), 0, 192, 239.7)

    def test_nothing_is_heard_at_a_turn(self) -> None:
        # a frame too many or too few would shift everything after it
        for itag in ITAGS:
            pcm = position.decode(str(MEDIA.track(itag, 3600, 0)),
                                  '-ss', '511', '-t', '2')
            window, step = (round(each * position.RATE) for each in
                            (position.WINDOW, 0.23))
            for first in range(0, len(pcm) - window, step):
                place = 511 + first / position.RATE
                heard = position.heard(pcm[first:first + window])
                assert heard is not None, (itag, place)
                self.assertLess(position.distance(heard, place), 0.04)

    def test_takes_differ_throughout(self) -> None:
        for itag in ITAGS:
            one, two = (MEDIA.track(itag, 240, take).read_bytes()
                        for take in (0, 1))
            for place in range(0, len(one), 2048):
                self.assertNotEqual(one[place:place + 2048],
                                    two[place:place + 2048], (itag, place))

    def test_bit_rates(self) -> None:
        for itag, rate in {139: 48, 140: 129.5, 249: 50, 250: 70,
                           251: 130}.items():
            size = MEDIA.track(itag, 3600, 0).stat().st_size
            self.assertAlmostEqual(size * 8 / 3600_000, rate, delta=0.5)

    def test_what_is_another_sound(self) -> None:
        rate = position.RATE
        window = range(round(position.WINDOW * rate))
        noise = position.decode('anoisesrc=d=0.15:r=22050', '-f', 'lavfi')
        for pcm in ([], [0] * len(window), noise,
                    [math.sin(2 * math.pi * 200 * each / rate)
                     for each in window]):
            self.assertIsNone(position.heard(pcm))
        self.assertAlmostEqual(position.distance(255.9, 512.2), 0.3)
        self.assertAlmostEqual(position.distance(0.2, 3583.9), 0.3)


class MakingTest(unittest.TestCase):
    def test_many_may_want_a_file_at_once(self) -> None:
        made = []

        def make(path: Path) -> None:
            made.append(path)
            time.sleep(0.1)
            path.write_bytes(b'x')

        with tempfile.TemporaryDirectory(dir=BUILD) as name:
            # like many processes, each with its own lock
            threads = [threading.Thread(
                target=Media(Path(name))._made, args=('file', make))
                for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual([path.name for path in Path(name).iterdir()],
                             ['file'])
        self.assertEqual(len(made), 1)


if __name__ == '__main__':
    unittest.main()
