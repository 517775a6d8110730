#!/usr/bin/python3 -B

"""deploy/compose.yaml, with images that need no registry: `make test-image`."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent)]

from container import expected, settings  # noqa: E402
from engine import BASE, ROOT, build, environment, image  # noqa: E402
from engine import inspect, podman  # noqa: E402
from stack import free_port, wait_for  # noqa: E402

PROJECT = f'voyo{os.getpid()}'
OTHERS = f'''
FROM {BASE}
RUN apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y \\
    --no-install-recommends install nodejs redis-server
RUN useradd node && mkdir /data && chown redis /data
'''
PORTS = '20001,20002,20003,20004,20005,20006'     # nobody else is there


class ComposeTest(unittest.TestCase):
    def setUp(self) -> None:
        self.image = image()
        self.directory = Path(self.enterContext(
            tempfile.TemporaryDirectory(prefix='voyo-compose-')))
        self.directory.chmod(0o755)
        self.port = free_port()
        (self.directory / 'Dockerfile').write_text(OTHERS)
        build('localhost/others', self.directory / 'Dockerfile',
              self.directory)

    def compose(self, *arguments: str) -> None:
        """With other images, a free port, and the stand-in as the source."""

        override = self.directory / 'override.json'
        override.write_text(json.dumps({'services': {
            'voyo': {'image': self.image,
                     'environment': {**settings(self.source),
                                     'VOYO_YTDLP_UPDATE': 'never'},
                     'volumes': [f'{self.directory}:{self.directory}:ro']},
            'redis': {'image': 'localhost/others'},
            'app': {'image': 'localhost/others'}}}))
        text = (ROOT / 'deploy/compose.yaml').read_text()
        file = self.directory / 'compose.yaml'
        file.write_text(text.replace('"8080:', f'"127.0.0.1:{self.port}:')
                        .replace('./example', f'{ROOT}/deploy/example'))
        subprocess.run(
            ['podman-compose', '--project-name', PROJECT, '-f', file, '-f',
             override, *arguments], check=True, env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=300)

    def start_source(self, *prefix: str) -> None:
        process = subprocess.Popen(
            [*prefix, '/usr/bin/python3', '-B', ROOT / 't/youtube/server.py',
             '--dir', self.directory, '--media', ROOT / 'build/media',
             '--ports', PORTS], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        assert process.stdout is not None
        self.source = json.loads(process.stdout.readline())
        self.running = process

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(
                    f'http://127.0.0.1:{self.port}{path}', timeout=60) as got:
                return got.status, got.read()
        except OSError:
            return 0, b''

    def test_an_app_behind_it(self) -> None:
        # once on its own, for its files; then where VOYO is
        self.start_source('unshare', '--net', 'sh', '-c',
                          'ip link set lo up; exec "$@"', 'sh')
        self.running.terminate()
        self.running.wait()

        # podman-compose leaves its network
        self.addCleanup(podman, 'network', 'rm', f'{PROJECT}_default')
        self.addCleanup(self.compose, 'down', '--volumes')
        self.compose('up', '--detach', '--no-build')
        names = {service: f'{PROJECT}_{service}_1'
                 for service in ('voyo', 'redis', 'app')}
        wait_for(lambda: inspect(names['voyo'])['State']['Pid'], 'it runs')
        self.start_source('nsenter', '--net', '--target',
                          str(inspect(names['voyo'])['State']['Pid']))

        try:
            wait_for(lambda: self.get('/health')[0] == 200, 'it is healthy',
                     60)
        except AssertionError as error:
            logs = (podman('logs', each, errors=True)
                    for each in names.values())
            raise AssertionError('\n'.join([str(error), *logs])) from None
        # the app's page, and what it plays
        status, page = self.get('/')
        self.assertEqual(status, 200)
        self.assertIn(b'src="/cdn/stream/', page)
        self.assertEqual(self.get('/cdn/stream/s30_compose'),
                         (200, expected(30)))
        # the record is in the Redis next to it
        self.assertEqual(podman(
            'exec', names['redis'], 'redis-cli', 'exists',
            'voyo:{default}:track:s30_compose'), '1')

        found = inspect(names['voyo'])
        self.assertTrue(found['HostConfig']['ReadonlyRootfs'])
        podman('stop', '-t', '30', names['voyo'])
        self.assertEqual(inspect(names['voyo'])['State']['ExitCode'], 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
