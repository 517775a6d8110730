"""The zone holds as many tracks as it should, and evicts in the right order."""

import json
import os
import re
import signal
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from stack import Stack, wait_for  # noqa: E402

TRACKS = 20000
BATCH = 500


class ZoneTest(unittest.TestCase):
    def start(self, zone: str, conf: str = '') -> None:
        self.stack = Stack(zone=zone, conf=conf)
        self.addCleanup(self.stack.close)
        self.stack.get('/cdn/stream/s30_pattern', method='HEAD')
        record = json.loads(self.stack.redis(
            'GET', 'voyo:{default}:track:s30_pattern'))
        # as long as real ones
        for each in record['formats']:
            each['url'] += '&pad=' + 'x' * (1100 - len(each['url']))
        self.pattern = json.dumps(record, separators=(',', ':'))

    def store(self, tracks: range) -> None:
        """Stores their records in Redis."""

        for start in range(tracks.start, tracks.stop, BATCH):
            self.stack.redis(
                'EVAL',
                'for i = tonumber(ARGV[2]), tonumber(ARGV[3]) do '
                "local id = string.format('s30_z%06d', i) "
                "redis.call('SET', 'voyo:{default}:track:' .. id, "
                "(string.gsub(ARGV[1], 's30_pattern', id)), 'EX', 3600) end",
                '0', self.pattern, str(start),
                str(min(start + BATCH, tracks.stop) - 1))

    def ask(self, tracks: range) -> int:
        """How many of them are known, by consecutive HEAD requests."""

        good = 0
        for start in range(tracks.start, tracks.stop, BATCH):
            batch = range(start, min(start + BATCH, tracks.stop))
            with socket.create_connection(
                    ('127.0.0.1', self.stack.port)) as wire:
                wire.settimeout(30)
                wire.sendall(b''.join(
                    b'HEAD /cdn/stream/s30_z%06d HTTP/1.1\r\n'
                    b'Host: voyo\r\n\r\n' % number for number in batch))
                text = b''
                while text.count(b'\r\n\r\n') < len(batch):
                    more = wire.recv(1 << 20)
                    self.assertTrue(more, 'the connection was closed')
                    text += more
            good += text.count(b'HTTP/1.1 200 ')
        return good

    def stop_redis(self) -> None:
        self.stack.stop('redis')
        wait_for(lambda: self.stack.get(
            '/cdn/stream/s30_nowhere', method='HEAD').status == 503,
            'it is noticed')

    def start_redis(self) -> None:
        self.stack.start_redis()
        wait_for(lambda: self.stack.get(
            '/cdn/stream/s30_back000').status == 200, 'Redis is back')

    def test_20000_tracks_in_32_megabytes(self) -> None:
        self.start('32m')
        tracks = range(TRACKS)
        self.store(tracks)
        self.assertEqual(self.ask(tracks), TRACKS)
        self.assertGreaterEqual(self.stack.health()['cacheSize'], TRACKS)

        # they are in the zone, not only in Redis, and live through a reload
        self.stop_redis()
        self.assertEqual(self.ask(tracks), TRACKS)
        old = set(self.stack.nginx_workers())
        self.stack.send('nginx', signal.SIGHUP)
        wait_for(lambda: not old & set(self.stack.nginx_workers())
                 and self.stack.nginx_workers(), 'new workers')
        self.assertEqual(self.ask(tracks), TRACKS)
        self.start_redis()

    def test_the_least_recently_used_go_first(self) -> None:
        self.start('1m')
        kept = range(100)
        self.store(range(6000))
        for start in range(100, 6000, 200):
            self.assertEqual(self.ask(kept), len(kept))
            self.assertEqual(self.ask(range(start, start + 200)), 200)
        self.assertEqual(self.ask(kept), len(kept))
        known = self.stack.health()['cacheSize']
        self.assertGreater(known, 600)
        self.assertLess(known, 6000)

        self.stop_redis()
        self.assertEqual(self.ask(kept), len(kept))
        self.assertEqual(self.ask(range(5900, 6000)), 100)
        self.assertEqual(self.ask(range(100, 1000)), 0)
        self.start_redis()

    def test_a_track_leaves_after_its_time(self) -> None:
        self.start('1m')
        conf = self.stack.dir / 'home/conf/nginx.conf'
        conf.write_text(conf.read_text().replace('inactive=30m',
                                                 'inactive=2s'))
        self.stack.stop('nginx')
        self.stack.start_nginx()
        self.store(range(2))
        self.assertEqual(self.ask(range(2)), 2)
        self.stop_redis()

        # one is requested repeatedly, the other once
        self.assertEqual(self.ask(range(1)), 1)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            self.assertEqual(self.ask(range(1)), 1)
        self.assertEqual(self.ask(range(1, 2)), 0)
        self.start_redis()

    def test_accesses_are_counted(self) -> None:
        path = f'/tmp/voyo-accesses-{os.getpid()}'
        self.addCleanup(lambda: os.unlink(path))
        self.start('1m', "log_format accesses '$voyo_track $voyo_accesses'; "
                         f'access_log {path} accesses;')
        for _ in range(3):
            self.stack.get('/cdn/stream/s30_access0', method='HEAD')
        # a refresh, which each worker queries, does not count as an access
        self.stack.redis('CONFIG', 'RESETSTAT')
        self.stack.redis('PUBLISH', 'voyo:{default}:events',
                         's30_access0 9007199254740991')
        # a query reads the ban, the record and the failure, a resolver none
        wait_for(lambda: b'cmdstat_get:calls=6,' in self.stack.redis(
            'INFO', 'commandstats'), 'both workers ask')
        self.stack.get('/cdn/stream/s30_access0', method='HEAD')
        wait_for(lambda: Path(path).read_text().count('s30_access0') == 4,
                 'all are logged')
        # a worker logs after its response, when another may log too
        self.assertEqual(sorted(re.findall(r's30_access0 (\d+)',
                                           Path(path).read_text())),
                         ['0', '1', '2', '3'])


if __name__ == '__main__':
    unittest.main()
