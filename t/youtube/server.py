#!/usr/bin/python3 -B

"""A stand-in for YouTube and its media hosts.  See README.md."""

import argparse
import asyncio
import json
import os
import resource
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from control import Control, State
from encode import Media
from media import MediaHosts
from player import Player
from wire import Answer, Request, Wire

ADDRESS = '127.0.0.1'
NAMES = ('IP:127.0.0.1,DNS:127.0.0.1,DNS:localhost,DNS:www.youtube.com,DNS:youtube.com,'
         'DNS:youtubei.googleapis.com,DNS:*.googlevideo.com,DNS:*.ytimg.com')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--dir', type=Path, required=True,
                        help='for certificates and configuration')
    parser.add_argument('--media', type=Path,
                        help='for the encoded audio, may be shared '
                             '(default: media in --dir)')
    parser.add_argument('--port-file', type=Path,
                        help='the ready line is written here too')
    parser.add_argument('--scheme', choices=('http', 'https'), default='http',
                        help='of the media URLs (default: http)')
    parser.add_argument('--ports', type=port_list, default=[0] * 6,
                        metavar='N,N,N,N,N,N',
                        help='player, two of http, two of https, control '
                             '(default: free ones)')
    parser.add_argument('--exit-with-stdin', action='store_true')
    options = parser.parse_args()

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(options))


def port_list(text: str) -> list[int]:
    ports = [int(port) for port in text.split(',')]
    if len(ports) != 6:
        raise ValueError('six ports')
    return ports


async def serve(options: argparse.Namespace) -> None:
    options.dir.mkdir(parents=True, exist_ok=True)
    tls = certificates(options.dir)
    files = Media(options.media or options.dir / 'media')
    files.prepare()

    state = State(options.scheme)
    ports: dict[str, list[int]] = {}
    hosts = {'player': Player(state, files, ports),
             'media': MediaHosts(state, files, ports)}
    wires = {name: Wire(exchange(state, host)) for name, host in hosts.items()}
    wires['control'] = Wire(Control(state, hosts | {'wires': wires}).handle)

    plan = (('player', 'player', tls), ('http', 'media', None),
            ('http', 'media', None), ('https', 'media', tls),
            ('https', 'media', tls), ('control', 'control', None))
    for wanted, (role, wire, context) in zip(options.ports, plan):
        server = await asyncio.start_server(
            wires[wire].connection, ADDRESS, wanted, ssl=context,
            backlog=1024)
        ports.setdefault(role, []).append(server.sockets[0].getsockname()[1])

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.exit_with_stdin:
        threading.Thread(target=wait_for_stdin, args=(loop, stop),
                         daemon=True).start()

    announce(options, ports)
    await stop.wait()


def exchange(state: State, host: Player | MediaHosts):
    """The part of a request that is common to all hosts."""

    async def handle(request: Request, answer: Answer,
                     reader: asyncio.StreamReader) -> None:
        kind, track, itag = host.subject(request)
        entry = state.begin(kind, track, itag, request)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await asyncio.sleep(wait_before(state, kind, request, entry.fault))
            if entry.fault.get('stall') == 'header':
                await answer.hang(reader)
            if entry.fault.get('reset') == 'header':
                answer.reset()
            if kind != 'media' and 'status' in entry.fault:
                await answer.whole(entry.fault['status'], 'text/plain', b'')
                return
            await host.answer(request, entry, answer, reader)
        finally:
            entry.status, entry.sent = answer.status, answer.sent
            entry.seconds, entry.done = loop.time() - began, True

    return handle


def wait_before(state: State, kind: str, request: Request,
                fault: dict[str, Any]) -> float:
    latency = state.settings.latency
    milliseconds = latency[kind] + fault.get('delay', 0)
    if request.first:
        milliseconds += latency['connect']
    return milliseconds / 1000


def wait_for_stdin(loop: asyncio.AbstractEventLoop,
                   stop: asyncio.Event) -> None:
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


def certificates(directory: Path) -> ssl.SSLContext:
    ca, ca_key = directory / 'ca.pem', directory / 'ca.key'
    cert, key = directory / 'server.pem', directory / 'server.key'

    if not cert.exists():
        openssl(ca, ca_key, 'VOYO test CA', 'keyUsage=critical,keyCertSign')
        openssl(cert, key, 'localhost', f'subjectAltName={NAMES}',
                'basicConstraints=critical,CA:FALSE',
                'extendedKeyUsage=serverAuth', '-CA', ca, '-CAkey', ca_key)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def openssl(cert: Path, key: Path, name: str, *more: str | Path) -> None:
    arguments: list[str | Path] = [
        'openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
        'ec_paramgen_curve:P-256', '-nodes', '-days', '3650', '-subj',
        f'/CN={name}', '-keyout', key, '-out', cert]
    for each in more:
        if isinstance(each, str) and '=' in each:
            arguments.append('-addext')
        arguments.append(each)
    subprocess.run(arguments, check=True, stdin=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def announce(options: argparse.Namespace,
             ports: dict[str, list[int]]) -> None:
    extractor = (f'youtube:innertube_host={ADDRESS}:{ports["player"][0]};'
                 'player_client=visionos;'
                 'player_skip=webpage,configs,js,initial_data;'
                 'skip=hls,dash,translated_subs')
    conf = options.dir / 'yt-dlp.conf'
    write(conf, f"--extractor-args '{extractor}'\n--no-check-certificates\n")

    line = json.dumps({
        'player': ports['player'][0],
        'media_http': ports['http'],
        'media_https': ports['https'],
        'control': ports['control'][0],
        'ca': str((options.dir / 'ca.pem').resolve()),
        'ytdlp_conf': str(conf.resolve()),
        'ytdlp_args': ['--ignore-config', '--extractor-args', extractor,
                       '--no-check-certificates'],
        'pid': os.getpid(),
    })
    if options.port_file is not None:
        write(options.port_file, line + '\n')
    print(line, flush=True)


def write(path: Path, text: str) -> None:
    new = path.with_name(f'{path.name}.{os.getpid()}')
    new.write_text(text)
    new.replace(path)


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    main()
