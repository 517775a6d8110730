#!/usr/bin/python3 -B

"""The image, as containers run it: `make test-image`.

VOYO_IMAGE names an image to test instead of building one.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent)]

from container import Container, expected, settings  # noqa: E402
from engine import ROOT, image, inspect, podman  # noqa: E402
from stack import SLICE, Stack, free_port, wait_for  # noqa: E402

MEGABYTES = 220
READY = 3.0          # seconds; on a busy machine, as long as this many cold
TIMES = 5            # yt-dlp's take, of which it starts one after the other
LISTENERS = 200
TRACKS = 20
MEMORY = 512
NGINX = """
daemon off;
pid /var/lib/voyo/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path /var/lib/voyo/1;
    proxy_temp_path /var/lib/voyo/2;
    fastcgi_temp_path /var/lib/voyo/3;
    uwsgi_temp_path /var/lib/voyo/4;
    scgi_temp_path /var/lib/voyo/5;
    server { listen PORT; return 200; }
}
"""
STARTS: dict[str, dict[str, Any]] = {
    'nginx': {'CONF': NGINX, 'command': (
        'sh', '-c', 'echo "$CONF" | sed "s/PORT/$PORT/" > /var/lib/voyo/conf; '
        'exec nginx -e stderr -c /var/lib/voyo/conf')},
    'yt-dlp': {'command': ('/opt/voyo/build/prefix/bin/yt-dlp',
                           '--ignore-config', '--version')}}


class ImageTest(unittest.TestCase):
    image: str
    source: Stack

    @classmethod
    def setUpClass(cls) -> None:
        cls.image = image()
        # its Redis is not used
        cls.source = Stack(nginx=False, resolver=False)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.source.close()

    def setUp(self) -> None:
        self.source.control('/reset', {})

    def container(self, *options: str, **more: Any) -> Container:
        found = Container(
            self.image, f'--volume={self.source.dir}/source:{self.source.dir}'
            '/source:ro', *options, **settings(self.source.source), **more)
        self.addCleanup(found.remove)
        return found

    def running(self, *options: str, **more: Any) -> Container:
        found = self.container(*options, **more)
        found.start()
        found.healthy()
        return found

    def plays(self, container: Container, track: str = 's30_image01') -> None:
        status, body = container.get(f'/cdn/stream/{track}')
        self.assertEqual(status, 200)
        self.assertEqual(body, expected(30))

    # What it is.

    def test_what_it_contains(self) -> None:
        with mounted(self.image) as root:
            used = int(subprocess.run(
                ['du', '-sxm', root], check=True, stdout=subprocess.PIPE,
                text=True).stdout.split()[0])
            print(f'the image has {used} MB unpacked')
            self.assertLessEqual(used, MEGABYTES)
            for name in ('gcc', 'cc', 'ld', 'as', 'make', 'pip', 'g++'):
                self.assertFalse((root / 'usr/bin' / name).exists(), name)
            # any user can write there
            self.assertEqual((root / 'var/lib/voyo').stat().st_mode & 0o7777,
                             0o1777)

    def test_what_it_says_of_itself(self) -> None:
        found = inspect(self.image)
        labels = found['Labels']
        self.assertIn(labels['org.opencontainers.image.version'], podman(
            'run', '--rm', self.image, '/opt/voyo/build/voyo-resolver',
            '--version').split())
        self.assertRegex(labels['org.opencontainers.image.revision'],
                         '^([0-9a-f]{40}|unknown)$')
        for name in ('title', 'description', 'licenses'):
            self.assertTrue(labels[f'org.opencontainers.image.{name}'])
        self.assertEqual(found['Config']['User'], '10001:0')
        self.assertEqual(found['Config']['Cmd'], ['/opt/voyo/deploy/voyo'])
        self.assertIn('8080/tcp', found['Config']['ExposedPorts'])
        self.assertEqual(found['Healthcheck']['Test'],
                         ['CMD', '/opt/voyo/deploy/health'])

    # How it starts and stops.

    def test_it_is_soon_ready(self) -> None:
        # the best of some, in turn with what else there is to start
        best = {'nginx': 60.0, 'yt-dlp': 60.0, 'voyo': 60.0}
        for _ in range(3):
            for name in best:
                container = self.container(**STARTS.get(name, {}))
                began = container.start()
                if name == 'yt-dlp':
                    podman('wait', container.name)
                    took = time.monotonic() - began
                else:
                    took = container.healthy() - began
                best[name] = min(best[name], took)
                container.remove()
            if best['voyo'] <= READY:
                break

        print('ready after {voyo:.2f} s, plain nginx after {nginx:.2f} s; '
              'yt-dlp --version takes {yt-dlp:.2f} s'.format(**best))
        self.assertLessEqual(best['voyo'], max(READY, TIMES * best['yt-dlp']))

    def test_it_plays_and_is_healthy(self) -> None:
        voyo = self.running()
        self.plays(voyo)
        status, health = voyo.get('/health')
        self.assertEqual(status, 200)
        self.assertIn(b'"status":"healthy"', health)
        # a runtime for the scripts that YouTube sends
        self.assertIn(b'"javascript":"quickjs', health)
        self.assertEqual(podman('healthcheck', 'run', voyo.name), '')
        self.assertIn('uid=10001(voyo) gid=0', voyo.execute('id'))
        # the operator's commands
        self.assertRegex(voyo.execute('voyo', 'status'),
                         r'^VOYO is healthy(\n\w+ +ok .*)+$')
        self.assertIn('1 of 1', voyo.execute('voyo', 'explain',
                                             's30_image01'))

    def test_a_check_of_health_that_fails(self) -> None:
        voyo = self.container(command=('sleep', '600'))
        voyo.start()
        with self.assertRaises(AssertionError):
            podman('exec', voyo.name, '/opt/voyo/deploy/health')

    def test_term_during_a_download(self) -> None:
        voyo = self.running()
        track = 'm04_image02'
        self.assertEqual(voyo.get(f'/cdn/stream/{track}')[1], expected(240))

        # a client that still has most of it to come, and one of a track that
        # has to be fetched, from a source that is slow
        self.source.switch(faults=[{'do': {'throttle': 20000}, 'on': 'media',
                                    'id': 'm04_image03'}])
        with Download(voyo, track) as known, \
                Download(voyo, 'm04_image03') as cold:
            known.some()
            cold.some()
            ended: list[int] = []
            stopping = threading.Thread(
                target=lambda: ended.append(voyo.stop()))
            stopping.start()
            wait_for(lambda: not voyo.listens(), 'it is stopping', 30)
            self.assertEqual(known.rest(), expected(240))
            self.assertLess(len(cold.rest()), len(expected(240)))
            stopping.join()

        self.assertEqual(ended, [0], voyo.log())
        log = voyo.log()
        # each part ended by itself
        self.assertIn('resolver: stopped', log)
        self.assertIn('Redis is now ready to exit', log)
        self.assertNotIn('does not stop', log)
        self.assertNotRegex(log, r'\[(error|alert|crit|emerg)\]')
        state = inspect(voyo.name)['State']
        self.assertEqual((state['Status'], state['OOMKilled']),
                         ('exited', False))
        # what it wrote is complete
        with mounted(voyo.name, of='') as root:
            self.assertEqual(list((root / 'var/lib/voyo/run').glob('*.sock')),
                             [])
            self.assertTrue((root / 'var/lib/voyo/redis/voyo.rdb').exists())

    # Where it runs.

    def test_any_user_and_nothing_to_write_to(self) -> None:
        for user in ('12345', '12345:12345', '0'):
            with self.subTest(user=user):
                voyo = self.running(
                    '--read-only', '--read-only-tmpfs=false',
                    '--tmpfs=/var/lib/voyo:rw,mode=1777', f'--user={user}',
                    '--security-opt=no-new-privileges',
                    # root's parts run as www-data
                    *(('--cap-drop=all',) if user != '0' else ()))
                self.plays(voyo)
                self.assertIn(f'uid={user.split(":")[0]}',
                              voyo.execute('id'))
                with self.assertRaises(AssertionError):
                    voyo.execute('touch', '/tmp/x')
                self.assertEqual(voyo.stop(), 0, voyo.log())

    def test_what_it_keeps(self) -> None:
        # a cache on a volume outlives the container
        volume = f'{self.source.dir.name}'
        self.addCleanup(podman, 'volume', 'rm', '--force', volume)
        self.plays(first := self.running(f'--volume={volume}:/var/lib/voyo'))
        self.assertEqual(first.stop(), 0)
        self.source.control('/reset', {})
        self.plays(self.running(f'--volume={volume}:/var/lib/voyo'))
        self.assertEqual(self.source.requests('media', 's30_image01'), [])
        self.assertEqual(self.source.requests('player'), [])

    def test_ipv6_only(self) -> None:
        # its network has no IPv4 but the loopback's, where the source is
        with Network() as network:
            voyo = Container(
                self.image, f'--volume={network.directory}:{network.directory}:ro',
                host=network.theirs, network=f'ns:/run/netns/{network.name}',
                REDIS_URL=f'redis://[{network.ours}]:{network.redis}',
                **settings(network.source))
            self.addCleanup(voyo.remove)
            voyo.start()
            voyo.healthy()
            self.plays(voyo)
            self.assertEqual(voyo.stop(), 0, voyo.log())

    def test_512_megabytes(self) -> None:
        voyo = self.running(f'--memory={MEMORY}m', f'--memory-swap={MEMORY}m')
        limits = voyo.limits()
        for n in range(TRACKS):
            self.assertEqual(
                voyo.get(f'/cdn/stream/m04_known{n:02}',
                         **{'X-Forwarded-For': f'10.9.9.{n}'})[0], 200)
        asyncio.run(crowd(voyo))

        most, kills = memory(limits)
        print(f'{LISTENERS} listeners and {TRACKS} cold tracks in {MEMORY} '
              f'MB: at most {most >> 20} MB, with the cache of files, '
              f'{kills} kills')
        self.assertEqual(kills, 0)
        self.assertNotIn('ended with status', voyo.log())
        self.assertEqual(voyo.stop(), 0, voyo.log())


async def crowd(voyo: Container) -> None:
    """Listeners who have begun wait until the cold tracks have been played."""

    whole = expected(240)

    async def listen(number: int, track: str, played: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection(
            voyo.host, voyo.port, limit=1 << 16)
        writer.write(f'GET /cdn/stream/{track} HTTP/1.1\r\nHost: voyo\r\n'
                     f'X-Forwarded-For: 10.1.{number >> 8}.{number & 255}\r\n'
                     'Connection: close\r\n\r\n'.encode())
        head = await reader.readuntil(b'\r\n\r\n')
        assert head.startswith(b'HTTP/1.1 200 '), head
        at = 0
        while piece := await reader.read(1 << 16):
            assert whole.startswith(piece, at), (track, at)
            at += len(piece)
            if at > SLICE // 4:
                await played.wait()
        assert at == len(whole), (track, at)
        writer.close()

    played, now = asyncio.Event(), asyncio.Event()
    now.set()
    waiting = [asyncio.create_task(
        listen(n, f'm04_known{n % TRACKS:02}', played))
        for n in range(LISTENERS)]
    await asyncio.gather(*(
        listen(LISTENERS + n, f'm04_cold0{n:02}', now) for n in range(TRACKS)))
    played.set()
    await asyncio.gather(*waiting)


def memory(limits: Path) -> tuple[int, int]:
    """The most that was used, and how many processes were killed for it."""

    if (limits / 'memory.peak').exists():
        most, events = limits / 'memory.peak', limits / 'memory.events'
    else:
        most = limits / 'memory.max_usage_in_bytes'
        events = limits / 'memory.oom_control'
    kills = re.findall(r'^oom_kill (\d+)', events.read_text(), re.M)[0]
    return int(most.read_text()), int(kills)


class mounted:
    """The files of an image, or of a container."""

    def __init__(self, name: str, of: str = 'image') -> None:
        self.name, self.of = name, [of] if of else []

    def __enter__(self) -> Path:
        return Path(podman(*self.of, 'mount', self.name))

    def __exit__(self, *_: Any) -> None:
        podman(*self.of, 'unmount', self.name)


class Download:
    """A client that reads only when told to."""

    def __init__(self, voyo: Container, track: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        self.socket.settimeout(60)
        self.socket.connect((voyo.host, voyo.port))
        self.socket.sendall(f'GET /cdn/stream/{track} HTTP/1.0\r\n'
                            'Connection: close\r\n\r\n'.encode())
        self.data = b''

    def __enter__(self) -> 'Download':
        return self

    def __exit__(self, *_: Any) -> None:
        self.socket.close()

    def some(self) -> None:
        while b'\r\n\r\n' not in self.data[:-1]:
            self.data += self.socket.recv(4096)

    def rest(self) -> bytes:
        pieces = [self.data]
        try:
            while piece := self.socket.recv(1 << 16):
                pieces.append(piece)
        except ConnectionResetError:
            pass
        return b''.join(pieces).partition(b'\r\n\r\n')[2]


class Network:
    """
    A network namespace with an IPv6 address, where the stand-in source runs, and
    a Redis outside it.
    """

    def __init__(self) -> None:
        self.name = f'voyo{os.getpid()}'
        self.ours, self.theirs = 'fd00:70::1', 'fd00:70::2'
        self.redis = free_port()
        self.parts: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> 'Network':
        for line in (
                f'netns add {self.name}',
                f'link add {self.name} type veth peer name eth0 netns '
                f'{self.name}',
                f'addr add {self.ours}/64 dev {self.name} nodad',
                f'link set {self.name} up',
                f'-n {self.name} addr add {self.theirs}/64 dev eth0 nodad',
                f'-n {self.name} link set eth0 up',
                f'-n {self.name} link set lo up'):
            subprocess.run(['ip', *line.split()], check=True)

        self.temporary = tempfile.TemporaryDirectory(prefix='voyo-image-')
        self.directory = Path(self.temporary.name)
        self.directory.chmod(0o755)
        self.part('redis-server', '--bind', self.ours, '--port',
                  str(self.redis), '--protected-mode', 'no', '--save', '')
        source = self.part(
            'ip', 'netns', 'exec', self.name, '/usr/bin/python3', '-B',
            ROOT / 't/youtube/server.py', '--dir', self.directory, '--media',
            ROOT / 'build/media')
        assert source.stdout is not None
        self.source = json.loads(source.stdout.readline())
        return self

    def part(self, *command: str | Path) -> subprocess.Popen[bytes]:
        self.parts.append(subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE))
        return self.parts[-1]

    def __exit__(self, *_: Any) -> None:
        for process in self.parts:
            process.terminate()
            process.communicate()
        self.temporary.cleanup()
        subprocess.run(['ip', 'netns', 'del', self.name], check=True)


if __name__ == '__main__':
    unittest.main(verbosity=2)
