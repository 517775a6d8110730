"""voyo breaker: whether the circuit breaker is open, and closing it."""

import argparse
from typing import Any

import output
import settings
from store import Store

FIELDS = ('class', 'until', 'span', 'count', 'met')


def add(commands: Any) -> None:
    parser = commands.add_parser(
        'breaker', help='show or close the circuit breaker',
        description='Shows the circuit breaker, which is open while the source '
        'blocks this address: no new track is resolved then.  "close" closes '
        'it, for all resolvers of the egress; if the block has not ended, the '
        'next failure opens it again.')
    parser.add_argument('act', metavar='close', nargs='?', choices=('close',))
    parser.add_argument('--json', action='store_true')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    store = Store(settings.read())
    breaker = store.shared()['breaker']
    if breaker:
        _, _, _, count, met = store.call('HMGET', store.key('breaker'),
                                         *FIELDS)
        breaker |= {'count': int(count or 0), 'met': met}
    if options.act:
        store.call('DEL', store.key('breaker'))

    if options.json:
        output.as_json({'breaker': breaker, 'closed': bool(
            options.act or not breaker)})
    elif not breaker:
        print('the breaker is closed')
    else:
        was = 'was' if options.act else 'is'
        print(output.plain(f'the breaker {was} ' + (
            f'open, for another {output.duration(breaker["left"])}'
            if breaker['state'] == 'open' else 'half-open, one track is tried')
            + f': {breaker["class"]}, {breaker["count"]} in a row'
            + (f', met with {breaker["met"]}' if breaker['met'] else '')))
        if options.act:
            print('it is closed')
    return 0
