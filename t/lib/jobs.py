"""Requests jobs like an edge, with the scripts of common/lua/."""

import json
import time
from typing import Any

from stack import ROOT, Stack, wait_for

PREFIX = 'voyo:{default}:'


SCRIPTS = {path.stem: path.read_text()
           for path in (ROOT / 'common/lua').glob('*.lua')}


def record_json(track: str, generation: int, **more: Any) -> str:
    """The beginning of a record, which is all that the scripts read."""

    return json.dumps({'v': 1, 'generation': generation, 'id': track, **more},
                      separators=(',', ':'))


class Jobs:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    def want(self, track: str, newer_than: int = 0, lane: str = 'play',
             client: str = '', worker: str = 'test', request: str = '',
             ) -> tuple[str, dict[str, Any] | None]:
        """Returns what is known of a track, and requests it if unknown."""

        keys = [PREFIX + each for each in (
            f'track:{track}', f'failure:{track}', f'lease:{track}',
            f'alive:{track}', f'request:{track}', f'ban:{track}', 'jobs:play',
            'jobs:prefetch', 'resolvers', 'breaker', 'budget', 'limits',
            f'turn:{client}', f'left:{client}')]
        answer = self._run('want', keys, track, worker, str(newer_than), lane,
                           request, client)
        return (answer[0].decode(),
                json.loads(answer[1]) if answer[0] != b'pending'
                and len(answer) > 1 else None)

    def leave(self, track: str, client: str = '', worker: str = 'test',
              lane: str = 'play') -> int:
        return self._run('leave', [PREFIX + each for each in (
            f'alive:{track}', f'jobs:{lane}', 'breaker', f'left:{client}')],
            track, worker, client)

    def take(self, track: str, lane: str = 'play', score: int = 1,
             token: str = 'test', budget: int = 1000) -> list[bytes]:
        """Takes a lease, like a resolver that has popped a job."""

        return self._run('take', [PREFIX + each for each in (
            f'track:{track}', f'lease:{track}', 'breaker', 'budget',
            f'alive:{track}', f'request:{track}', 'takedowns')], track, token,
            '2000',
            str(score), lane, str(budget))

    def renew(self, track: str, token: str, generation: int) -> int:
        return self._run('renew', [PREFIX + each for each in (
            f'lease:{track}', 'breaker', f'track:{track}')],
            token, '2000', track, str(generation))

    def finish(self, track: str, token: str, generation: int,
               kind: str = 'record', met: str = '', address: str = '',
               **more: Any) -> int:
        return self._run('finish', [PREFIX + each for each in (
            f'track:{track}', f'failure:{track}', f'lease:{track}',
            'jobs:play', 'jobs:prefetch', 'events', 'breaker', 'limits',
            f'ban:{track}', 'takedowns')],
            track, token, kind, record_json(track, generation, **more), '60',
            str(generation), 'none', '1', '60', met, address)

    def takedown(self, track: str, error: str = '') -> list[Any]:
        """Takes a track down: for good with "error", the class of a ban."""

        return self._run('takedown', [PREFIX + each for each in (
            f'track:{track}', f'failure:{track}', f'ban:{track}', 'jobs:play',
            'jobs:prefetch', 'takedowns', 'events')], track, error)

    def unban(self, track: str) -> int:
        return self._run('unban', [f'{PREFIX}ban:{track}'])

    def _run(self, name: str, keys: list[str], *arguments: str) -> Any:
        return self.stack.redis('EVAL', SCRIPTS[name], str(len(keys)), *keys,
                                *arguments)

    def outcome(self, track: str, newer_than: int = 0, lane: str = 'play',
                seconds: float = 15) -> tuple[str, dict[str, Any]]:
        """Queries like a parked request, until there is an outcome."""

        end, asked = time.monotonic() + seconds, 0.0
        while time.monotonic() < end:
            if time.monotonic() - asked > 0.5:
                asked = time.monotonic()
                kind, record = self.want(track, newer_than, lane)
            else:
                kind, record = self.want(track, newer_than, 'none')
            if record is not None:
                return kind, record
            time.sleep(0.005)
        raise AssertionError(f'{track} is not answered in {seconds} s')

    def key(self, *command: str) -> Any:
        """Runs a command on a key, named without the prefix."""

        name, key, *rest = command
        return self.stack.redis(name, PREFIX + key, *rest)

    def pretend(self, queue: int = 1000, budget: int = 1000) -> None:
        """Pretends that a resolver is alive, which takes no jobs."""

        # a heartbeat is believed for 5 s: one of these always counts
        now = int(1000 * time.time())
        self.key('ZADD', 'resolvers', *(
            word for n in range(100)
            for word in (str(now + 5001 * n), f'nobody{n}')))
        self.key('HSET', 'limits', 'queue', str(queue), 'budget', str(budget))

    def forget(self, track: str) -> None:
        for kind in ('track', 'failure', 'lease', 'alive'):
            self.key('DEL', f'{kind}:{track}')

    def settled(self) -> None:
        """Waits until nothing is queued or being resolved."""

        def idle() -> bool:
            return not any(self.key('ZCARD', f'jobs:{lane}')
                           for lane in ('play', 'prefetch')) \
                and not self.stack.redis('KEYS', PREFIX + 'lease:*')

        wait_for(idle, 'all jobs are done', 20)
