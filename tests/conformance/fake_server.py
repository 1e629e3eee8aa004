"""tests/conformance: a tiny server that misbehaves as a test tells it, each connection on a thread of its own."""
import email.utils
import re
import socket
import struct
import threading


def date():
    return email.utils.formatdate(usegmt=True)


def answer(status=200, body=b"ok\n", head=False, close=False, fields=(), without=(), now=None):
    """The bytes of one good answer; `fields` are (name, value) in addition, `without` names what is left out."""
    all_fields = [("Date", now or date()), ("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    all_fields += [("Connection", "close")] if close else []
    lines = [f"{n}: {v}" for n, v in [f for f in all_fields if f[0] not in without] + list(fields)]
    return f"HTTP/1.1 {status} Said\r\n".encode() + "".join(l + "\r\n" for l in lines).encode() + b"\r\n" + (b"" if head else body)


class Connection:
    def __init__(self, connected):
        self.socket, self.data, self.timed_out = connected, b"", False

    def more(self):
        """Whether something came."""
        try:
            piece = self.socket.recv(65536)
        except TimeoutError:
            self.timed_out = True
            return False
        except OSError:
            return False
        self.data += piece
        return bool(piece)

    def head(self):
        """The next request's head, or None at the end."""
        while b"\r\n\r\n" not in self.data:
            if not self.more():
                return None
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        return head

    def body(self, length):
        while len(self.data) < length and self.more():
            pass
        body, self.data = self.data[:length], self.data[length:]
        return body

    def say(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def close(self):
        """Ends our side, and reads on until the client has ended its own."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            while self.more():
                pass
        except OSError:
            pass
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def good(connection, patience=8.0, change=lambda data, number: data):
    """A server that does it right (as far as the tests ask); `change` gets each answer and its number, and spoils it."""
    number = 0
    connection.socket.settimeout(patience)
    while True:
        head = connection.head()
        if head is None:
            if connection.data and connection.timed_out:
                connection.say(change(answer(408, b"late\n", close=True), number + 1))
            return connection.close()
        number += 1
        method, target = head.split(b" ")[:2]
        wants_close = b"connection: close" in head.lower()
        if b"\nhost:" not in head.lower():
            connection.say(change(answer(400, b"bad\n", close=True), number))
            return connection.close()
        if len(head) > 65536:
            connection.say(change(answer(431, b"big\n", close=True), number))
            return connection.close()
        length = re.search(rb"\ncontent-length: *([0-9]+)", head.lower())
        if length:
            if b"100-continue" in head:
                connection.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.body(int(length.group(1)))
        status = 200 if target == b"/livez" else 404
        connection.say(change(answer(status, head=method == b"HEAD", close=wants_close), number))
        if wants_close:
            return connection.close()


class Fake:
    """Listens on loopback while it is entered; `behave(Connection)` is called for each connection."""

    def __init__(self, behave):
        self.behave = behave

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = (socket.AF_INET, self.listener.getsockname())
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def _serve(self):
        while True:
            try:
                connected, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.behave, args=(Connection(connected),), daemon=True).start()
