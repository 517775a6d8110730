"""nginx without the module, with the same configuration otherwise."""

import http.client
import os
import re
import shutil
import subprocess
from pathlib import Path

from stack import NGINX, Stack, free_port, wait_for


class Without:
    """The edge only, with one track; its cache is hard links to VOYO's."""

    def __init__(self, stack: Stack, track: str, representation: str) -> None:
        ours, home = stack.dir / 'home', stack.dir / 'without'
        self.stack = stack
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.known = {
            'slice': '$slice_range', 'representation': representation,
            'track': track, 'timing': 'resolve;dur=0',
            'resolve_time': '0.000',
            # $request_id takes longer than the module's
            'request_id': '$connection-$connection_requests',
            'client': '$remote_addr',
            'served': "'medium; codec=aac; bitrate=129514'"}
        for name in ('run', 'tmp', 'conf'):
            (home / name).mkdir(parents=True)
        # so that neither side has a better page layout in memory
        shutil.copytree(ours / 'cache', home / 'cache', copy_function=os.link)
        files = list((ours / 'conf').iterdir())
        self.defined = {
            name for path in files for name in re.findall(
                r'(?m)^ *(?:geo|map|set) [^{;]*?\$(voyo_\w+)(?: [^$;{]*)?[{;]',
                path.read_text())}
        for path in files:
            text = self._without(path.read_text()).replace(
                str(ours), str(home)).replace(
                f':{stack.port} ', f':{self.port} ')
            (home / 'conf' / path.name).write_text(text)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [NGINX, '-p', self.home, '-e', 'stderr', '-c',
             self.home / 'conf/nginx.conf'],
            stderr=(self.stack.dir / 'without.log').open('ab'))
        wait_for(self._has_it, 'nginx has the track')

    def _without(self, text: str) -> str:
        # the first server is the edge
        servers = list(re.finditer(r'\n    server \{', text))
        if servers:
            text = text[:servers[1].start()] + '\n}\n'
        text = re.sub(r'(?m)^ *(?:load_module|voyo_)[^;]*;', '', text)
        return re.sub(r'\$\{?voyo_(\w+)\b\}?', self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        """What a variable of the module has; those of its maps stay."""

        if f'voyo_{found[1]}' in self.defined:
            return found[0]
        return self.known.get(found[1], '$uri')

    def _has_it(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError('nginx ended, see without.log')
        connection = http.client.HTTPConnection('127.0.0.1', self.port)
        try:
            connection.request('GET', f'/cdn/stream/{self.known["track"]}')
            answer = connection.getresponse()
            return answer.status == 200 and bool(answer.read())
        except ConnectionRefusedError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
