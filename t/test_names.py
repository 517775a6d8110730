"""Media hosts by name: which are used, at which address, on which connection.

A record's URL names a host, and Redis, where it comes from, is not trusted; a
redirect names another.  Both are resolved by nginx's resolver, here with a name
server of the test.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

from addresses import PRIVATE  # noqa: E402
from dns import Dns  # noqa: E402
from stack import RESOLVER, SLICE, YTDLP, Stack, free_port, wait_for  # noqa: E402

NODES = 'rr1---sn-aaaa', 'rr2---sn-bbbb'    # of mn= and fvip=
LISTED = ' '.join(f'{scheme}://{name}.googlevideo.com:@{scheme.upper()}{n}@'
                  for scheme in ('http', 'https')
                  for name in ('a', 'b', 'never', *NODES)
                  for n in (0, 1))


class NamesTest(unittest.TestCase):
    stack: Stack
    dns: Dns

    @classmethod
    def setUpClass(cls) -> None:
        names: dict[str, list[str] | None] = {
            'a.googlevideo.com': ['127.0.0.1'],
            'b.googlevideo.com': ['127.0.0.1'],
            'silent.googlevideo.com': None,
            'evilgooglevideo.com': ['127.0.0.1'],
        }
        for node in NODES:
            names[f'{node}.googlevideo.com'] = ['127.0.0.1']
        for number, address in enumerate(PRIVATE):
            names[f'private{number}.googlevideo.com'] = [address]
        cls.dns = Dns(names)
        # one worker, so that there is one pool of connections
        cls.stack = Stack(
            workers=1, scheme='https', hosts=f'.googlevideo.com {LISTED}',
            conf=f'resolver 127.0.0.1:{cls.dns.port}; resolver_timeout 3s;')

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()
        cls.dns.stop()

    def setUp(self) -> None:
        self.stack.control('/reset', {})
        self.stack.switch(host='a.googlevideo.com')

    def get(self, track: str, first: int = 0):
        return self.stack.get(f'/cdn/stream/{track}', {
            'Range': f'bytes={first}-{first + 99}'})

    def record(self, track: str, url: str, **more: str) -> None:
        """A record in Redis whose URLs are all this one."""

        prefix, known = 'voyo:{default}:track:', 's30_template'[:11]
        self.assertEqual(self.stack.get(f'/cdn/stream/{known}',
                                        method='HEAD').status, 200)
        text = self.stack.redis('GET', prefix + known).decode()
        record = json.loads(text.replace(known, track))
        for each in record['formats']:
            each['url'] = url.replace('TARGET', each['url'].split('/', 3)[3])
            each.update(more)
        self.stack.redis('SET', prefix + track,
                         json.dumps(record, separators=(',', ':')))

    def test_a_host_is_looked_up(self) -> None:
        track = 'm04_lookup0'
        for first in (0, SLICE):
            self.assertEqual(self.get(track, first).status, 206)
        self.assertIn('a.googlevideo.com', self.dns.asked)
        media = self.stack.requests('media', track)
        port = self.stack.source['media_https'][0]
        self.assertEqual({each['headers']['host'] for each in media},
                         {f'a.googlevideo.com:{port}'})

    def test_names_on_one_address_share_no_connection(self) -> None:
        # a connection verified for one name would carry the other's request
        for number in range(6):
            name = 'ab'[number % 2]
            self.stack.switch(host=f'{name}.googlevideo.com')
            self.assertEqual(self.get(f'm04_share{number:02}').status, 206)
        connections: dict[str, set[int]] = {}
        for each in self.stack.requests('media'):
            connections.setdefault(each['headers']['host'], set()).add(
                each['connection'])
        one, two = connections.values()
        self.assertFalse(one & two)
        # and each is used again
        self.assertEqual((len(one), len(two)), (1, 1))

    def test_a_redirect_to_a_name(self) -> None:
        track = 'm04_redirec'
        self.assertEqual(self.get(track).status, 206)
        self.stack.switch(host='b.googlevideo.com', faults=[
            {'do': {'redirect': True}, 'id': track, 'times': 1,
             'at': SLICE}])
        self.assertEqual(self.get(track, SLICE).status, 206)
        port = self.stack.source['media_https'][1]
        self.assertEqual(
            self.stack.requests('media', track)[-1]['headers']['host'],
            f'b.googlevideo.com:{port}')

    def test_the_other_host_of_a_url(self) -> None:
        # one that fails twice: its sibling costs no extraction
        track = 'm04_sibling'
        self.stack.switch(host=f'{NODES[0]}.googlevideo.com', faults=[
            {'do': {'reset': 'header'}, 'id': track, 'times': 2}])
        for first in (0, SLICE):
            self.assertEqual(self.get(track, first).status, 206)
        self.assertEqual(
            [each['headers']['host'].split('.')[0]
             for each in self.stack.requests('media', track)],
            [NODES[0], NODES[0], NODES[1], NODES[1]])
        self.assertEqual(len(self.stack.requests('player', track)), 1)

    def test_private_addresses_are_refused(self) -> None:
        for number, address in enumerate(PRIVATE):
            with self.subTest(address):
                track = f's30_priva{number:02}'
                self.record(track, f'https://private{number}.googlevideo.com/'
                                   'TARGET')
                self.refused(track)

    def test_private_addresses_as_hosts_are_refused(self) -> None:
        for number, host in enumerate(
                ('127.0.0.1', '[::1]', '169.254.169.254', '2130706433',
                 '0x7f000001', 'localhost')):
            with self.subTest(host):
                track = f's30_host{number:03}'
                self.record(track, f'https://{host}/TARGET')
                self.refused(track)

    def test_other_hosts_are_refused(self) -> None:
        port = self.stack.source['media_https'][0]
        for number, url in enumerate((
                'https://evilgooglevideo.com/TARGET',
                'https://googlevideo.com.evil.test/TARGET',
                'https://a.googlevideo.com@evil.test/TARGET',
                'https://a.googlevideo.com:8443/TARGET',
                'http://c.googlevideo.com/TARGET',
                f'https://evil.test:{port}/TARGET')):
            with self.subTest(url):
                track = f's30_other{number:02}'
                self.record(track, url)
                self.refused(track)
        self.assertFalse([name for name in self.dns.asked if 'evil' in name])

    def refused(self, track: str) -> None:
        answer = self.get(track)
        self.assertEqual(answer.status, 502)
        self.assertEqual(answer.problem['code'], 'host_not_allowed')
        self.assertEqual(self.stack.requests('media', track), [])

    def test_a_record_that_is_none_is_resolved_again(self) -> None:
        # the one line that tells of it
        self.stack.provoked.append('unreadable record of track "s30_bad')
        good = 'https://a.googlevideo.com/TARGET'
        for number, (url, more) in enumerate((
                ('ftp://a.googlevideo.com/TARGET', {}),
                ('https://a.googlevideo.com/x\r\nX-Injected: 1', {}),
                ('https://a.google\tvideo.com/TARGET', {}),
                ('https://a.googlevideo.com /TARGET', {}),
                ('https://a.googlevideo.com/x\x7f', {}),
                ('https://a.googlevideo.com/\u00e4', {}),
                ('https://a.googlevideo.com/' + 8000 * 'x', {}),
                (good, {'user_agent': 'x\r\nX-Injected: 1'}),
                (good, {'representation': '../../etc/passwd'}))):
            with self.subTest(url[:60], **more):
                track = f's30_bad{number:04}'
                self.record(track, url, **more)
                self.assertEqual(self.get(track).status, 206)
                self.assertEqual(
                    len(self.stack.requests('player', track)), 1)
        self.assertFalse([each for each in self.stack.requests('media')
                          if 'x-injected' in each['headers']])

    def test_a_redirect_to_a_private_address_is_refused(self) -> None:
        track = 's30_redpriv'
        self.stack.switch(faults=[{'id': track, 'do': {
            'location': 'https://private0.googlevideo.com/x'}}])
        answer = self.get(track)
        self.assertEqual(answer.status, 502)
        self.assertEqual(answer.problem['code'], 'host_not_allowed')

    def test_a_redirect_of_other_bytes_is_not_followed(self) -> None:
        # a newer URL is requested, as for a redirect to nowhere
        for number, byte in enumerate('\t \x7f\xe4#'):
            for place, url in (
                    ('host', f'https://b.google{byte}video.com/x'),
                    ('path', f'https://b.googlevideo.com/x{byte}y')):
                with self.subTest(url):
                    track = f's30_r{place}{number:02}'
                    self.stack.switch(faults=[{'id': track, 'times': 1, 'do': {
                        'location': url}}])
                    self.assertEqual(self.get(track).status, 206)
                    hosts = {each['headers']['host'].split(':')[0] for each
                             in self.stack.requests('media', track)}
                    self.assertEqual(hosts, {'a.googlevideo.com'})
        self.assertNotIn('b.googlevideo.com', self.dns.asked)

    def test_a_name_that_does_not_exist(self) -> None:
        # a newer URL may name another
        track = 's30_nxdomai'
        self.record(track, 'https://nowhere.googlevideo.com/TARGET')
        self.assertEqual(self.get(track).status, 206)
        self.assertEqual(len(self.stack.requests('player', track)), 1)

    def test_a_redirect_to_a_name_that_does_not_exist(self) -> None:
        track = 's30_nxredir'
        self.stack.switch(faults=[{'id': track, 'times': 1, 'do': {
            'location': 'https://nowhere.googlevideo.com/x'}}])
        self.assertEqual(self.get(track).status, 206)

    def test_the_other_host_of_a_name_that_does_not_exist(self) -> None:
        track = 's30_nxother'
        self.stack.switch(host=f'{NODES[0]}.googlevideo.com')
        del self.dns.names[f'{NODES[0]}.googlevideo.com']
        try:
            # the resolver's own look at it fails, too
            self.assertEqual(self.get(track).status, 206)
        finally:
            self.dns.names[f'{NODES[0]}.googlevideo.com'] = ['127.0.0.1']
        self.assertEqual(
            {each['headers']['host'].split('.')[0]
             for each in self.stack.requests('media', track)}, {NODES[1]})
        self.assertEqual(len(self.stack.requests('player', track)), 1)

    def test_no_name_of_it_exists(self) -> None:
        track = 's30_nxnever'
        self.stack.switch(host='never.googlevideo.com')
        answer = self.get(track)
        self.assertEqual(answer.status, 502)
        self.assertEqual(answer.problem['code'], 'media_failed')
        self.assertEqual(len(self.stack.requests('player', track)), 3)

    def test_a_query_that_gets_lost(self) -> None:
        # nginx asks again after 5 s, when the first client has left
        track = 's30_lostask'
        name = 'lost.googlevideo.com'
        self.dns.names[name] = ['127.0.0.1']
        self.dns.lost[name] = 2                          # of both families
        self.stack.switch(faults=[{'id': track, 'times': 1, 'do': {
            'location': f'https://{name}/x'}}])
        self.assertEqual(self.get(track).status, 206)

    def test_a_name_server_that_is_silent_slows_nothing(self) -> None:
        hot, cold = 's30_hotname', 's30_coldnam'
        self.assertEqual(self.stack.get(f'/cdn/stream/{hot}').status, 200)
        self.record(cold, 'https://silent.googlevideo.com/TARGET')
        answers: list = []
        waiting = threading.Thread(
            target=lambda: answers.append(self.get(cold)))
        waiting.start()
        wait_for(lambda: 'silent.googlevideo.com' in self.dns.asked,
                 'it is asked')
        # all while the other one waits
        for _ in range(20):
            began = time.monotonic()
            self.assertEqual(self.stack.get(f'/cdn/stream/{hot}').status, 200)
            self.assertLess(time.monotonic() - began, 0.5)
        self.assertFalse(answers)
        waiting.join()
        # by a newer URL
        self.assertEqual(answers[0].status, 206)


class RedisTest(unittest.TestCase):
    """Redis by a name: it is looked up each time that nginx connects."""

    def start(self, names: dict[str, list[str] | None], host: str) -> None:
        self.dns = Dns(names)
        self.addCleanup(self.dns.stop)
        self.port = free_port()
        self.stack = Stack(workers=1, redis=f'redis://{host}:{self.port}',
                           conf=f'resolver 127.0.0.1:{self.dns.port};')
        self.addCleanup(self.stack.close)
        self.listens('127.0.0.2')

    def listens(self, address: str) -> None:
        """Redis moves: its old address is not reachable any more."""

        self.stack.redis('CONFIG', 'SET', 'bind', address)
        self.stack.redis('CONFIG', 'SET', 'port', str(self.port))
        self.stack.redis('CLIENT', 'KILL', 'TYPE', 'pubsub')
        self.stack.redis('CLIENT', 'KILL', 'TYPE', 'normal')

    def plays(self, track: str) -> bool:
        return self.stack.get(f'/cdn/stream/{track}').status == 200

    def test_a_name_that_is_there_later_and_moves(self) -> None:
        names: dict[str, list[str] | None] = {}
        self.start(names, 'redis.test')
        answer = self.stack.get('/cdn/stream/s30_absent0')
        self.assertEqual((answer.status, answer.problem['code']),
                         (503, 'redis_unavailable'))
        wait_for(lambda: 'redis host was not found: "redis.test"'
                 in self.stack.log('nginx'), 'it was looked up')
        names['redis.test'] = ['127.0.0.2']
        wait_for(lambda: self.plays('s30_there00'), 'it is found')
        # one of these is dead, and comes first or last
        for number, address in enumerate(('127.0.0.3', '127.0.0.1')):
            names['redis.test'] = [address, '127.0.0.2']
            self.listens(address)
            wait_for(lambda: self.plays(f's30_moved{number}0'), address)
        # no name server any more: by what is known
        names['redis.test'] = None
        self.listens('127.0.0.1')
        wait_for(lambda: self.plays('s30_silent0'), 'it is known', 15)

    def test_an_address_of_the_other_family(self) -> None:
        names: dict[str, list[str] | None] = {
            'redis.test': ['127.0.0.3', '::1']}
        self.start(names, 'redis.test')
        self.listens('::1')
        wait_for(lambda: self.plays('s30_family6'), 'by IPv6')

    def test_a_name_of_the_hosts_file(self) -> None:
        self.start({}, 'localhost')
        self.assertIn('localhost', Path('/etc/hosts').read_text())
        self.listens('127.0.0.1')
        wait_for(lambda: self.plays('s30_hosts00'), 'it is found')
        # and again when it has been looked up in vain
        self.listens('127.0.0.1')
        wait_for(lambda: 'localhost' in self.dns.asked, 'it is looked up')
        wait_for(lambda: self.plays('s30_hosts01'), 'it is found again')

    def test_the_resolver_tries_all_addresses(self) -> None:
        self.start({}, 'localhost')
        hosts = self.stack.dir / 'hosts'
        hosts.write_text(Path('/etc/hosts').read_text()
                         + '127.0.0.4 three\n127.0.0.2 three\n::1 three\n')
        # another file, if possible: mounts need root, or a namespace; in a
        # chroot, where / is no mount, they may be visible outside until the end
        unshare = ['unshare', '--mount']
        if os.geteuid() != 0:
            unshare += ['--user', '--map-root-user']
        if not re.search(r'^(\S+ ){4}/ ', Path('/proc/self/mountinfo')
                         .read_text(), re.M):
            unshare += ['--propagation', 'unchanged']
        for address in ('127.0.0.2', '::1', '127.0.0.4'):
            self.listens(address)
            done = subprocess.run(
                [*unshare, 'sh', '-c', f'mount --bind {hosts} /etc/hosts && '
                 f'{RESOLVER} --check; umount /etc/hosts'],
                capture_output=True, text=True,
                timeout=60, env={**os.environ, 'YT_DLP_PATH': str(YTDLP),
                                 'REDIS_URL': f'redis://three:{self.port}'})
            self.assertIn('redis answers', done.stderr)


if __name__ == '__main__':
    unittest.main()
