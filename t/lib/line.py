"""A proxy to a local port whose connections break."""

import contextlib
import socket
import threading


class Line:
    """
    Closes the first response that is longer than so many bytes after these,
    properly, like a server or a proxy; later ones are complete.
    """

    def __init__(self, port: int, breaks: int) -> None:
        self.to = port
        self.breaks = breaks
        self.broken = threading.Event()
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.open: set[socket.socket] = set()
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def close(self) -> None:
        end(self.listener)
        self.threads[0].join()
        for each in list(self.open):
            end(each)
        for thread in self.threads:
            thread.join()
        self.listener.close()
        for each in self.open:
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:              # closed
                return
            server = socket.create_connection(('127.0.0.1', self.to))
            self.open |= {client, server}
            for each in (threading.Thread(target=pump, args=(client, server)),
                         threading.Thread(target=self._answer,
                                          args=(server, client))):
                self.threads.append(each)
                each.start()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            passed = 0
            while piece := server.recv(16384):
                rest = self.breaks - passed
                if len(piece) > rest and not self.broken.is_set():
                    self.broken.set()
                    client.sendall(piece[:rest])
                    break
                client.sendall(piece)
                passed += len(piece)
        end(client)
        end(server)


def pump(source: socket.socket, to: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(16384):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)


def end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
