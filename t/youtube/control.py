"""The control interface and its state.  See README.md."""

import asyncio
import itertools
import json
import re
import time
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any

from tracks import SCENARIOS, Scenario, scenario
from wire import Answer, Request

KINDS = ('player', 'page', 'media', 'thumb')

ACTIONS = {
    # before the response
    'delay', 'reset', 'stall', 'status', 'location', 'redirect', 'html',
    'reencode',
    # in the response
    'whole', 'short', 'total', 'length', 'type', 'headers', 'cut', 'throttle',
    'crumbs',
}


@dataclass
class Fault:
    do: dict[str, Any]
    on: str = 'media'
    id: str | None = None
    itag: int | None = None
    begin: int = 0                     # ranges that begin here or later
    at: int | None = None              # only ranges that begin exactly here
    nth: int = 1                       # from the nth such request on
    times: int | None = None           # so many times; None: permanently
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.on not in KINDS:
            raise ValueError(f'no such kind: {self.on}')
        if unknown := set(self.do) - ACTIONS:
            raise ValueError(f'no such action: {sorted(unknown)}')

    def strikes(self, entry: 'Entry') -> bool:
        if self.on != entry.kind \
           or self.id not in (None, entry.id) \
           or self.itag not in (None, entry.itag) \
           or self.at not in (None, entry.begin) \
           or (self.begin and (entry.begin is None
                               or entry.begin < self.begin)):
            return False

        self.seen += 1
        if self.seen < self.nth or self.fired == self.times:
            return False

        self.fired += 1
        return True


@dataclass
class Entry:
    """A request in the log; its last fields change until it has finished."""

    number: int
    kind: str
    id: str | None
    itag: int | None
    connection: int
    port: int
    secure: bool
    tls: str | None                    # its version, with TLS
    method: str
    target: str
    range: str | None
    user_agent: str | None
    headers: dict[str, str]
    time: float = field(default_factory=time.time)
    fault: dict[str, Any] = field(default_factory=dict)
    why: str | None = None             # the reason, if it was refused
    status: int = 0                    # 0: no header was sent
    sent: int = 0                      # bytes of the body
    seconds: float = 0.0
    done: bool = False

    @property
    def begin(self) -> int | None:
        match = re.match(r'bytes=(\d+)', self.range or '')
        return int(match[1]) if match else None


@dataclass
class Settings:
    latency: dict[str, float] = field(default_factory=lambda: {
        'player': 0, 'page': 0, 'media': 0, 'thumb': 0, 'connect': 0})
    scheme: str = 'http'               # of the URLs it issues
    host: str = '127.0.0.1'            # in them
    expires_in: int = 21600
    cap: int = 1024 * 1024             # the longest range
    strict: bool = True                # enforce the rules of Range and HEAD
    bound: bool = True                 # and that a URL is for one address
    behave: dict[str, str] = field(default_factory=dict)   # id -> prefix
    faults: list[Fault] = field(default_factory=list)


class State:
    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.serials = itertools.count(1)
        self.serial = 0                # of the newest player response
        self.reset()

    def reset(self) -> None:
        self.settings = Settings(scheme=self.scheme)
        self.log: list[Entry] = []
        self.takes: dict[str, int] = {}
        self.dead: dict[str, int] = {}  # id or '*' -> newest dead serial

    # For the hosts.

    def begin(self, kind: str, track: str | None, itag: int | None,
              request: Request) -> Entry:
        entry = Entry(
            len(self.log) + 1, kind, track, itag, request.connection,
            request.port, request.secure, request.tls, request.method,
            request.target,
            request.headers.get('range'), request.headers.get('user-agent'),
            request.headers)
        for fault in self.settings.faults:
            if fault.strikes(entry):
                entry.fault.update(fault.do)
        if track and entry.fault.get('reencode'):
            self.dead[track] = self.serial
            self.takes[track] = self.take(track) + 1
        self.log.append(entry)
        return entry

    def scenario(self, track: str) -> Scenario:
        return scenario(self.settings.behave.get(track, track))

    def resolved(self) -> int:
        self.serial = next(self.serials)
        return self.serial

    def is_dead(self, track: str, serial: int) -> bool:
        return serial <= max(self.dead.get(track, 0), self.dead.get('*', 0))

    def take(self, track: str) -> int:
        return self.takes.get(track, 0)

    @staticmethod
    def lmt(track: str, itag: int, xtags: str, take: int) -> int:
        """Microseconds, as at YouTube; different for each encoding."""

        name = f'{track}/{itag}/{xtags}/{take}'.encode()
        return 1_600_000_000_000_000 + 10_000 * zlib.crc32(name)

    # For the tests.

    def switch(self, change: dict[str, Any]) -> None:
        change = dict(change)
        expire = change.pop('expire', [])
        reencode = change.pop('reencode', [])
        faults = [Fault(**each) for each in change.pop('faults', [])]
        forget = change.pop('forget_faults', False)
        forget_of = change.pop('forget_faults_of', None)
        latency = change.pop('latency', {})
        behave = change.pop('behave', {})

        plain = {'scheme', 'host', 'expires_in', 'cap', 'strict',
                 'bound'}
        known = self.settings.latency.keys()
        if unknown := (set(change) - plain) | (set(latency) - known):
            raise ValueError(f'no such switch: {sorted(unknown)}')
        if unknown := set(behave.values()) - SCENARIOS.keys():
            raise ValueError(f'no such scenario: {sorted(unknown)}')
        if change.get('scheme') not in (None, 'http', 'https'):
            raise ValueError('scheme is http or https')

        for name, value in change.items():
            setattr(self.settings, name, value)
        self.settings.latency.update(latency)
        self.settings.behave.update(behave)
        if forget:
            self.settings.faults.clear()
        if forget_of is not None:
            self.settings.faults = [each for each in self.settings.faults
                                    if each.id != forget_of]
        self.settings.faults.extend(faults)
        for track in expire:
            self.dead[track] = self.serial
        for track in reencode:
            self.takes[track] = self.take(track) + 1


class Control:
    def __init__(self, state: State, hosts: dict[str, Any]) -> None:
        self.state = state
        self.hosts = hosts

    async def handle(self, request: Request, answer: Answer,
                     _reader: asyncio.StreamReader) -> None:
        try:
            result = await self._answer(request)
            status = 200
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            result, status = {'error': str(error)}, 400
        await answer.whole(status, 'application/json',
                           json.dumps(result).encode() + b'\n')

    async def _answer(self, request: Request) -> Any:
        match request.method, request.path:
            case 'GET', '/log':
                return [asdict(entry) for entry in self.state.log
                        if self._wanted(entry, request.query)]
            case 'GET', '/state':
                return {
                    'settings': asdict(self.state.settings),
                    'connections': {
                        name: {'open': wire.open, 'total': wire.total}
                        for name, wire in self.hosts['wires'].items()},
                }
            case 'GET', '/track':
                return await self.hosts['player'].describe(
                    request.query['id'])
            case 'POST', '/reset':
                self.state.reset()
                return {}
            case 'POST', '/switch':
                self.state.switch(json.loads(request.body))
                return {}
        raise ValueError(f'no such call: {request.method} {request.path}')

    @staticmethod
    def _wanted(entry: Entry, query: dict[str, str]) -> bool:
        return all(str(getattr(entry, name)) == value
                   for name, value in query.items())
