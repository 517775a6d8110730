"""The operator's commands, voyo(1), on all of VOYO: each does what it says, and
names what is wrong.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'lib'))

import ytdlp  # noqa: E402
from jobs import PREFIX, Jobs  # noqa: E402
from stack import ROOT, SLICE, Stack, wait_for  # noqa: E402

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

    def voyo(self, *words: str, status: int = 0, error: str = '', given: str = '',
             script: Path = ROOT / 'deploy/voyo', **settings: str) -> str:
        """Its output, after its exit status and its error were checked."""

        done = subprocess.run(
            [script, *words], input=given, capture_output=True, text=True,
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

    def test_without_redis(self) -> None:
        self.play('s30_status1')
        self.stack.stop('redis')
        try:
            self.assertRegex(self.failed()['redis'], 'Redis does not answer at '
                             f'unix:{self.stack.redis_socket}: ')
            text = self.voyo('status', status=1)
            self.assertEqual(text.splitlines()[0], 'VOYO is degraded: redis')
            self.assertRegex(text, 'resolver +unknown +without Redis')
            for command in (['explain', 's30_status1'],):
                self.voyo(*command, status=1, error='Redis does not answer')
        finally:
            self.stack.start_redis()
        self.until_healthy()

    def test_the_resolver_is_killed_and_yt_dlp_breaks(self) -> None:
        self.stack.stop('resolver', signal.SIGKILL)
        wait_for(lambda: not self.stack.heartbeats(), 'it is missed')
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
        told = self.told('status', status=1, PORT='1')
        for name, part in told['parts'].items():
            failed.setdefault(part['status'], {})[name] = part['text']
        self.assertEqual(told['status'], 'unhealthy')
        self.assertEqual(failed['failed'], {
            'nginx': 'VOYO does not answer at port 1: Connection refused; is '
            'it running?'})
        self.assertEqual(set(failed['unknown']), {'cache', 'zone'})
        self.assertIsNone(told['health'])

    def test_another_server_has_the_port(self) -> None:
        self.voyo('status', status=1, PORT=str(self.stack.source['control']))
        told = self.told('status', status=1,
                         PORT=str(self.stack.source['control']))
        self.assertRegex(told['parts']['nginx']['text'], 'is not VOYO')


class ExplainTest(Operator):
    def test_a_track_that_was_played(self) -> None:
        track = 'm04_explain'
        self.play(track)
        self.play(track, f'{2 * SLICE}-{2 * SLICE}')
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
        self.stack.switch(latency={'player': 2000})
        try:
            for track in names:
                self.jobs.want(track, request='0123456789')
            lives = wait_for(lambda: [
                life for life in [self.told('explain', names[0])]
                if life['lease']], 'it is taken')
            self.assertIsNone(lives[0]['queue'])
            self.assertRegex(self.voyo('explain', names[0]), 'queue +being '
                             'resolved by .*, requests of 1 nginx worker wait, '
                             'request 0123456789')
            life = self.told('explain', names[2])
            self.assertEqual((life['queue']['lane'], life['queue']['before'],
                              life['lease'], life['waiting']),
                             ('play', 0, None, 1))
            self.assertRegex(self.voyo('explain', names[2]),
                             'queue +to play, 0 before it, requests of 1 nginx')
        finally:
            self.stack.switch(latency={'player': 0})
        for track in names:
            self.assertEqual(self.jobs.outcome(track)[0], 'record')

    def test_the_log_has_what_it_says(self) -> None:
        lines = ''.join(f'2026/11/30 12:00:0{number} [warn] {text}\n'
                        for number, text in enumerate((
                            'track "s30_lines00", request 0123456789abcdef',
                            'another, request 0123456789abcdef',
                            'another, request 1111111111111111',
                            'https://x.example/videoplayback?sig=1 s30_lines00',
                            'vyo_czMwX2xpbmVzMDA \033[31m')))
        log = self.told('explain', 's30_lines00', '--log=-',
                        given=lines)['log']
        self.assertEqual([line[27:] for line in log], [
            'track "s30_lines00", request 0123456789abcdef',
            'another, request 0123456789abcdef',
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
            self.assertTrue(Path(folder, 'share/man/man1/voyo.1').exists())

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
                self.assertIn(f'.Ss voyo {command}', page)
                for option in options:
                    self.assertIn(f'Fl {option[1:]}', page)
        self.assertEqual(completed('st'), {'status'})


if __name__ == '__main__':
    unittest.main()
