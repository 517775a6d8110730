"""A track's id, in both forms, and its record."""

import argparse
import base64
import re
from typing import Any
from urllib.parse import urlsplit

from problem import Failed

ALPHABET = r'[A-Za-z0-9_-]'


def parse(text: str) -> str:
    """The 11 characters of an id that is given in either form."""

    if re.fullmatch(ALPHABET + '{11}', text):
        return text
    if re.fullmatch('vyo_' + ALPHABET + '{15}', text):
        decoded = base64.urlsafe_b64decode(text[4:] + '=').decode('latin-1')
        if re.fullmatch(ALPHABET + '{11}', decoded) and alias(decoded) == text:
            return decoded
    raise argparse.ArgumentTypeError(
        f'{text[:80]!r} is not the id of a track: 11 of A-Za-z0-9_-, or vyo_ '
        'and their base64url')


def alias(track: str) -> str:
    encoded = base64.urlsafe_b64encode(track.encode()).decode()
    return 'vyo_' + encoded.rstrip('=')


def unambiguous(word: str) -> str:
    """An id may begin with "-", as an option does; its other form does not."""

    return alias(word) if re.fullmatch('-' + ALPHABET + '{10}', word) \
        and not re.fullmatch('--[a-z]+', word) else word


def without_urls(record: dict[str, Any]) -> dict[str, Any]:
    """
    A signed URL is a secret: of each, only its host and its end are kept.
    Redis is not trusted, so a record may be anything.
    """

    numbers = [(record, 'generation'), (record, 'resolved_at')]
    try:
        numbers += [(each, name) for each in record['formats']
                    for name in ('bitrate', 'size', 'expires')]
        sound = all(isinstance(each[name], int | float)
                    for each, name in numbers) \
            and isinstance(record.get('duration') or 0, int | float)
    except (LookupError, TypeError):
        sound = False
    if not sound:
        raise Failed('the record in Redis is malformed')

    return {name: value for name, value in record.items()
            if name != 'artwork'} | {'formats': [
                {name: value for name, value in each.items()
                 if name not in ('url', 'user_agent')}
                | {'host': host(str(each.get('url')))}
                for each in record['formats']]}


def host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ''
    except ValueError:
        return ''
