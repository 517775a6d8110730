"""yt-dlp: profiles, proofs, cold starts, new versions."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / 'lib'))

import ytdlp  # noqa: E402
from jobs import Jobs  # noqa: E402
from stack import RESOLVER, YTDLP, Stack, wait_for  # noqa: E402


class ProfileTest(unittest.TestCase):
    """With the built-in profiles; the stand-in is www.youtube.com."""

    stack: Stack
    jobs: Jobs

    def setUp(self) -> None:
        self.stack = Stack(nginx=False, resolver=False, resolve_timeout='8s',
                           settings={'VOYO_PROOF': '1'})
        self.addCleanup(self.stack.close)
        self.jobs = Jobs(self.stack)
        # a host without a name, which is listed by its origin
        self.stranger = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.stranger.close)
        self.stranger_port = self.stranger.getsockname()[1]
        self.start(VOYO_JS_RUNTIME=f'deno:{ytdlp.runtime(self.stack)}')

    def start(self, **settings: str) -> None:
        program, conf = ytdlp.at_youtube(
            self.stack, localhost=self.stranger_port,
            inside_example=self.stranger_port)
        self.stack.start_resolver(
            ytdlp=program, VOYO_YTDLP_CONF=str(conf),
            VOYO_MEDIA_HOSTS=' '.join((
                *self.stack.media_hosts(), 'localhost', '.example',
                f'http://127.0.0.1:{self.stranger_port}')), **settings)

    def asked(self, track: str) -> tuple[int, int]:
        return (len(self.stack.requests('page', track)),
                len(self.stack.requests('player', track)))

    def test_the_fast_profile_is_one_request(self) -> None:
        self.jobs.outcome('s30_fast000')
        self.assertEqual(self.asked('s30_fast000'), (0, 1))
        self.assertIn('profile fast', self.stack.log('resolver'))

    def test_a_bot_check_changes_the_profile_of_all(self) -> None:
        self.assertEqual(self.jobs.outcome('visifirst00')[0], 'record')
        wait_for(lambda: self.stack.heartbeats()[0]['profile']
                 == {'fast': 0, 'visitor': 1, 'full': 0}, 'it is preferred')
        self.assertEqual(self.asked('visifirst00'), (1, 2))
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)
        # the next begin where the first got through
        for number in range(4):
            track = f'visinext00{number}'
            self.assertEqual(self.jobs.outcome(track)[0], 'record')
            self.assertEqual(self.asked(track), (1, 1))
        log = self.stack.log('resolver')
        self.assertEqual(log.count('after a bot check the profile is '
                                   '"visitor"'), 1)

    def test_a_bot_check_for_all_opens_the_breaker(self) -> None:
        kind, record = self.jobs.outcome('bot_all0000')
        self.assertEqual(record['error'], 'bot_check')
        self.assertEqual(self.asked('bot_all0000'), (1, 2))

    def test_the_full_profile_must_agree(self) -> None:
        kind, record = self.jobs.outcome('gonefull000')
        self.assertEqual(record['error'], 'unavailable')
        self.assertGreaterEqual(self.asked('gonefull000')[1], 2)
        wait_for(lambda: re.search('unavailable, after .*profile full',
                                   self.stack.log('resolver')),
                 'the line about the job')

    def test_a_bot_check_for_the_full_profile_alone(self) -> None:
        # the fast one was told of the track: neither is forgotten for it, nor
        # is everybody refused
        track = 'gobofull000'
        kind, record = self.jobs.outcome(track)
        self.assertEqual(record['error'], 'unavailable')
        self.assertGreaterEqual(self.asked(track)[1], 2)
        self.assertAlmostEqual(self.jobs.key('TTL', f'failure:{track}'), 300,
                               delta=2)
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)

    def test_each_try_counts(self) -> None:
        self.jobs.outcome('s30_count00')
        self.assertEqual(self.jobs.key('ZCARD', 'budget'), 1)
        self.jobs.outcome('gonecount00')
        self.assertEqual(self.jobs.key('ZCARD', 'budget'), 3)

    def test_no_second_try_while_the_breaker_is_open(self) -> None:
        track = 'goneopen000'
        self.stack.switch(latency={'player': 1000})
        self.jobs.want(track)
        wait_for(lambda: self.asked(track)[1], 'it is asked')
        self.jobs.key('HSET', 'breaker', 'class', 'bot_check', 'until',
                      f'{1000 * (time.time() + 600):.0f}', 'count', '1')
        record = wait_for(lambda: self.jobs.want(track, 0, 'none')[1],
                          'it is answered')
        self.assertEqual(record['error'], 'unavailable')
        self.assertEqual(self.asked(track), (0, 1))
        self.assertAlmostEqual(self.jobs.key('TTL', f'failure:{track}'), 300,
                               delta=2)

    def test_who_is_refused_asks_as_another(self) -> None:
        # made for kids: the words are the same as for a client that is dead
        self.assertEqual(self.jobs.outcome('kidsothers0')[0], 'record')
        wait_for(lambda: 'profile full' in self.stack.log('resolver'),
                 'it is said')

    def test_a_client_that_is_dead_is_no_fault_of_tracks(self) -> None:
        for number in range(3):
            track = f'app_dead00{number}'
            kind, record = self.jobs.outcome(track)
            self.assertEqual((kind, record['error']),
                             ('failure', 'client_refused'))
            self.assertIn(self.jobs.key('TTL', f'failure:{track}'),
                          range(1, 16))
        wait_for(lambda: self.stack.heartbeats()[0]['client_refused'],
                 'it is known')
        self.jobs.outcome('s30_alive00')
        wait_for(lambda: not self.stack.heartbeats()[0]['client_refused'],
                 'it is over')

    def test_many_that_are_unavailable_are_doubted(self) -> None:
        self.stack.stop('resolver')
        self.start(VOYO_JS_RUNTIME='none')
        for number in range(10):
            track = f'gonemany{number:03}'
            self.jobs.outcome(track)
            self.assertAlmostEqual(
                self.jobs.key('TTL', f'failure:{track}'), 6 * 3600, delta=5)
            self.assertEqual(self.asked(track), (0, 1))
        # the next one is requested as a visitor, and not believed at once
        self.assertEqual(self.jobs.outcome('gonemany010')[1]['error'],
                         'unavailable')
        self.assertEqual(self.asked('gonemany010'), (1, 2))
        self.assertAlmostEqual(
            self.jobs.key('TTL', 'failure:gonemany010'), 300, delta=5)
        # a track that is found that way proves it for all
        for number, asked in enumerate(((1, 2), (1, 1))):
            track = f'may_many{number:03}'
            self.assertEqual(self.jobs.outcome(track)[0], 'record')
            self.assertEqual(self.asked(track), asked)

    # JavaScript.

    def test_without_javascript_nobody_is_asked_twice(self) -> None:
        self.assertEqual(self.stack.heartbeats()[0]['javascript'],
                         'deno 2.5.1, without its solver')
        self.jobs.outcome('sabrscript0')
        self.assertGreater(self.asked('sabrscript0')[1], 1)
        self.stack.stop('resolver')
        self.start(VOYO_JS_RUNTIME='none')
        self.assertEqual(self.stack.heartbeats()[0]['javascript'], 'none')
        self.jobs.outcome('sabrscript1')
        self.assertEqual(self.asked('sabrscript1'), (0, 1))
        self.jobs.outcome('gonescript1')
        self.assertEqual(self.asked('gonescript1'), (0, 1))
        self.assertAlmostEqual(self.jobs.key('TTL', 'failure:gonescript1'),
                               6 * 3600, delta=5)

    def test_the_runtime_that_there_is(self) -> None:
        for name, said, found in (
                ('node', 'v24.1.0', 'node 24.1.0, without its solver'),
                ('qjs', 'QuickJS version 2025-09-13',
                 'quickjs 2025-09-13, without its solver'),
                ('node', 'v18.20.4', 'none, too old: node 18.20.4')):
            with self.subTest(said=said):
                self.stack.stop('resolver')
                programs = ytdlp.runtime(self.stack, name, said)
                for other in ('deno', 'node', 'qjs', 'bun'):
                    if other != name:
                        ytdlp.script(programs / other, '#!/bin/sh\nexit 1\n')
                self.start(PATH=f'{programs}:{os.environ["PATH"]}')
                self.assertEqual(self.stack.heartbeats()[0]['javascript'],
                                 found)

    def test_the_sentence_of_the_error_is_logged(self) -> None:
        # a client of the user's, and of the libraries the full profile alone
        self.stack.stop('resolver')
        conf = self.stack.dir / 'default.conf'
        conf.write_text('--no-check-certificates\n--extractor-args '
                        'youtube:player_client=default\n')
        program, _ = ytdlp.at_youtube(self.stack)
        self.stack.start_resolver(ytdlp=program, VOYO_YTDLP_CONF=str(conf),
                                  VOYO_JS_RUNTIME='none')
        self.jobs.outcome('privsaid000')
        wait_for(lambda: re.search(
            r'"privsaid000" cannot be resolved, private.*: .*This is a private '
            'video', self.stack.log('resolver')), 'it is said')

    def test_a_permanent_one_is_believed_at_once(self) -> None:
        self.jobs.outcome('privfast000')
        self.assertEqual(self.asked('privfast000'), (0, 1))

    # Proofs.

    def test_the_tail_is_tried_once(self) -> None:
        record = self.jobs.outcome('s30_proved0')[1]
        first = wait_for(lambda: self.stack.requests('media', 's30_proved0'),
                         'a proof')[0]
        size = int(record['formats'][0]['representation'].split('.')[-1])
        self.assertEqual(first['range'], f'bytes={size - 1}-{size - 1}')
        self.assertEqual(first['method'], 'GET')
        self.assertEqual(first['user_agent'],
                         record['formats'][0]['user_agent'])
        wait_for(lambda: self.stack.heartbeats()[0]['jobs']['proved'] == 1,
                 'it is counted')
        self.assertEqual(len(self.stack.requests('media', 's30_proved0')), 1)
        self.assertEqual(self.asked('s30_proved0'), (0, 1))

    def test_a_silent_host_costs_no_worker(self) -> None:
        self._beat('idle', 2)
        workers = ytdlp.family(self.stack.parts['resolver'].pid)
        self.stack.switch(faults=[{'on': 'media', 'begin': 1000,
                                   'do': {'stall': 'header'}}])
        for number in range(2):
            self.assertEqual(self.jobs.outcome(f's30_silent{number}')[0],
                             'record')
        wait_for(lambda: len(self.stack.requests('media')) == 2, 'proofs')
        began = time.monotonic()
        self._beat('idle', 2)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(
            ytdlp.family(self.stack.parts['resolver'].pid), workers)

    def _beat(self, state: str, number: int) -> dict:
        """The first heartbeat from now on with so many workers in it."""

        old = self.stack.heartbeats()
        return wait_for(lambda: next(
            (each for each in self.stack.heartbeats()
             if each not in old and each['workers'][state] == number), None),
            f'{number} are {state}')

    def test_a_host_that_talks_on_costs_no_worker(self) -> None:
        self._idle()
        workers = ytdlp.family(self.stack.parts['resolver'].pid)
        self.stack.switch(faults=[{'on': 'media', 'id': 's30_talking', 'do': {
            'status': 302,
            'location': f'http://127.0.0.1:{self.stranger_port}/x'}}])
        self.jobs.outcome('s30_talking')
        talking, _ = self._accept()
        with talking:
            talking.sendall(b'HTTP/1.1 206 Partial Content\r\n')
            # never silent for long, and never done
            began = time.monotonic()
            with self.assertRaises(OSError):
                while time.monotonic() - began < 10:
                    talking.sendall(b'X-And: so on\r\n')
                    time.sleep(0.2)
            self.assertLess(time.monotonic() - began, 5)
        self.jobs.outcome('s30_behind1')
        self._proved(1)
        self._idle()
        self.assertEqual(
            ytdlp.family(self.stack.parts['resolver'].pid), workers)

    def test_a_proof_goes_to_a_sibling(self) -> None:
        self.stack.switch(faults=[
            {'on': 'media', 'id': 's30_sibling', 'times': 1,
             'do': {'redirect': True}},
            {'on': 'media', 'id': 's30_circle0', 'do': {'redirect': True}}])
        self.jobs.outcome('s30_sibling')
        self._proved(1)
        self.assertEqual(len(self.stack.requests('media', 's30_sibling')), 2)
        # but not for ever
        self.jobs.outcome('s30_circle0')
        self.jobs.outcome('s30_behind0')
        self._proved(2)
        wait_for(lambda: len(self.stack.requests('media', 's30_circle0')) == 5,
                 'the first and four redirects')
        # it ends what it has begun
        self.stack.stop('resolver')
        self.assertEqual(len(self.stack.requests('media', 's30_circle0')), 5)

    def test_a_proof_goes_nowhere_else(self) -> None:
        # another origin; a name that is allowed, but not on this machine;
        # what libraries make of a tab
        for number, location in enumerate((
                f'http://127.0.0.2:{self.stranger_port}/x',
                'https://localhost/x', 'https://inside.example/x',
                'https://inside.exam\tple/x')):
            track = f's30_elsew{number:02}'
            self.stack.switch(faults=[{'on': 'media', 'id': track, 'do': {
                'status': 302, 'location': location}}])
            self.jobs.outcome(track)
            wait_for(lambda: self.stack.requests('media', track), 'asked')
        self.jobs.outcome('s30_behind2')
        self._proved(1)
        self.assertEqual(self.stack.heartbeats()[0]['jobs']['refused'], 0)
        self.stack.stop('resolver')
        self.stranger.settimeout(0)
        self.assertRaises(BlockingIOError, self.stranger.accept)

    def _idle(self) -> None:
        wait_for(lambda: self.stack.heartbeats()[0]['workers']['idle'] == 2,
                 'both are idle')

    def _accept(self) -> tuple[socket.socket, object]:
        self.stranger.settimeout(10)
        return self.stranger.accept()

    def _proved(self, number: int) -> None:
        wait_for(lambda: self.stack.heartbeats()[0]['jobs']['proved']
                 == number, f'{number} are proved')

    def test_a_refused_tail_is_resolved_again(self) -> None:
        track = 's30_refuse0'
        self.stack.switch(faults=[{'on': 'media', 'id': track, 'begin': 1000,
                                   'times': 1, 'do': {'status': 403}}])
        old = self.jobs.outcome(track)[1]
        new = self.jobs.outcome(track, old['generation'], 'none')[1]
        self.assertGreater(new['generation'], old['generation'])
        self.assertNotIn(new['formats'][0]['url'],
                         [each['url'] for each in old['formats']])
        log = wait_for(lambda: self.stack.log('resolver').count(
            f'track "{track}" is resolved') == 2
            and self.stack.log('resolver'), 'both are logged')
        self.assertIn(f'the last byte of track "{track}" was refused with 403, '
                      'profile fast', log)
        self.assertNotRegex(log, r'[?&](sig|expire|ip)=')
        # what was refused is not begun with
        self.jobs.outcome('s30_after00')
        wait_for(lambda: re.search(
            r'"s30_after00" is resolved.*profile full',
            self.stack.log('resolver')), 'the full profile is used')

    def test_a_preferred_profile_that_finds_less_is_left(self) -> None:
        self.stack.switch(faults=[{'on': 'media', 'id': 's30_refuse2',
                                   'begin': 1000, 'do': {'status': 403}}])
        self.jobs.outcome('s30_refuse2')
        wait_for(lambda: 'after a refused tail the profile is "full"'
                 in self.stack.log('resolver'), 'full is preferred')
        # the fast one is asked too, and then nobody once more
        self.assertEqual(self.jobs.outcome('gonefull001')[1]['error'],
                         'unavailable')
        self.assertEqual(self.asked('gonefull001')[0], 1)
        self.assertAlmostEqual(self.jobs.key('TTL', 'failure:gonefull001'),
                               21600, delta=2)
        self.assertEqual(self.jobs.outcome('anonback000')[0], 'record')
        self.jobs.outcome('s30_back000')
        self.assertEqual(self.asked('s30_back000'), (0, 1))

    def test_a_refused_tail_costs_no_record(self) -> None:
        for status in (500, 429):
            track = f's30_ref{status}0'
            self.stack.switch(faults=[
                {'on': 'media', 'id': track, 'begin': 1000,
                 'do': {'status': 403}},
                {'on': 'player', 'id': track, 'nth': 2,
                 'do': {'status': status}},
                {'on': 'page', 'id': track, 'do': {'status': status}}])
            old = self.jobs.outcome(track)[1]
            wait_for(lambda: f'track "{track}" is released, the record with '
                     'the refused URL is kept' in self.stack.log('resolver'),
                     'it stays')
            self.assertEqual(self.jobs.want(track, 0, 'none'),
                             ('record', old))
            self.assertEqual(self.jobs.key('EXISTS', f'failure:{track}'), 0)
            self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)

    def test_an_advertisement_is_no_refusal(self) -> None:
        self.jobs.outcome('adv_proof00')
        self.jobs.outcome('s30_proof00')
        wait_for(lambda: self.stack.requests('media', 's30_proof00'), 'proof')
        self.assertEqual(self.stack.requests('media', 'adv_proof00'), [])


class StartTest(unittest.TestCase):
    stack: Stack
    jobs: Jobs

    def setUp(self) -> None:
        self.stack = Stack(resolver=False, resolve_timeout='12s')
        self.addCleanup(self.stack.close)
        self.jobs = Jobs(self.stack)

    def test_no_plugin_is_cold(self) -> None:
        self.stack.start_resolver(ytdlp=ytdlp.without_plugins(self.stack))
        self._plays_cold()
        self.assertIn('it said: ERROR: no plugins here',
                      self.stack.log('resolver'))

    def test_never_ready_is_cold(self) -> None:
        self.stack.start_resolver(ytdlp=ytdlp.never_ready(self.stack),
                                  seconds=90)
        self._plays_cold()

    def test_a_cold_start_has_a_deadline(self) -> None:
        self.stack.resolve_timeout = '3s'
        self.stack.start_resolver(ytdlp=ytdlp.without_plugins(self.stack))
        self.stack.switch(behave={'s30_coldhan': 'hang'})
        began = time.monotonic()
        self.assertEqual(self.jobs.outcome('s30_coldhan')[1]['error'],
                         'timeout')
        self.assertLess(time.monotonic() - began, 5)
        self._idle()
        wait_for(lambda: not ytdlp.family(self.stack.parts['resolver'].pid),
                 'no process is left')

    def test_complaints_do_not_stop_a_deadline(self) -> None:
        self.stack.resolve_timeout = '6s'
        track = 's30_raining'
        self.stack.start_resolver(ytdlp=ytdlp.raining(self.stack, track))
        began = time.monotonic()
        self.assertEqual(self.jobs.outcome(track)[1]['error'], 'timeout')
        self.assertLess(time.monotonic() - began, 8)
        self._idle()
        wait_for(lambda: not ytdlp.family(self.stack.parts['resolver'].pid),
                 'no process is left')
        # nor do they drown what comes after them
        self.assertEqual(self.jobs.outcome('privrainy00')[1]['error'],
                         'private')

    def test_what_is_no_yt_dlp_can_be_stopped(self) -> None:
        with self.assertRaisesRegex(AssertionError, 'the resolver lives'):
            self.stack.start_resolver(ytdlp=ytdlp.flooding(self.stack),
                                      seconds=1)
        self.assertEqual(self.stack.stop('resolver', seconds=3), 1)
        self.assertIn('stopped before yt-dlp was ready',
                      self.stack.log('resolver'))

    def _plays_cold(self) -> None:
        answer = self.stack.get('/cdn/stream/s30_cold000')
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.body, self.stack.file('s30_cold000'))
        self.assertEqual(self.jobs.outcome('privcold000')[1]['error'],
                         'private')
        self.assertEqual(self.jobs.outcome('livecold000')[1]['error'], 'live')
        self.assertEqual(self.jobs.outcome('drm_cold000')[1]['error'], 'drm')
        beat = self._idle()
        self.assertEqual(beat['mode'], 'cold')
        self.assertRegex(beat['ytdlp_version'], r'^20\d\d\.')
        health = self.stack.health()
        self.assertEqual(health['status'], 'degraded')
        self.assertEqual(health['checks']['ytdlp']['mode'], 'cold')
        self.assertIn('it is run for each job', self.stack.log('resolver'))

    def _idle(self) -> dict:
        return wait_for(lambda: next(
            (each for each in self.stack.heartbeats()
             if each['workers']['idle'] == 2), None), 'all workers are idle', 30)

    def test_cold_ends_with_a_yt_dlp_that_starts(self) -> None:
        program = ytdlp.without_plugins(self.stack)
        self.stack.start_resolver(ytdlp=program)
        self.assertEqual(self.stack.heartbeats()[0]['mode'], 'cold')
        ytdlp.script(program, f'#!/bin/sh\nexec {YTDLP} "$@"\n')
        wait_for(lambda: self.stack.heartbeats()[0]['mode'] == 'warm',
                 'it is warm', 40)
        self.assertEqual(self.jobs.outcome('s30_warmer0')[0], 'record')

    def test_two_failed_starts_later_are_cold_too(self) -> None:
        program = ytdlp.script(self.stack.dir / 'own',
                               f'#!/bin/sh\nexec {YTDLP} "$@"\n')
        self.stack.start_resolver(ytdlp=program)
        self._idle()
        program.write_text(ytdlp.without_plugins(self.stack).read_text())
        for pid in ytdlp.family(self.stack.parts['resolver'].pid):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: 'did not start 2 times in a row'
                 in self.stack.log('resolver'), 'cold', 60)
        self.assertEqual(self.jobs.outcome('s30_colder0')[0], 'record')

    def test_what_kills_each_start_is_waited_for(self) -> None:
        """As when memory runs out: one that runs for a job would end too."""

        killer = self.stack.dir / 'killer'
        self.stack.start_resolver(ytdlp=ytdlp.script(
            self.stack.dir / 'killed', f'#!/bin/sh\n[ ! -e {killer} ] '
            f'|| kill -KILL $$\nexec {YTDLP} "$@"\n'))
        self._idle()
        killer.touch()
        for pid in ytdlp.family(self.stack.parts['resolver'].pid):
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: self.stack.heartbeats()[0]['mode'] == 'down', 'down')
        self.assertEqual(self.stack.health()['checks']['ytdlp']['mode'],
                         'down')
        self.jobs.want('s30_killed0')
        killer.unlink()
        self.assertEqual(self.jobs.outcome('s30_killed0')[0], 'record')
        self._idle()
        self.assertEqual(self.stack.health()['status'], 'healthy')
        self.assertNotIn('run for each job', self.stack.log('resolver'))

    def test_a_new_yt_dlp_is_taken_without_a_gap(self) -> None:
        program = ytdlp.of_version(self.stack, '2026.10.26')
        self.stack.start_resolver(ytdlp=program)
        self._idle()
        before = set(ytdlp.family(self.stack.parts['resolver'].pid))
        ytdlp.of_version(self.stack, '2027.01.02')
        number = 0
        while any(each['ytdlp_version'] != '2027.01.02'
                  for each in self.stack.heartbeats()):
            self.assertEqual(self.jobs.outcome(f's30_gap{number:04}')[0],
                             'record')
            number += 1
            self.assertLess(number, 2000)
        wait_for(lambda: not before & set(ytdlp.family(
            self.stack.parts['resolver'].pid)), 'the old ones are gone', 30)
        log = self.stack.log('resolver')
        self.assertEqual(log.count('is replaced for its new yt-dlp'), 2)
        self.assertNotIn('ended in a job', log)

    def test_a_new_yt_dlp_on_path_is_taken(self) -> None:
        path = self.stack.dir / 'bin/yt-dlp'
        path.parent.mkdir()
        text = f'#!/bin/sh\nexec {YTDLP} "$@"\n'
        ytdlp.script(path, text)
        self.stack.start_resolver(ytdlp='yt-dlp', PATH=f'{path.parent}:'
                                  + os.environ['PATH'])
        self._idle()
        ytdlp.script(path, text + '# another edition\n')
        self._is_replaced()

    def test_a_new_archive_is_taken(self) -> None:
        # a wrapper stays the same when the zipapp behind it changes
        archive = self.stack.dir / 'archive'
        shutil.make_archive(str(archive), 'zip', ytdlp.PACKAGES, 'yt_dlp')
        archive = archive.with_suffix('.zip')
        with zipfile.ZipFile(archive, 'a') as file:
            file.write(ytdlp.PACKAGES / 'yt_dlp/__main__.py', '__main__.py')
        self.stack.start_resolver(ytdlp=ytdlp.script(
            self.stack.dir / 'zipped',
            f'#!/bin/sh\nexec /usr/bin/python3 {archive} "$@"\n'))
        self.assertEqual(self._idle()['mode'], 'warm')
        with zipfile.ZipFile(archive, 'a') as file:
            file.writestr('another', 'edition')
        self._is_replaced()

    def _is_replaced(self) -> None:
        wait_for(lambda: self.stack.log('resolver').count(
            'is replaced for its new yt-dlp') == 2, 'they are replaced', 30)
        self._idle()

    def test_a_new_yt_dlp_that_fails_is_not_taken(self) -> None:
        program = ytdlp.of_version(self.stack, '2026.10.26')
        self.stack.start_resolver(ytdlp=program)
        self._idle()
        ytdlp.of_version(self.stack, '2020.01.02')
        wait_for(lambda: self.stack.log('resolver').count(
            'its replacement cannot be used') >= 2, 'they stay', 60)
        self.assertEqual(self.jobs.outcome('s30_stays00')[0], 'record')
        self.assertEqual(self.stack.heartbeats()[0]['ytdlp_version'],
                         '2026.10.26')

    def test_a_canary_tells(self) -> None:
        self.stack.start_resolver(VOYO_CANARY='s30_canary0')
        canary = wait_for(lambda: next(
            (each['canary'] for each in self.stack.heartbeats()
             if each['canary']['result'] != 'pending'), None), 'it sings')
        self.assertEqual((canary['id'], canary['result']),
                         ('s30_canary0', 'ok'))
        self.stack.stop('resolver')
        self.stack.start_resolver(VOYO_CANARY='json_canary')
        wait_for(lambda: self.stack.health()['checks']['ytdlp'].get(
            'canary') == 'extractor', 'it fell silent')
        self.assertEqual(self.stack.get('/health').status, 200)
        self.assertEqual(self.stack.health()['status'], 'degraded')

    def test_what_can_not_be_used_is_said(self) -> None:
        conf = self.stack.dir / 'bad.conf'
        conf.write_text('--no-such-option\n')
        with self.assertRaisesRegex(AssertionError, 'no-such-option'):
            self.stack.start_resolver(VOYO_YTDLP_CONF=str(conf))
        self.stack.parts.pop('resolver').wait()


class SettingsTest(unittest.TestCase):
    """Cookies and plugins of the user's."""

    NETSCAPE = '# Netscape HTTP Cookie File\n'
    COOKIE = '.youtube.com\tTRUE\t/\tTRUE\t0\tPREF\t{}\n'

    def setUp(self) -> None:
        self.stack = Stack(nginx=False, resolver=False)
        self.addCleanup(self.stack.close)
        self.jobs = Jobs(self.stack)
        self.cookies = self.stack.dir / 'cookies.txt'

    def conf(self, text: str) -> str:
        path = self.stack.dir / 'own.conf'
        path.write_text(Path(self.stack.source['ytdlp_conf']).read_text()
                        + text)
        return str(path)

    def start(self, text: str) -> None:
        self.stack.start_resolver(VOYO_YTDLP_CONF=self.conf(text))

    def checked(self, *arguments: str, **settings: str
                ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [RESOLVER, *arguments], capture_output=True, text=True,
            timeout=60, env={
                **os.environ, 'YT_DLP_PATH': str(YTDLP),
                'REDIS_URL': f'unix:{self.stack.redis_socket}',
                'VOYO_YTDLP_CONF': self.conf(f'--cookies {self.cookies}\n'),
                **settings})

    def test_a_proof_needs_no_redis(self) -> None:
        done = subprocess.run(
            [RESOLVER, '--prove'], capture_output=True, text=True, timeout=60,
            env={'PATH': os.environ['PATH'], 'YT_DLP_PATH': str(YTDLP),
                 'VOYO_YTDLP_CONF': self.conf(''),
                 'VOYO_MEDIA_HOSTS': ' '.join(self.stack.media_hosts()),
                 'VOYO_CANARY': 's30_proved0'})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('resolves "s30_proved0"', done.stderr)

    def test_cookies_that_can_not_be_used(self) -> None:
        for text, fault in (
                ('', 'is empty'),
                ('[{"name": "PREF"}]', 'is JSON'),
                (self.COOKIE, 'does not begin with "# Netscape HTTP'),
                (self.NETSCAPE + '# and nothing else\n', 'has no cookies'),
                (None, 'cannot be read: No such file')):
            self.cookies.unlink(missing_ok=True)
            if text is not None:
                self.cookies.write_text(text)
            for arguments in (('--check',), ()):
                with self.subTest(fault=fault, arguments=arguments):
                    done = self.checked(*arguments)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(f'the cookie file "{self.cookies}" of '
                                  f'VOYO_YTDLP_CONF {fault}', done.stderr)
                    self.assertEqual(done.stderr.count('\n'), 1)

    def test_a_directory_is_no_cookie_file(self) -> None:
        self.cookies.mkdir()
        done = self.checked('--check')
        self.assertEqual(done.returncode, 2)
        self.assertIn('cannot be read: Is a directory', done.stderr)

    def test_a_runtime_that_can_not_be_used(self) -> None:
        self.cookies.write_text(self.NETSCAPE + self.COOKIE)
        old = ytdlp.runtime(self.stack, 'node', 'v18.20.4')
        for value, status, said in (
                ('none', 0, 'JavaScript: none\n'),
                ('', 0, 'JavaScript: '),
                ('nodejs', 2, 'VOYO_JS_RUNTIME="nodejs" is wrong: it must be '),
                ('bun:/nonexistent', 2, 'VOYO_JS_RUNTIME is '
                 '"bun:/nonexistent", which cannot be run'),
                (f'node:{old}', 2, 'which is too old: node 18.20.4')):
            with self.subTest(value=value):
                done = self.checked('--check', VOYO_JS_RUNTIME=value)
                self.assertEqual(done.returncode, status, done.stderr)
                self.assertIn(said, done.stderr)
                self.assertEqual(done.stderr.count('\n'), 1)

    def test_cookies_are_sent_and_replaced(self) -> None:
        self.cookies.write_text(self.NETSCAPE + self.sent('first'))
        self.start(f'--cookies {self.cookies}\n')
        wait_for(lambda: self.stack.heartbeats()[0]['workers']['idle'] == 2,
                 'all are ready')
        self.assertEqual(self.cookie('s30_cookie0'), 'first')
        # in one step, or in its place
        self.cookies.with_suffix('.new').write_text(
            self.NETSCAPE + self.sent('second'))
        self.cookies.with_suffix('.new').replace(self.cookies)
        self.replaced(2)
        self.assertEqual(self.cookie('s30_cookie1'), 'second')
        # one that can't be used changes nothing
        self.cookies.write_text('[]')
        wait_for(lambda: re.search(
            'replacement cannot be used.*is JSON', self.stack.log('resolver')), 'refused')
        self.assertEqual(self.cookie('s30_cookie2'), 'second')

    def sent(self, value: str) -> str:
        return self.COOKIE.format(value).replace('.youtube.com', '127.0.0.1'
                                                 ).replace('TRUE', 'FALSE', 1)

    def cookie(self, track: str) -> str:
        self.assertEqual(self.jobs.outcome(track)[0], 'record')
        sent = self.stack.requests('player', track)[0]['headers']['cookie']
        return re.search('PREF=([^;&]*)', sent)[1]

    def replaced(self, number: int) -> None:
        wait_for(lambda: self.stack.log('resolver').count(
            'is replaced for its new cookies') == number, 'replaced', 30)
        wait_for(lambda: len(re.findall(
            r'is replaced, yt-dlp', self.stack.log('resolver'))) == number,
            'they are there', 30)

    def test_a_provider_of_tokens(self) -> None:
        plugin = self.stack.dir / 'mine/tokens/yt_dlp_plugins/extractor'
        plugin.mkdir(parents=True)
        (plugin / 'getpot_test.py').write_text('''
from yt_dlp.extractor.youtube.pot.provider import (
    ExternalRequestFeature, PoTokenProvider, PoTokenResponse,
    register_provider)

@register_provider
class VoyoTestPTP(PoTokenProvider):
    PROVIDER_VERSION = '1'
    BUG_REPORT_LOCATION = 'nowhere'
    _SUPPORTED_CLIENTS = None
    _SUPPORTED_CONTEXTS = None
    _SUPPORTED_EXTERNAL_REQUEST_FEATURES = tuple(ExternalRequestFeature)

    def is_available(self):
        return True

    def _real_request_pot(self, request):
        return PoTokenResponse(po_token='dG9rZW4=')
''')
        own = Path(self.stack.source['ytdlp_conf']).read_text()
        conf = self.stack.dir / 'tokens.conf'
        for options, expected in (
                ('', False),
                (f'--plugin-dirs {self.stack.dir}/mine\n', True)):
            with self.subTest(options=options):
                conf.write_text(own.replace(
                    'player_client=visionos', 'player_client=visionos;'
                    'visitor_data=CgtzdGFuZC1pbg%3D%3D;fetch_pot=always')
                    + options)
                self.stack.start_resolver(VOYO_YTDLP_CONF=str(conf))
                kind, record = self.jobs.outcome(f's30_tokens{expected:d}')
                self.assertEqual(kind, 'record')
                self.assertEqual('pot=dG9rZW4' in record['formats'][0]['url'],
                                 expected)
                self.stack.stop('resolver')


class MetTest(unittest.TestCase):
    """What fails is tried again when there is something new to try it with."""

    def setUp(self) -> None:
        self.stack = Stack(workers=1, resolver=False)
        self.addCleanup(self.stack.close)
        self.jobs = Jobs(self.stack)

    def start(self, options: str = '', **settings: str) -> None:
        """A resolver in place of the one before."""

        if 'resolver' in self.stack.parts:
            self.stack.stop('resolver')
        conf = self.stack.dir / 'met.conf'
        conf.write_text(Path(self.stack.source['ytdlp_conf']).read_text()
                        + options)
        self.stack.start_resolver(VOYO_YTDLP_CONF=str(conf), **settings)

    def asked(self, track: str) -> int:
        return len(self.stack.requests('player', track))

    def older(self, track: str) -> None:
        """Makes a failure one of 20 s ago."""

        failure = json.loads(self.jobs.key('GET', f'failure:{track}'))
        failure['generation'] -= 20000
        self.jobs.key('SET', f'failure:{track}',
                      json.dumps(failure, separators=(',', ':')), 'KEEPTTL')

    def test_a_failure(self) -> None:
        track = 'privmet0000'
        self.start()
        self.jobs.outcome(track)
        for options, asked in (('', 1), ('# nothing\n', 1),
                               ('--socket-timeout 5\n', 2)):
            with self.subTest(options=options):
                self.older(track)
                self.start(options)
                self.assertEqual(self.jobs.outcome(track)[1]['error'],
                                 'private')
                self.assertEqual(self.asked(track), asked)

    def test_a_breaker(self) -> None:
        self.start()
        self.jobs.outcome('bot_met0000')
        self.jobs.key('HINCRBY', 'breaker', 'until', '-20000')
        self.start()
        self.assertEqual(self.jobs.outcome('s30_met0000')[1]['error'],
                         'bot_check')
        self.start('--socket-timeout 5\n')
        self.assertEqual(self.jobs.outcome('s30_met0000')[0], 'record')
        self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)

    def test_another_address(self) -> None:
        # the hosts would not refuse the URLs of the one before
        self.stack.switch(bound=False)
        tracks = ('h01_met0000', 'h01_met0001')
        self.start(VOYO_SOURCE_ADDRESS='127.0.0.1')
        for track in tracks:
            self.slice(track, 0)
        self.start(VOYO_SOURCE_ADDRESS='127.0.0.2')
        self.jobs.outcome('s30_met0002')
        # nginx is told
        for number in range(1, 100):
            self.slice(tracks[0], number)
            if self.asked(tracks[0]) == 2:
                break
        self.assertEqual(self.asked(tracks[0]), 2)
        self.slice(tracks[1], 1)
        self.assertEqual(self.asked(tracks[1]), 2)
        # and so is one that comes late
        self.start(VOYO_SOURCE_ADDRESS='127.0.0.1')
        record = json.loads(self.jobs.key('GET', f'track:{tracks[1]}'))
        self.jobs.key('HSET', 'limits', 'moved',
                      str(record['generation'] + 1))
        self.stack.stop('nginx')
        self.stack.start_nginx()
        self.slice(tracks[1], 2)
        self.assertEqual(self.asked(tracks[1]), 3)
        self.assertEqual({each['status'] for each in
                          self.stack.requests('media')}, {206})

    def slice(self, track: str, number: int) -> None:
        begin = 524288 * number
        answer = self.stack.get(f'/cdn/stream/{track}',
                                {'Range': f'bytes={begin}-{begin}'})
        self.assertEqual(answer.status, 206)


if __name__ == '__main__':
    unittest.main()
