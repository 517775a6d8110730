#!/usr/bin/python3

"""Many listeners at the pace of the sound, of VOYO and of a static nginx.

    bench/listeners.py [--listeners N] [--seconds S]

Listeners of 100 cached tracks of four minutes (bench/listeners.c) read a burst
of 64 KiB and then 16 kB/s, first from VOYO, then from the same files served
statically by the same nginx with as many workers.  Printed for each: memory of
the workers per listener, beyond that without listeners, processor time, stalls
and the first byte.  A byte that is wrong fails.
"""

import argparse
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 't/lib'))

from stack import NGINX, Stack, free_port, wait_for  # noqa: E402

TRACKS = [f'm04_lstn{number:03}' for number in range(100)]
RATE = 16_000                          # bytes/s, 128 kb/s
BURST = 64 * 1024
WORKERS = 2
CONNECTIONS = 32768


class Large(Stack):
    def _render(self, home: Path, values: dict[str, Any]) -> None:
        super()._render(home, {**values, 'CONNECTIONS': CONNECTIONS})


def build() -> Path:
    program = ROOT / 'build/bench/listeners'
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(['gcc', '-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall',
                    '-Wextra', '-Werror', '-o', program,
                    ROOT / 'bench/listeners.c'], check=True)
    return program


def workers(master: int) -> list[str]:
    return Path(f'/proc/{master}/task/{master}/children').read_text().split()


def memory(master: int) -> int:
    """Anonymous memory of the workers, in bytes."""

    kilobytes = 0
    for pid in workers(master):
        found = re.search(r'(?m)^Anonymous: +(\d+) kB',
                          Path(f'/proc/{pid}/smaps_rollup').read_text())
        kilobytes += int(found[1]) if found else 0
    return kilobytes * 1024


def settled(master: int) -> None:
    """Waits until the workers have made what they make at their start."""

    seen = [0, -1]
    while len(workers(master)) < WORKERS or seen[-1] != seen[-2]:
        time.sleep(0.3)
        seen.append(memory(master))


def processor(master: int) -> float:
    """Seconds, of the workers."""

    ticks = 0
    for pid in workers(master):
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2]
        ticks += sum(map(int, fields.split()[11:13]))
    return ticks / 100


def measure(name: str, master: int, port: int, paths: list[str],
            files: list[Path], n: int, seconds: int) -> None:
    arguments = [text for pair in zip(paths, map(str, files)) for text in pair]
    settled(master)
    before, used = memory(master), processor(master)
    process = subprocess.Popen(
        [build(), *map(str, (port, n, RATE, BURST, seconds)), *arguments],
        stdout=subprocess.PIPE, text=True)
    time.sleep(seconds * 0.9)
    each = (memory(master) - before) / n / 1024
    said, _ = process.communicate()
    if process.returncode:
        raise SystemExit(process.returncode)
    result = json.loads(said)
    cores = (processor(master) - used) / seconds
    if result['wrong'] or result['began'] < n:
        raise SystemExit(f'{name}: {said}')
    print(f'{f"listeners, {n} of {name}":<44} {each:6.1f} KiB each  '
          f'{cores:5.2f} cores  {result["stalled"]} stalled, at most '
          f'{result["longest_stall"]:.1f} s  first byte p50 '
          f'{result["first_p50"]:.1f} ms, p99 {result["first_p99"]:.1f} ms'
          + ('   expected <= 16 KiB' if name == 'VOYO' else ''), flush=True)


def run(n: int, seconds: int) -> None:
    stack = Large(workers=WORKERS)
    try:
        home = stack.dir / 'static'
        (home / 'logs').mkdir(parents=True)
        files = []
        for track in TRACKS:
            body = stack.get(f'/cdn/stream/{track}').body
            assert body == stack.file(track), track
            files.append(home / f'{track}.m4a')
            files[-1].write_bytes(body)
        measure('VOYO', stack.parts['nginx'].pid, stack.port,
                [f'/cdn/stream/{track}' for track in TRACKS], files, n, seconds)
        static(stack, home, files, n, seconds)
    finally:
        stack.close()


def static(stack: Stack, home: Path, files: list[Path], n: int,
           seconds: int) -> None:
    port = free_port()
    (home / 'nginx.conf').write_text(f'''
user root; daemon off; worker_processes {WORKERS}; pid {home}/pid;
worker_rlimit_nofile {2 * CONNECTIONS};
events {{ worker_connections {CONNECTIONS}; }}
http {{
    access_log off; sendfile on;
    server {{
        listen 127.0.0.1:{port} sndbuf=256k backlog=1024;
        location / {{ root {home}; }}
    }}
}}
''')
    process = subprocess.Popen(
        [NGINX, '-p', home, '-e', 'stderr', '-c', home / 'nginx.conf'],
        stderr=(stack.dir / 'static.log').open('ab'))
    try:
        wait_for(lambda: (home / 'pid').exists(), 'nginx runs')
        measure('static files', process.pid, port,
                [f'/{path.name}' for path in files], files, n, seconds)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--listeners', type=int, default=10_000)
    parser.add_argument('--seconds', type=int, default=30)
    options = parser.parse_args()
    run(options.listeners, options.seconds)


if __name__ == '__main__':
    main()
