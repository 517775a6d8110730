"""docs/openapi.yaml says what the server does: each of its examples is sent.

Otherwise a client that is generated from it fails on the first answer that has
another status, header field or property.
"""

import json
import re
import sys
import unittest
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from openapi import Example, OpenApi  # noqa: E402
from stack import ROOT, Stack  # noqa: E402

API = OpenApi()


class OpenApiTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        # each example has a client of its own
        cls.stack = Stack(workers=1, resolve_timeout='4s', cold_rate=1)
        cls.addClassCleanup(cls.stack.close)
        cls.clients = 0

    def test_examples(self) -> None:
        sent = set()
        for example in API.examples():
            with self.subTest(operation=example.operation, name=example.name):
                self.prepare(example)
                self.send(example)
            sent.add(example.name)
        self.assertEqual(sent, API.all_named())

    def prepare(self, example: Example) -> None:
        """What must be so that a request is answered in this way."""

        OpenApiTest.clients += 1
        example.headers['X-Forwarded-For'] = f'127.0.1.{self.clients}'

        def fault(status: int) -> None:
            self.stack.switch(faults=[{
                'on': 'thumb', 'id': example.path.rpartition('/')[2],
                'times': 1, 'do': {'status': status}}])

        def use_up() -> None:
            for _ in range(2):
                self.stack.get(example.path, example.headers, example.method)

        prepared: dict[str, Callable[[], object]] = {
            'no_artwork': lambda: fault(404),
            'media_failed': lambda: fault(500),
            'too_many_requests': use_up,
        }
        prepared.get(example.name, lambda: None)()

    def send(self, example: Example) -> None:
        method = example.method
        if example.name == 'bad_method':
            method = 'POST' if method == 'GET' else 'DELETE'
        # its answer is compared with the document
        answer = self.stack.get(example.path, example.headers, method)
        self.assertIn(answer.status, example.statuses)
        if example.name == 'bot_check':
            self.stack.redis('DEL', 'voyo:{default}:breaker')
        if answer.status >= 400 and method != 'HEAD':
            expected = API.document['components']['examples'][example.name]
            self.assertEqual(json.loads(answer.body), expected['value'])

    def test_what_others_may_not_read(self) -> None:
        client = {'X-Forwarded-For': '192.0.2.1'}
        self.assertEqual(self.stack.get('/metrics', client).status, 403)
        self.assertNotIn('checks', json.loads(
            self.stack.get('/health', client).body))

    def test_without_redis_and_tracks(self) -> None:
        stack = Stack(workers=1, resolver=False)
        self.addCleanup(stack.close)
        stack.stop('redis')
        self.assertEqual(stack.get('/health').status, 503)
        self.assertEqual(stack.get('/cdn/stream/s30_noredis').status, 503)

    def test_codes_are_those_of_the_table(self) -> None:
        page = (ROOT / 'docs/http-api.md').read_text().split('## Errors')[1]
        table = {(int(status), code) for status, code in re.findall(
            r'^\| (\d+) \| `(\w+)` \|', page, re.M)}

        described = set()
        for response in API.document['components']['responses'].values():
            content = response.get('content', {})
            for schema in content.get('application/problem+json',
                                      {}).get('schema', {}).get('allOf', []):
                rules = schema.get('properties', {})
                if 'status' in rules:
                    codes = rules['code']
                    described |= {
                        (rules['status']['const'], code) for code in
                        codes.get('enum', [codes.get('const')])
                        if code != 'refused'}
        self.assertEqual(described, table)


if __name__ == '__main__':
    unittest.main()
