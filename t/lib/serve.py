#!/usr/bin/python3 -B

"""A Stack with a reverse proxy in front, for tests in other languages.

Prints one line of JSON with the ports, and ends when stdin is closed.
"""

import json
import sys

from plain import Plain
from stack import Stack

PROXY = '''
    server {{
        listen 127.0.0.1:@PORT@;
        location / {{
            proxy_pass http://127.0.0.1:{port};
        }}
    }}'''


def main() -> None:
    # retries as in production: WebKitGTK does not resume by itself
    stack = Stack(retry_timeout='6s')
    # nginx's own message for a media host that closed the connection
    stack.provoked.append('upstream prematurely closed connection')
    try:
        proxy = Plain(stack.dir / 'proxy', PROXY.format(port=stack.port))
        try:
            print(json.dumps({
                'port': stack.port, 'proxy': proxy.port,
                'control': stack.source['control'],
                'log': str(stack.dir / 'nginx.log')}), flush=True)
            sys.stdin.read()
        finally:
            proxy.stop()
    finally:
        stack.close()


if __name__ == '__main__':
    main()
