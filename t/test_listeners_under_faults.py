"""Listeners while parts fail: the short form of `make faults`."""

import asyncio
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / 'lib'),
                str(Path(__file__).parent / 'faults')]

import faults  # noqa: E402
import run  # noqa: E402
from stack import Stack  # noqa: E402


class MediaResets(faults.Resets):
    on = ('media',)


class ListenersTest(unittest.TestCase):
    stack: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.stack = Stack()
        cls.stack.provoked += [r'exited on signal 9', r'redis', r'media host',
                               r'prematurely closed', r'zone']
        cls.addClassCleanup(cls.stack.close)

    def suffer(self, kind: type[faults.Fault], *answers: int) -> None:
        result = asyncio.run(run.suffer(kind(self.stack), 20, 1.5, 0.5))
        crowd = result.crowd
        self.assertGreater(len(crowd.requests), 20)
        self.assertNotIn(500, [status for status, _ in crowd.answers()])
        self.assertEqual(crowd.empty(), [])
        self.assertEqual(result.corrupt, 0)
        self.assertIsNotNone(result.plays_after)
        self.assertIsNotNone(result.healthy_after)
        # but for a connection that is lost with its worker
        self.assertLessEqual(
            {each.status for each in crowd.requests if each.kind == 'hot'},
            {200, 206, *answers})

    def test_a_worker_of_nginx_is_killed(self) -> None:
        self.suffer(faults.WorkerKilled, 0)

    def test_redis_is_killed(self) -> None:
        self.suffer(faults.RedisKilled)

    def test_the_resolver_is_killed(self) -> None:
        self.suffer(faults.ResolverKilled)

    def test_media_hosts_reset_connections(self) -> None:
        self.suffer(MediaResets)


if __name__ == '__main__':
    unittest.main()
