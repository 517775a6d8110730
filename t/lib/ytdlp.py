"""Wrappers of the real yt-dlp, for a test's YT_DLP_PATH."""

import os
import re
import time
from pathlib import Path
from typing import Any

from stack import BUILD, YTDLP, Stack

HERE = Path(__file__).resolve().parent
PACKAGES = BUILD / 'prefix/usr/lib/python3/dist-packages'


def script(path: Path, text: str) -> Path:
    """Writes a program atomically, since it may be running already."""

    new = path.with_name(path.name + '.new')
    new.write_text(text)
    new.chmod(0o755)
    new.replace(path)
    return path


def at_youtube(stack: Stack, **more: int) -> tuple[Path, Path]:
    """A yt-dlp for which the stand-in is www.youtube.com, and its options.

    The options select no client, so every profile is tried.  Further names,
    "a_example" for a.example, are mapped to local ports.
    """

    names = {'www.youtube.com': stack.source['player'],
             **{name.replace('_', '.'): port for name, port in more.items()}}
    hook = stack.dir / 'hook'
    hook.mkdir(exist_ok=True)
    (hook / 'sitecustomize.py').write_text(f'''
import socket

lookup = socket.getaddrinfo
names = {names!r}

def getaddrinfo(host, port, *args, **kwargs):
    if host in names:
        host, port = '127.0.0.1', names[host]
    elif host != '127.0.0.1':
        raise socket.gaierror(socket.EAI_NONAME, 'not in a test')
    return lookup(host, port, *args, **kwargs)

socket.getaddrinfo = getaddrinfo
''')
    conf = stack.dir / 'youtube.conf'
    conf.write_text('--no-check-certificates\n')
    return script(stack.dir / 'at-youtube', f'''#!/bin/sh
PYTHONPATH={hook}:{PACKAGES}
export PYTHONPATH
exec /usr/bin/python3 -B -P -m yt_dlp "$@"
'''), conf


def runtime(stack: Stack, name: str = 'deno',
            said: str = 'deno 2.5.1 (stable)') -> Path:
    """A directory with a JavaScript runtime that tells its version only."""

    programs = stack.dir / f'{name}-bin'
    programs.mkdir(exist_ok=True)
    script(programs / name, f"""#!/bin/sh
case $* in --version | --help) echo '{said}'; exit 0 ;; esac
exit 1
""")
    return programs


def faulty(stack: Stack) -> Path:
    """A yt-dlp behind a filter that causes faults by track id."""

    (stack.dir / 'faults').mkdir(exist_ok=True)
    return script(stack.dir / 'faulty', f'''#!/bin/sh
/usr/bin/python3 -B {HERE}/faulty_worker.py {stack.dir}/faults {YTDLP} "$@"
''')


def without_plugins(stack: Any) -> Path:
    """A yt-dlp that does not load the plugin; "stack" needs only a "dir"."""

    return script(stack.dir / 'no-plugins', f'''#!/bin/sh
case "$*" in
*ytserve:*) echo "ERROR: no plugins here" >&2; exit 1 ;;
esac
exec {YTDLP} "$@"
''')


def raining(stack: Stack, track: str) -> Path:
    """The same with many warnings, and endless ones for one track."""

    return script(stack.dir / 'raining', f'''#!/bin/sh
case "$*" in
*ytserve:*) exit 1 ;;
*v={track}*)
    # faster than they can be read
    for each in 1 2 3 4; do yes "WARNING: it rains" >&2 & done
    wait ;;
*v=*) yes "WARNING: it drizzles" | head -n 5000 >&2 ;;
esac
exec {YTDLP} "$@"
''')


def flooding(stack: Stack) -> Path:
    """A program that is not yt-dlp."""

    return script(stack.dir / 'flooding', '#!/bin/sh\nexec yes\n')


def never_ready(stack: Stack) -> Path:
    return script(stack.dir / 'never-ready', f'''#!/bin/sh
case "$*" in
*ytserve:*) sleep 1000; exit 0 ;;
esac
exec {YTDLP} "$@"
''')


def says(version: str) -> str:
    """A sitecustomize.py that changes yt-dlp's version."""

    return f'''
import importlib.util
import sys

spec = importlib.util.spec_from_file_location(
    'yt_dlp.version', {str(PACKAGES / 'yt_dlp/version.py')!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.__version__ = {version!r}
sys.modules['yt_dlp.version'] = module
'''


def of_version(stack: Stack, version: str) -> Path:
    """The same yt-dlp, reporting another version."""

    root = stack.dir / f'of-{version}'
    if not root.exists():
        root.mkdir()
        (root / 'sitecustomize.py').write_text(says(version))
    return script(stack.dir / 'versioned', f'''#!/bin/sh
PYTHONPATH={root}:{PACKAGES}
export PYTHONPATH
exec /usr/bin/python3 -B -P -m yt_dlp "$@"
''')


def family(pid: int) -> list[int]:
    """A process's descendants."""

    found = []
    try:
        for task in Path(f'/proc/{pid}/task').iterdir():
            for child in map(int, (task / 'children').read_text().split()):
                found += [child, *family(child)]
    except OSError:
        pass                           # it has ended meanwhile
    return found


def lives(pid: int) -> bool:
    """Whether a process is running; false for a zombie."""

    try:
        text = Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return text.rpartition(')')[2].split()[0] not in ('Z', 'X')


def age(pid: int) -> float:
    """Seconds since a process was started; 0 if it has ended."""

    try:
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2]
    except OSError:
        return 0
    started = int(fields.split()[19]) / os.sysconf('SC_CLK_TCK')
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def anonymous(pid: int) -> int:
    """Bytes of a process's anonymous memory."""

    status = Path(f'/proc/{pid}/status').read_text()
    found = re.search(r'^RssAnon:\s+(\d+) kB', status, re.M)
    assert found
    return int(found[1]) * 1024
