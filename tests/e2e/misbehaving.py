#!/usr/bin/env python3
"""tests/e2e: an upstream that misbehaves, a process of its own: `misbehaving.py [--ids JSON] [--posts FILE]
[--quiet]`. The id that is asked for says how each request is answered (misbehaviours.IDS, or {name: id}); what is right of
posts may stand in a file ({id: posts}); what must go wrong before a request goes wrong by the port. It tells what
it sees, a line of JSON each (watched.py reads them), does what the lines of its standard input say, and ends with it.

Its ports: `by_id` reads requests; `full` accepts nobody, and nobody else finds a place in its queue; `closed` is nobody's;
`resets` ends whoever is accepted by a reset.
Its orders: `idle fin`, `idle rst` end all connections that wait for a request; `idle talk` says something on them unasked; `mark`
is only told to be done, behind all that was told before."""
import argparse
import json
import os
import re
import select
import socket
import struct
import sys
import threading
import time

import misbehaviours

NO_MORE = struct.pack("ii", 1, 0)


class Ended(Exception):
    """The connection is over; how, the other side decided ("fin", "rst") or this one ("us")."""


class Told:
    """Lines on the standard output, one at a time and whole. Who is quiet does not tell of requests."""

    def __init__(self, quiet):
        self.quiet = quiet
        self.lock = threading.Lock()

    def __call__(self, event, **what):
        if self.quiet and event == "request":
            return
        with self.lock:
            os.write(1, (json.dumps({"event": event, **what}) + "\n").encode())


class Connection:
    """What a misbehaviour works with. All of its methods raise Ended when the connection is over."""

    def __init__(self, number, s, told, names):
        self.number, self.socket, self.told, self.names = number, s, told, names
        self.buffer = b""
        self.requests = 0
        self.idle = True
        self.ordered = False  # to end

    def receive(self):
        try:
            piece = self.socket.recv(1 << 16)
        except OSError as error:
            raise Ended("rst" if isinstance(error, ConnectionResetError) else "us") from None
        if not piece:
            raise Ended("us" if self.ordered else "fin")
        self.buffer += piece

    def request(self):
        """The target and the fields (names in lower case) of the next request. None of them has a body."""
        self.idle = not self.buffer
        while b"\r\n\r\n" not in self.buffer:
            self.receive()
            self.idle = False
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.requests += 1
        fields = [line.partition(":") for line in lines]
        return first, {name.lower(): value.strip() for name, _, value in fields}

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Ended("us" if error.errno == 9 else "rst") from None

    def pause(self, seconds):
        """Ends early with the connection: by its other side."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                self.receive()

    def silence(self):
        self.pause(3600)

    def close(self):
        raise Ended("us")

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_MORE)
        raise Ended("us")

    def name_of(self, first):
        """Of the misbehaviour that the request asks for; an id that none has is answered as it should be."""
        match = re.match(r"GET /api/users/(\d+)", first)
        return self.names.get(int(match.group(1)) if match else 0, "good")

    def serve(self):
        how = "a fault of its own"
        try:
            while True:
                first, fields = self.request()
                name = self.name_of(first)
                self.told(event="request", connection=self.number, number=self.requests, line=first, name=name, fields=fields)
                misbehaviours.ALL[name](self, first)
        except Ended as end:
            how = str(end)
        finally:
            self.socket.close()
            self.told(event="ended", connection=self.number, by=how)


class Upstream:
    def __init__(self, ids, quiet):
        self.told = Told(quiet)
        self.names = {number: name for name, number in ids.items()}
        self.numbers = 0
        self.connections = set()
        self.lock = threading.Lock()
        self.kept = []  # sockets that have to stay open, and the reset's
        by_id = self.listening(64)
        full = self.listening(0)
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        resets = self.listening(64)
        self.fill(full)
        self.kept += [full, closed]
        self.accepts(by_id)
        self.accepts(resets, resetting=True)
        self.told(event="listening", **{name: s.getsockname()[1] for name, s in
                                        (("by_id", by_id), ("full", full), ("closed", closed), ("resets", resets))})

    @staticmethod
    def listening(backlog):
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
        s.listen(backlog)
        return s

    def fill(self, full):
        """Until a connect stays without an answer: from then on every one does."""
        while True:
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(full.getsockname())
            self.kept.append(s)
            if not select.select([], [s], [], 0.2)[1]:
                return

    def accepts(self, listener, resetting=False):
        def forever():
            while True:
                s, _ = listener.accept()
                with self.lock:
                    self.numbers += 1
                    number = self.numbers
                self.told(event="accepted", connection=number)
                if resetting:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_MORE)
                    s.close()
                    self.told(event="ended", connection=number, by="us")
                    continue
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection(number, s, self.told, self.names)
                with self.lock:
                    self.connections.add(connection)
                threading.Thread(target=self.serves, args=(connection,), daemon=True).start()

        threading.Thread(target=forever, daemon=True).start()

    def serves(self, connection):
        try:
            connection.serve()
        finally:
            with self.lock:
                self.connections.discard(connection)

    def order(self, words):
        with self.lock:
            idle = [] if words == ["mark"] else [c for c in self.connections if c.idle and c.requests]
        for c in idle:
            if words[1] == "talk":
                c.send(misbehaviours.answer(misbehaviours.POISON))
                continue
            c.ordered = True
            if words[1] == "rst":
                c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_MORE)
                # Who reads is woken by the end of reading; the reset itself goes with the close behind it.
                c.socket.shutdown(socket.SHUT_RD)
            else:
                c.socket.shutdown(socket.SHUT_RDWR)
        self.told(event="done", order=" ".join(words), connections=[c.number for c in idle])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ids", type=json.loads, default=misbehaviours.IDS)
    parser.add_argument("--posts", type=argparse.FileType(encoding="utf-8"))
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    if options.posts:
        misbehaviours.POSTS.update(json.load(options.posts))
    upstream = Upstream(options.ids, options.quiet)
    for line in sys.stdin:
        upstream.order(line.split())


if __name__ == "__main__":
    main()
