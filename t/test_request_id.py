"""A request's id joins its lines in the logs of nginx and of the resolver."""

import re
import sys
import unittest
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import SLICE, Stack, wait_for  # noqa: E402


class RequestId(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=2, ahead=0, ytdlp_workers=1,
                          resolve_timeout='2s', retry_timeout='1s')
        cls.addClassCleanup(cls.stack.close)
        cls.stack.provoked.append('')

    def ask(self, path: str, headers: dict[str, str] | None = None,
            method: str = 'GET') -> str:
        """The id of the answer."""

        answer = self.stack.get(path, headers, method)
        return answer.headers['X-Request-Id']

    def line(self, part: str, what: str, request: str) -> str:
        """Of a part's log, with both."""

        found = []

        path = self.stack.dir / ('home/access.log' if part == 'access'
                                 else f'{part}.log')

        def there() -> bool:
            found[:] = [line for line in path.read_text().splitlines()
                        if request in line and what in line]
            return bool(found)

        wait_for(there, f'{what} in the log of {part}')
        return found[0]

    def test_a_cold_play(self) -> None:
        request = self.ask('/cdn/stream/m04_id_cold', {'Range': 'bytes=0-9'})
        self.assertRegex(request, '^[0-9a-f]{32}$')
        self.line('resolver', 'track "m04_id_cold" is resolved', request)
        line = self.line('access', 'm04_id_cold 206', request)
        self.assertIn('"problem":"","repairs":"0"', line)

    def test_a_failure(self) -> None:
        request = self.ask('/cdn/stream/priv_ids_00')
        self.line('resolver', 'cannot be resolved, private', request)
        self.assertIn('"problem":"private"',
                      self.line('access', 'priv_ids_00 404', request))

    def test_a_prefetch(self) -> None:
        request = self.ask('/cdn/stream/m04_id_pref?prefetch=true',
                           method='HEAD')
        self.line('resolver', 'track "m04_id_pref" is resolved', request)
        self.line('access', 'HEAD /cdn/stream/m04_id_pref 200', request)

    def test_a_timeout(self) -> None:
        self.stack.switch(faults=[{'on': 'player', 'do': {'delay': 4000}}])
        try:
            request = self.ask('/cdn/stream/m04_id_late')
        finally:
            self.stack.switch(forget_faults=True)
        # whichever gives up first
        self.assertRegex(self.line('access', 'm04_id_late 504', request),
                         '"problem":"(resolve_)?timeout"')

    def test_a_repaired_slice(self) -> None:
        self.stack.get('/cdn/stream/m04_id_repa', {'Range': 'bytes=0-0'})
        self.stack.switch(faults=[{'on': 'media', 'do': {'status': 403},
                                   'times': 1}])
        try:
            request = self.ask('/cdn/stream/m04_id_repa',
                               {'Range': f'bytes={SLICE}-{SLICE + 9}'})
        finally:
            self.stack.switch(forget_faults=True)
        self.line('nginx', 'answered 403', f'request {request}')
        self.assertIn('"repairs":"1"',
                      self.line('access', 'm04_id_repa 206', request))

    def test_a_resume_that_is_cut(self) -> None:
        self.stack.get('/cdn/stream/m04_id_cutt', {'Range': 'bytes=0-0'})
        self.stack.switch(faults=[{'on': 'media', 'do': {'status': 503}}])
        try:
            with self.assertRaises(IncompleteRead):
                self.ask('/cdn/stream/m04_id_cutt',
                         {'Range': f'bytes={SLICE}-{SLICE + 9}'})
        finally:
            self.stack.switch(forget_faults=True)
        line = self.line('nginx', 'the connection is closed, request',
                         'm04_id_cutt')
        request = re.search('closed, request ([0-9a-f]{32})', line)
        assert request
        self.assertIn('"problem":"media_failed"',
                      self.line('access', 'm04_id_cutt 206', request[1]))
        self.line('nginx', 'gave up on bytes', f'request {request[1]}')


class Changed(Stack):
    """With nginx's own id, that only slices evaluate until the log does."""

    def _render(self, home: Path, values: dict[str, Any]) -> None:
        super()._render(home, values)
        for name, *changes in (
                ('nginx.conf', '"request":"$voyo_request_id"',
                 '"request":"$request_id"',
                 'error_log stderr emerg;\n        access_log off;',
                 f'error_log stderr emerg; access_log {home}/origin.log id;',
                 'log_format voyo ', 'log_format id $http_x_request_id; '
                 'log_format voyo '),
                ('voyo_edge.conf', 'X-Request-Id $voyo_request_id',
                 'X-Request-Id $request_id')):
            path = home / 'conf' / name
            text = path.read_text()
            for old, new in zip(changes[::2], changes[1::2]):
                assert old in text, old
                text = text.replace(old, new)
            path.write_text(text)


class SliceTest(unittest.TestCase):
    def test_slices_share_what_one_evaluated(self) -> None:
        stack = Changed(workers=1, ahead=0)
        self.addCleanup(stack.close)
        path = '/cdn/stream/m04_id_slic'
        stack.get(path, {'Range': 'bytes=0-9'})
        origin = stack.dir / 'home/origin.log'
        first = wait_for(lambda: origin.read_text().split(), "the origin's log")
        stack.get(path)
        access = stack.dir / 'home/access.log'
        line = wait_for(lambda: next(
            (each for each in access.read_text().splitlines()
             if '"range":""' in each), None), 'the access log')
        others = origin.read_text().split()[len(first):]
        self.assertGreater(len(others), 3)
        self.assertEqual(set(others), {re.findall('"request":"(.*?)"', line)[0]})


if __name__ == '__main__':
    unittest.main()
