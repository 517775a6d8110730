"""voyo purge, ban and unban: a track is taken down, on all machines."""

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import disk
import output
import settings
import track as tracks
from problem import Failed
from settings import Settings
from store import Store

# the lasting ones of common/voyo_class.c
CLASSES = ('unavailable', 'legal', 'private', 'age_restricted', 'paid',
           'geo_blocked', 'drm')


def add(commands: Any) -> None:
    for name, text, more in (
            ('purge', 'remove a track everywhere, until it is wanted again',
             'Removes a track on all machines: its record, its queued job, '
             'and its slices and its picture on disk.  A response that plays '
             'it ends with its next slice.  The track is resolved anew when '
             'it is wanted.'),
            ('ban', 'remove a track, and refuse it from now on',
             'Removes a track as "purge" does, and refuses it until "unban": '
             'with 404, or with the status of another class, such as 451 for '
             '"legal".')):
        parser = commands.add_parser(name, help=text, description=more)
        parser.add_argument('track', metavar='ID', type=tracks.parse)
        if name == 'ban':
            parser.add_argument('kind', metavar='CLASS', nargs='?',
                                choices=CLASSES, default=CLASSES[0],
                                help=', '.join(CLASSES))
        else:
            parser.set_defaults(kind='')
        parser.add_argument('--timeout', metavar='SECONDS', default=10,
                            type=output.seconds,
                            help='how long to wait until it has left this '
                            'machine\'s disk, 10')
        parser.add_argument('--json', action='store_true')
        parser.set_defaults(run=take_down)

    parser = commands.add_parser(
        'unban', help='end a ban', description='Ends a ban: the track is '
        'resolved when it is wanted.')
    parser.add_argument('track', metavar='ID', type=tracks.parse)
    parser.add_argument('--json', action='store_true')
    parser.set_defaults(run=unban)


class Removal(NamedTuple):
    known: list[str]      # "record", "failure", "job", "ban"
    left: int             # files on this machine
    seconds: float
    blind: str | None     # why the files are not known


def remove(here: Settings, track: str, kind: str, timeout: float) -> Removal:
    """
    Takes a track down, with a class for good, and waits until its files have
    left this machine.
    """

    store = Store(here)
    began = time.monotonic()
    _, *known = store.script('takedown', [
        f'track:{track}', f'failure:{track}', f'ban:{track}', 'jobs:play',
        'jobs:prefetch', 'takedowns', 'events'], track, kind)
    if kind:
        store.keep()
    try:
        left = on_disk(here, track)
        while left and time.monotonic() - began < timeout:
            time.sleep(0.05)
            # a look at all files takes a while
            left = [each for each in left if each.exists()] \
                or on_disk(here, track)
        blind = None
    except Failed as error:
        left, blind = [], str(error)
    return Removal(known, len(left), round(time.monotonic() - began, 3), blind)


def on_disk(here: Settings, track: str) -> list[Path]:
    return [each.path for each in disk.files_of(here.home, track)]


def take_down(options: argparse.Namespace) -> int:
    track, kind = options.track, options.kind
    done = remove(settings.read(), track, kind, options.timeout)

    if options.json:
        output.as_json({'id': track, 'class': kind or None} | done._asdict())
    else:
        print(f'{track} is ' + (f'banned as {kind}' if kind else 'purged')
              + '; there was '
              + (', '.join(done.known) or 'neither record nor failure'))
        print(f'on disk: unknown, {done.blind}' if done.blind else
              f'on disk: {output.plural(done.left, "file")} left here after '
              f'{done.seconds:.1f} s')
    if done.left:
        raise Failed(f'{track} is still on disk after '
                     f'{options.timeout} s: nginx removes it when it runs')
    return 0


def unban(options: argparse.Namespace) -> int:
    store = Store(settings.read())
    was = store.script('unban', [f'ban:{options.track}']) == 1
    store.keep()
    if options.json:
        output.as_json({'id': options.track, 'banned': was})
    else:
        print(f'{options.track} is not banned any more' if was
              else f'{options.track} was not banned')
    return 0
