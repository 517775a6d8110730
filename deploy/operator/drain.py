"""voyo drain: this machine gets no new listeners, and those it has go on."""

import argparse
import json
import time
from typing import Any

import output
import settings
from problem import Failed
from server import Server


def add(commands: Any) -> None:
    parser = commands.add_parser(
        'drain', help='take this machine out of service, gently',
        description='Makes /health unhealthy, so that a load balancer sends '
        'no new listeners here, and waits until those that there are have '
        'ended.  Plays go on.  It lasts until "voyo drain --undo", or a '
        'restart.')
    parser.add_argument('--undo', action='store_true',
                        help='be healthy again')
    parser.add_argument('--timeout', metavar='SECONDS', default=300,
                        type=output.seconds,
                        help='how long to wait for listeners, 300')
    parser.add_argument('--json', action='store_true')
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    server = Server(settings.read())
    began = time.monotonic()
    state = ask(server, 'DELETE' if options.undo else 'POST')

    while state['draining'] and state['listeners']:
        passed = time.monotonic() - began
        if passed >= options.timeout:
            break
        output.progress(output.plural(state['listeners'], 'listener')
                        + f' left, after {output.duration(passed)}')
        time.sleep(0.2)
        # it may be undone meanwhile
        state = ask(server, 'GET')
    output.progress('')

    if options.json:
        output.as_json(state | {'seconds': round(time.monotonic() - began, 3)})
    else:
        left = output.plural(state['listeners'], 'listener')
        print('this machine is ' + (f'draining, {left} left'
                                    if state['draining'] else
                                    f'in service, {left}'))
    if not options.undo and not state['draining']:
        raise Failed('it was undone meanwhile')
    if not options.undo and state['listeners']:
        raise Failed(f'not empty after {options.timeout} s, and still '
                     'draining: "voyo drain --undo" ends that')
    return 0


def ask(server: Server, method: str) -> dict[str, Any]:
    """{"draining": whether it is, "listeners": how many there are}"""

    answer = server.control('/drain', method)
    if answer.status == 403:
        raise Failed('only root and VOYO\'s user may do this')
    if answer.status != 200:
        raise Failed(f'/drain has status {answer.status}')
    return json.loads(answer.body)
