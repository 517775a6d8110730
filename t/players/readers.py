"""Programs that only read a file and print its duration."""

import re
import subprocess
from pathlib import Path


def exiftool(path: Path) -> str:
    return said('exiftool', '-n', '-s3', '-Duration', path)


def mediainfo(path: Path) -> str:
    milliseconds = said('mediainfo', '--Inform=General;%Duration%', path)
    return str(float(milliseconds) / 1000)


def atomicparsley(path: Path) -> str:
    text = said('AtomicParsley', path, '-T', '1')
    return re.findall(r'Movie duration: ([\d.]+) seconds', text)[0]


def mutagen(path: Path) -> str:
    return said('/usr/bin/python3', '-c', 'import sys, mutagen\n'
                'print(mutagen.File(sys.argv[1]).info.length)', path)


def said(*command: str | Path) -> str:
    return subprocess.check_output(command, text=True,
                                   stderr=subprocess.DEVNULL)


# its package, and whether it adds the durations of fragments
READERS = {
    exiftool: ('libimage-exiftool-perl', False),
    mutagen: ('python3-mutagen', False),
    atomicparsley: ('atomicparsley', False),
    mediainfo: ('mediainfo', True),
}


def version(package: str) -> str:
    return said('dpkg-query', '-W', '-f', '${Version}', package)
