"""A slice in mid-track that fails while a listener waits for it.

The header is sent at once, the slice is requested again, and the wait belongs
to nginx: its client may leave, and its worker may be told to quit.
"""

import http.client
import json
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import SLICE, Stack, wait_for  # noqa: E402


class RetryTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        # nothing of it is read ahead: each fault meets its listener
        cls.stack = Stack(ahead=0, retry_timeout='30s')
        cls.file = cls.stack.file('m04_retry00')

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def fail(self, track: str, at: int) -> None:
        self.stack.switch(faults=[{'do': {'status': 403}, 'id': track,
                                   'at': at}])

    def attempts(self, track: str, at: int) -> int:
        last = min(at + SLICE, len(self.file)) - 1
        return sum(each['range'] == f'bytes={at}-{last}'
                   for each in self.stack.requests('media', track))

    def open(self, track: str, start: int
             ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection('127.0.0.1', self.stack.port,
                                                timeout=60)
        connection.request('GET', f'/cdn/stream/{track}',
                           headers={'Range': f'bytes={start}-'})
        return connection, connection.getresponse()

    def logged(self, track: str) -> list[int]:
        """The bytes of the responses for a track that have ended."""

        lines = (self.stack.dir / 'home/access.log').read_text().splitlines()
        return [line['bytes'] for line in map(json.loads, lines)
                if line['track'] == track]

    def test_the_header_is_sent_at_once(self) -> None:
        track = 'm04_header0'
        self.fail(track, SLICE)
        connection, answer = self.open(track, SLICE)
        self.assertEqual(answer.status, 206)
        self.assertEqual(answer.headers['Content-Range'],
                         f'bytes {SLICE}-{len(self.file) - 1}/'
                         f'{len(self.file)}')
        self.stack.switch(forget_faults=True)
        self.assertTrue(answer.read() == self.file[SLICE:], 'other bytes')
        # and the connection is as good as before
        connection.request('GET', f'/cdn/stream/{track}',
                           headers={'Range': 'bytes=0-9'})
        self.assertEqual(connection.getresponse().read(), self.file[:10])
        connection.close()

    def test_the_bytes_come_when_the_source_is_back(self) -> None:
        # an attempt asks more than once, and one may be under way
        track = 'm04_back000'
        self.fail(track, SLICE)
        connection, answer = self.open(track, SLICE + 5)
        wait_for(lambda: self.attempts(track, SLICE) > 6, 'attempts')
        before = self.attempts(track, SLICE)
        self.stack.switch(forget_faults=True)
        self.assertEqual(answer.read(10), self.file[SLICE + 5:SLICE + 15])
        self.assertLessEqual(self.attempts(track, SLICE), before + 4)
        connection.close()

    def test_a_client_that_leaves(self) -> None:
        track = 'm04_leaves0'
        self.fail(track, SLICE)
        connection, answer = self.open(track, SLICE)
        connection.close()
        answer.close()
        # long before the time is over
        wait_for(lambda: self.logged(track) == [0], 'it is seen to leave')
        at_end = self.attempts(track, SLICE)
        time.sleep(1.2)
        self.assertEqual(self.attempts(track, SLICE), at_end)

    def test_a_client_that_leaves_in_mid_track(self) -> None:
        track = 'm04_midway0'
        self.fail(track, 2 * SLICE)
        connection, answer = self.open(track, SLICE)
        self.assertTrue(answer.read(SLICE - 4096)
                        == self.file[SLICE:2 * SLICE - 4096], 'other bytes')
        wait_for(lambda: self.attempts(track, 2 * SLICE) > 3, 'attempts')
        connection.close()
        answer.close()
        wait_for(lambda: len(self.logged(track)) == 1, 'it is seen to leave')

    def test_a_worker_that_is_to_quit(self) -> None:
        track = 'm04_reload0'
        self.fail(track, 2 * SLICE)
        waiting = [self.open(track, start) for start in (SLICE, 2 * SLICE)]
        wait_for(lambda: self.attempts(track, 2 * SLICE) > 3, 'attempts')
        old = set(self.stack.nginx_workers())
        self.stack.send('nginx', 1)
        wait_for(lambda: set(self.stack.nginx_workers()) - old, 'new workers')
        self.stack.switch(forget_faults=True)
        for (connection, answer), start in zip(waiting, (SLICE, 2 * SLICE)):
            self.assertTrue(answer.read() == self.file[start:], 'other bytes')
            connection.close()
        wait_for(lambda: not old & set(self.stack.nginx_workers()),
                 'the old workers leave')

    def test_many_listeners(self) -> None:
        track = 'm04_many000'
        self.fail(track, SLICE)
        waiting = [self.open(track, SLICE + n) for n in range(30)]
        self.stack.switch(forget_faults=True)
        for n, (connection, answer) in enumerate(waiting):
            self.assertEqual(answer.status, 206)
            self.assertTrue(answer.read() == self.file[SLICE + n:],
                            'other bytes')
            connection.close()


if __name__ == '__main__':
    unittest.main()
