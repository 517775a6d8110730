"""Redis: what all parts of this egress share."""

import inspect
import json
import re
import ssl
import time
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from problem import Failed, Wrong
from settings import ROOT, Settings

try:
    import redis
except ImportError:
    redis = None    # type: ignore

TIMEOUT = 3      # seconds


class Store:
    """A connection, opened and tested."""

    def __init__(self, settings: Settings) -> None:
        if redis is None:
            raise Failed('python3-redis is missing: install it, or run '
                         '"make deps"')

        self.prefix = f'voyo:{{{settings.egress}}}:'
        self.where = shown(settings.redis_url)
        # since 5.0 it says what it is, with a command that VOYO's user need
        # not be allowed
        parameters = inspect.signature(redis.Redis.__init__).parameters
        unsaid = {name: None for name in ('lib_name', 'lib_version')
                  if name in parameters}
        self.client = redis.Redis(
            **connection(settings.redis_url), **unsaid, decode_responses=True,
            encoding_errors='replace', socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT)
        # it answers, and lets this user in
        self.call('PING')

    def call(self, *command: Any) -> Any:
        try:
            return self.client.execute_command(*command)
        except redis.exceptions.ResponseError as error:
            # without the name of the script and its line
            why = re.split(r'\.? script:', str(error))[0]
            raise Failed(f'Redis at {self.where} refuses {command[0]}: '
                         f'{why}') from error
        except (redis.exceptions.RedisError, OSError) as error:
            raise Failed(f'Redis does not answer at {self.where}: '
                         f'{reason(error)}') from error

    def key(self, name: str) -> str:
        return self.prefix + name

    def script(self, name: str, keys: list[str], *values: Any) -> Any:
        """Runs common/lua/NAME.lua."""

        text = (ROOT / f'common/lua/{name}.lua').read_text()
        return self.call('EVAL', text, len(keys), *map(self.key, keys),
                         *values)

    def keep(self) -> None:
        """
        Has a Redis on this machine write its snapshot now, which VOYO's own
        does within a minute, so that no ban is lost with a process that is
        killed.  One that others run has rules of its own.
        """

        if not self.where.startswith('unix:'):
            return
        end = time.monotonic() + TIMEOUT
        asked = False
        while time.monotonic() < end:
            try:
                # refused while it writes one that began earlier
                if not asked:
                    self.client.bgsave()
                    asked = True
                elif not self.client.info('persistence')[
                        'rdb_bgsave_in_progress']:
                    return
            except redis.exceptions.NoPermissionError:
                return
            except redis.exceptions.ResponseError:
                pass
            time.sleep(0.02)

    def get_json(self, name: str) -> dict[str, Any] | None:
        """Of what is stored by VOYO; Redis is not trusted, so it may not."""

        try:
            found = json.loads(self.call('GET', self.key(name)) or 'null')
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def left(self, name: str) -> float | None:
        """Seconds that a key will live; None: there is none, or for ever."""

        found = self.call('PTTL', self.key(name))
        return found / 1000 if found >= 0 else None

    def now(self) -> float:
        seconds, microseconds = self.call('TIME')
        return int(seconds) + int(microseconds) / 1000000

    # What the scripts tell.

    def heartbeats(self) -> list[dict[str, Any]]:
        beats = self.script('heartbeats', ['resolvers', 'health'],
                            self.key('resolver:'))
        found = []
        for each in beats:
            try:
                beat = json.loads(each)
            except ValueError:
                continue
            if isinstance(beat, dict):
                found.append(beat)
        return found

    def shared(self) -> dict[str, Any]:
        """The queue, the budget that is spent, and the breaker."""

        play, prefetch, spent, kind, left = self.script(
            'status', ['jobs:play', 'jobs:prefetch', 'breaker', 'budget'])
        return {'play': play, 'prefetch': prefetch, 'spent': spent,
                'breaker': {'class': kind, 'left': left / 1000,
                            'state': 'open' if left else 'half_open'}
                if kind else None}


def reason(error: BaseException) -> str:
    """The system's own words, without redis-py's."""

    cause: BaseException | None = error
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, PermissionError):
            return 'permission denied, run this as root, or as VOYO\'s user'
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(error)


def shown(url: str) -> str:
    """Without the user and the password."""

    scheme, _, rest = url.partition('://')
    return f'{scheme}://{rest.rpartition("@")[2]}' if rest else url


def connection(url: str) -> dict[str, Any]:
    """The forms of REDIS_URL that docs/settings.md describes."""

    wrong = Wrong('REDIS_URL is wrong: it must be redis://, rediss:// or '
                  'unix:, with percent-encoding for special characters')
    try:
        parts = urlsplit(url)
        query = {name: values[0]
                 for name, values in parse_qs(parts.query).items()}
        if parts.scheme == 'unix' and parts.path.startswith('/'):
            return {'unix_socket_path': parts.path,
                    'db': int(query.get('db', 0))}
        if parts.scheme not in ('redis', 'rediss') or not parts.hostname:
            raise wrong
        found: dict[str, Any] = {
            'host': parts.hostname, 'port': parts.port or 6379,
            'db': int(parts.path.strip('/') or 0),
            'username': unquote(parts.username or '') or None,
            'password': unquote(parts.password or '') or None}
    except ValueError as error:
        raise wrong from error

    if parts.scheme == 'rediss':
        found |= {'ssl': True, 'ssl_cert_reqs': 'required',
                  'ssl_check_hostname': True,
                  'ssl_ca_certs': query.get(
                      'cacert', '/etc/ssl/certs/ca-certificates.crt')}
    return found
