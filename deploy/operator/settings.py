"""The settings of the VOYO on this machine, found as deploy/voyo finds them."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from problem import Failed, Wrong

ROOT = Path(__file__).resolve().parents[2]
SERVICE = Path('/etc/voyo/voyo.conf')
SERVICE_HOME = '/var/lib/voyo'


class Settings(NamedTuple):
    home: Path
    redis_url: str
    egress: str
    port: int


def read() -> Settings:
    """
    From the environment; what is not set there is the service's, in its file
    /etc/voyo/voyo.conf.  In a checkout, with another VOYO_HOME, and where there
    is no such file, it is as deploy/voyo has it.
    """

    values = service() if is_service() else {}
    values |= {name: value for name, value in os.environ.items() if value}

    home = Path(values.get('VOYO_HOME') or ROOT / 'var')
    port = values.get('PORT') or '8080'
    egress = values.get('VOYO_EGRESS') or 'default'

    if not re.fullmatch('[0-9]{1,5}', port) or not 0 < int(port) < 65536:
        raise Wrong(f'PORT="{port}" is wrong: it must be a number from 1 to '
                    '65535')
    if not re.fullmatch('[A-Za-z0-9_.-]{1,32}', egress):
        raise Wrong('VOYO_EGRESS is wrong: it must be 1 to 32 of '
                    'A-Za-z0-9_.-')

    return Settings(home, values.get('REDIS_URL')
                    or f'unix:{home}/run/redis.sock', egress, int(port))


def is_service() -> bool:
    return SERVICE.exists() and not (ROOT / 'Makefile').exists() \
        and os.environ.get('VOYO_HOME') in (None, '', SERVICE_HOME)


def service() -> dict[str, str]:
    """One NAME=VALUE a line, as systemd reads its EnvironmentFile."""

    try:
        text = SERVICE.read_text()
    except OSError as error:
        raise Failed(f'{SERVICE} cannot be read: {error.strerror}; run this '
                     'as root') from error
    found = re.findall(r'^\s*([A-Za-z_]\w*)=(.*?)\s*$', text, re.M)
    return {'VOYO_HOME': SERVICE_HOME} | {
        name: re.sub(r'''^(["'])(.*)\1$''', r'\2', value)
        for name, value in found}
