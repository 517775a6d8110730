"""Every refusal of YouTube becomes the right problem for the client.

Otherwise a change in yt-dlp's messages would turn a private track into a server
error that is retried for ever, or a block of the address into a thousand
requests that prolong it.
"""

import re
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / 'lib'), str(HERE / 'youtube')]

from jobs import Jobs  # noqa: E402
from stack import Stack, wait_for  # noqa: E402
from tracks import SCENARIOS  # noqa: E402

HOUR, DAY = 3600, 86400

# What docs/upstream.md says under Y4: class, status, seconds it is kept; of
# the global ones, for how long nothing is asked.

PLAYS: tuple[str, int, int] = ('', 200, 0)
EXPECTED: dict[str, tuple[str, int, int]] = {
    's05_': PLAYS, 's30_': PLAYS, 'm04_': PLAYS, 'h01_': PLAYS, 'trap': PLAYS,
    'aac_': PLAYS, 'fast': PLAYS, 'opus': PLAYS, 'low_': PLAYS, 'dubs': PLAYS,
    'drc_': PLAYS, 'adv_': PLAYS,

    'priv': ('private', 404, DAY),
    'gone': ('unavailable', 404, 6 * HOUR),
    'remo': ('unavailable', 404, 6 * HOUR),
    'term': ('unavailable', 404, 6 * HOUR),
    'copy': ('unavailable', 404, 6 * HOUR),
    'may_': ('unavailable', 404, 6 * HOUR),
    'app_': ('client_refused', 502, 15),
    'newv': ('client_refused', 502, 15),
    'kids': ('client_refused', 502, 15),
    'age_': ('age_restricted', 403, DAY),
    'paid': ('paid', 403, DAY),
    'memb': ('paid', 403, DAY),
    'rent': ('paid', 403, DAY),
    'geo_': ('geo_blocked', 451, DAY),
    'drm_': ('drm', 404, DAY),
    'live': ('live', 404, 300),
    'soon': ('upcoming', 404, HOUR),
    'mute': ('no_audio', 404, HOUR),

    'bot_': ('bot_check', 503, 600),
    'capt': ('bot_check', 503, 600),
    'othr': ('bot_check', 503, 600),
    'rate': ('rate_limited', 503, 300),
    '429_': ('rate_limited', 503, 300),

    '403_': ('forbidden', 502, 120),
    'hang': ('timeout', 504, 15),
    'drop': ('network', 502, 15),
    '404_': ('upstream', 502, 30),
    '500_': ('upstream', 502, 30),
    '503_': ('upstream', 502, 30),
    'sabr': ('no_formats', 502, 60),
    'njs_': ('no_formats', 502, 60),
    'mux_': ('no_formats', 502, 60),
    'none': ('no_formats', 502, 60),
    'json': ('extractor', 502, 60),
    'html': ('extractor', 502, 60),
    'what': ('extractor', 502, 60),

    # a request with its own client name is not a visitor's
    'visi': ('bot_check', 503, 600),
    'anon': PLAYS,
    'gobo': ('unavailable', 404, 6 * HOUR),
}

GLOBAL = ('bot_check', 'rate_limited')
PERMANENT = ('private', 'unavailable', 'age_restricted', 'paid',
             'geo_blocked', 'drm')


class ErrorsTest(unittest.TestCase):
    stack: Stack
    jobs: Jobs

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack(workers=1, resolve_timeout='4s')
        cls.jobs = Jobs(cls.stack)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.stack.close()

    def test_every_class_of_ids_is_expected(self) -> None:
        self.assertEqual(EXPECTED.keys(), SCENARIOS.keys())

    def test_table(self) -> None:
        for prefix, (name, status, kept) in EXPECTED.items():
            with self.subTest(prefix=prefix):
                track = prefix + 'errors0'
                answer = self.stack.get(f'/cdn/stream/{track}',
                                        {'Range': 'bytes=0-99'}, seconds=10)
                if not name:
                    self.assertEqual(answer.status, 206)
                    continue
                self.assertEqual(answer.status, status)
                self._is_told(answer, name, status, kept)
                self._is_kept(track, name, kept)
        self._log_is_clean()

    def _is_told(self, answer, name: str, status: int, kept: int) -> None:
        problem = answer.problem
        self.assertEqual(problem['code'], name)
        self.assertEqual(problem['status'], status)
        self.assertEqual(problem['retryable'], name not in PERMANENT)
        self.assertEqual(answer.headers['Cache-Control'], 'no-store')
        self.assertIsNone(re.search('youtube|yt-dlp|http', str(problem), re.I))
        after = answer.headers['Retry-After']
        if status < 500:
            self.assertIsNone(after)
        else:
            self.assertAlmostEqual(int(after), kept, delta=2)

    def _is_kept(self, track: str, name: str, kept: int) -> None:
        if name not in GLOBAL:
            self.assertAlmostEqual(self.jobs.key('TTL', f'failure:{track}'),
                                   kept, delta=2)
            self.assertEqual(self.jobs.key('EXISTS', 'breaker'), 0)
            return
        self.assertEqual(self.jobs.key('EXISTS', f'failure:{track}'), 0)
        self.assertEqual(self.jobs.key('HGET', 'breaker', 'class'),
                         name.encode())
        self.jobs.key('DEL', 'breaker')

    def _log_is_clean(self) -> None:
        log = self.stack.log('resolver')
        self.assertIn('track "priverrors0" cannot be resolved, private', log)
        self.assertNotRegex(log, r'[?&](sig|expire|ip)=')

    def test_a_kept_failure_asks_nobody(self) -> None:
        track = 'privkept000'
        for _ in range(3):
            self.assertEqual(self.stack.get(f'/cdn/stream/{track}').status,
                             404)
        self.assertEqual(len(self.stack.requests('player', track)), 1)

    def test_a_source_that_can_not_be_trusted(self) -> None:
        conf = self.stack.dir / 'strict.conf'
        own = Path(self.stack.source['ytdlp_conf']).read_text()
        conf.write_text(own.replace('--no-check-certificates', ''))
        self.stack.stop('resolver')
        self.stack.start_resolver(VOYO_YTDLP_CONF=str(conf))
        try:
            answer = self.stack.get('/cdn/stream/s30_tlstls0')
            self.assertEqual((answer.status, answer.problem['code']),
                             (502, 'tls'))
            self.assertAlmostEqual(int(answer.headers['Retry-After']), 30,
                                   delta=2)
        finally:
            self.stack.stop('resolver')
            self.stack.start_resolver()

    def test_what_nobody_knows_is_logged_whole_once(self) -> None:
        for number in range(3):
            kind, record = self.jobs.outcome(f'whatmelon0{number}')
            self.assertEqual((kind, record['error']), ('failure', 'extractor'))
        words = SCENARIOS['what'].playability['reason']
        self.assertEqual(self.stack.log('resolver').count(words), 1)
        wait_for(lambda: self.stack.heartbeats()[0]['jobs']['unknown']
                 >= 3, 'they are counted')


if __name__ == '__main__':
    unittest.main()
