"""The operator's commands, voyo(1), on all of VOYO: each does what it says, and
names what is wrong.
"""

import http.server
import json
import os
import pty
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'lib'))

import ytdlp  # noqa: E402
from jobs import PREFIX, Jobs  # noqa: E402
from stack import (  # noqa: E402
    ROOT, SLICE, Stack, command_line, free_port, wait_for)
from test_takedown import Play  # noqa: E402
from test_lua import acl  # noqa: E402
from test_redis_tls import openssl  # noqa: E402

PARTS = ['nginx', 'redis', 'resolver', 'ytdlp', 'source', 'cache', 'zone']


class Operator(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        """One stack for all."""

        if not hasattr(Operator, 'stack'):
            Operator.stack = Stack(ahead=0)
            unittest.addModuleCleanup(cls.stack.close)
            cls.stack.provoked.append('redis|cache')
        cls.jobs = Jobs(cls.stack)
        cls.logs = [f'--log={cls.stack.dir}/{name}' for name in (
            'home/access.log', 'resolver.log', 'nginx.log')]

    def voyo(self, *words: str, status: int = 0, error: str = '',
             given: str = '', prefix: tuple[str, ...] = (),
             script: Path = ROOT / 'deploy/voyo', **settings: str) -> str:
        """Its output, after its exit status and its error were checked."""

        done = subprocess.run(
            [*prefix, script, *words], input=given, capture_output=True, text=True,
            timeout=60, env={
                'PATH': os.environ['PATH'], 'PORT': str(self.stack.port),
                'VOYO_HOME': f'{self.stack.dir}/home',
                'REDIS_URL': f'unix:{self.stack.redis_socket}', **settings})
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, said)
        self.assertNotIn('Traceback', said)
        # law 9
        self.assertNotRegex(said, 'videoplayback|sig=|expire=')
        if error:
            self.assertRegex(done.stderr, error)
            # one line, after argparse's usage
            self.assertRegex(done.stderr, r'(?s)^(usage: .*)?voyo[^\n]*\n$')
        else:
            self.assertEqual(done.stderr, '')
        return done.stdout

    def told(self, *words: str, **more: Any) -> dict[str, Any]:
        return json.loads(self.voyo(*words, '--json', **more))

    def play(self, track: str, range_: str = '0-0') -> None:
        answer = self.stack.get(f'/cdn/stream/{track}',
                                {'Range': f'bytes={range_}'})
        self.assertEqual(answer.status, 206)


    def stored(self, track: str, number: int) -> None:
        """Waits until so many slices are on disk: that is after the play."""

        wait_for(lambda: [each['slices'] for each in self.told(
            'explain', track)['cached'].values()] == [number], 'it is stored')


class StatusTest(Operator):
    def failed(self, status: int = 1) -> dict[str, str]:
        """The text of each part that fails."""

        return {name: part['text'] for name, part in self.told(
            'status', status=status)['parts'].items()
            if part['status'] == 'failed'}

    def until_healthy(self) -> None:
        wait_for(lambda: self.stack.health()['status'] == 'healthy',
                 'it is healthy', 20)

    def test_it_is_healthy(self) -> None:
        self.play('s30_status0')
        text = self.voyo('status')
        self.assertEqual(text.splitlines()[0], 'VOYO is healthy')
        self.assertEqual(re.findall(r'^(\w+) +ok ', text, re.M), PARTS)
        self.assertNotIn('\033', text)
        told = self.told('status')
        self.assertEqual(list(told['parts']), PARTS)
        self.assertEqual(told['health']['status'], 'healthy')
        self.assertEqual(told['resolvers'][0]['mode'], 'warm')
        self.assertRegex(told['parts']['zone']['text'], '^[1-9]+ tracks?, ')
        # by the socket, which no address is excluded from
        self.voyo('status', PORT='1')

    def test_without_redis(self) -> None:
        self.play('s30_status1')
        self.stack.stop('redis')
        try:
            self.assertRegex(self.failed()['redis'], 'Redis does not answer at '
                             f'unix:{self.stack.redis_socket}: ')
            text = self.voyo('status', status=1)
            self.assertEqual(text.splitlines()[0], 'VOYO is degraded: redis')
            self.assertRegex(text, 'resolver +unknown +without Redis')
            for command in (['explain', 's30_status1'], ['breaker'],
                            ['purge', 's30_status1'], ['unban', 's30_status1'],
                            ['warm', '-']):
                self.voyo(*command, status=1, error='Redis does not answer')
        finally:
            self.stack.start_redis()
        self.until_healthy()

    def test_the_resolver_is_killed_and_yt_dlp_breaks(self) -> None:
        self.stack.stop('resolver', signal.SIGKILL)
        # 5 s later it would be missed
        self.stack.redis('DEL', f'{PREFIX}resolvers')
        self.assertEqual(self.failed(), {
            'resolver': 'none is alive: tracks that are new do not play'})
        self.stack.start_resolver(ytdlp=ytdlp.without_plugins(self.stack))
        self.assertRegex(self.failed()['ytdlp'],
                         'no process can be kept warm, resolver resolver')
        self.stack.stop('resolver')
        self.stack.start_resolver()
        self.until_healthy()
        self.assertEqual(self.failed(0), {})

    def test_the_source_blocks_this_address(self) -> None:
        self.stack.redis('HSET', f'{PREFIX}breaker', 'class', 'bot_check',
                         'until', str(2 ** 42), 'span', str(2 ** 42))
        try:
            self.assertRegex(self.failed()['source'], 'blocks this address: '
                             'bot_check, nothing is resolved for')
        finally:
            self.stack.redis('DEL', f'{PREFIX}breaker')
        self.until_healthy()
        self.assertEqual(self.failed(0), {})

    def test_the_cache_is_gone(self) -> None:
        cache = self.stack.dir / 'home/cache'
        cache.rename(cache.with_name('away'))
        try:
            wait_for(lambda: self.stack.health()['status'] != 'healthy',
                     'it is noticed')
            self.assertRegex(self.failed()['cache'], 'cannot be stored')
        finally:
            cache.with_name('away').rename(cache)
        self.until_healthy()

    def test_voyo_does_not_run(self) -> None:
        failed = {}
        told = self.told('status', status=1, PORT='1',
                         VOYO_HOME=f'{self.stack.dir}/none')
        for name, part in told['parts'].items():
            failed.setdefault(part['status'], {})[name] = part['text']
        self.assertEqual(told['status'], 'unhealthy')
        self.assertEqual(failed['failed'], {
            'nginx': 'VOYO does not answer at port 1: Connection refused; is '
            'it running?'})
        self.assertEqual(set(failed['unknown']), {'cache', 'zone'})
        self.assertIsNone(told['health'])

    def test_another_server_has_the_port(self) -> None:
        told = self.told('status', status=1, VOYO_HOME=f'{self.stack.dir}/none',
                         PORT=str(self.stack.source['control']))
        self.assertRegex(told['parts']['nginx']['text'], 'is not VOYO')


class ExplainTest(Operator):
    def test_a_track_that_was_played(self) -> None:
        track = 'm04_explain'
        self.play(track)
        self.play(track, f'{2 * SLICE}-{2 * SLICE}')
        self.stored(track, 2)
        life = self.told('explain', track, *self.logs)
        record = life['record']
        self.assertEqual(record['title'], f'Melody {track}')
        aac = record['formats'][0]
        self.assertEqual(aac['codec'], 'aac')
        self.assertEqual(aac['host'], '127.0.0.1')
        self.assertGreater(aac['expires'], life['time'])
        self.assertNotIn('url', aac)
        name = aac['representation'] + '.m1'
        self.assertEqual(list(life['cached']), [name])
        self.assertEqual(life['cached'][name]['slices'], 2)
        self.assertGreater(life['cached'][name]['bytes'], 2 * SLICE)
        for each in ('failure', 'ban', 'queue', 'lease'):
            self.assertIsNone(life[each])
        # the access log's line, and the resolver's
        request = json.loads(next(
            line for line in life['log'] if f'{track} 206' in line))['request']
        self.assertTrue(any(f'is resolved' in line and request in line
                            for line in life['log']))
        text = self.voyo('explain', track, *self.logs)
        self.assertRegex(text, f'title +Melody {track}\n')
        self.assertRegex(text, r'129\.5 kb/s +3\.7 MB +2 of 8, 1\.0 MB +5 h')
        self.assertIn('is resolved', text)

    def test_a_record_of_somebody_else(self) -> None:
        formats = {'bitrate': 1, 'size': 1, 'expires': 1, 'url': 5}
        for more, sound in (({}, True), ({'formats': 5}, False),
                            ({'formats': [5]}, False),
                            ({'formats': [{}]}, False),
                            ({'resolved_at': '1'}, False),
                            ({'duration': []}, True),
                            ({'duration': [1]}, False),
                            ({'title': 'a\033[31m\u009b'}, True)):
            self.stack.redis('SET', f'{PREFIX}track:s30_strange', json.dumps({
                'generation': 1, 'resolved_at': 1, 'formats': [formats],
                **more}), 'EX', '60')
            with self.subTest(more):
                said = self.voyo('explain', 's30_strange',
                                 status=0 if sound else 1, error='' if sound
                                 else 'the record in Redis is malformed')
                self.assertNotRegex(said, '[\033\u009b]')
        self.stack.redis('DEL', f'{PREFIX}track:s30_strange')

    def test_a_failure(self) -> None:
        track = 'priv_explai'
        self.stack.get(f'/cdn/stream/{track}')
        life = self.told('explain', track)
        self.assertIsNone(life['record'])
        self.assertEqual(life['failure']['class'], 'private')
        self.assertGreater(life['failure']['left'], 86000)
        self.assertRegex(life['failure']['met'], r'^20\d\d\.')
        self.assertIsNone(life['log'])
        self.assertRegex(self.voyo('explain', track),
                         'failure +private, .* for another 23 h 59 min, met')

    def test_a_job(self) -> None:
        """Two are resolved at a time: the third is queued."""

        names = [f's30_expl_0{number}' for number in range(3)]
        wait_for(lambda: self.stack.heartbeats()[0]['workers']['idle'] == 2,
                 'all are ready', 30)
        workers = ytdlp.family(self.stack.parts['resolver'].pid)

        def explain(track: str, *words: str) -> str:
            # somebody waits
            self.jobs.want(track, request='0123456789')
            return self.voyo('explain', track, *words)

        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        try:
            for track in names[:2]:
                wait_for(lambda: json.loads(explain(track, '--json'))['lease'],
                         'it is taken')
            life = json.loads(explain(names[0], '--json'))
            self.assertIsNone(life['queue'])
            self.assertRegex(explain(names[0]), 'queue +being resolved by .*, '
                             'requests of 1 nginx worker wait, request '
                             '0123456789')
            life = json.loads(explain(names[2], '--json'))
            self.assertEqual((life['queue']['lane'], life['queue']['before'],
                              life['lease'], life['waiting']),
                             ('play', 0, None, 1))
            self.assertRegex(explain(names[2]), 'queue +to play, 0 before it, '
                             'requests of 1 nginx worker wait')
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
        for track in names:
            self.jobs.outcome(track)

    def test_the_log_has_what_it_says(self) -> None:
        lines = ''.join(f'2026/11/30 12:00:0{number} [warn] {text}\n'
                        for number, text in enumerate((
                            'track "s30_lines00", request 0123456789abcdef',
                            'another, request 0123456789abcdef',
                            'another, request 1111111111111111',
                            's30_lines00, a request repeatedly failed',
                            'another repeatedly failed',
                            'https://x.example/videoplayback?sig=1 s30_lines00',
                            'vyo_czMwX2xpbmVzMDA \033[31m')))
        log = self.told('explain', 's30_lines00', '--log=-',
                        given=lines)['log']
        self.assertEqual([line[27:] for line in log], [
            'track "s30_lines00", request 0123456789abcdef',
            'another, request 0123456789abcdef',
            's30_lines00, a request repeatedly failed',
            'https://x.example/... s30_lines00',
            'vyo_czMwX2xpbmVzMDA ?[31m'])
        self.assertEqual(len(self.told('explain', 's30_lines00', '--log=-',
                                       '--lines=1', given=lines)['log']), 1)
        self.voyo('explain', 's30_lines00', '--log=/nonexistent', status=1,
                  error='the log /nonexistent cannot be read: No such file')

    def test_ids(self) -> None:
        for word in ('-3s30_expl0', 'vyo_LTNzMzBfZXhwbDA'):
            self.assertEqual(self.told('explain', word)['id'], '-3s30_expl0')
        for word in ('short', 's30_expl_000', 'vyo_LTNzMzBfZXhwbDB',
                     's30_expl_0\n', ''):
            self.voyo('explain', word, status=2, error='is not the id of a '
                      'track: 11 of A-Za-z0-9_-, or vyo_ and their base64url')


class TakedownTest(Operator):
    def known(self, track: str) -> dict[str, Any]:
        life = self.told('explain', track)
        return {name: life[name] for name in ('record', 'failure', 'ban',
                                              'queue')
                if life[name]}

    def test_purge(self) -> None:
        track = 's30_purge00'
        self.jobs.outcome(track)
        self.assertEqual(set(self.known(track)), {'record'})
        told = self.told('purge', track)
        self.assertLess(told.pop('seconds'), 5)
        self.assertEqual(told, {'id': track, 'class': None, 'known':
                                ['record'], 'left': 0, 'blind': None})
        self.assertEqual(self.known(track), {})
        self.assertRegex(self.voyo('purge', track), f'^{track} is purged; there'
                         ' was neither record nor failure\non disk: 0 files '
                         r'left here after \d\.\d s\n$')
        # nothing refuses it
        self.play(track)

    def test_purge_waits_for_the_disk(self) -> None:
        for number in range(2):
            self.play(f's30_purge1{number}')
            self.stored(f's30_purge1{number}', 1)
        track = 's30_purge10'
        told = self.told('purge', track)
        self.assertEqual((told['known'], told['left']), (['record'], 0))
        self.assertFalse(self.told('explain', track)['cached'])
        track = 's30_purge11'
        manager = next(pid for pid in map(str, ytdlp.family(
            self.stack.parts['nginx'].pid))
            if 'cache manager' in command_line(pid))
        os.kill(int(manager), signal.SIGSTOP)
        try:
            said = self.voyo('purge', track, '--timeout=0', status=1,
                             error=f'^voyo: {track} is still on disk after 0 '
                             's: nginx removes it when it runs')
        finally:
            os.kill(int(manager), signal.SIGCONT)
        self.assertIn('1 file left here', said)

    def test_ban(self) -> None:
        track = 's30_banned0'
        self.jobs.outcome(track)
        self.assertEqual(self.voyo('ban', track, 'legal').splitlines()[0],
                         f'{track} is banned as legal; there was record')
        self.assertEqual(self.known(track)['ban']['class'], 'legal')
        self.assertRegex(self.voyo('explain', track), r'ban +legal, \d+ s ago\n')
        self.assertEqual(self.stack.get(f'/cdn/stream/{track}').status, 451)

        # no snapshot was due yet
        self.stack.stop('redis', signal.SIGKILL)
        self.stack.start_redis()
        self.assertEqual(self.known(track)['ban']['class'], 'legal')
        self.assertEqual(self.told('ban', track)['known'], ['ban'])
        self.assertEqual(self.known(track)['ban']['class'], 'unavailable')
        self.assertEqual(self.voyo('unban', track),
                         f'{track} is not banned any more\n')
        self.assertEqual(self.told('unban', track),
                         {'id': track, 'banned': False})
        self.play(track)

    def test_classes(self) -> None:
        """Those that last, by common/voyo_class.c."""

        lasting = set(re.findall(r'{ "(\w+)", "[^"]*",\s*\d+, \d+, 0, 1, 0 }',
                                 (ROOT / 'common/voyo_class.c').read_text()))
        self.assertIn('legal', lasting)
        usage = self.voyo('ban', '--help')
        self.assertEqual({name for name in lasting if name in usage}, lasting)
        for word in ('busy', 'Legal'):
            self.voyo('ban', 's30_wrong00', word, status=2,
                      error='invalid choice')


class WarmTest(Operator):
    def test_tracks(self) -> None:
        names = [f's30_warm_{number:02}' for number in range(4)]
        given = f'# two of them twice\n{names[0]}\n\n' + '\n'.join(names)
        told = self.told('warm', '-', given=given)
        self.assertEqual((told['requested'], sorted(told['warm']),
                          told['failed'], told['dropped']),
                         (4, names, {}, {}))
        # the first slice is on disk: nothing more is fetched
        fetched = len(self.stack.requests('media', names[0]))
        self.play(names[0])
        self.assertEqual(len(self.stack.requests('media', names[0])), fetched)

    def test_a_file_with_what_fails(self) -> None:
        with tempfile.NamedTemporaryFile('w') as file:
            file.write('s30_warm_10\nprivwarm_11\n')
            file.flush()
            text = self.voyo('warm', file.name, '--quality=low', status=1)
        self.assertRegex(text, r'^privwarm_11  failed: status 404\n1 of 2 '
                         r'tracks warm, 1 failed, 0 dropped, in [0-9.]+ s\n$')

    def test_the_budget_is_spent(self) -> None:
        seconds, _ = self.stack.redis('TIME')
        spent = [word for number in range(250)
                 for word in (str(1000 * int(seconds)), f'spent{number}')]
        self.stack.redis('ZADD', f'{PREFIX}budget', *spent)
        names = [f's30_warm_{number}' for number in range(20, 23)]
        try:
            wait_for(lambda: self.stack.heartbeats()[0]['budget']['left'] == 0,
                     'it is spent')
            told = self.told('warm', '-', status=1, given='\n'.join(names))
            self.assertEqual(told['dropped'], dict.fromkeys(names, 'budget'))
            self.assertEqual(self.stack.requests('player', names[0]), [])
        finally:
            self.stack.redis('DEL', f'{PREFIX}budget')
        self.told('warm', '-', given='\n'.join(names))

    def test_the_breaker_is_open(self) -> None:
        now, _ = self.stack.redis('TIME')
        self.stack.redis('HSET', f'{PREFIX}breaker', 'class', 'rate_limited',
                         'until', f'{int(now) + 100}000', 'span', '100000',
                         'count', '3')
        told = self.told('warm', '-', status=1, given='s30_warm_30')
        self.assertEqual(told['dropped'], {
            's30_warm_30': 'the breaker is open, rate_limited'})
        self.assertRegex(self.voyo('breaker'), '^the breaker is open, for '
                         'another 1 min .*: rate_limited, 3 in a row\n$')
        told = self.told('breaker')
        self.assertEqual((told['closed'], told['breaker']['class']),
                         (False, 'rate_limited'))
        self.assertRegex(self.voyo('breaker', 'close'),
                         '^the breaker was open, .*\nit is closed\n$')
        self.assertEqual(self.voyo('breaker'), 'the breaker is closed\n')
        self.assertEqual(self.told('breaker', 'close'),
                         {'breaker': None, 'closed': True})
        self.told('warm', '-', given='s30_warm_30')

    def test_who_is_told_to_wait(self) -> None:
        """429 is the limit of a client, 202 a prefetch that goes on."""

        statuses = [429, 202, 200]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == '/health/live'
                                   else statuses.pop(0))
                self.send_header('Content-Length', '0')
                self.send_header('Retry-After', '30')
                self.end_headers()

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(('127.0.0.1', 0),
                                             Handler) as server:
            threading.Thread(target=server.serve_forever).start()
            try:
                told = self.told('warm', '-', given='s30_warm_50',
                                 PORT=str(server.server_port))
            finally:
                server.shutdown()
        self.assertEqual((told['warm'], statuses), (['s30_warm_50'], []))

    def test_wrong_files(self) -> None:
        self.voyo('warm', '-', status=2, given='s30_warm_40\nshort\n',
                  error="voyo: line 2: 'short' is not the id of a track")
        self.voyo('warm', '/nonexistent', status=2,
                  error='/nonexistent cannot be read: .*No such file')
        self.voyo('warm', '-', status=1, given='s30_warm_40', PORT='1',
                  error='VOYO does not answer at port 1')
        self.assertEqual(self.told('warm', '-')['requested'], 0)


class ViewTest(Operator):
    def on_a_terminal(self, *words: str, given: str = '') -> str:
        """What a terminal receives, until the command ends or Ctrl-C."""

        terminal, inside = pty.openpty()
        process = subprocess.Popen(
            [ROOT / 'deploy/voyo', *words], stdin=subprocess.PIPE,
            stdout=inside, stderr=inside, env={
                'PATH': os.environ['PATH'], 'PORT': str(self.stack.port),
                'VOYO_HOME': f'{self.stack.dir}/home',
                'REDIS_URL': f'unix:{self.stack.redis_socket}'})
        os.close(inside)
        assert process.stdin
        process.stdin.write(given.encode())
        process.stdin.close()
        said = b''
        try:
            while block := os.read(terminal, 4096):
                said += block
                if words[0] == 'top' and said.count(b'redis') == 2:
                    process.send_signal(signal.SIGINT)
        except OSError:
            # EIO: its other end is closed
            pass
        os.close(terminal)
        self.assertEqual(process.wait(10), 0, said)
        return said.decode()

    def test_top(self) -> None:
        rows = ['listeners', 'responses', 'first byte', 'sent', 'slices',
                'source', 'fills', 'queue', 'resolvers', 'jobs', 'breaker',
                'cache', 'zone', 'redis']
        view = self.voyo('top')
        self.assertEqual(re.findall('^(first byte|[a-z]+) ', view, re.M), rows)
        self.assertNotIn('\033', view)
        self.assertRegex(view, 'workers: 2 idle')
        said = self.on_a_terminal('top')
        self.assertEqual(said.count('\033[H'), 2)
        self.assertIn('VOYO is \033[32mhealthy\033[0m', said)

    def test_top_counts(self) -> None:
        ended = threading.Event()

        def listen() -> None:
            while not ended.wait(0.02):
                self.play('s30_top_000')

        self.play('s30_top_000')
        listener = threading.Thread(target=listen)
        listener.start()
        try:
            view = self.told('top')
        finally:
            ended.set()
            listener.join()
        self.assertGreater(view['responses']['206'], 5)
        self.assertGreater(view['slices']['hit'], 5)
        self.assertGreater(view['sent'], 1000)
        self.assertEqual(view['queue'], {'play': 0, 'prefetch': 0})
        self.assertEqual(view['workers']['idle'], 2)
        self.assertGreaterEqual(view['listeners'], 0)
        self.voyo('top', status=1, VOYO_HOME=f'{self.stack.dir}/none',
                  PORT='1', error='VOYO does not answer at port 1')

    def test_bench_of_an_unknown_track(self) -> None:
        track = 'm04_bench01'
        self.play(track)
        self.assertIsNone(self.told('bench', track)['cold'])
        self.assertIsNotNone(self.told('bench', track, '--purge')['cold'])

    def test_drain(self) -> None:
        """It waits for a listener, who hears the track to its end."""

        play = Play(self.stack, 'm04_drain00')
        self.voyo('drain', '--timeout=0', status=1,
                  error='not empty after 0 s, and still draining')
        self.assertEqual(self.stack.get('/health').status, 503)
        self.assertEqual(self.voyo('status', status=1).splitlines()[0],
                         'VOYO is unhealthy: drain')
        waiting = threading.Thread(target=lambda: told.append(
            self.told('drain')))
        told: list[dict[str, Any]] = []
        waiting.start()
        self.assertEqual(play.rest(), self.stack.file('m04_drain00'))
        waiting.join()
        self.assertGreaterEqual(told[0].pop('seconds'), 0)
        self.assertEqual(told, [{'draining': True, 'listeners': 0}])
        self.assertEqual(self.voyo('drain', '--undo'),
                         'this machine is in service, 0 listeners\n')
        self.assertEqual(self.stack.get('/health').status, 200)
        self.voyo('drain', status=1, VOYO_HOME='/nonexistent',
                  error='VOYO does not answer at /nonexistent/run/status.sock: '
                  'No such file or directory; is it running')

    def test_a_terminal_has_colours_and_a_bar(self) -> None:
        self.assertIn('\033[32mok\033[0m', self.on_a_terminal('status'))
        said = self.on_a_terminal('warm', '-', given='s30_bar_000')
        self.assertIn(f'[{30 * "#"}] 1/1  ', said)

    def test_bench(self) -> None:
        track = 'm04_bench00'
        self.stack.switch(latency={'player': 300})
        try:
            told = self.told('bench', track)
        finally:
            self.stack.switch(latency={'player': 0})
        self.assertEqual(told['served'][:18], 'medium; codec=aac;')
        self.assertGreater(told['cold']['resolve'], 0.3)
        self.assertGreater(told['cold']['seconds'], told['cold']['resolve'])
        self.assertLess(told['hot']['seconds'], told['cold']['seconds'])
        self.assertIsNotNone(told['warm'])
        text = self.voyo('bench', track, '--quality=low', '--codec=opus')
        self.assertRegex(text, '^first byte of m04_bench00, low; codec=opus; .*'
                         '\ncold  - +it is known here: --purge\n'
                         'warm  [0-9.]+ ms +one slice fetched\n'
                         'hot   [0-9.]+ ms +from disk, median of 20\n$')
        self.voyo('bench', 'privbench00', status=1, error='voyo: the track '
                  'does not play: status 404, private')
        self.voyo('bench', track, status=1, PORT='1', error='voyo: VOYO does '
                  'not answer at port 1: Connection refused; is it running?')


class WrongTest(Operator):
    def test_settings(self) -> None:
        for name, value in (('PORT', 'x'), ('PORT', '0'), ('PORT', '65536'),
                            ('VOYO_EGRESS', 'a b'), ('REDIS_URL', 'redis:'),
                            ('REDIS_URL', 'http://127.0.0.1'),
                            ('REDIS_URL', 'redis://127.0.0.1:x')):
            with self.subTest(name=name, value=value):
                self.voyo('explain', 's30_wrong00', status=2,
                          error=f'^voyo: {name}.* is wrong: it must be ',
                          **{name: value})

    def test_a_password_is_never_shown(self) -> None:
        self.voyo('explain', 's30_wrong00', status=1,
                  error='Redis does not answer at redis://127.0.0.1:1/0: '
                  'Connection refused',
                  REDIS_URL='redis://me:secret@127.0.0.1:1/0')

    def test_command_lines(self) -> None:
        for words in (['explain'], ['status', 'x'], ['status', '--jsno'],
                      ['explain', 's30_wrong00', '--lines', 'x']):
            with self.subTest(words=words):
                self.voyo(*words, status=2, error='^usage: voyo ')


class RedisTest(Operator):
    """By TCP, as a user who may do no more than the documentation says."""

    def setUp(self) -> None:
        self.port = free_port()
        self.stack.redis('CONFIG', 'SET', 'port', str(self.port))
        self.addCleanup(self.stack.redis, 'CONFIG', 'SET', 'port', '0')

    def test_a_user_with_the_acl(self) -> None:
        self.play('s30_acl_000')
        self.stack.redis('ACL', 'SETUSER', 'voyo', 'reset', 'on', '>a b/c',
                         *acl())
        self.stack.redis('ACL', 'LOG', 'RESET')
        url = f'redis://voyo:a%20b%2Fc@127.0.0.1:{self.port}/0'
        for words in (['status'], ['explain', 's30_acl_000'],
                      ['ban', 's30_acl_002'], ['explain', 's30_acl_002'],
                      ['unban', 's30_acl_002'], ['purge', 's30_acl_002'],
                      ['warm', '-'], ['breaker', 'close'], ['top']):
            with self.subTest(words=words):
                self.voyo(*words, given='s30_acl_001', REDIS_URL=url)
        self.assertEqual(self.stack.redis('ACL', 'LOG'), [])
        self.voyo('breaker', REDIS_URL=url.replace('b%2F', ''), status=1,
                  error='redis://127.0.0.1:'
                  f'{self.port}/0.*: .*invalid username-password pair')

    def test_tls(self) -> None:
        with tempfile.TemporaryDirectory(prefix='voyo-test-') as folder:
            ca = Path(folder, 'ca.pem')
            openssl(ca, 'VOYO test ca',
                    '-addext', 'keyUsage=critical,keyCertSign')
            openssl(Path(folder, 'right.pem'), 'redis', '-CA', ca, '-CAkey',
                    ca.with_suffix('.key'), '-addext',
                    'subjectAltName=DNS:localhost', '-addext',
                    'basicConstraints=critical,CA:FALSE')
            port = free_port()
            self.stack.redis(
                'CONFIG', 'SET', 'tls-auth-clients', 'no', 'tls-cert-file',
                f'{folder}/right.pem', 'tls-key-file', f'{folder}/right.key',
                'tls-port', str(port))
            self.addCleanup(self.stack.redis, 'CONFIG', 'SET', 'tls-port', '0')
            self.voyo('breaker', REDIS_URL=f'rediss://localhost:{port}'
                      f'?cacert={ca}')
            for host, query, reason in (
                    ('127.0.0.1', f'?cacert={ca}', 'IP address mismatch, '),
                    ('localhost', '', 'unable to get local issuer cert')):
                self.voyo('breaker', REDIS_URL=f'rediss://{host}:{port}{query}',
                          status=1, error=f'rediss://{host}:{port}.*: {reason}')


class PackageTest(Operator):
    def test_it_is_installed(self) -> None:
        """What `make install` copies is all that it needs."""

        with tempfile.TemporaryDirectory(prefix='voyo-test-') as folder:
            subprocess.run([ROOT / 'deploy/install', folder], check=True,
                           stdout=subprocess.DEVNULL)
            script = Path(folder, 'deploy/voyo')
            self.play('s30_install')
            self.voyo('status', script=script)
            self.assertIn('resolved', self.voyo('explain', 's30_install',
                                                script=script))
            for page in ('man1/voyo.1', 'man5/voyo.conf.5',
                         'man8/voyo-resolver.8'):
                self.assertTrue(Path(folder, 'share/man', page).exists())
            if os.geteuid() == 0:
                # who may not open what it needs
                Path(folder).chmod(0o755)
                self.voyo('explain', 's30_install', script=script, status=1,
                          prefix=('setpriv', '--reuid=65534',
                                  '--clear-groups'),
                          error='cannot be read: run this as root, or as '
                          "VOYO's user")

    def test_the_settings_of_the_service(self) -> None:
        sys.path.insert(0, str(ROOT / 'deploy/operator'))
        self.addCleanup(sys.path.remove, str(ROOT / 'deploy/operator'))
        import settings
        with tempfile.TemporaryDirectory(prefix='voyo-test-') as folder:
            conf = Path(folder, 'voyo.conf')
            conf.write_text('# PORT=1\n#PORT=2\nPORT="8090"\n'
                            'VOYO_EGRESS=two \nREDIS_URL=redis://x:1/2\n')

            def read(root: str = folder, **environment: str) -> Any:
                with mock.patch.dict(os.environ, environment, clear=True), \
                        mock.patch.object(settings, 'SERVICE', conf), \
                        mock.patch.object(settings, 'ROOT', Path(root)):
                    return settings.read()

            # installed, beside a service
            home = Path('/var/lib/voyo')
            self.assertEqual(read(), (home, 'redis://x:1/2', 'two', 8090))
            self.assertEqual(read(VOYO_HOME=str(home), PORT='9'),
                             (home, 'redis://x:1/2', 'two', 9))
            # another one
            other = (Path('/srv/x'), 'unix:/srv/x/run/redis.sock', 'default',
                     8080)
            self.assertEqual(read(VOYO_HOME='/srv/x'), other)
            # a checkout has its own
            self.assertEqual(read(str(ROOT)), (
                ROOT / 'var', f'unix:{ROOT}/var/run/redis.sock', 'default',
                8080))
            conf.unlink()
            self.assertEqual(read().home, Path(folder, 'var'))

    def test_the_man_page_and_the_completion(self) -> None:
        """They know the commands and the options that there are."""

        def completed(*words: str) -> set[str]:
            line = ' '.join(f'"{word}"' for word in words)
            return set(subprocess.run(
                ['bash', '-c', f'. {ROOT}/deploy/voyo.bash; COMP_WORDS=(voyo '
                 f'{line}); COMP_CWORD={len(words)}; _voyo; '
                 'echo "${COMPREPLY[@]}"'], check=True, capture_output=True,
                text=True).stdout.split())

        page = (ROOT / 'docs/man/voyo.1').read_text()
        commands = {word for word in completed('') if word[0] != '-'}
        starter = self.voyo('--help')
        usage = subprocess.run(
            ['/usr/bin/python3', '-B', ROOT / 'deploy/operator', '--help'],
            check=True, capture_output=True, text=True).stdout
        self.assertEqual(commands, set(re.findall('^    ([a-z]+) ', usage,
                                                  re.M)))
        for command in sorted(commands):
            with self.subTest(command=command):
                self.assertIn(command, starter)
                said = self.voyo(command, '--help')
                options = set(re.findall(r'(?<!\w)--[a-z]+', said))
                self.assertEqual(completed(command, '--'), options)
                self.assertEqual([each for each in (
                    f'.Ss voyo {command}', *(f'Fl {option[1:]}'
                                             for option in options))
                    if each not in page], [])
        self.assertEqual(completed('st'), {'status'})


if __name__ == '__main__':
    unittest.main()
