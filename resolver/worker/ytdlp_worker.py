"""A plugin that turns yt-dlp into a warm worker of the resolver.

yt-dlp itself runs it, as `yt-dlp --plugin-dirs DIR [options] ytserve:`,
however it is installed (docs/upstream.md, Y2), so yt-dlp has read its
configuration and imported everything before the first job.

Each line of standard input is a job, each line of standard output an answer,
in JSON:

    <- {"ready": true, "version": …, "pid": …, "file": "…",
        "profiles": ["fast", "visitor", "full"], "javascript": "deno 2.5.1",
        "cookies": the file's path or "", "configuration": its hash}
        (or "ready": false, "error": what is wrong with the settings)
    -> {"job": 1, "id": "dQw4w9WgXcQ", "profile": "fast", "deadline": 12.5}
    <- {"job": 1, "info": {…} or null, "error": "…" or null,
        "warnings": ["…"], "deadline": false}
    -> {"job": 2, "url": "https://…", "at": 3433513, "user_agent": "…",
        "hosts": ".googlevideo.com", "deadline": 2.5}
    <- {"job": 2, "status": 206, …}         (0: there was no response)

It ends when standard input is closed, or its parent ends.
"""

import ctypes
import hashlib
import json
import os
import re
import signal
import sys

from yt_dlp import YoutubeDL, version
from yt_dlp.extractor.common import InfoExtractor
from yt_dlp.globals import plugin_dirs
from yt_dlp.utils import expand_path
from yt_dlp_plugins.extractor.ytdlp_proof import Prover

# The user's options that a worker obeys: how, and as whom, to reach the source,
# but not what to do with the result.

OPTIONS = (
    'ap_mso', 'ap_password', 'ap_username', 'cachedir', 'client_certificate',
    'client_certificate_key', 'client_certificate_password', 'compat_opts',
    'cookiefile', 'cookiesfrombrowser', 'geo_bypass', 'geo_bypass_country',
    'geo_bypass_ip_block', 'impersonate', 'js_runtimes',
    'legacyserverconnect', 'netrc_cmd', 'netrc_location',
    'nocheckcertificate', 'password', 'prefer_insecure', 'remote_components',
    'sleep_interval_requests', 'socket_timeout', 'source_address',
    'twofactor', 'username', 'usenetrc', 'videopassword',
)

# One request for all audio formats (docs/upstream.md, Y8); after a bot check
# also the web page, for a visitor identity.

FAST = {
    'player_client': ['visionos'],
    'player_skip': ['webpage', 'configs', 'js', 'initial_data'],
    'skip': ['hls', 'dash', 'translated_subs'],
}
VISITOR = {**FAST, 'player_skip': ['configs', 'js', 'initial_data']}
BUILT_IN = {'fast': FAST, 'visitor': VISITOR, 'full': {}}

FORMAT_FIELDS = (
    'acodec', 'audio_channels', 'available_at', 'ext', 'filesize',
    'format_id', 'format_note', 'has_drm', 'language_preference', 'protocol',
    'tbr', 'url', 'vcodec',
)

INFO_FIELDS = (
    'album', 'artist', 'artists', 'channel', 'duration', 'live_status',
    'release_timestamp', 'thumbnail', 'title', 'uploader',
)

RUNTIMES = ('deno', 'node', 'quickjs', 'bun')       # yt-dlp's own order

PR_SET_PDEATHSIG = 1

TEXT_MAX = 2000         # of an error or a warning
WARNINGS_MAX = 40


class Refused(Exception):
    """A setting that cannot be used, and why."""


class Deadline(BaseException):
    """Not an Exception: yt-dlp and its libraries catch those."""


class Log:
    """yt-dlp's messages during one job (docs/upstream.md, Y4)."""

    def __init__(self):
        self.lines = []

    def debug(self, message):
        pass

    def warning(self, message):
        if len(self.lines) < WARNINGS_MAX:
            self.lines.append(clean(message)[:TEXT_MAX])

    def error(self, message):
        self.warning(message)


class Profile:
    """One warm YoutubeDL, which runs one job at a time."""

    def __init__(self, params, extractor_args):
        self.log = Log()
        self.responses = None
        self.ydl = YoutubeDL({
            'socket_timeout': 6,       # and one retry: Y5
            **{name: value for name, value in params.items()
               if value is not None},
            'extractor_args': extractor_args,
            'extractor_retries': 1,
            'allowed_extractors': ['youtube$'],
            'color': 'never',
            'format': 'all',
            'format_sort': ['lang'],
            'ignore_no_formats_error': True,
            'logger': self.log,
            'noplaylist': True,
            'quiet': True,
            'simulate': True,
        }, auto_init=False)
        self.ydl.add_default_info_extractors()
        self._hook(self.ydl.get_info_extractor('Youtube'))

    def _hook(self, extractor):
        """Reads what only the player's responses have (Y9)."""

        extract = getattr(extractor, '_extract_player_responses', None)
        if not callable(extract):
            return

        def extract_player_responses(*args, **kwargs):
            result = extract(*args, **kwargs)
            self.responses = result
            return result

        extractor._extract_player_responses = extract_player_responses

    def extract(self, track):
        self.log.lines = []
        self.responses = None
        for forgotten in ('_printed_messages', '_playlist_urls'):
            getattr(self.ydl, forgotten, set()).clear()

        info = self.ydl.extract_info(
            f'https://www.youtube.com/watch?v={track}', download=False)
        if not info or info.get('id') != track:
            raise ValueError('The answer is about another video')
        return self._compact(info)

    def _compact(self, info):
        result = {name: info.get(name) for name in INFO_FIELDS}
        formats = info.get('formats') or []
        result['total'] = sum(      # without storyboards
            each.get('acodec') != 'none' or each.get('vcodec') != 'none'
            for each in formats)
        result['formats'] = [
            {**{name: each.get(name) for name in FORMAT_FIELDS},
             'fragments': bool(each.get('fragments')),
             'user_agent': (each.get('http_headers') or {}).get('User-Agent')}
            for each in formats
            if each.get('acodec') != 'none' and each.get('url')]
        result.update(self._details())
        return result

    def _details(self):
        details = {}
        try:
            for response in self.responses[0]:
                audio = (response.get('playerConfig') or {}).get('audioConfig')
                if audio and 'loudnessDb' in audio:
                    details['loudness'] = float(audio['loudnessDb'])
                author = (response.get('videoDetails') or {}).get('author')
                if author:
                    details['author'] = str(author)
        except Exception:       # yt-dlp has changed; these are optional
            pass
        return details


class Worker:
    def __init__(self, params):
        self.params = {name: params.get(name) for name in OPTIONS}
        self.params['js_runtimes'] = runtimes(params.get('js_runtimes'))
        self.args = params.get('extractor_args') or {}
        self.cookies = cookies(params.get('cookiefile'))
        self.profiles = {}
        self.prover = Prover(self.params)
        self.armed = False

        youtube = self.args.get('youtube', {})
        if 'player_client' in youtube or params.get('cookiefile') \
           or params.get('cookiesfrombrowser'):
            # a client of the user's is the only one; fast takes no account
            self.names = ['full']
        else:
            self.names = list(BUILT_IN)
        ydl = self.profile(self.names[0]).ydl
        if self.cookies:
            _ = ydl.cookiejar      # now, not when the file is another
        usable, self.javascript = javascript(ydl)
        if not usable and 'fast' in self.names:
            # yt-dlp's defaults are the fast one's client then (Y11)
            self.names.remove('full')

    def hash(self):
        """Of what decides how the source answers, beside yt-dlp itself."""

        def plain(value):
            return sorted(map(str, value)) if isinstance(value, (set, frozenset)) \
                else str(value)

        digest = hashlib.sha256(json.dumps(
            [self.params, self.args, self.javascript, plugin_dirs.value],
            sort_keys=True, default=plain).encode())
        if self.cookies:
            with open(self.cookies, 'rb') as file:
                digest.update(file.read())
        return digest.hexdigest()[:16]

    def profile(self, name):
        if name not in self.profiles:
            args = dict(self.args)
            args['youtube'] = {**BUILT_IN[name], **args.get('youtube', {})}
            self.profiles[name] = Profile(self.params, args)
        return self.profiles[name]

    def run(self, job):
        answer = {'job': job['job'], 'info': None, 'error': None,
                  'warnings': [], 'deadline': False, 'status': 0}
        profile = 'id' in job and self.profile(job['profile'])
        try:
            self._arm(job['deadline'])
            try:
                if profile:
                    answer['info'] = profile.extract(job['id'])
                else:
                    answer['status'] = self.prover.prove(
                        job['url'], job['at'], job.get('user_agent'),
                        job['hosts'].split())
            except Exception as error:
                answer['error'] = clean(error)[:TEXT_MAX] \
                    or type(error).__name__
            self.armed = False
        except Deadline:
            answer['deadline'] = True
        finally:
            self.armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        if profile:
            answer['warnings'] = profile.log.lines
        return answer

    def _arm(self, seconds):
        # repeatedly, in case a handler swallows the exception
        self.armed = True
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)

    def alarm(self, _number, _frame):
        if self.armed:
            raise Deadline


def cookies(path):
    """The path of a cookie file that can be used, or "" (Y13)."""

    if not path:
        return ''
    path = os.path.abspath(expand_path(path))
    try:
        with open(path, encoding='utf-8') as file:
            text = file.read()
    except UnicodeDecodeError:
        fault = 'is no text'
    except OSError as error:
        fault = f'cannot be read: {error.strerror}'
    else:
        fault = ('is empty' if not text.strip()
                 else 'is JSON, it must be in Netscape format'
                 if text.lstrip()[0] in '[{'
                 else 'does not begin with "# Netscape HTTP Cookie File"'
                 if not re.match('#( Netscape)? HTTP Cookie File', text)
                 else '' if re.search('^[^\\n]+(\t[^\\n]*){6}$', text, re.M)
                 else 'has no cookies')
    if fault:
        raise Refused(f'the cookie file "{path}" of VOYO_YTDLP_CONF {fault}')
    return path


def runtimes(configured):
    """The JavaScript runtimes that yt-dlp may use, as it takes them."""

    wanted = os.environ.get('VOYO_JS_RUNTIME')
    if wanted == 'none':
        return {}
    if wanted:
        name, _, path = wanted.partition(':')
        if name not in RUNTIMES:
            raise Refused(f'VOYO_JS_RUNTIME="{wanted}" is wrong: it must be '
                          f'none, or one of {", ".join(RUNTIMES)}, which ":" '
                          'and a path may follow')
        return {name: {'path': path or None}}
    if configured == {'deno': {'path': None}}:      # by default
        return {name: {'path': None} for name in RUNTIMES}
    return configured


def javascript(ydl):
    """Describes the JavaScript runtime, or why there is none (Y11)."""

    try:
        found = [(runtime.info, name) for name in RUNTIMES
                 for runtime in [ydl._js_runtimes.get(name)]
                 if runtime and runtime.info]
        usable = [(info, name) for info, name in found if info.supported]
    except Exception:       # yt-dlp has changed
        return True, 'unknown'

    if not usable:
        old = ', '.join(f'{info.name} {info.version}' for info, _ in found)
        words = f'none, too old: {old}' if old else 'none'
        wanted = os.environ.get('VOYO_JS_RUNTIME') or 'none'
        if wanted != 'none':
            raise Refused(f'VOYO_JS_RUNTIME is "{wanted}", which '
                          + (f'is too old: {old}' if old
                             else 'cannot be run'))
        return False, words

    info, name = usable[0]
    words = f'{info.name} {info.version}'
    return True, words if solver(ydl, name) else f'{words}, without its solver'


def solver(ydl, name):
    """Whether the scripts that solve YouTube's challenges are installed."""

    remote = ydl.params.get('remote_components') or ()
    try:
        from yt_dlp.dependencies import yt_dlp_ejs
    except ImportError:
        yt_dlp_ejs = None
    return bool(yt_dlp_ejs or 'ejs:github' in remote
                or 'ejs:npm' in remote and name in ('deno', 'bun'))


def clean(text):
    """Replaces lone surrogates, which are invalid in JSON."""

    return str(text).encode('utf-8', 'replace').decode('utf-8')


def tidy(value):
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(name): tidy(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [tidy(each) for each in value]
    if isinstance(value, float) and (value != value or abs(value) > 1e18):
        return None
    return value if isinstance(value, (int, float)) else None


def code(path):
    """The file that contains the code; for a zipapp, the archive."""

    while path and not os.path.exists(path):
        path = os.path.dirname(path)
    return path if os.path.isfile(path) else ''


def serve(params):
    # if a wrapper is killed, this process must end too
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return

    # other output must not mix with the protocol
    jobs = os.fdopen(os.dup(0), 'rb')
    answers = os.fdopen(os.dup(1), 'wb')
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)

    def send(answer):
        answers.write(json.dumps(tidy(answer)).encode() + b'\n')
        answers.flush()

    ready = {'ready': False, 'version': version.__version__,
             'pid': os.getpid(), 'file': code(version.__file__)}
    try:
        if params.get('proxy') is not None:
            raise Refused('VOYO_YTDLP_CONF sets a proxy: a media URL only '
                          'works from the address that resolved it, and nginx '
                          'would not use the proxy')
        worker = Worker(params)
    except Refused as error:
        send({**ready, 'error': clean(error)})
        return

    signal.signal(signal.SIGALRM, worker.alarm)
    send({**ready, 'ready': True, 'profiles': worker.names,
          'javascript': worker.javascript, 'cookies': worker.cookies,
          'configuration': worker.hash()})

    for line in jobs:
        send(worker.run(json.loads(line)))


class VoyoServeIE(InfoExtractor):
    IE_NAME = 'voyo:serve'
    IE_DESC = False
    _VALID_URL = r'ytserve:$'

    def _real_extract(self, url):
        try:
            serve(self._downloader.params)
        except BrokenPipeError:
            pass
        sys.stderr.flush()
        os._exit(0)
