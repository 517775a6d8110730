"""Data from media hosts, Redis and clients is validated before it is used."""

import http.client
import json
import re
import signal
import socket
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import SLICE, Answer, Stack, wait_for  # noqa: E402

KEY = 'voyo:{default}:'


class UntrustedTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=1, resolve_timeout='6s', scheme='https')

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def setUp(self) -> None:
        self.stack.control('/reset', {})

    def get(self, track: str, **headers: str) -> Answer:
        return self.stack.get(f'/cdn/stream/{track}', {
            name.replace('_', '-'): value for name, value in headers.items()})

    # Media hosts.

    def test_any_status_is_a_problem_of_ours(self) -> None:
        # one in no list of nginx's would go through with its body
        for status in (200, 201, 204, 300, 304, 401, 402, 412, 416, 421, 426,
                       431, 451, 501, 511, 599):
            track = f's30_st{status}xx'
            with self.subTest(status):
                self.stack.switch(faults=[{'id': track, 'do': {
                    'status': status}}])
                for headers in ({}, {'Range': 'bytes=0-9'}):
                    answer = self.get(track, **headers)
                    self.assertEqual(answer.status, 502)
                    self.assertEqual(answer.problem['code'], 'media_failed')
                    self.assertIsNone(answer.headers['Location'])
                self.stack.switch(forget_faults=True)
                self.assertEqual(self.get(track).body, self.stack.file(track))

    def test_no_field_of_theirs_passes(self) -> None:
        track = 's30_fields0'
        self.stack.switch(faults=[{'id': track, 'do': {'headers': {
            'Clear-Site-Data': '"*"', 'Link': '<x>; rel=preload',
            'X-Voyo-Quality': 'fake', 'Cache-Status': 'evil',
            'Content-Disposition': 'attachment', 'X-Accel-Expires': '0'}}}])
        for _ in range(2):
            answer = self.get(track)
            self.assertEqual(answer.body, self.stack.file(track))
            for name in ('Clear-Site-Data', 'Link', 'Content-Disposition'):
                self.assertIsNone(answer.headers[name], name)
            for name in ('X-Voyo-Quality', 'Cache-Status'):
                self.assertEqual(len(answer.headers.get_all(name)), 1, name)
                self.assertNotIn(answer.headers[name], ('fake', 'evil'))

    def test_where_it_was_found_is_remembered(self) -> None:
        # else each slice is sent through the same redirect again
        track = 'm04_found00'
        self.stack.switch(faults=[{'id': track, 'do': {'redirect': True},
                                   'times': 1}])
        self.assertEqual(self.get(track, Range='bytes=0-9').status, 206)
        self.assertEqual(self.get(track).body, self.stack.file(track))
        fetched = self.stack.requests('media', track)
        self.assertEqual([each['status'] for each in fetched].count(302), 1)
        self.assertEqual(len({each['port'] for each in fetched[1:]}), 1)
        self.assertNotEqual(fetched[0]['port'], fetched[1]['port'])

    def test_a_retry_is_on_a_fresh_connection(self) -> None:
        track = 's30_fresh00'
        self.stack.switch(faults=[
            {'id': track, 'do': {'reset': 'header'}, 'times': 1}])
        self.assertEqual(self.get(track).body, self.stack.file(track))
        first, second = self.stack.requests('media', track)[:2]
        self.assertNotEqual(first['connection'], second['connection'])
        # a round trip less than 1.2, which is nginx 1.22's default
        self.assertEqual((first['tls'], second['tls']), ('TLSv1.3',) * 2)

    def test_refreshes_are_counted_by_cause(self) -> None:
        def counted() -> tuple[int, int]:
            zone = self.stack.health()['checks']['zone']
            return zone['refreshed_early'], zone['refreshed_other']

        early, other = counted()
        self.stack.switch(faults=[
            {'id': 's30_count00', 'do': {'status': 403}, 'times': 1},
            {'id': 's30_count01', 'do': {'status': 500}, 'times': 2}])
        self.assertEqual(self.get('s30_count00').status, 200)
        self.assertEqual(self.get('s30_count01').status, 200)
        self.assertEqual(counted(), (early + 1, other + 1))

    # Redis.

    def test_an_unreadable_failure_is_asked_for_once(self) -> None:
        # it was requested again at once, without end
        self.stack.provoked.append('unreadable')
        track = 's30_unread0'
        self.stack.redis('SET', f'{KEY}failure:{track}', '{"v":2}', 'EX', '60')
        answer = self.get(track)
        self.assertEqual((answer.status, answer.problem['code']),
                         (502, 'internal'))
        self.assertLess(self.stack.log('nginx').count(
            f'unreadable failure of track "{track}"'), 3)

    def test_an_unreadable_record_is_resolved_again(self) -> None:
        self.stack.provoked.append('unreadable')
        for number, text in enumerate((
                'nonsense', '{"v":1,"generation":9007199254740991}',
                '{"v":1,"generation":1764100000000,"id":"s30_another"}')):
            track = f's30_unread{number + 1}'
            self.stack.redis('SET', f'{KEY}track:{track}', text, 'EX', '60')
            answer = self.get(track)
            self.assertIn(answer.status, (200, 504), text)
            if 'another' in text:
                self.assertEqual(answer.status, 200)
            self.assertLess(self.stack.log('nginx').count(
                f'unreadable record of track "{track}"'), 12)

    def test_a_size_that_is_not_the_names(self) -> None:
        self.stack.provoked.append('unreadable')
        track = 's30_size000'
        self.stack.get(f'/cdn/track/{track}')
        record = json.loads(self.stack.redis('GET', f'{KEY}track:{track}'))
        for each in record['formats']:
            each['size'] = 999
        other = 's30_size001'
        text = json.dumps(record, separators=(',', ':')).replace(track, other)
        self.stack.redis('SET', f'{KEY}track:{other}', text, 'EX', '60')
        answer = self.stack.get(f'/cdn/stream/{other}', method='HEAD')
        self.assertNotEqual(answer.headers['Content-Length'], '999')

    def test_what_is_there_does_not_wait_for_a_refresh(self) -> None:
        track = 's30_newer00'
        self.stack.get(f'/cdn/stream/{track}', method='HEAD')
        self.stack.switch(expire=[track], faults=[
            {'on': 'player', 'id': track, 'do': {'delay': 3000}}])
        answers: list[Answer] = []
        listener = threading.Thread(
            target=lambda: answers.append(self.get(track)))
        listener.start()
        wait_for(lambda: len(self.stack.requests('player', track)) == 2,
                 'it is resolved again')
        answer = self.stack.get(f'/cdn/track/{track}')
        self.assertEqual(answer.status, 200)
        self.assertLess(answer.seconds, 2)
        listener.join()
        self.assertEqual(answers[0].body, self.stack.file(track))

    # Lanes and reloads.

    def test_a_play_goes_before_prefetches(self) -> None:
        hot = 's30_lane000'
        self.get(hot)
        self.stack.switch(faults=[
            {'on': 'player', 'id': f's30_slow{number:03}',
             'do': {'delay': 1500}} for number in range(8)])
        for number in range(8):
            self.stack.get(f'/cdn/stream/{hot}?prefetch=s30_slow{number:03}',
                           {'Range': 'bytes=0-9'})
        wait_for(lambda: self.stack.redis('ZCARD', f'{KEY}jobs:prefetch'),
                 'prefetches wait in their lane')
        self.assertEqual(self.stack.redis('ZCARD', f'{KEY}jobs:play'), 0)
        answer = self.get('s30_lane001')
        self.assertEqual(answer.status, 200)
        self.assertLess(answer.seconds, 3.5)

    def test_a_prefetch_that_is_played_moves_over(self) -> None:
        hot, track = 's30_lane002', 's30_lane003'
        self.get(hot)
        self.stack.switch(faults=[
            {'on': 'player', 'id': f's30_busy{number:03}',
             'do': {'delay': 1000}} for number in range(8)])
        for number in range(4):
            self.stack.get(f'/cdn/stream/{hot}?prefetch=s30_busy{number:03}',
                           {'Range': 'bytes=0-9'})
        self.stack.get(f'/cdn/stream/{hot}?prefetch={track}',
                       {'Range': 'bytes=0-9'})
        answer = self.get(track)
        self.assertEqual(answer.body, self.stack.file(track))
        self.assertEqual(len(self.stack.requests('player', track)), 1)

    def test_a_head_that_prefetches_outlives_a_reload(self) -> None:
        track = 'm04_reload0'
        self.stack.switch(faults=[
            {'on': 'player', 'id': track, 'do': {'delay': 1000}}])
        answers: list[Answer] = []
        waiting = threading.Thread(target=lambda: answers.append(
            self.stack.get(f'/cdn/stream/{track}?prefetch=true', None,
                           'HEAD')))
        waiting.start()
        wait_for(lambda: self.stack.requests('player', track), 'it runs')
        old = set(self.stack.nginx_workers())
        self.stack.send('nginx', signal.SIGHUP)
        waiting.join()
        self.assertEqual(answers[0].status, 200)
        self.assertEqual(self.stack.requests('media', track)[0]['range'],
                         f'bytes=0-{SLICE - 1}')
        wait_for(lambda: not old & set(self.stack.nginx_workers()),
                 'the old worker leaves', 5)

    def test_a_record_that_two_read_differently(self) -> None:
        # to Redis's script it is newer than the URL that died, to us not
        track = 'm04_twoways'
        self.assertEqual(self.get(track, Range='bytes=0-9').status, 206)
        text = self.stack.redis('GET', f'{KEY}track:{track}').decode()
        record = re.sub(r'"generation":(\d+)', r'"generation":\g<1>0e-1',
                        text)
        self.assertNotEqual(record, text)
        self.stack.redis('SET', f'{KEY}track:{track}', record)
        self.stack.switch(expire=[track])
        self.stack.redis('CONFIG', 'RESETSTAT')
        with self.assertRaises(http.client.IncompleteRead):
            self.get(track, Range=f'bytes={SLICE}-')
        # it is requested once a second, not continuously
        stats = self.stack.redis('INFO', 'commandstats').decode()
        calls = re.search(r'cmdstat_evalsha:calls=(\d+)', stats)
        self.assertLess(int(calls[1]), 100)

    # Clients.

    def test_a_client_s_own_error_is_his(self) -> None:
        self.stack.provoked.append('client sent invalid chunked body')
        self.get('s30_client0')
        for method, track, headers in (
                ('GET', 's30_client0', {}),
                ('GET', 's30_client0', {'Range': 'bytes=100-'}),
                ('GET', 'bad', {}),
                ('POST', 's30_client0', {}),
                ('OPTIONS', 's30_client0', {})):
            fields = ''.join(f'{name}: {value}\r\n'
                             for name, value in headers.items())
            with socket.create_connection(('127.0.0.1', self.stack.port),
                                          10) as client:
                # at once, or the answer may be there before the body
                client.sendall(
                    f'{method} /cdn/stream/{track} HTTP/1.1\r\n'
                    f'Host: voyo\r\n{fields}Transfer-Encoding: chunked\r\n'
                    '\r\nnonsense\r\n'.encode())
                answer = http.client.HTTPResponse(client)
                answer.begin()
                self.assertEqual(answer.status, 400, (method, track))
                self.assertEqual(json.loads(answer.read())['code'],
                                 'bad_request')

    def test_if_match(self) -> None:
        track = 's30_match00'
        tag = self.stack.get(f'/cdn/stream/{track}',
                             method='HEAD').headers['ETag']
        for value, status in ((tag, 200), ('*', 200), (f'"x", {tag}', 200),
                              (f'W/{tag}', 412), ('"x"', 412)):
            answer = self.get(track, If_Match=value)
            self.assertEqual(answer.status, status, value)
            if status == 412:
                self.assertEqual(answer.problem['code'], 'changed')

    def test_times_are_times(self) -> None:
        track = 's30_times00'
        for _ in range(50):
            answer = self.stack.get(f'/cdn/track/{track}')
            told = re.match(r'resolve;dur=(\d+), ',
                            answer.headers['Server-Timing'])
            self.assertTrue(told, answer.headers['Server-Timing'])


if __name__ == '__main__':
    unittest.main()
