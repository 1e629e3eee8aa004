"""tests/smoke: clients that ask without a pause while a server ends, and the account of each request they sent."""
import collections
import socket
import threading
import time


class SteadyLoad:
    """`clients` threads, each on a connection that it keeps as long as the server does. `account` counts requests:
    answered; repeatable (the connection ended before the first byte of the answer: nothing was done, a client may ask
    again); broken (it ended in the middle of an answer). Attempts to connect that were refused are counted apart."""

    def __init__(self, port, path, clients=16):
        self.address, self.path = ("127.0.0.1", port), path
        self.account = collections.Counter()
        self.statuses = collections.Counter()
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.client) for _ in range(clients)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def count(self, what):
        with self.lock:
            self.account[what] += 1

    def client(self):
        while not self.ended.is_set():
            try:
                with socket.create_connection(self.address, timeout=20) as connection:
                    while not self.ended.is_set() and self.ask(connection):
                        pass
            except OSError:  # nobody listens (any more)
                self.count("refused")
                time.sleep(0.02)

    def ask(self, connection):
        """One request and its answer; whether the connection goes on."""
        got = b""
        try:
            connection.sendall(f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            while True:
                head, parted, body = got.partition(b"\r\n\r\n")
                if parted:
                    fields = head.lower().split(b"\r\n")
                    length = next(int(f[15:]) for f in fields if f.startswith(b"content-length:"))
                    if len(body) >= length:
                        break
                piece = connection.recv(65536)
                if not piece:
                    raise ConnectionResetError
                got += piece
        except OSError:
            self.count("broken" if got else "repeatable")
            return False
        with self.lock:
            self.account["answered"] += 1
            self.statuses[int(head[9:12])] += 1
        return b"connection: close" not in fields
