"""voyo explain: the life of a track, as far as this machine knows it."""

import argparse
from typing import Any

import disk
import logs
import output
import settings
import track as tracks
from store import Store

Life = dict[str, Any]


def add(commands: Any) -> None:
    parser = commands.add_parser(
        'explain', help='what is known of a track',
        description='Tells what is known of a track: its record, why it '
        'failed, whether it is banned, queued or being resolved, what of it '
        'is on disk, and what the log says.  URLs are never shown.')
    parser.add_argument('track', metavar='ID', type=tracks.parse)
    parser.add_argument('--log', metavar='FILE', action='append', default=[],
                        help='a log to read, "-" for standard input; '
                        'default: the one that VOYO writes')
    parser.add_argument('--lines', metavar='N', default=20,
                        type=output.number(0, 100000),
                        help='how many of the last lines are shown, 20')
    parser.add_argument('--json', action='store_true')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    here = settings.read()
    life = in_redis(Store(here), options.track)
    life['cached'] = {
        name: found._asdict()
        for name, found in disk.cached(here.home, options.track).items()}
    texts = logs.texts(options.log, here.home)
    life['log'] = list(logs.last(logs.about(options.track, texts),
                                 options.lines)) if texts else None

    if options.json:
        output.as_json(life)
    else:
        show(life)
    return 0


def in_redis(store: Store, track: str) -> Life:
    now = store.now()
    record = store.get_json(f'track:{track}')
    return {
        'id': track, 'alias': tracks.alias(track), 'time': now,
        'record': record and tracks.without_urls(record)
        | {'left': store.left(f'track:{track}')},
        'failure': failure(store, 'failure', track),
        'ban': failure(store, 'ban', track),
        'queue': queue(store, track),
        'lease': lease(store, track),
        'waiting': int(store.call('ZCARD', store.key(f'alive:{track}'))),
        'request': store.call('GET', store.key(f'request:{track}')),
    }


def failure(store: Store, name: str, track: str) -> Life | None:
    found = store.get_json(f'{name}:{track}')
    return found and {
        'class': str(found.get('error')), 'at': found.get('resolved_at'),
        'met': found.get('met'), 'left': store.left(f'{name}:{track}')}


def queue(store: Store, track: str) -> Life | None:
    for lane in ('play', 'prefetch'):
        due = store.call('ZSCORE', store.key(f'jobs:{lane}'), track)
        if due is not None:
            before = store.call('ZCOUNT', store.key(f'jobs:{lane}'), '-inf',
                                f'({float(due):.0f}')
            return {'lane': lane, 'before': before, 'due': float(due) / 1000}
    return None


def lease(store: Store, track: str) -> Life | None:
    holder = store.call('GET', store.key(f'lease:{track}'))
    return holder and {'holder': holder, 'left': store.left(f'lease:{track}')}


# As text.

def show(life: Life) -> None:
    now = life['time']
    record = life['record']
    rows = [('track', f'{life["id"]}, {life["alias"]}')]
    if record:
        rows += described(record, now)
    else:
        rows.append(('record', 'none'))
    rows += [('failure', ended(life['failure'], now)),
             ('ban', ended(life['ban'], now)),
             ('queue', queued(life, now))]
    print(output.table((name, output.plain(text)) for name, text in rows))

    encodings = representations(life, now)
    if encodings:
        print('\n' + output.table([
            ('representation', 'codec', 'bit rate', 'size', 'on disk',
             'URL ends in', 'host'), *encodings]))

    if life['log'] is None:
        print('\nlog: it cannot be read again here; --log FILE names it')
    elif not life['log']:
        print('\nlog: nothing')
    else:
        print('\nlog')
        for line in life['log']:
            print('  ' + line)


def described(record: Life, now: float) -> list[tuple[str, str]]:
    rows = [(name, str(record[name])) for name in ('title', 'artist', 'album')
            if record.get(name)]
    if record.get('duration'):
        rows.append(('duration',
                     output.duration(record['duration'] / 1000)))
    return [*rows, (
        'record', f'generation {record["generation"]}, resolved '
        f'{output.duration(now - record["resolved_at"])} ago, kept '
        + (f'for {output.duration(record["left"])}' if record['left']
           else 'until it is evicted'))]


def ended(failed: Life | None, now: float) -> str:
    if not failed:
        return 'none'
    text = failed['class']
    if failed['at']:
        text += f', {output.duration(now - failed["at"])} ago'
    if failed['left']:
        text += f', for another {output.duration(failed["left"])}'
    if failed['met']:
        text += f', met with {failed["met"]}'
    return text


def queued(life: Life, now: float) -> str:
    parts = []
    if life['lease']:
        parts.append(f'being resolved by {life["lease"]["holder"]}')
    if life['queue']:
        parts.append(f'to {life["queue"]["lane"]}, '
                     f'{life["queue"]["before"]} before it')
        if life['queue']['due'] > now:
            parts.append('due in '
                         + output.duration(life['queue']['due'] - now))
    # without a job they have their answer
    if parts and life['waiting']:
        parts.append('requests of ' + output.plural(
            life['waiting'], 'nginx worker') + ' wait')
    if parts and life['request']:
        parts.append(f'request {life["request"]}')
    return ', '.join(parts) or 'neither queued nor being resolved'


def representations(life: Life, now: float) -> list[tuple[str, ...]]:
    """Those of the record, then others that are still on disk."""

    rows = []
    left = dict(life['cached'])
    for each in (life['record'] or {}).get('formats', []):
        name = str(each.get('representation'))
        ends = each['expires'] - now
        total = -(-each['size'] // disk.SLICE)
        # .m1: with a corrected header, see voyo_mp4_header
        here = [left.pop(found) for found in (name, f'{name}.m1')
                if found in left]
        rows.append((
            name, str(each.get('codec')),
            f'{each["bitrate"] / 1000:.1f} kb/s',
            output.size(each['size']), on_disk(here, total),
            output.duration(ends) if ends > 0 else 'has ended',
            str(each.get('host'))))
    rows += [(name, '', '', '', on_disk([found], 0), '', '')
             for name, found in left.items()]
    return [tuple(map(output.plain, row)) for row in rows]


def on_disk(cached: list[Life], total: int) -> str:
    if not cached:
        return f'0 of {total}'
    slices = sum(each['slices'] for each in cached)
    size = output.size(sum(each['bytes'] for each in cached))
    return f'{slices} of {total}, {size}' if total else f'{slices}, {size}'
