"""Any failure of a media host at any slice yields the file, or a prefix of it.

Each row is a failure of a media host, at four slices of a track, once and
permanently.  The client, curl, receives the source's file; if the source fails
permanently it receives an exact prefix and a closed connection, or a problem
before the first byte; and once the source works again the rest can be fetched,
so nothing wrong was cached.
"""

import json
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import SLICE, Stack  # noqa: E402

LAST = 7                               # of a four-minute track at 129.5 kb/s
POSITIONS = {'first': 0, 'second': 1, 'middle': 4, 'last': LAST}
PARTIAL = 18                           # curl's status of a body cut short


@dataclass
class Cell:
    track: str
    slice: int
    path: Path


@dataclass
class Fetched:
    exit: int
    status: int
    body: bytes

    @property
    def problem(self) -> str:
        return json.loads(self.body)['code']


class MatrixTest(unittest.TestCase):
    stack: Stack
    serial = 0
    ahead = 0
    extractions = 3                    # the first, and two refreshes

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(ahead=cls.ahead)
        cls.scratch = tempfile.TemporaryDirectory(prefix='voyo-matrix-')
        # nginx's own lines at the edge, of an upstream that broke in a body
        cls.stack.provoked += ['upstream prematurely closed connection',
                               'upstream timed out']
        cls.file = cls.stack.file('m04_anytrac')
        cls.stack.switch(reencode=['m04_anytrac'])
        cls.again = cls.stack.file('m04_anytrac')
        assert (len(cls.file) - 1) // SLICE == LAST

    @classmethod
    def tearDownClass(cls) -> None:
        cls.scratch.cleanup()
        cls.stack.close()

    # A row: each position is another track, all at once.

    def row(self, name: str, do: dict[str, Any], check: Any,
            times: int | None = None) -> None:
        cells = []
        for position in POSITIONS.values():
            MatrixTest.serial += 1
            track = f'm04_x{MatrixTest.serial:03}{name[:3]:_<3}'
            cells.append(Cell(track, position,
                              Path(self.scratch.name, track)))
        self.stack.switch(faults=[
            {'do': do, 'id': cell.track, 'at': cell.slice * SLICE,
             'times': times} for cell in cells])
        with ThreadPoolExecutor(len(cells)) as pool:
            running = [pool.submit(check, cell) for cell in cells]
        for position, cell, future in zip(POSITIONS, cells, running):
            with self.subTest(name, slice=position, track=cell.track):
                future.result()
                self.whole(cell, 'with all faults gone')

    def curl(self, cell: Cell, *more: str) -> Fetched:
        """What is in the cell's file after it, which -C - goes on with."""

        if '-C' not in more:
            cell.path.unlink(missing_ok=True)
        done = subprocess.run(
            ['curl', '-s', '-m', '40', '-o', cell.path, '-w', '%{http_code}',
             *more, self.stack.url(f'/cdn/stream/{cell.track}')],
            capture_output=True, text=True)
        body = cell.path.read_bytes() if cell.path.exists() else b''
        return Fetched(done.returncode, int(done.stdout), body)

    def same(self, fetched: Fetched, expected: bytes, status: int) -> None:
        self.assertEqual((fetched.exit, fetched.status), (0, status))
        # not assertEqual, which would print them
        self.assertTrue(fetched.body == expected, 'other bytes')

    def prefix(self, fetched: Fetched, least: int, most: int) -> None:
        self.assertEqual((fetched.exit, fetched.status), (PARTIAL, 200))
        self.assertTrue(self.file.startswith(fetched.body), 'other bytes')
        self.assertGreaterEqual(len(fetched.body), least)
        self.assertLessEqual(len(fetched.body), most)

    def whole(self, cell: Cell, about: str = '') -> None:
        fetched = self.curl(cell)
        expected = self.again if self.stack.control(
            f'/track?id={cell.track}')[1]['path'].endswith('-1.m4a') \
            else self.file
        self.assertTrue(fetched.body == expected, f'other bytes {about}')
        self.assertEqual((fetched.exit, fetched.status), (0, 200), about)

    # What is repaired, and what is there when it can't be.

    def once(self, name: str, do: dict[str, Any], players: int,
             times: int = 1) -> None:
        def check(cell: Cell) -> None:
            self.same(self.curl(cell), self.file, 200)
            # a URL that died is refreshed once; others cost no extraction
            self.assertEqual(
                len(self.stack.requests('player', cell.track)), players)
        self.row(name, do, check, times)

    def for_good(self, name: str, do: dict[str, Any],
                 code: str = 'media_failed') -> None:
        def check(cell: Cell) -> None:
            fetched = self.curl(cell)
            if cell.slice == 0:
                self.assertEqual((fetched.exit, fetched.status), (0, 502))
                self.assertEqual(fetched.problem, code)
            else:
                self.prefix(fetched, cell.slice * SLICE, cell.slice * SLICE)
            self.assertLessEqual(
                len(self.stack.requests('player', cell.track)),
                self.extractions)
            if cell.slice:
                # a browser's silent resume: a 5xx would end its playing
                resumed = self.curl(cell, '-C', '-')
                self.assertEqual((resumed.exit, resumed.status),
                                 (PARTIAL, 206))
                self.assertEqual(len(resumed.body), len(fetched.body))
            self.stack.switch(forget_faults_of=cell.track)
        self.row(name, do, check)

    def test_403_once(self) -> None:
        self.once('403', {'status': 403}, 2)

    def test_403(self) -> None:
        self.for_good('403', {'status': 403})

    def test_404_once(self) -> None:
        self.once('404', {'status': 404}, 2)

    def test_404(self) -> None:
        self.for_good('404', {'status': 404})

    def test_410_once(self) -> None:
        self.once('410', {'status': 410}, 2)

    def test_410(self) -> None:
        self.for_good('410', {'status': 410})

    def test_a_redirect(self) -> None:
        self.once('302', {'redirect': True}, 1)

    def test_four_redirects(self) -> None:
        self.once('302', {'redirect': True}, 1, times=4)

    def test_five_redirects_are_a_dead_url(self) -> None:
        self.once('302', {'redirect': True}, 2, times=5)

    def test_redirects_without_end(self) -> None:
        self.for_good('302', {'redirect': True})

    def test_other_redirects(self) -> None:
        for status in (301, 303, 307, 308):
            self.once(str(status), {'redirect': True, 'status': status}, 1)

    def test_a_redirect_to_a_foreign_host(self) -> None:
        # it is not asked, or the log would say that it refused
        self.for_good('for', {'location': 'http://127.0.0.1:1/x'},
                      'host_not_allowed')

    def test_a_redirect_to_a_foreign_host_once(self) -> None:
        self.once('for', {'location': 'http://127.0.0.1:1/x'}, 2)

    def test_500_once(self) -> None:
        self.once('500', {'status': 500}, 1)

    def test_500(self) -> None:
        self.for_good('500', {'status': 500})

    def test_503_once(self) -> None:
        self.once('503', {'status': 503}, 1)

    def test_503(self) -> None:
        self.for_good('503', {'status': 503})

    def test_reset_before_the_header_once(self) -> None:
        self.once('rst', {'reset': 'header'}, 1)

    def test_reset_before_the_header(self) -> None:
        self.for_good('rst', {'reset': 'header'})

    def test_200_for_a_range_once(self) -> None:
        self.once('200', {'whole': True}, 1)

    def test_200_for_a_range(self) -> None:
        self.for_good('200', {'whole': True})

    def test_wrong_total_once(self) -> None:
        self.once('tot', {'total': 12345678}, 1)

    def test_wrong_total(self) -> None:
        self.for_good('tot', {'total': 12345678})

    def test_no_length_once(self) -> None:
        self.once('len', {'length': 'close'}, 1)

    def test_no_length(self) -> None:
        self.for_good('len', {'length': 'close'})

    def test_no_length_and_a_short_body(self) -> None:
        # nginx would cache it as whole
        self.for_good('len', {'length': 'close', 'cut': 1000})

    def test_chunked(self) -> None:
        self.for_good('chu', {'length': 'chunked'})

    def test_html_once(self) -> None:
        self.once('htm', {'html': True}, 1)

    def test_html(self) -> None:
        self.for_good('htm', {'html': True})

    def test_html_as_206(self) -> None:
        self.for_good('htm', {'html': True, 'status': 206})

    def test_encoded_anew(self) -> None:
        # the URL is dead, and the refresh names other bytes
        def check(cell: Cell) -> None:
            fetched = self.curl(cell)
            if cell.slice == 0 or (self.ahead and fetched.exit == 0):
                # no byte had been sent
                self.same(fetched, self.again, 200)
            else:
                self.prefix(fetched, 1, cell.slice * SLICE)
        self.row('enc', {'reencode': True}, check, 1)

    def test_stall_in_the_body(self) -> None:
        self.once('sta', {'stall': 1000}, 1)

    def test_reset_in_the_body(self) -> None:
        self.once('rst', {'reset': 1000}, 1)

    def test_short_body(self) -> None:
        self.once('cut', {'cut': 1000}, 1)


class AheadTest(MatrixTest):
    """The same with slices read ahead, whose failures may reach a client."""

    ahead = 4
    extractions = 5                    # two more refreshes for the fill


if __name__ == '__main__':
    unittest.main()
