"""A package index on this machine, with yt-dlp and what it needs.

The wheels are made of the packages in build/prefix.  Requirements that these do
not include, such as the scripts of yt-dlp-ejs, are left out.
"""

import contextlib
import functools
import hashlib
import http.server
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / 'build/prefix/usr/lib/python3/dist-packages'
# those without machine code
NAMES = ('yt_dlp', 'requests', 'urllib3', 'idna', 'certifi', 'chardet')
# requests takes it in place of a package that has machine code
CHARDET = re.compile(r'; extra == .use-chardet-on-py3.$')
WHEEL = 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'


@contextlib.contextmanager
def index(directory: Path) -> Iterator[str]:
    """Serves the index from this directory; yields its URL."""

    for name in NAMES:
        for info in PACKAGES.glob(f'{name}-*.dist-info'):
            wheel(name, info, directory)

    server = http.server.ThreadingHTTPServer(
        ('127.0.0.1', 0), functools.partial(Quiet, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}'
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def wheel(package: str, info: Path, directory: Path) -> None:
    """Writes the wheel and the page that links to it."""

    file = info.name.removesuffix('.dist-info') + '-py3-none-any.whl'
    page = directory / re.sub('_', '-', package)
    page.mkdir()
    (page / 'index.html').write_text(f'<a href="{file}">{file}</a>')

    record = []
    with zipfile.ZipFile(page / file, 'w') as archive:
        def add(name: str, data: bytes) -> None:
            archive.writestr(name, data)
            record.append(f'{name},sha256={hashlib.sha256(data).hexdigest()},'
                          f'{len(data)}')

        for path in sorted((PACKAGES / package).rglob('*')):
            if path.is_file() and path.suffix != '.pyc':
                add(str(path.relative_to(PACKAGES)), path.read_bytes())
        add(f'{info.name}/METADATA', '\n'.join(
            CHARDET.sub('', line)
            for line in (info / 'METADATA').read_text().split('\n')
            if not line.startswith('Requires-Dist: ')
            or re.split(r'[^\w-]', line[15:])[0].replace('-', '_') in NAMES
        ).encode())
        add(f'{info.name}/WHEEL', WHEEL.encode())
        if (info / 'entry_points.txt').exists():
            add(f'{info.name}/entry_points.txt',
                (info / 'entry_points.txt').read_bytes())
        archive.writestr(f'{info.name}/RECORD', '\n'.join(record))
