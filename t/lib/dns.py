"""A name server on loopback, controlled by a test."""

import ipaddress
import socket
import struct
import threading

A, AAAA = 1, 28
NAME_ERROR = 3


class Dns:
    """
    Answers from "names", name -> addresses of both families; other names do not
    exist, and names with None are never answered.  "lost" is the number of
    queries to ignore per name.  "asked" lists all queried names in order.
    """

    def __init__(self, names: dict[str, list[str] | None]) -> None:
        self.names = names
        self.asked: list[str] = []
        self.lost: dict[str, int] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        # an empty datagram ends the thread
        self.socket.sendto(b'', self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        while True:
            query, client = self.socket.recvfrom(512)
            if not query:
                return
            answer = self._answer(query)
            if answer:
                self.socket.sendto(answer, client)

    def _answer(self, query: bytes) -> bytes | None:
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind, = struct.unpack_from('!H', query, at + 1)
        question = query[12:at + 5]
        name = '.'.join(labels).lower()
        self.asked.append(name)

        if self.lost.get(name):
            self.lost[name] -= 1
            return None

        addresses = self.names.get(name, [])
        if addresses is None:
            return None
        records = b''.join(
            b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 1, len(packed))
            + packed
            for each in map(ipaddress.ip_address, addresses)
            for packed in [each.packed]
            if kind == (A if each.version == 4 else AAAA))
        count = sum(1 for each in map(ipaddress.ip_address, addresses)
                    if kind == (A if each.version == 4 else AAAA))
        code = 0 if name in self.names else NAME_ERROR
        return (query[:2] + struct.pack('!HHHHH', 0x8180 | code, 1, count,
                                        0, 0) + question + records)
