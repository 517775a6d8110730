"""What the operator of VOYO does with it: `voyo COMMAND`, see voyo(1).

Exit status: 0 when it is done, 1 when it failed or VOYO is not healthy, 2 when
the command line or a setting is wrong.
"""

import argparse
import os
import sys

import bench
import breaker
import drain
import explain
import status
import takedown
import top
import track
import warm
from problem import Failed, Wrong

COMMANDS = (status, explain, takedown, warm, breaker, drain, top,
            bench)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog='voyo', description='Shows and controls a running VOYO.',
        epilog='Without a command VOYO is started: see voyo --help.')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND',
                                     required=True)
    for module in COMMANDS:
        module.add(commands)

    options = parser.parse_args([track.unambiguous(each)
                                 for each in sys.argv[1:]])
    try:
        return options.run(options)
    except Wrong as error:
        print(f'voyo: {error}', file=sys.stderr)
        return 2
    except Failed as error:
        print(f'voyo: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # nobody reads any more, as with "| head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
