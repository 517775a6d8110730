#!/usr/bin/python3

"""What a listener costs, by how much of an hour it has played.

    bench/hour.py [--listeners N]

Listeners of one cached track of an hour read up to 1, 25, 50 and 90 per cent of
it and stop, as media elements do with a full buffer.  Printed for each are the
anonymous memory and the descriptors of nginx's worker, beyond those without
listeners, per listener; of VOYO, and of a static file with the same nginx and
the same settings of its sockets.  A listener whose bytes are wrong fails.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 't/lib'))

from stack import NGINX, Stack, free_port, wait_for  # noqa: E402

TRACK = 'h01_bigtrac'
PLAYED = (1, 25, 50, 90)               # per cent


class Listeners:
    def __init__(self, port: int, path: str, body: bytes, n: int) -> None:
        self.body = body
        self.read = 0
        self.sockets = []
        for _ in range(n):
            sock = socket.socket()
            # as of a media element, it is read no faster than it is played
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            sock.connect(('127.0.0.1', port))
            sock.sendall(f'GET {path} HTTP/1.1\r\nHost: voyo\r\n\r\n'.encode())
            self.sockets.append(sock)
        self.streams = [each.makefile('rb') for each in self.sockets]
        for stream in self.streams:
            status = stream.readline()
            assert b' 200 ' in status, status
            while stream.readline() != b'\r\n':
                pass

    def play(self, part: int) -> None:
        """Reads up to that per cent, all at the same pace."""

        target = len(self.body) * part // 100
        while self.read < target:
            n = min(256 * 1024, target - self.read)
            expected = self.body[self.read:self.read + n]
            for stream in self.streams:
                assert stream.read(n) == expected, 'wrong bytes'
            self.read += n

    def close(self) -> None:
        for stream, sock in zip(self.streams, self.sockets):
            stream.close()
            sock.close()


def cost(pid: int) -> tuple[int, int]:
    """Anonymous memory, in bytes, and descriptors."""

    rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
    kilobytes = re.search(r'(?m)^Anonymous: +(\d+) kB', rollup)
    assert kilobytes
    return int(kilobytes[1]) * 1024, len(os.listdir(f'/proc/{pid}/fd'))


def worker(master: int) -> int:
    return int(Path(f'/proc/{master}/task/{master}/children'
                    ).read_text().split()[0])


def measure(master: int, port: int, path: str, body: bytes, n: int
            ) -> list[tuple[float, float]]:
    # what the first listener makes the worker allocate for all
    first = Listeners(port, path, body, 1)
    first.play(100)
    first.close()
    pid = worker(master)
    wait_for(lambda: not connections(pid, port), 'the listener has left')
    memory, files = cost(pid)
    listeners = Listeners(port, path, body, n)
    found = []
    for part in PLAYED:
        listeners.play(part)
        now = cost(pid)
        found.append(((now[0] - memory) / n, (now[1] - files) / n))
    listeners.close()
    return found


def connections(pid: int, port: int) -> list[str]:
    inodes = {os.readlink(f'/proc/{pid}/fd/{name}')
              for name in os.listdir(f'/proc/{pid}/fd')}
    lines = Path(f'/proc/{pid}/net/tcp').read_text().splitlines()[1:]
    return [line for line in lines if f':{port:04X} ' in line.split()[1] + ' '
            and line.split()[3] == '01'
            and f'socket:[{line.split()[9]}]' in inodes]


def static(stack: Stack, body: bytes, n: int) -> list[tuple[float, float]]:
    home = stack.dir / 'static'
    (home / 'logs').mkdir(parents=True)
    (home / 'hour.m4a').write_bytes(body)
    port = free_port()
    (home / 'nginx.conf').write_text(f'''
user root; daemon off; worker_processes 1; pid {home}/pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on;
    server {{
        listen 127.0.0.1:{port} sndbuf=256k;
        location / {{ root {home}; }}
    }}
}}
''')
    process = subprocess.Popen(
        [NGINX, '-p', home, '-e', 'stderr', '-c', home / 'nginx.conf'],
        stderr=(stack.dir / 'static.log').open('ab'))
    try:
        wait_for(lambda: socket.socket().connect_ex(('127.0.0.1', port)) == 0,
                 'nginx listens')
        return measure(process.pid, port, '/hour.m4a', body, n)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def run(stack: Stack, n: int) -> None:
    path = f'/cdn/stream/{TRACK}'
    body = stack.get(path).body
    rows = {'VOYO': measure(stack.parts['nginx'].pid, stack.port, path, body, n),
            'a static file': static(stack, body, n)}
    for name, found in rows.items():
        for part, (memory, files) in zip(PLAYED, found):
            print(f'{f"hour, a listener of {name}, {part} %":<44} '
                  f'{memory / 1024:8.1f} KiB  {files:6.1f} descriptors'
                  + ('   expected <= 24, 5'
                     if (name, part) == ('VOYO', 90) else ''), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--listeners', type=int, default=200)
    options = parser.parse_args()
    stack = Stack(workers=1)
    try:
        run(stack, options.listeners)
    finally:
        stack.close()


if __name__ == '__main__':
    main()
