#!/bin/bash

# HAProxy 2.6.12, Caddy 2.6.2 and lighttpd 1.4.69 (Debian 12) in front of a
# server that closes the connection in the middle of a response: over HTTP/2
# they end the stream with END_STREAM, as if the body were whole, instead of
# RST_STREAM (RFC 9113, section 8.1.1; RFC 9112, section 8).  Over HTTP/1.1 the
# same proxies close the connection, which every client takes for an error.
#
# For media this matters: an element that is told "the body has ended" resumes,
# but counts the end of each response as progress or as a failure by its own
# rules, and fetch() may resolve with fewer bytes than Content-Length says.
#
# Seen on 2026-11-30:
#
#     haproxy HTTP/2: 60000 of 100000 bytes, END_STREAM
#     haproxy HTTP/1.1: 60000 of 100000 bytes, closed
#     caddy HTTP/2: 60000 of 100000 bytes, END_STREAM
#     caddy HTTP/1.1: 60000 of 100000 bytes, closed
#     lighttpd HTTP/2: 60000 of 100000 bytes, END_STREAM
#     lighttpd HTTP/1.1: 60000 of 100000 bytes, closed
#
# Needs apt's sources of Debian 12 and of its security updates and python3,
# installs nothing; exit status 0 when it is still so.

set -euo pipefail

self=$(realpath "$0")
dir=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2> /dev/null || true; wait; rm -rf "$dir"' EXIT
cd "$dir"

apt-get -q -o APT::Sandbox::User="$(id -un)" download \
    haproxy=2.6.12-1+deb12u4 caddy=2.6.2-5 lighttpd=1.4.69-1 \
    liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 \
    > apt.log 2>&1 || { cat apt.log >&2; exit 2; }
for each in *.deb; do
    dpkg -x "$each" root
done
libraries=$(dirname "$(find "$dir/root" -name 'liblua5.3.so.0')")

cat > server.py <<'EOF'
import socketserver
import time


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline() not in (b'\r\n', b''):
            pass
        self.wfile.write(b'HTTP/1.1 206 Partial Content\r\n'
                         b'Content-Type: audio/mp4\r\n'
                         b'Content-Range: bytes 0-99999/100000\r\n'
                         b'Content-Length: 100000\r\n\r\n' + bytes(60000))
        time.sleep(0.3)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


with Server(('127.0.0.1', 0), Handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
EOF

cat > client.py <<'EOF'
import socket
import struct
import sys


def http1(port):
    with socket.create_connection(('127.0.0.1', port), 20) as s:
        s.sendall(b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
        data = s.makefile('rb')
        while data.readline() not in (b'\r\n', b''):
            pass
        got = 0
        while got < 100000 and (piece := data.read1(65536)):
            got += len(piece)
    return got, 'whole' if got == 100000 else 'closed'


def http2(port):
    with socket.create_connection(('127.0.0.1', port), 20) as s:
        def frame(kind, flags, stream, body=b''):
            s.sendall(len(body).to_bytes(3, 'big')
                      + struct.pack('>BBI', kind, flags, stream) + body)

        s.sendall(b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
        frame(4, 0, 0, struct.pack('>HI', 4, 1 << 30))      # SETTINGS
        frame(8, 0, 0, struct.pack('>I', 1 << 30))          # WINDOW_UPDATE
        frame(1, 5, 1, b'\x82\x86\x84\x41\x09127.0.0.1')    # HEADERS
        data, got = s.makefile('rb'), 0
        while head := data.read(9):
            body = data.read(int.from_bytes(head[:3], 'big'))
            kind, flags = head[3], head[4]
            if kind == 4 and not flags:
                frame(4, 1, 0)
            if head[8] != 1:
                continue
            if kind == 0:
                got += len(body)
            if kind == 3:
                return got, 'RST_STREAM'
            if kind in (0, 1) and flags & 1:
                return got, 'END_STREAM'
    return got, 'closed'


name, version, port = sys.argv[1:]
got, end = {'HTTP/1.1': http1, 'HTTP/2': http2}[version](int(port))
print(f'{name} {version}: {got} of 100000 bytes, {end}')
EOF

port()
{
    python3 -c 'import socket
with socket.create_server(("127.0.0.1", 0)) as s: print(s.getsockname()[1])'
}

start()
{
    "$@" > "$1.log" 2>&1 &
    started+=($!)
}

python3 server.py > server.port &
started+=($!)
until [ -s server.port ]; do sleep 0.05; done
server=127.0.0.1:$(cat server.port)
h1=$(port) h2=$(port) caddy=$(port) lighttpd=$(port)

cat > haproxy.cfg <<EOF
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind 127.0.0.1:$h1
    bind 127.0.0.1:$h2 proto h2
    default_backend server
backend server
    server one $server
EOF

cat > Caddyfile <<EOF
{
    admin off
    auto_https off
    servers {
        protocols h1 h2c
    }
}
http://:$caddy {
    reverse_proxy $server
}
EOF

cat > lighttpd.conf <<EOF
server.document-root = "$dir"
server.bind = "127.0.0.1"
server.port = $lighttpd
server.modules = ( "mod_proxy" )
server.feature-flags = ( "server.h2proto" => "enable", "server.h2c" => "enable" )
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${server#*:} )) )
EOF

export LD_LIBRARY_PATH=$libraries XDG_DATA_HOME=$dir XDG_CONFIG_HOME=$dir
ln -s root/usr/sbin/haproxy root/usr/bin/caddy root/usr/sbin/lighttpd .
start ./haproxy -db -f haproxy.cfg
start ./caddy run --config Caddyfile --adapter caddyfile
start ./lighttpd -D -m root/usr/lib/lighttpd -f lighttpd.conf
for each in "$h1" "$h2" "$caddy" "$lighttpd"; do
    for _ in {1..100}; do
        (: < "/dev/tcp/127.0.0.1/$each") 2> /dev/null && break
        sleep 0.1
    done
done

{
    python3 client.py haproxy HTTP/2 "$h2"
    python3 client.py haproxy HTTP/1.1 "$h1"
    for each in caddy lighttpd; do
        python3 client.py $each HTTP/2 "${!each}"
        python3 client.py $each HTTP/1.1 "${!each}"
    done
} | tee seen

grep '^#     [a-z]* HTTP/' "$self" | sed 's/^#     //' | diff - seen
