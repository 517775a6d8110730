#!/usr/bin/python3

"""A filter between the resolver and a worker that causes faults by track id.

    faulty_worker.py DIRECTORY YT_DLP [options]

Characters 4 to 8 of an id name the fault, which occurs once per id: DIRECTORY
keeps a file for each.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

struck, *command = sys.argv[1:]
hoard = []


def main() -> None:
    if 'ytserve:' not in command:
        os.execv(command[0], command)
    worker = subprocess.Popen(command, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    ready = json.loads(worker.stdout.readline())
    # the resolver then measures the memory of this process
    say(json.dumps({**ready, 'pid': os.getpid()}).encode() + b'\n')
    for line in sys.stdin.buffer:
        job = json.loads(line)
        fault = FAULTS.get(job.get('id', '')[4:8])
        mark = Path(struck, job.get('id', ''))
        if fault and not mark.exists():
            mark.touch()
            fault(job)
        worker.stdin.write(line)
        worker.stdin.flush()
        say(worker.stdout.readline())


def say(text: bytes) -> None:
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def garbage(job: dict) -> None:
    say(b'\xff\xfe\x00\x01\n\n[]\nnull\n{"job":\n{"job":"x"}\n{"job":-1}\n'
        b'{"job":1e300}\n[[[[[[[[[[\n{"job":%d,"info":{}}\n'
        % (job['job'] - 1))


def half(job: dict) -> None:
    say(b'{"job":%d,"info":{"formats":[' % job['job'])
    os._exit(1)


def megabyte(_job: dict) -> None:
    say(b'x' * (1024 * 1024 - 2) + b'\n')


def longer(_job: dict) -> None:
    say(b'x' * (1024 * 1024 + 2) + b'\n')


def flood(_job: dict) -> None:
    while True:
        say(b'{"job":0}\n' * 1000)


def complain(_job: dict) -> None:
    # faster than they can be read
    for _ in range(4):
        subprocess.Popen(['yes', 'WARNING: it rains'], stdout=2)
    time.sleep(1000)


def hang(_job: dict) -> None:
    # in C, where Python handles no signals
    re.match('(a+)+$', 'a' * 64 + 'b')


def leak(_job: dict) -> None:
    hoard.append(b'\1' * (200 << 20))


def kill(_job: dict) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave(_job: dict) -> None:
    print('leaving, sorry', file=sys.stderr, flush=True)
    os._exit(0)


def shout(_job: dict) -> None:
    # a line that arrives in pieces and has a URL across them
    url = 'https://r1---sn.googlevideo.com/videoplayback?sig=' + 'SECRET' * 900
    os.write(2, f'ERROR: it failed: {url}'.encode())
    os._exit(0)


FAULTS = {
    'garb': garbage, 'half': half, 'mega': megabyte, 'long': longer,
    'floo': flood, 'rain': complain, 'hang': hang, 'leak': leak,
    'kill': kill, 'exit': leave, 'shou': shout,
}


if __name__ == '__main__':
    main()
