"""Ranges and conditions, against plain nginx with the same file on disk.

Each row is asked of both, and of VOYO twice: of a track that nobody has asked
for, and of one in the cache.  Status, headers and bytes must be nginx's; and a
cold track costs the source the slices of the answer and no other.
"""

import http.client
import re
import sys
import unittest
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from plain import Plain  # noqa: E402
from stack import SLICE, Stack  # noqa: E402

COMPARED = ('Content-Length', 'Content-Range', 'Content-Type',
            'Accept-Ranges', 'Content-Encoding', 'Transfer-Encoding',
            'Last-Modified', 'Vary', 'Location')


@dataclass
class Row:
    why: str                       # what breaks without it
    headers: dict[str, str] = field(default_factory=dict)
    method: str = 'GET'
    status: int = 206              # asserted of both
    without: str = ''              # nginx is wrong about this one


def ranged(why: str, value: str, status: int = 206, method: str = 'GET',
           **more: str) -> Row:
    return Row(why, {'Range': value, **{
        name.replace('_', '-'): text for name, text in more.items()}},
        method, status)


def asked(why: str, status: int, method: str = 'GET', **headers: str) -> Row:
    return Row(why, {name.replace('_', '-'): text
                     for name, text in headers.items()}, method, status)


# {size}, {last} and so on are the file's; {tag} is the answerer's own ETag.

ROWS = [
    # the whole
    asked('a download is not whole', 200),
    asked('a size is not known beforehand', 200, 'HEAD'),

    # a prefix
    ranged('Safari asks for 2 bytes first and gives up', 'bytes=0-1'),
    ranged('a player probes with one byte', 'bytes=0-0'),
    ranged('Chromium asks for all as a range', 'bytes=0-'),
    ranged('just one slice', 'bytes=0-{slice_last}'),
    ranged('a slice and one byte of the next', 'bytes=0-{slice}'),

    # the middle
    ranged('a seek', 'bytes={middle}-'),
    ranged('ffmpeg reads an index', 'bytes={middle}-{middle_99}'),
    ranged('one byte in the middle', 'bytes={middle}-{middle}'),
    ranged('the seam between two slices', 'bytes={slice_last}-{slice}'),
    ranged('just the second slice', 'bytes={slice}-{slice2_last}'),
    ranged('from within one slice to within the third',
           'bytes={slice_100}-{slice2_100}'),

    # the end
    ranged('the last byte by its number', 'bytes={last}-'),
    ranged('the last byte by its number, twice', 'bytes={last}-{last}'),
    ranged('the end is not known to the client', 'bytes={middle}-{far}'),
    ranged('the whole, asked beyond its end', 'bytes=0-{far}'),

    # a suffix
    ranged('an index at the end of the file', 'bytes=-500'),
    ranged('the last byte', 'bytes=-1'),
    ranged('a suffix longer than a slice', 'bytes=-{slice_100}'),
    ranged('a suffix that is the whole', 'bytes=-{size}'),
    ranged('a suffix longer than the whole', 'bytes=-{far}'),

    # beyond the end
    ranged('a client that has all asks for more', 'bytes={size}-', 416),
    ranged('both ends beyond', 'bytes={far}-{farther}', 416),
    ranged('an empty suffix', 'bytes=-0', 416),
    ranged('HEAD beyond the end', 'bytes={far}-', 416, 'HEAD'),

    # reversed, malformed: rejected as nginx rejects them
    ranged('reversed', 'bytes=9-5', 416),
    ranged('reversed across slices', 'bytes={slice2_100}-{slice_100}', 416),
    ranged('no numbers', 'bytes=abc', 416),
    ranged('a dash alone', 'bytes=-', 416),
    ranged('no dash', 'bytes=5', 416),
    ranged('two dashes', 'bytes=--5', 416),
    ranged('rubbish behind it', 'bytes=0-5x', 416),
    ranged('a sign', 'bytes=+1-5', 416),
    ranged('hexadecimal', 'bytes=0x0-5', 416),
    ranged('a number that overflows', 'bytes=99999999999999999999-', 416),
    ranged('an end that overflows', 'bytes=0-99999999999999999999', 416),
    ranged('a negative number by overflow', 'bytes=-99999999999999999999',
           416),

    # what looks odd and is right, or is no range of bytes
    ranged('spaces', 'bytes= 0 - 5'),
    ranged('capitals', 'BYTES=0-4'),
    ranged('leading zeros', 'bytes=00-0004'),
    ranged('another unit', 'octets=0-5', 200),
    ranged('no unit', '0-5', 200),
    ranged('no equals sign', 'bytes 0-5', 200),
    ranged('nothing at all', 'bytes=', 200),

    # several: answered with the whole, which a server may do
    ranged('two ranges', 'bytes=0-5,10-15', 200),
    ranged('a range and a suffix', 'bytes=0-5,-5', 200),
    ranged('one of two is beyond the end', 'bytes=0-5,{far}-'),
    ranged('both of two are beyond the end', 'bytes={far}-,{farther}-', 416),
    ranged('the first of two is beyond the end', 'bytes={far}-,5-9'),

    # If-Range: RFC 9110, section 13.1.5
    ranged('a resume of what is still the same', 'bytes={middle}-{middle_99}',
           If_Range='{tag}'),
    ranged('a resume of the last slice', 'bytes={last}-', If_Range='{tag}'),
    ranged('a suffix of what is still the same', 'bytes=-500',
           If_Range='{tag}'),
    ranged('a resume of another version mixes two', 'bytes=100-199', 200,
           If_Range='"other"'),
    ranged('a weak ETag never matches here', 'bytes=100-199', 200,
           If_Range='W/{tag}'),
    ranged('an ETag without quotes is none', 'bytes=100-199', 200,
           If_Range='other'),
    ranged('a date that is not the file\'s', 'bytes=100-199', 200,
           If_Range='Sat, 29 Oct 1994 19:43:31 GMT'),
    ranged('a date to come', 'bytes=100-199', 200,
           If_Range='Fri, 29 Oct 2094 19:43:31 GMT'),
    ranged('beyond the end, of the same', 'bytes={far}-', 416,
           If_Range='{tag}'),
    ranged('beyond the end, of another version', 'bytes={far}-', 200,
           If_Range='"other"'),
    asked('If-Range without a range', 200, If_Range='{tag}'),

    # If-None-Match: section 13.1.2
    asked('a browser has it', 304, If_None_Match='{tag}'),
    asked('the comparison is weak', 304, If_None_Match='W/{tag}'),
    asked('one of several', 304, If_None_Match='"x", {tag}'),
    asked('any', 304, If_None_Match='*'),
    asked('spaces in a list', 304, If_None_Match='"x" ,\t{tag} '),
    asked('another whose end is ours', 200, If_None_Match='x{tag}'),
    asked('another whose beginning is ours', 200, If_None_Match='{tag}x'),
    asked('no list', 200, If_None_Match='{tag} "x"'),
    asked('a parameter', 200, If_None_Match='{tag};a'),
    ranged('a range, and another whose end is ours', 'bytes=0-9',
           If_None_Match='x{tag}'),
    asked('another', 200, If_None_Match='"x"'),
    asked('HEAD of what a browser has', 304, 'HEAD', If_None_Match='{tag}'),
    asked('HEAD of another', 200, 'HEAD', If_None_Match='"x"'),
    ranged('a range of what a browser has', 'bytes=0-9', 304,
           If_None_Match='{tag}'),
    ranged('a range of another', 'bytes=0-9', If_None_Match='"x"'),
    Row('a date beside it does not count, though nginx has it count',
        {'If-None-Match': '{tag}',
         'If-Modified-Since': 'Sat, 29 Oct 1994 19:43:31 GMT'}, 'GET', 304,
        'If-Modified-Since'),

    # other conditions
    asked('an old date', 200,
          If_Modified_Since='Sat, 29 Oct 1994 19:43:31 GMT'),
    asked('If-Match', 200, If_Match='{tag}'),
    asked('If-Match of any', 200, If_Match='*'),
    asked('If-Match of another', 412, If_Match='"x"'),
    asked('If-Match of one of several', 200, If_Match='"x", {tag}'),
    asked('If-Match is strong', 412, If_Match='W/{tag}'),
    asked('If-Match of another whose end is ours', 412, If_Match='x{tag}'),
    ranged('a range with If-Match', 'bytes={middle}-{middle_99}',
           If_Match='{tag}'),
    ranged('a range with If-Match of another', 'bytes=0-9', 412,
           If_Match='"x"'),
    asked('unmodified since a date to come', 200,
          If_Unmodified_Since='Fri, 29 Oct 2094 19:43:31 GMT'),

    # HEAD
    ranged('HEAD of a range', 'bytes=100-199', method='HEAD'),
    ranged('HEAD of a suffix', 'bytes=-500', method='HEAD'),

    # what bytes must never depend on
    asked('audio is not compressed', 200,
          Accept_Encoding='gzip, br, deflate'),
    ranged('a range of something compressed is rubbish', 'bytes=100-199',
           Accept_Encoding='gzip'),
    asked('another type is not to be had', 200, Accept='text/html'),
]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class RangesTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack()
        cls.whole = cls.stack.file('m04_hotrang')
        path = cls.stack.dir / 'file'
        path.write_bytes(cls.whole)
        size, middle = len(cls.whole), len(cls.whole) // 2
        cls.values = {
            'size': size, 'last': size - 1, 'far': 2 * size,
            'farther': 2 * size + 99, 'middle': middle,
            'middle_99': middle + 99, 'slice': SLICE,
            'slice_last': SLICE - 1, 'slice_100': SLICE + 100,
            'slice2_last': 2 * SLICE - 1, 'slice2_100': 2 * SLICE + 100}
        home = cls.stack.dir / 'plain'
        cls.plain = Plain(home, f'''
            server {{
                listen 127.0.0.1:@PORT@;
                location = /file {{
                    alias {path};
                    types {{ }}
                    default_type audio/mp4;
                    # VOYO has no multipart answers, and no dates
                    max_ranges 1;
                    add_header Last-Modified "";
                }}
            }}''')
        cls.tag = cls.ask(cls.plain.port, '/file', 'HEAD').headers['ETag']
        hot = cls.ask(cls.stack.port, '/cdn/stream/m04_hotrang')
        assert hot.body == cls.whole

    @classmethod
    def tearDownClass(cls) -> None:
        cls.plain.stop()
        cls.stack.close()

    @staticmethod
    def ask(port: int, path: str, method: str = 'GET',
            headers: dict[str, str] | None = None) -> Answer:
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()),
                          answer.read())
        finally:
            connection.close()

    def tag_of(self, track: str) -> str:
        return self.ask(self.stack.port, f'/cdn/stream/{track}',
                        'HEAD').headers['ETag']

    def send(self, row: Row, port: int, path: str, tag: str) -> Answer:
        return self.ask(port, path, row.method, {
            name: value.format(tag=tag, **self.values)
            for name, value in row.headers.items()
            if name != row.without or port != self.plain.port})

    def test_as_nginx_answers(self) -> None:
        hot = self.tag_of('m04_hotrang')
        for number, row in enumerate(ROWS):
            with self.subTest(row.why, row=number):
                expected = self.send(row, self.plain.port, '/file', self.tag)
                self.assertEqual(expected.status, row.status, 'of nginx')
                self.compare(expected, self.send(
                    row, self.stack.port, '/cdn/stream/m04_hotrang', hot),
                    'cached')

                track = f'm04_row{number:04}'
                # the ETag is known from an earlier visit: no record is
                needs = any('{tag}' in each for each in row.headers.values())
                tag = self.tag_of(track) if needs else ''
                self.compare(expected, self.send(
                    row, self.stack.port, f'/cdn/stream/{track}', tag),
                    'cold')
                self.fetched(row, expected, track)

    def compare(self, expected: Answer, answer: Answer, about: str) -> None:
        self.assertEqual(answer.status, expected.status, about)
        own = expected.status in (412, 416)     # problems have our own body
        self.assertEqual(
            {name: answer.headers.get(name) for name in COMPARED
             if not (own and name in ('Content-Type', 'Content-Length'))},
            {name: expected.headers.get(name) for name in COMPARED
             if not (own and name in ('Content-Type', 'Content-Length'))},
            about)
        if not own:
            self.assertTrue(answer.body == expected.body,
                            f'other bytes, {about}')
            self.assertRegex(answer.headers['ETag'],
                             r'^"[\w.-]+"$', about)

    def fetched(self, row: Row, expected: Answer, track: str) -> None:
        """A cold track cost the slices of the answer and no other."""

        if not expected.body or expected.status in (412, 416):
            slices = set()
        else:
            found = re.fullmatch(r'bytes (\d+)-(\d+)/\d+',
                                 expected.headers.get('Content-Range', ''))
            first, last = (int(found[1]), int(found[2])) if found \
                else (0, len(self.whole) - 1)
            slices = set(range(first // SLICE, last // SLICE + 1))
        asked = [int(each['range'][6:].split('-')[0]) // SLICE
                 for each in self.stack.requests('media', track)]
        self.assertEqual(len(asked), len(set(asked)), 'fetched twice')
        if expected.status == 412 or ',' in row.headers.get('Range', ''):
            return         # left to nginx, which needs a slice's header
        self.assertEqual(set(asked), slices, 'slices fetched')


if __name__ == '__main__':
    unittest.main()
