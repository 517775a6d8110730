"""The header of a fragmented MP4 is corrected on the wire, and nothing else.

Otherwise every track of the default codec would have twice its duration on
Apple's players (docs/upstream.md, V1 to V3); with a byte too many, or too few,
other players could not read it, or a cache would mix two versions.
"""

import http.client
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

import boxes  # noqa: E402
from stack import SLICE, Stack  # noqa: E402

MARK = '.m1'


class Mp4HeaderTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=2)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def get(self, path: str, method: str = 'GET', **headers: str):
        return self.stack.get(f'/cdn/stream/{path}', {
            name.replace('_', '-'): value for name, value in headers.items()},
            method)

    # The bytes.

    def test_just_its_three_durations_change(self) -> None:
        for quality, itag in (('low', 139), ('high', 140)):
            with self.subTest(itag):
                track = 'm04_changed'
                raw = self.stack.source_file(track, itag)
                body = self.get(f'{track}?quality={quality}').body
                self.assertEqual(len(body), len(raw))

                read = boxes.durations(raw)
                seconds = boxes.fragments(raw)
                expected = set()
                for path in boxes.DURATIONS:
                    each = read[path]
                    scale = each.scale or read['moov/mvhd'].scale
                    self.assertAlmostEqual(each.units / scale, seconds,
                                           delta=0.1)
                    expected |= set(range(each.begin, each.end))
                changed = {at for at in range(max(expected) + 4096)
                           if raw[at] != body[at]}
                # a byte of a duration may be 0 at the source
                self.assertLessEqual(changed, expected)
                self.assertEqual(changed, {at for at in expected if raw[at]})
                self.assertEqual(body[max(expected) + 1:],
                                 raw[max(expected) + 1:])
                for path in boxes.DURATIONS:
                    self.assertEqual(boxes.durations(body)[path].units, 0)
                self.assertEqual(boxes.durations(body)['moov/mvex/mehd'],
                                 read['moov/mvex/mehd'])

    def test_what_players_make_of_it(self) -> None:
        track = 'm04_players'
        raw = self.stack.source_file(track)
        body = self.get(track).body
        seconds = boxes.fragments(raw)
        self.assertAlmostEqual(seconds, 240, delta=0.1)
        # Apple's: the header's and the fragments' length
        self.assertAlmostEqual(boxes.apple(raw) / seconds, 2, delta=0.001)
        self.assertAlmostEqual(boxes.apple(body) / seconds, 1, delta=0.001)

    def test_any_range_has_the_changed_bytes(self) -> None:
        for state in ('cold', 'hot'):
            for number, (first, last) in enumerate((
                    (0, 1), (0, 60), (40, 60), (150, 500), (231, 231),
                    (0, SLICE - 1), (300, SLICE + 300), (SLICE, SLICE + 9))):
                with self.subTest(state, first=first):
                    track = f'm04_range{number:02}'
                    answer = self.get(track, Range=f'bytes={first}-{last}')
                    expected = self.stack.file(track)[first:last + 1]
                    self.assertEqual(answer.status, 206)
                    self.assertEqual(answer.body, expected)

    def test_a_header_that_breaks_off(self) -> None:
        track = 's30_breakof'
        self.stack.provoked.append('upstream prematurely closed connection')
        for length in (0, 5, 10, 20, 40):
            with self.subTest(length):
                self.stack.control('/reset', {})
                self.stack.switch(faults=[{'id': track,
                                           'do': {'cut': length}}])
                # the response's header, and no byte that is not right
                with self.assertRaises(http.client.IncompleteRead) as caught:
                    self.get(track)
                body = caught.exception.partial
                self.assertEqual(body, self.stack.file(track)[:len(body)])
        self.stack.switch(forget_faults=True)
        self.assertEqual(self.get(track).body, self.stack.file(track))

    def test_a_header_that_is_continued(self) -> None:
        for length in (1, 5, 100, 231, 400, 1000, 20000):
            with self.subTest(length):
                track = f's30_{length:07}'
                self.stack.switch(faults=[{'id': track, 'times': 1,
                                           'do': {'cut': length}}])
                self.assertEqual(self.get(track).body, self.stack.file(track))

    # What is left as it is.

    def test_other_containers_are_the_source_s(self) -> None:
        for path, itag in (('s30_opusopu?codec=opus', 251),
                           ('fast_header', 140)):
            with self.subTest(path):
                self.assertEqual(
                    self.get(path).body,
                    self.stack.source_file(path.partition('?')[0], itag))

    # Its name.

    def test_its_name_says_so(self) -> None:
        track = 's30_itsname'
        answer = self.get(track)
        tag = answer.headers['ETag']
        size = len(answer.body)
        self.assertRegex(tag, rf'^"{track}\.140\.\d+\.{size}\{MARK}"$')
        head = self.get(track, 'HEAD')
        self.assertEqual(head.headers['ETag'], tag)
        self.assertEqual(head.headers['Content-Length'], str(size))

        whole = {'Range': 'bytes=9-'}
        self.assertEqual(self.get(track, If_Range=tag, **whole).status, 206)
        self.assertEqual(self.get(track, If_None_Match=tag).status, 304)
        other = tag.replace(MARK, '')
        self.assertEqual(self.get(track, If_Range=other, **whole).status, 200)
        self.assertEqual(self.get(track, If_None_Match=other).status, 200)

        opus = self.get(f'{track}?codec=opus').headers['ETag']
        self.assertNotIn(MARK, opus)

    def test_prefetch_and_read_ahead_store_the_same_name(self) -> None:
        track = 'm04_prefetc'
        self.assertEqual(
            self.get(f'{track}?prefetch=true', 'HEAD').status, 200)
        before = len(self.stack.requests('media', track))
        self.assertEqual(self.get(track, Range='bytes=0-99').body,
                         self.stack.file(track)[:100])
        self.assertEqual(self.get(track).body, self.stack.file(track))
        ranges = [each['range']
                  for each in self.stack.requests('media', track)]
        self.assertEqual((before, len(ranges)), (1, len(set(ranges))))


class PiecesTest(unittest.TestCase):
    """proxy_buffering off at the origin: data is passed on as it arrives."""

    def test_a_header_that_comes_in_pieces(self) -> None:
        stack = Stack(workers=1)
        self.addCleanup(stack.close)
        conf = stack.dir / 'home/conf/voyo_origin.conf'
        conf.write_text(conf.read_text() + 'proxy_buffering off;\n')
        stack.reload()

        for size in (3, 50, 700):
            with self.subTest(size):
                track = f's30_crum{size:03}'[:11]
                stack.switch(faults=[{'id': track, 'at': 0,
                                      'do': {'crumbs': size}}])
                answer = stack.get(f'/cdn/stream/{track}')
                self.assertTrue(answer.body == stack.file(track))


class SwitchTest(unittest.TestCase):
    """voyo_mp4_header off, on, and off again with the same cache."""

    def test_no_cache_mixes_the_two(self) -> None:
        stack = Stack(workers=1, ahead=0)
        self.addCleanup(stack.close)
        track = 's30_switch0'
        raw, right = stack.source_file(track), stack.file(track)
        self.assertNotEqual(raw, right)
        tags = {}

        for turn, (state, body) in enumerate((
                ('on', right), ('off', raw), ('on', right), ('off', raw))):
            conf = stack.dir / 'home/conf/nginx.conf'
            text = conf.read_text()
            for each in ('on', 'off'):
                text = text.replace(f'voyo_mp4_header {each};',
                                    f'voyo_mp4_header {state};')
            conf.write_text(text)
            stack.reload()
            answer = stack.get(f'/cdn/stream/{track}')
            self.assertTrue(answer.body == body, (turn, state))
            tags.setdefault(state, answer.headers['ETag'])
            self.assertEqual(answer.headers['ETag'], tags[state])
            # each was fetched once
            self.assertEqual(len(stack.requests('media', track)),
                             min(turn + 1, 2))

        self.assertNotEqual(tags['on'], tags['off'])
        # a resume of the other encoding gets the whole
        answer = stack.get(f'/cdn/stream/{track}', {
            'Range': 'bytes=100-', 'If-Range': tags['on']})
        self.assertEqual((answer.status, answer.body == raw), (200, True))


if __name__ == '__main__':
    unittest.main()
