"""voyo status: whether VOYO is healthy, and which part is to blame."""

import argparse
import time
from typing import Any, NamedTuple

import output
import settings
from problem import Failed
from server import Server
from settings import Settings
from store import Store

BLAME = {'failing': 'track after track cannot be resolved',
         'breaker': 'the source blocks this address',
         'canary': 'the canary cannot be resolved'}


class Part(NamedTuple):
    name: str
    status: str          # ok, failed, unknown
    text: str


def add(commands: Any) -> None:
    parser = commands.add_parser(
        'status', help='whether VOYO is healthy, and which part fails',
        description='Shows the state of each part.  Exit status: 0 if VOYO is '
        'healthy, 1 if it is degraded, unhealthy or not running.')
    parser.add_argument('--json', action='store_true')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    status, parts, more = look(settings.read())
    if options.json:
        output.as_json({'status': status, 'parts': {
            each.name: {'status': each.status, 'text': each.text}
            for each in parts}} | more)
    else:
        bad = [each.name for each in parts if each.status == 'failed']
        print(f'VOYO is {output.coloured(status)}'
              + (f': {", ".join(bad)}' if bad else ''))
        for line, each in zip(output.table(parts).splitlines(), parts):
            name = line[:line.index(each.status, len(each.name))]
            print(name + output.coloured(each.status)
                  + output.plain(line[len(name) + len(each.status):]))
    return 0 if status == 'healthy' else 1


def look(here: Settings) -> tuple[str, list[Part], dict[str, Any]]:
    """The state of the whole, that of each part, and where they are from."""

    try:
        health = Server(here).health()
        parts = [nginx(health)]
        status = health['status']
    except Failed as error:
        health = {}
        parts = [Part('nginx', 'failed', str(error))]
        status = 'unhealthy'

    checks = health.get('checks', {})
    try:
        store = Store(here)
        beats, shared = store.heartbeats(), store.shared()
        parts.append(redis(checks.get('redis', {}), store.where))
    except Failed as error:
        beats, shared = [], None
        parts.append(Part('redis', 'failed', str(error)))

    parts += [resolver(checks.get('resolver', {}), beats, shared),
              ytdlp(beats, shared), source(checks, beats, shared),
              cache(checks.get('cache')), zone(health)]
    parts += extras(health)
    # a part may have failed since, or differ from what nginx sees
    if status == 'healthy' and any(
            each.status == 'failed' for each in parts):
        status = 'degraded'
    return status, parts, {'health': health or None, 'resolvers': beats}


# Each part, by what nginx says of it, and by Redis.

def nginx(health: dict[str, Any]) -> Part:
    return Part('nginx', 'ok', ', '.join([
        f'VOYO {health["version"]}', f'up {output.duration(health["uptime"])}',
        f'{output.size(health["memory"]["rss"])} in all processes']))


def redis(check: dict[str, Any], where: str) -> Part:
    if check.get('status') == 'failed':
        return Part('redis', 'failed', f'nginx cannot use {where}: '
                    + check.get('reason', 'it does not answer'))
    return Part('redis', 'ok', where)


def resolver(check: dict[str, Any], beats: list[dict[str, Any]],
             shared: dict[str, Any] | None) -> Part:
    if shared is None:
        return Part('resolver', 'unknown', 'without Redis')
    if not beats:
        return Part('resolver', 'failed',
                    'none is alive: tracks that are new do not play')

    queued = f'{shared["play"]} to play and {shared["prefetch"]} to prefetch'
    if check.get('status') == 'failed' and 'stalled' in check:
        return Part('resolver', 'failed', 'requests have waited for '
                    f'{output.duration(check["stalled"])} without any answer; '
                    f'queued: {queued}')
    workers: dict[str, int] = {}
    for beat in beats:
        for state, number in beat.get('workers', {}).items():
            workers[state] = workers.get(state, 0) + number
    states = ', '.join(f'{number} {state}'
                       for state, number in workers.items() if number)
    return Part('resolver', 'ok', f'{len(beats)} alive, workers: '
                f'{states or "none"}, queued: {queued}')


def ytdlp(beats: list[dict[str, Any]], shared: dict[str, Any] | None) -> Part:
    if shared is None or not beats:
        return Part('ytdlp', 'unknown', 'without '
                    + ('Redis' if shared is None else 'a resolver'))

    version = f'yt-dlp {beats[0].get("ytdlp_version")}'
    for beat in beats:
        name = beat.get('name')
        if beat.get('mode') == 'down':
            return Part('ytdlp', 'failed', f'{version}: each process that '
                        f'starts is killed, resolver {name}')
        if beat.get('mode') == 'cold':
            return Part('ytdlp', 'failed', f'{version}: no process can be '
                        f'kept warm, resolver {name}')
        if beat.get('client_refused'):
            return Part('ytdlp', 'failed', f'{version}: the source refuses '
                        'its client, which an update may cure')
    return Part('ytdlp', 'ok', f'{version}, {beats[0].get("ytdlp_age")} d old,'
                f' JavaScript: {beats[0].get("javascript")}')


def source(checks: dict[str, Any], beats: list[dict[str, Any]],
           shared: dict[str, Any] | None) -> Part:
    """YouTube, and its media hosts."""

    media = checks.get('media', {})
    if media.get('status') == 'failed':
        return Part('source', 'failed', f'{media.get("tracks")} tracks in a '
                    'row could not be fetched from the media hosts')
    breaker = (shared or {}).get('breaker')
    if breaker:
        left = output.duration(breaker['left'])
        return Part('source', 'failed', f'{BLAME["breaker"]}: '
                    f'{breaker["class"]}, ' + (
                        f'nothing is resolved for {left}' if breaker['left']
                        else 'one track is tried'))
    for beat in beats:
        failing, canary = beat.get('failing'), beat.get('canary') or {}
        if failing:
            return Part('source', 'failed', f'{BLAME["failing"]}: '
                        f'{failing.get("class")}, {failing.get("tracks")} in '
                        'a row')
        if canary.get('result', 'ok') not in ('ok', 'pending'):
            return Part('source', 'failed', f'{BLAME["canary"]}: '
                        f'{canary["result"]}')
    if not beats:
        return Part('source', 'unknown', 'without a resolver')
    last = max((beat.get('last_success') or 0 for beat in beats), default=0)
    return Part('source', 'ok', 'no failures' + (
        f', last success {output.duration(time.time() - last)} ago'
        if last else ', nothing resolved yet'))


def cache(check: dict[str, Any] | None) -> Part:
    if check is None:
        return Part('cache', 'unknown', 'without nginx')
    if 'used' not in check:
        return Part('cache', 'failed', 'no cache is configured')
    used = f'{output.size(check["used"])} of {output.size(check["size"])}'
    if check['status'] == 'failed':
        return Part('cache', 'failed', f'{used}; slices cannot be stored: the '
                    'disk is full, or the directory cannot be written')
    return Part('cache', 'ok', used)


def zone(health: dict[str, Any]) -> Part:
    if 'checks' not in health:
        return Part('zone', 'unknown', 'without nginx')
    memory = health['memory']
    return Part('zone', 'ok', ', '.join([
        output.plural(health['cacheSize'], 'track'),
        f'{100 * memory["heapUsed"] / memory["heapTotal"]:.0f} % of '
        f'{output.size(memory["heapTotal"])}',
        output.plural(health['checks']['zone']['parked'], 'request')
        + ' waiting']))


def extras(health: dict[str, Any]) -> list[Part]:
    """What is told only when there is something to tell."""

    found = []
    checks = health.get('checks', {})
    if health.get('draining'):
        found.append(Part('drain', 'failed', 'the operator takes this machine '
                          'out of service: "voyo drain --undo" ends that'))
    clients, log = checks.get('clients', {}), checks.get('log', {})
    if clients.get('status') == 'failed':
        found.append(Part('clients', 'failed', 'a proxy does not say which '
                          f'client a request is from: {clients["reason"]}'))
    if log.get('dropped'):
        found.append(Part('log', 'ok', f'{log["dropped"]} lines were dropped, '
                          'since they were not read'))
    return found
