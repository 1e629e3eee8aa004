"""tests/e2e: clients that ask one thing after another, each on a connection of its own, and account for every request:
answered whole; refused, that is to say ended before the first byte of its answer, which a client may repeat; or broken.
Each has an id, so that the server's access log can be held against that: what was answered is in it once, what was refused
is not."""
import collections
import contextlib
import errno
import json
import random
import re
import selectors
import socket
import threading
import time

IP_BIND_ADDRESS_NO_PORT = 24
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
CLOSES = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)


class Client:
    def __init__(self):
        self.socket = None
        self.early = False    # its connection stood before the stop
        self.waits = False    # for an answer
        self.silent = 0.0     # how long it may have been, at most, before it asked that
        self.asked = 0        # the number of its last request
        self.got = bytearray()
        self.knocks = False   # its connection does not stand yet
        self.since = 0.0      # when it began that, or when it stood
        self.quiet = 0.0      # not later than this the server has begun to wait for its next request
        self.next_at = 0.0    # when it does its next thing; 0: it waits for the socket


class Load:
    """`with Load(port, 64) as load:` runs in a thread. Whoever stops the server says `stops()` just before, and unsets
    `stopping` before the next one starts: connections that stood by then are counted as early ones. `granted`: for so many
    seconds after a stop the server waits for a request on any connection. It ends those that are silent for longer, which
    these clients are only when the machine has held them up: what is refused then is counted apart."""

    def __init__(self, port, clients, path="/user/1", think=0.0, seed=1, granted=0.09):
        self.port = port
        self.request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: load-%d\r\n\r\n"
        self.outcomes = []                  # by the number of the request; None: its answer was not awaited
        self.think = think  # seconds, at most, between an answer and the next request; half of the clients do
        self.random = random.Random(seed)
        self.stopping = False
        self.stopped = 0.0
        self.count = collections.Counter()  # (early, "answered" | "refused" | "broken" | "other status")
        self.examples = []                  # of what should not be
        self.unconnected = 0
        self.held_up = 0                    # refused after a silence longer than `granted`
        self.granted = granted
        self.looked = self.looked_before = time.monotonic()  # what had come by then is known; and the time before
        self.clients = [Client() for _ in range(clients)]
        self.selector = selectors.DefaultSelector()
        self.over = False
        self.failure = None
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()
        if self.failure:
            raise self.failure

    def stops(self):
        """Said just before the signal."""
        self.stopping = True
        self.stopped = time.monotonic()

    def of(self, early):
        """(answered, refused, broken, other) of the connections that stood before a stop, or of the others."""
        return tuple(self.count[early, what] for what in ("answered", "refused", "broken", "other status"))

    def against(self, access_log):
        """What does not fit, of the access log (JSON) of all servers that were asked, once they have ended."""
        records = collections.defaultdict(list)
        with open(access_log, encoding="utf-8") as lines:
            for record in map(json.loads, lines):
                if record["request_id"].startswith("load-"):
                    records[int(record["request_id"][5:])].append(record)
        for number, outcome in enumerate(self.outcomes):
            of_it = records.pop(number, [])
            if outcome == "answered" and [r["status"] for r in of_it] != [200]:
                yield f"request {number} was answered 200, and the access log has {of_it}"
            elif outcome == "refused" and of_it:
                yield f"request {number} was closed without an answer, to be repeated, and the access log has {of_it}"
            elif len(of_it) > 1:
                yield f"request {number} is in the access log {len(of_it)} times: {of_it}"
        for number in records:
            yield f"request {number} was never sent, and the access log has {records[number]}"

    def run(self):
        try:
            while not self.over:
                now = time.monotonic()
                for client in self.clients:
                    if client.next_at and client.next_at <= now:
                        client.next_at = 0.0
                        self.ask(client) if client.socket else self.connect(client)
                    elif not client.socket and not client.next_at:
                        self.connect(client)
                    elif client.knocks and now - client.since > 0.1:
                        self.unconnected += 1
                        self.drop(client, 0.01)
                # Of what comes to light now nothing had happened when it was last looked.
                self.looked_before, self.looked = self.looked, time.monotonic()
                for key, events in self.selector.select(0.002):
                    client = key.data
                    if client.socket is not key.fileobj:
                        continue
                    if events & selectors.EVENT_WRITE:
                        self.connected(client)
                    else:
                        self.hear(client)
        except Exception as error:  # told by whoever joins
            self.failure = error
        finally:
            for client in self.clients:
                self.drop(client)

    def connect(self, client):
        client.since = client.quiet = time.monotonic()
        client.socket = socket.socket()
        client.socket.setblocking(False)
        # Another address than the server's: a socket that finds nobody may otherwise be connected to itself.
        client.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        client.socket.bind(("127.0.0.2", 0))
        error = client.socket.connect_ex(("127.0.0.1", self.port))
        if error not in (0, errno.EINPROGRESS):
            self.unconnected += 1
            self.drop(client, 0.01)
            return
        client.knocks = True
        self.selector.register(client.socket, selectors.EVENT_WRITE, client)

    def connected(self, client):
        if client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
            self.unconnected += 1
            self.drop(client, 0.01)
            return
        client.knocks = False
        client.early = not self.stopping
        client.since = time.monotonic()
        self.selector.modify(client.socket, selectors.EVENT_READ, client)
        self.ask(client)

    def ask(self, client):
        client.waits = True
        client.asked = len(self.outcomes)
        self.outcomes.append(None)
        try:
            client.socket.send((self.request % client.asked).encode())
        except OSError:
            client.silent = time.monotonic() - client.quiet
            self.end(client, "refused")
            return
        client.silent = time.monotonic() - client.quiet

    def hear(self, client):
        try:
            piece = client.socket.recv(65536)
        except OSError:
            piece = b""
        client.got += piece
        if not piece:
            if client.waits:
                self.end(client, "broken" if client.got else "refused")
            else:
                self.drop(client)  # the server has ended an idle connection
            return
        head, parted, body = bytes(client.got).partition(b"\r\n\r\n")
        if not parted:
            return
        head += b"\r\n"
        length = int(LENGTH.search(head)[1])
        if len(body) < length:
            return
        if len(body) > length:
            self.end(client, "broken")
            return
        status = head.split(b" ", 2)[1]
        self.tell(client, "answered" if status == b"200" else "other status")
        client.waits = False
        client.quiet = self.looked_before
        client.got.clear()
        if CLOSES.search(head):
            self.drop(client)
        elif self.think and self.random.random() < 0.5:
            client.next_at = time.monotonic() + self.random.random() * self.think
        else:
            self.ask(client)

    def end(self, client, what):
        self.tell(client, what)
        self.drop(client)

    def tell(self, client, what):
        self.outcomes[client.asked] = what
        if what == "refused" and self.stopping and client.silent > self.granted:
            self.held_up += 1
            return
        self.count[client.early, what] += 1
        if what != "answered" and len(self.examples) < 5:
            self.examples.append((what, "early" if client.early else "late", bytes(client.got[:200]),
                                  f"{time.monotonic() - client.since:.4f} s after its connection stood, "
                                  f"{time.monotonic() - self.stopped:.4f} s after the last stop"))

    def drop(self, client, pause=0.0):
        if client.socket:
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(client.socket)
            client.socket.close()
        client.socket = None
        client.waits = client.knocks = False
        client.got.clear()
        client.next_at = time.monotonic() + pause if pause else 0.0
