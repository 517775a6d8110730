"""voyo top: what goes on, a second at a time."""

import argparse
import sys
import time
from typing import Any, NamedTuple

import output
import settings
from server import Metrics, Server

HOME, CLEAR = '\033[H', '\033[J'


class Sample(NamedTuple):
    time: float
    status: str
    uptime: float
    metrics: Metrics


def add(commands: Any) -> None:
    parser = commands.add_parser(
        'top', help='a live view of listeners, queue, workers and cache',
        description='Shows what goes on, until Ctrl-C; once and as plain text '
        'if it is not written to a terminal.  Rates are those of the last '
        'interval.')
    parser.add_argument('--interval', metavar='SECONDS', default=1,
                        type=output.number(1, 3600),
                        help='time between two views, 1')
    parser.add_argument('--count', metavar='N', type=output.number(1, 1000000),
                        help='the number of views; default: without an end on '
                        'a terminal, else 1')
    parser.add_argument('--json', action='store_true',
                        help='one object for each view')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    server = Server(settings.read())
    live = sys.stdout.isatty() and not options.json
    left = options.count or (0 if live else 1)

    before = sample(server)
    try:
        while True:
            time.sleep(options.interval)
            now = sample(server)
            view = look(before, now)
            if options.json:
                output.as_json(view)
            else:
                text = show(view)
                print(HOME + text.replace('\n', '\033[K\n') + CLEAR if live
                      else text, flush=True)
            before = now
            left -= 1
            if left == 0:
                return 0
    except KeyboardInterrupt:
        # the way to end it
        return 0


def sample(server: Server) -> Sample:
    health = server.health()
    return Sample(time.monotonic(), health['status'], health['uptime'],
                  server.metrics())


def look(before: Sample, now: Sample) -> dict[str, Any]:
    """What is shown: gauges, and rates a second."""

    seconds = max(now.time - before.time, 0.001)
    new, old = now.metrics, before.metrics

    def rate(name: str, **labels: str) -> float:
        # a restart of nginx resets them
        return round(max(new.total(name, **labels) - old.total(name, **labels),
                         0) / seconds, 3)

    def rates(name: str, label: str) -> dict[str, float]:
        return {value: found for value in sorted(new.by(name, label))
                for found in [rate(name, **{label: value})] if found}

    def mean(name: str, **labels: str) -> float | None:
        number = rate(f'{name}_count', **labels)
        return rate(f'{name}_sum', **labels) / number if number else None

    def gauges(name: str, label: str) -> dict[str, float]:
        return new.by(name, label)

    return {
        'status': now.status, 'uptime': now.uptime,
        'seconds': round(seconds, 3),
        'listeners': new.total('voyo_listeners'),
        'waiting': new.total('voyo_parked_requests'),
        'responses': rates('voyo_responses_total', 'code'),
        'plays': rate('voyo_plays_total'),
        'first_byte': {cache: mean('voyo_first_byte_seconds', cache=cache)
                       for cache in ('hit', 'miss')},
        'resolving': mean('voyo_resolve_seconds'),
        'sent': rate('voyo_sent_bytes_total'),
        'received': rate('voyo_media_received_bytes_total'),
        'media': rates('voyo_media_responses_total', 'code'),
        'slices': rates('voyo_slices_total', 'result'),
        'fills': gauges('voyo_fills', 'state'),
        'queue': {lane: new.most('voyo_queue_length', lane=lane)
                  for lane in ('play', 'prefetch')},
        'budget': {'left': new.most('voyo_budget_left'),
                   'limit': new.most('voyo_budget_limit')},
        'breaker': new.most('voyo_breaker_left_seconds')
        if new.most('voyo_breaker_open') else None,
        'resolvers': new.total('voyo_resolvers'),
        'workers': gauges('voyo_resolver_workers', 'state'),
        'jobs': rates('voyo_resolver_jobs_total', 'result'),
        'cache': {name: new.total(f'voyo_cache_{name}_bytes')
                  for name in ('used', 'size', 'free')},
        'zone': {'tracks': new.total('voyo_zone_tracks'),
                 'used': new.total('voyo_zone_used_bytes'),
                 'size': new.total('voyo_zone_size_bytes')},
        'redis': new.total('voyo_redis_latency_seconds')
        if new.total('voyo_redis_up') else None,
    }


def show(view: dict[str, Any]) -> str:
    def each(values: dict[str, float], unit: str = '') -> str:
        return ', '.join(f'{value:.3g}{unit} {name}'
                         for name, value in values.items()) or 'none'

    def first(cache: str) -> str:
        found = view['first_byte'][cache]
        return '-' if found is None else output.milliseconds(found)

    used, zone = view['cache'], view['zone']
    rows = [
        ('listeners', f'{view["listeners"]:.0f}, of which '
         f'{view["waiting"]:.0f} wait for a track or a URL'),
        ('responses', each(view['responses'], '/s')),
        ('first byte', f'hit {first("hit")}, miss {first("miss")}, resolving '
         + ('-' if view['resolving'] is None
            else output.milliseconds(view['resolving']))),
        ('sent', output.size(view['sent']) + '/s'),
        ('slices', each(view['slices'], '/s')),
        ('source', f'{output.size(view["received"])}/s, responses: '
         + each(view['media'], '/s')),
        ('fills', each(view['fills'])),
        ('queue', f'{view["queue"]["play"]:.0f} to play, '
         f'{view["queue"]["prefetch"]:.0f} to prefetch; budget: '
         f'{view["budget"]["left"]:.0f} of {view["budget"]["limit"]:.0f} left'),
        ('resolvers', f'{view["resolvers"]:.0f}, workers: '
         + each({state: number for state, number in view['workers'].items()
                 if number})),
        ('jobs', each(view['jobs'], '/s')),
        ('breaker', 'closed' if view['breaker'] is None else
         f'open, for another {output.duration(view["breaker"])}'),
        ('cache', f'{output.size(used["used"])} of '
         f'{output.size(used["size"])}, {output.size(used["free"])} free'),
        ('zone', f'{output.plural(zone["tracks"], "track")}, '
         f'{100 * zone["used"] / max(zone["size"], 1):.0f} %'),
        ('redis', 'does not answer' if view['redis'] is None
         else output.milliseconds(view['redis'])),
    ]
    return (f'VOYO is {output.coloured(view["status"])}, up '
            f'{output.duration(view["uptime"])}\n\n' + output.table(rows))
