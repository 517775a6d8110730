#!/bin/bash

# HAProxy 2.6.12 (Debian 12: haproxy 2.6.12-1+deb12u4) and 3.0.11 (Debian 13):
# "stick-table type ip size 1 nopurge" with "stick on dst" is the well-known way
# to keep all connections at the server that took over when the first returns.
# The one entry is never updated: a new one cannot be allocated while the table
# is full, so it names the first server for ever, and connections go back there.
# With room for another entry it works.
#
# Seen on 2026-11-30, the server of a new connection: at first, after a has
# ended, and after a has returned:
#
#     size 1 nopurge: a b a
#     size 10 nopurge: a b b
#
# Needs haproxy and python3; exit status 0 when it is still so.

set -euo pipefail

self=$(realpath "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

cat > try.py <<'END'
import socket
import subprocess
import sys
import threading
import time


def port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    """Says its name to each client."""

    def __init__(self, name, number):
        self.name, self.number = name, number
        self.start()

    def start(self):
        self.socket = socket.create_server(('127.0.0.1', self.number))
        threading.Thread(target=self.serve, args=(self.socket,),
                         daemon=True).start()

    def serve(self, listening):
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            with client:
                try:
                    client.sendall(self.name.encode())
                except OSError:
                    pass

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def ask(number):
    with socket.create_connection(('127.0.0.1', number), 5) as client:
        return client.recv(1).decode()


def until(log, text, count):
    while open(log).read().count(text) < count:
        time.sleep(0.05)


for size in ('size 1 nopurge', 'size 10 nopurge'):
    a, b, front = Server('a', port()), Server('b', port()), port()
    with open('haproxy.cfg', 'w') as file:
        file.write(f"""
defaults
    mode tcp
    timeout connect 1s
    timeout client 5s
    timeout server 5s
listen all
    bind 127.0.0.1:{front}
    balance first
    stick-table type ip {size}
    stick on dst
    default-server check inter 100ms fall 1 rise 1
    server a 127.0.0.1:{a.number}
    server b 127.0.0.1:{b.number}
""")
    with open('log', 'w') as log:
        haproxy = subprocess.Popen(['haproxy', '-db', '-f', 'haproxy.cfg'],
                                   stderr=log)
    while True:
        try:
            seen = [ask(front)]
            break
        except OSError:
            time.sleep(0.05)
    a.stop()
    until('log', 'all/a is DOWN', 1)
    seen.append(ask(front))
    a.start()
    until('log', 'all/a is UP', 1)
    seen.append(ask(front))
    print(f'{size}:', *seen, flush=True)
    haproxy.terminate()
    haproxy.wait()
    a.stop()
    b.stop()
END

timeout 60 python3 try.py | tee seen
sed -n 's/^#     \(size .*\)$/\1/p' "$self" > expected
diff expected seen
