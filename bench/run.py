#!/usr/bin/python3

"""Benchmarks, as ratios and differences within one run.

    make bench          or: bench/run.py [WHAT...] [--runs N]

cold  the first byte of an unknown track, minus the worker's extraction and a
      direct first byte from the source on a new TLS connection
warm  the first byte of a track whose record is known but that is not cached,
      compared with a direct fetch on a kept-alive connection
far   cold, with 150 ms of latency for every exchange with the source
ahead the throughput of an uncached track of four minutes, the media host 100 ms
      away, with and without reading ahead; and how long a client waits for data
      while it plays the track
hot   64 KiB ranges and whole files from the cache, compared with the same nginx
      and configuration without the module: CPU time of the workers per request,
      seven pairs, both of a pair loaded at the same time on one core
hour  the memory and the descriptors of a listener, by how much it has played
listeners  10,000 of them at the pace of the sound, compared with static files
resolver  a track by a warm worker, compared with a yt-dlp process for each, in
      one run; the resolver's own time from a popped job to its event; its
      memory with a full queue

No result fails on absolute time, since machines are shared and noisy.  The
expected values are printed beside the measured ones.
"""

import argparse
import http.client
import json
import os
import random
import re
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 't/lib'))

import ytdlp  # noqa: E402
from jobs import Jobs  # noqa: E402
from stack import SLICE, Stack, wait_for  # noqa: E402
from without import Without  # noqa: E402

import hour  # noqa: E402
import listeners  # noqa: E402

RANGE = 64 * 1024
RESTARTS = 3                           # of nginx, for each pair
LOADS = 6                              # of one second, after each restart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('what', nargs='*',
                        default=['cold', 'warm', 'far', 'ahead', 'hot',
                                 'hour', 'listeners', 'resolver'])
    parser.add_argument('--runs', type=int, default=30)
    options = parser.parse_args()

    stack = Stack(workers=2, scheme='https')
    try:
        for each in options.what:
            {'cold': cold, 'warm': warm, 'far': far, 'ahead': ahead,
             'hot': hot, 'hour': hour_of_one, 'listeners': many,
             'resolver': resolver}[each](stack, options.runs)
    finally:
        stack.close()


def report(name: str, milliseconds: list[float], expected: str) -> None:
    ordered = sorted(milliseconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(f'{name:<44} p50 {statistics.median(ordered):8.2f} ms   '
          f'p95 {p95:8.2f} ms   expected {expected}', flush=True)


def first_byte(connection: http.client.HTTPConnection, path: str,
               headers: dict[str, str]) -> float:
    """Milliseconds to the first byte of the body, which is read completely."""

    began = time.perf_counter()
    connection.request('GET', path, headers=headers)
    answer = connection.getresponse()
    first = answer.read(1)
    took = 1000 * (time.perf_counter() - began)
    if answer.status not in (200, 206) or not first:
        raise SystemExit(f'{path} was answered {answer.status}')
    answer.read()
    return took


def ours(stack: Stack) -> http.client.HTTPConnection:
    return http.client.HTTPConnection('127.0.0.1', stack.port, timeout=30)


def record(stack: Stack, track: str) -> dict:
    text = stack.redis('GET', f'voyo:{{default}}:track:{track}')
    formats = json.loads(text)['formats']
    return next(each for each in formats
                if each['representation'].split('.')[1] == '140')


def direct(stack: Stack, url: str) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=stack.source['ca'])
    return http.client.HTTPSConnection(urlsplit(url).netloc, timeout=30,
                                       context=context)


def target(url: str) -> str:
    parts = urlsplit(url)
    return f'{parts.path}?{parts.query}'


def extraction(stack: Stack, track: str) -> float:
    """Milliseconds the worker took, from the resolver's log."""

    line = wait_for(lambda: next(
        (line for line in stack.log('resolver').splitlines()
         if track in line and 'is resolved' in line), None), 'a log line')
    found = re.search(r'resolved in ([\d.]+) ms, ([\d.]+) ms without yt-dlp',
                      line)
    assert found, line
    return float(found[1]) - float(found[2])


def unknown(kind: str) -> str:
    alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
    return kind + ''.join(random.choices(alphabet, k=7))


def cold(stack: Stack, runs: int) -> None:
    whole, own = [], []
    for number in range(runs + 3):
        track = unknown('s30_')
        connection = ours(stack)
        took = first_byte(connection, f'/cdn/stream/{track}',
                          {'Range': f'bytes=0-{SLICE - 1}'})
        connection.close()
        url = record(stack, track)['url']
        source = direct(stack, url)
        fetch = first_byte(source, target(url),
                           {'Range': f'bytes=0-{SLICE - 1}'})
        source.close()
        if number >= 3:
            whole.append(took)
            own.append(took - extraction(stack, track) - fetch)
    report('cold, all of it', whole, '')
    report('cold, less extraction and a direct fetch', own,
           'p50 <= 10 ms, p95 <= 40 ms')


def warm(stack: Stack, runs: int) -> None:
    extra, plain = [], []
    connection = ours(stack)
    source = None
    for _ in range(runs):
        track = unknown('s30_')
        connection.request('HEAD', f'/cdn/stream/{track}')
        connection.getresponse().read()
        url = record(stack, track)['url']
        if source is None:
            source = direct(stack, url)
            first_byte(source, target(url), {'Range': 'bytes=0-0'})
        wanted = {'Range': f'bytes=0-{SLICE - 1}'}
        fetch = first_byte(source, target(url), wanted)
        took = first_byte(connection, f'/cdn/stream/{track}', wanted)
        plain.append(fetch)
        extra.append(took - fetch)
    report('a direct fetch on a kept connection', plain, '')
    report('warm, beyond that', extra, 'p50 <= 3 ms')


def far(stack: Stack, runs: int) -> None:
    stack.switch(latency={'player': 150, 'media': 150, 'connect': 150})
    times = []
    for _ in range(runs):
        connection = ours(stack)
        times.append(first_byte(connection,
                                f'/cdn/stream/{unknown("s30_")}',
                                {'Range': 'bytes=0-65535'}))
        connection.close()
    stack.switch(latency={'player': 0, 'media': 0, 'connect': 0})
    report('cold, the source 150 ms away', times, '<= 1000 ms')


# Read-ahead.

AWAY = 100           # latency of the media host, in milliseconds
PLAYED = 8           # factor of the playing speed
PIECE = 16 * 1024


def ahead(stack: Stack, _runs: int) -> None:
    without = Stack(workers=2, scheme='https', ahead=0)
    try:
        for each in (stack, without):
            each.switch(latency={'media': AWAY})
        rates = [(rate(stack), rate(without)) for _ in range(7)]
        waits = [(played(stack), played(without)) for _ in range(2)]
    finally:
        stack.switch(latency={'media': 0})
        without.close()
    mine, other = (statistics.median(each) for each in zip(*rates))
    ratios = [one / two for one, two in rates]
    print(f'{"cold, read ahead, the media host 100 ms away":<44} '
          f'ratio {statistics.median(ratios):.2f} '
          f'({min(ratios):.2f} to {max(ratios):.2f})   expected >= 3   '
          f'{mine / 1e6:.1f} MB/s, without {other / 1e6:.1f} MB/s')
    mine, other = (1000 * max(each) for each in zip(*waits))
    print(f'{f"the same at {PLAYED} times playing speed, longest wait":<44} '
          f'{mine:8.2f} ms   without {other:.2f} ms   expected 0 to 50 ms')


def rate(stack: Stack) -> float:
    """Bytes per second of an uncached track, from the first byte to the last."""

    connection = ours(stack)
    connection.request('GET', f'/cdn/stream/{unknown("m04_")}')
    answer = connection.getresponse()
    size = len(answer.read(1))
    began = time.perf_counter()
    while piece := answer.read(1 << 20):
        size += len(piece)
    took = time.perf_counter() - began
    connection.close()
    return size / took


def played(stack: Stack) -> float:
    """The longest time that a client waited for data, in seconds."""

    connection = http.client.HTTPConnection('127.0.0.1', stack.port,
                                            timeout=30)
    connection.connect()
    # the client's own buffers must not hide a wait
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * PIECE)
    connection.request('GET', f'/cdn/stream/{unknown("m04_")}')
    answer = connection.getresponse()
    size = int(answer.headers['Content-Length'])
    each = 240 / PLAYED / (size / PIECE)
    answer.read(PIECE)
    longest, due = 0.0, time.perf_counter()
    while True:
        due += each
        time.sleep(max(0.0, due - time.perf_counter()))
        began = time.perf_counter()
        if not answer.read(PIECE):
            break
        longest = max(longest, time.perf_counter() - began)
    connection.close()
    return longest


# The hot path.

def hot(stack: Stack, _runs: int) -> None:
    track = 'm04_hottrac'
    answer = stack.get(f'/cdn/stream/{track}')
    size = len(answer.body)
    without = Without(stack, track, answer.headers['ETag'].strip('"'))
    processors = os.sched_getaffinity(0)
    # Processes started from here share one core, so that other load on the
    # machine affects both sides alike.
    os.sched_setaffinity(0, {min(processors)})
    try:
        for name, script in (('64 KiB ranges', ranges), ('whole files', None)):
            pairs = [pair(stack, without, f'/cdn/stream/{track}', size, script)
                     for _ in range(7)]
            ratios = [mine[0] / other[0] for mine, other in pairs]
            speeds = [[each[1] for each in side] for side in zip(*pairs)]
            print(f'{f"hot {name}, processor per request":<44} '
                  f'ratio {statistics.median(ratios):.3f} '
                  f'({min(ratios):.3f} to {max(ratios):.3f})   '
                  f'expected <= 1.05   '
                  f'{statistics.median(speeds[0]):.0f} requests/s, '
                  f'without the module {statistics.median(speeds[1]):.0f}',
                  flush=True)
    finally:
        os.sched_setaffinity(0, processors)
        stack.stop('nginx', signal.SIGQUIT)
        stack.start_nginx()


def ranges(path: str, size: int) -> str:
    return f'''
local n = 0
request = function()
  n = n + 1
  local first = (n * 7919 * 4096) % {size - RANGE}
  return wrk.format("GET", "{path}",
                    {{ Range = "bytes=" .. first .. "-"
                               .. (first + {RANGE} - 1) }})
end
'''


def pair(stack: Stack, without: Without, path: str, size: int,
         make: Callable[[str, int], str] | None) -> list[tuple[float, float]]:
    """CPU seconds per request, and requests per second, of both."""

    script = stack.dir / 'load.lua'
    script.write_text(make(path, size) if make else '')
    used, requests = [0.0, 0.0], [0, 0]
    # two processes of the same nginx differ by some per cent, as do connections
    for _ in range(RESTARTS):
        stack.stop('nginx', signal.SIGQUIT)
        stack.start_nginx()
        stack.get(path)
        try:
            without.start()
            sides = ((stack.parts['nginx'].pid, stack.port),
                     (without.process.pid, without.port))
            before = [processor(master) for master, _ in sides]
            for turn in range(LOADS):
                # the side that starts first is at a slight disadvantage
                order = (0, 1) if turn % 2 else (1, 0)
                for i, n in load(order, sides, path, script).items():
                    requests[i] += n
            for i, (master, _) in enumerate(sides):
                used[i] += processor(master) - before[i]
        finally:
            without.stop()
    return [(used[i] / requests[i], requests[i] / RESTARTS / LOADS)
            for i in (0, 1)]


def load(order: tuple[int, int], sides: tuple[tuple[int, int], ...],
         path: str, script: Path) -> dict[int, int]:
    """Loads both sides for a second; returns the requests each answered."""

    running = {i: subprocess.Popen(
        ['wrk', '-t1', '-c16', '-d1s', '-s', script,
         f'http://127.0.0.1:{sides[i][1]}{path}'],
        stdout=subprocess.PIPE, text=True) for i in order}
    said = {i: each.communicate()[0] for i, each in running.items()}
    for text in said.values():
        assert 'requests in' in text and 'Non-2xx' not in text, text
    return {i: int(re.search(r'(\d+) requests in', text)[1])
            for i, text in said.items()}


def processor(master: int) -> float:
    ticks = 0
    for child in Path(f'/proc/{master}/task/{master}/children'
                      ).read_text().split():
        fields = Path(f'/proc/{child}/stat').read_text().rpartition(')')[2]
        ticks += sum(map(int, fields.split()[11:13]))
    return ticks / os.sysconf('SC_CLK_TCK')


def hour_of_one(_stack: Stack, _runs: int) -> None:
    stack = Stack(workers=1)
    try:
        hour.run(stack, 200)
    finally:
        stack.close()


def many(_stack: Stack, _runs: int) -> None:
    listeners.run(10_000, 30)


# The resolver by itself.

def resolver(_stack: Stack, runs: int) -> None:
    stack = Stack(nginx=False, resolver=False, ytdlp_workers=1, settings={
        'VOYO_BUDGET': '100000', 'VOYO_QUEUE': '1000'})
    jobs = Jobs(stack)
    try:
        stack.start_resolver('warm')
        warm, own = resolved(stack, jobs, 'warm', 10 * runs)
        stack.stop('warm')
        stack.start_resolver('cold', ytdlp=ytdlp.without_plugins(stack))
        cold_times, _ = resolved(stack, jobs, 'cold', 10)
        stack.stop('cold')

        report('a track by a warm worker', warm, '')
        report('a track by a yt-dlp process each', cold_times, '')
        ratio = statistics.median(cold_times) / statistics.median(warm)
        print(f'{"cold : warm":<44} {ratio:.1f}   expected >= 15')
        report("the resolver's own time for a track", own, 'p50 <= 1 ms')
        full_queue(stack, jobs)
    finally:
        stack.close()


def resolved(stack: Stack, jobs: Jobs, name: str, n: int
             ) -> tuple[list[float], list[float]]:
    """Milliseconds for each of n tracks, in total and without yt-dlp."""

    for _ in range(n + 3):
        jobs.outcome(unknown('s30_'))
    found = [tuple(map(float, each)) for each in re.findall(
        r'is resolved in ([\d.]+) ms, ([\d.]+) ms without yt-dlp',
        stack.log(name))][3:]
    assert len(found) == n
    return [each[0] for each in found], [each[1] for each in found]


def full_queue(stack: Stack, jobs: Jobs) -> None:
    stack.start_resolver('full')
    for _ in range(20):
        jobs.outcome(unknown('s30_'))
    stack.switch(latency={'player': 5000})
    while jobs.want(unknown('s30_'))[0] == 'pending':
        pass
    queued = jobs.key('ZCARD', 'jobs:play')
    time.sleep(3)                      # a heartbeat with the full queue
    used = ytdlp.anonymous(stack.parts['full'].pid) / 1024 / 1024
    print(f'{"RssAnon, " + str(queued) + " tracks queued":<44} '
          f'{used:.1f} MB   expected <= 4 MB')


if __name__ == '__main__':
    main()
