"""Debian's nginx without the module, for comparison or as a proxy."""

import signal
import socket
import subprocess
from pathlib import Path

from stack import free_port, wait_for


class Plain:
    """One process; "http" is the content of its http block, with @PORT@."""

    def __init__(self, home: Path, http: str) -> None:
        self.port = free_port()
        self.log = home / 'plain.log'
        for name in ('tmp', 'cache'):
            (home / name).mkdir(parents=True, exist_ok=True)
        paths = '\n'.join(f'{name}_temp_path {home}/tmp/{name};' for name in (
            'client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
        conf = home / 'plain.conf'
        conf.write_text(f'''
daemon off;
user root;
pid {home}/plain.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    {paths}
    {http.replace('@PORT@', str(self.port))}
}}
''')
        with self.log.open('wb') as log:
            self.process = subprocess.Popen(
                ['/usr/sbin/nginx', '-p', home, '-e', 'stderr', '-c', conf],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for(self._listens, 'nginx listens')
        except BaseException:
            self.stop()
            raise

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.log.read_text())
        with socket.socket() as probe:
            return probe.connect_ex(('127.0.0.1', self.port)) == 0

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()
