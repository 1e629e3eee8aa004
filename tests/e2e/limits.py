#!/usr/bin/env python3
"""tests/e2e: every limit and timeout of the README's reference, at it and one beyond it: `limits.py NAME muster
muster_test_server`. LIMITS has an entry for each row of that table; a row without one, or a default that is not that of
`muster --help`, fails."""
import contextlib
import errno
import os
import pathlib
import re
import select
import signal
import socket
import subprocess
import time

from crowd import until
from harness import SLOW, again, check, exchange, main, request_bytes, server
from own_network import enter_own_network

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
KIB = 1024
# Timeouts are asked with a limit of a second. Before it is over none may come: no machine is an excuse, for the clocks of
# the tests begin before muster's. What comes too late, be it a client that should have been in time or a timeout, may be
# the machine's fault, and is tried again.
LIMIT = 1.0
LATE = 3.0 if SLOW else 0.7  # seconds that a timeout may come late here
WITHIN = 0.5 if SLOW else 0.8  # of a second: still in time (the unit tests ask it to the ms)


class Ground:
    """What a row has to work with: the programs, a database of sample people, and a folder."""

    def __init__(self, muster, test_server, folder):
        self.muster, self.test_server, self.folder = muster, test_server, folder
        with server(muster, folder=folder):  # makes the database
            pass

    def serve(self, *flags, binary=None):
        log = self.folder / "access.log"
        log.unlink(missing_ok=True)
        return server(binary or self.muster, "--access-log", str(log), "--log-format", "json", *flags, folder=self.folder)

    def recorded(self, what):
        """Whether the access log tells of it: it is written a moment later."""
        until(lambda: what in (self.folder / "access.log").read_text(), 30, f"a record that has {what}")


class Talk:
    """One connection, and all that the server said on it."""

    def __init__(self, port, receive_buffer=None, host="127.0.0.1", source=None):
        self.socket = socket.socket(socket.AF_INET)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(60)
        self.began = time.monotonic()
        self.socket.connect((host, port))
        self.heard = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def say(self, data):
        """A server that has refused already may reset what is still sent: what it said is what counts."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)
        return self

    def some(self):
        with contextlib.suppress(ConnectionResetError):
            piece = self.socket.recv(1 << 16)
            self.heard += piece
            return piece
        return b""

    def answer(self):
        """The status of the next answer, and drops it."""
        while True:
            head, parted, body = self.heard.partition(b"\r\n\r\n")
            length = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            if parted and length and len(body) >= length[0]:
                self.last = self.heard[:len(head) + 4 + length[0]]
                self.heard = body[length[0]:]
                return int(head.split(b" ")[1])
            if not self.some():
                return None

    def age(self):
        """Seconds since `began`: before the connection stood, unless somebody has set it."""
        return time.monotonic() - self.began

    def end(self):
        """Reads to the end: seconds since the connection began."""
        while self.some():
            pass
        return self.age()


def get(path="/livez", fields=(), close=True):
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *fields] + (["Connection: close"] if close else [])
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def sized_head(size):
    bare = len(get(fields=["X-Long: "]))
    return get(fields=["X-Long: " + "a" * (size - bare)])


def status_of(port, data):
    with Talk(port) as talk:
        return talk.say(data).answer()


def serves(port, data, *what):
    check((status := status_of(port, data)) == 200, *what, "is answered", status)


def refuses(port, data, status, *what):
    """With that status, and the connection ends."""
    with Talk(port) as talk:
        got = talk.say(data).answer()
        check(got == status, *what, "is answered", got, "and not", status)
        check(b"\r\nconnection: close\r\n" in talk.last.lower(), *what, "is not told that the connection ends")
        talk.end()
        check(not talk.heard, *what, "has a second answer:", talk.heard[:200])


def in_time(took, *what):
    """Of somebody who should have been in time and was refused or cut after `took`."""
    check(took >= LIMIT, *what, "is cut after", took)
    return f"{what[0]} had taken {took:.2f} s"


def cut_in_time(took, limit, what):
    """Never early; if it is late, that is what is returned."""
    check(took >= limit - 0.005, what, "ended after", took, "and not", limit)
    return f"{what} ended after {took:.2f} s" if took > limit + LATE else None


def timeout(ground):
    with ground.serve("--timeout", "1s", "--test-posts", f"delay:{WITHIN * 1000:.0f}ms", binary=ground.test_server) as s:
        def served():
            with Talk(s.public) as talk:
                status = talk.say(get("/user/1")).answer()
                return None if status == 200 else in_time(talk.age(), "a request of", WITHIN, "s", status)

        again(served)
    with ground.serve("--timeout", "1s", "--test-posts", "delay:10s", binary=ground.test_server) as s:
        def cut():
            with Talk(s.public) as talk:
                check(talk.say(get("/user/1")).answer() == 504, talk.last)
                return cut_in_time(talk.end(), LIMIT, "a request of 10 s")

        again(cut)


def request_in_time_and_not(s, what):
    """One that is late is answered 408 after a second, and a trickle renews nothing."""
    request = get(close=False)

    def arrives():
        with Talk(s.public) as talk:
            talk.say(request[:10])
            time.sleep(WITHIN)
            status = talk.say(request[10:]).answer()
            return None if status == 200 else in_time(talk.age(), what, "that takes", WITHIN, "s to arrive:", status)

    def trickles():
        with Talk(s.public) as talk:
            for byte in request[:-1]:  # for 4 s
                talk.say(bytes([byte]))
                if select.select([talk.socket], [], [], 0.1)[0]:
                    break
            check(talk.answer() == 408, what, talk.heard)
            return cut_in_time(talk.end(), LIMIT, what + " that trickles in")

    again(arrives)
    again(trickles)


def read_timeout(ground):
    with ground.serve("--read-timeout", "1s") as s:
        request_in_time_and_not(s, "a request")


def head_timeout(ground):
    with ground.serve("--head-timeout", "1s") as s:
        request_in_time_and_not(s, "a head")
        with Talk(s.public) as talk:  # the head alone: its body has longer
            talk.say(get(fields=["Content-Length: 2"]))
            time.sleep(1.3)
            check(talk.say(b"bb").answer() == 200, "a body that comes 1.3 s behind its head")


def min_body_rate(ground):
    grace = 5

    def slow_and_fast(s):
        cut = None
        with Talk(s.public) as slow, Talk(s.public) as fast:
            slow.say(get(fields=["Content-Length: 2"]) + b"b")
            fast.say(get(fields=["Content-Length: 660"]))
            for _ in range(60):  # 110 a second, until after the grace
                fast.say(b"b" * 11)
                if cut is None and select.select([slow.socket], [], [], 0.1)[0]:
                    cut = slow.age()
                elif cut:
                    time.sleep(0.1)
            check(fast.answer() == 200, "a body of 110 bytes a second:", fast.heard)
            check(slow.answer() == 408, "a body of a byte in 5 s:", slow.heard)
            cut = cut or slow.age()
            slow.end()
            return cut_in_time(cut, grace, "a body of a byte in 5 s")

    with ground.serve("--min-body-rate", "100B", "--read-timeout", "30s") as s:
        again(lambda: slow_and_fast(s), 3)


def write_timeout(ground):
    many, small = 40, 2 * KIB
    posts = get("/api/users/1/posts?limit=50", close=False) * many
    with ground.serve("--write-timeout", "1s") as s:
        def reads_in_time():
            with Talk(s.public, small) as talk:
                talk.say(posts)
                time.sleep(WITHIN)
                for i in range(many):
                    if (status := talk.answer()) != 200:
                        return in_time(talk.age(), "answer", i, "of a client that reads after", WITHIN, "s", status)
                return None

        def stops_reading():
            with Talk(s.public, small) as talk:
                talk.socket.setblocking(False)
                was_reset = False
                try:
                    while True:  # until nothing is read and nothing fits any more
                        talk.socket.send(posts)
                except BlockingIOError:
                    pass
                except ConnectionResetError:
                    was_reset = True
                blocked = time.monotonic()
                # The reset itself is waited for: a connection that has not been accepted yet is in no roll either.
                events = select.poll()
                events.register(talk.socket, 0)
                if not was_reset:
                    check(events.poll(20_000), "a client that does not read is kept")
                    was_reset = talk.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET
                took = talk.age()
                check(was_reset, "it was not reset")
                until(lambda: not [c for c in s.roll()["connections"] if not c["loop"].startswith("admin")], 20,
                      "an end of a client that does not read")
                check(took >= LIMIT, "a client that does not read was cut after", took)
                # What fits into buffers renews it.
                late = time.monotonic() - blocked > LIMIT + LATE + 4
                return f"a client that does not read was cut after {took:.2f} s" if late else None

        again(reads_in_time)
        again(stops_reading)
        ground.recorded('"write_timeout"')


def idle_timeout(ground):
    def is_silent(s):
        with Talk(s.public) as talk:
            silent_since = talk.began
            for _ in range(2):
                time.sleep(WITHIN)
                talk.began = time.monotonic()
                if (status := talk.say(get(close=False)).answer()) != 200:
                    return in_time(time.monotonic() - silent_since, "a connection that was silent for", WITHIN, "s", status)
                silent_since = talk.began
            late = cut_in_time(talk.end(), LIMIT, "a silent connection")
            check(not talk.heard, "silence is answered with", talk.heard)
            return late

    with ground.serve("--idle-timeout", "1s") as s:
        again(lambda: is_silent(s))


def drain(ground):
    def stopped(lasting, expected):
        with ground.serve("--drain", "1s", binary=ground.test_server) as s:
            with Talk(s.public) as talk:
                talk.say(get(f"/test/wait?for={lasting}"))
                until(lambda: [r for r in s.roll()["requests"] if "/test/wait" in r["name"]] or expected == 200 and talk.age() > 1,
                      30, "the request")
                if expected == 200 and talk.age() > WITHIN:
                    return "the request may have ended before the stop"
                began = time.monotonic()
                s.signal(signal.SIGTERM)
                status = talk.answer()
                took = time.monotonic() - began
            s.wait()
        if expected == 503:
            check(status == 503, lasting, "after SIGTERM:", status, talk.heard)
            return cut_in_time(took, LIMIT, "a request in the drain")
        return None if status == 200 else in_time(took, "a request in the drain of", lasting, status, talk.heard)

    again(lambda: stopped(f"{WITHIN * 1000:.0f}ms", 200))
    again(lambda: stopped("30s", 503))


def drain_delay(ground):
    def delayed():
        with ground.serve("--drain-delay", "1s") as s:
            def served():
                with contextlib.suppress(OSError):
                    return status_of(s.public, get()) == 200
                return False

            began = time.monotonic()
            s.signal(signal.SIGTERM)
            time.sleep(WITHIN)
            here = served()
            asked = time.monotonic() - began
            until(lambda: not served(), 20, "an end of the delay")
            ended = time.monotonic() - began
            s.wait()
        if not here:
            return in_time(asked, "who comes", WITHIN, "s after SIGTERM and is not served")
        check(ended >= LIMIT, "the delay ended after", ended)
        # Who knocks in the moment of the end knocks again a second later.
        return f"the delay ended after {ended:.2f} s" if ended > LIMIT + LATE + 1 else None

    again(delayed)


# ---- Of size -----------------------------------------------------------------------------------------------------------


def head(ground):
    for flags, size in (([], 16 * KIB), (["--max-head", "2KiB"], 2 * KIB)):
        with ground.serve(*flags) as s:
            serves(s.public, sized_head(size), "a head of", size)
            refuses(s.public, sized_head(size + 1), 431, "a head of one byte more than", size)


def target(ground):
    for flags, size in (([], 8 * KIB), (["--max-target", "100B"], 100)):
        path = "/livez?" + "x" * (size - len("/livez?"))
        with ground.serve(*flags) as s:
            serves(s.public, get(path), "a target of", size)
            refuses(s.public, get(path + "x"), 414, "a target of one byte more than", size)


def fields(ground):
    others = 2  # Host, Connection
    for flags, count in (([], 100), (["--max-fields", "5"], 5)):
        with ground.serve(*flags) as s:
            serves(s.public, get(fields=[f"X-{i}: a" for i in range(count - others)]), count, "fields")
            refuses(s.public, get(fields=[f"X-{i}: a" for i in range(count + 1 - others)]), 431, count + 1, "fields")


def body(ground):
    def sized(n):
        return get(fields=[f"Content-Length: {n}"]) + b"b" * n

    def chunked(n):
        return get(fields=["Transfer-Encoding: chunked"]) + f"{n:x}\r\n".encode() + b"b" * n + b"\r\n0\r\n\r\n"

    for flags, size in (([], 64 * KIB), (["--max-body", "1KiB"], KIB)):
        with ground.serve(*flags) as s:
            for make in (sized, chunked):
                serves(s.public, make(size), "a body of", size, make.__name__)
                refuses(s.public, make(size + 1), 413, "a body of one byte more than", size, make.__name__)


def extensions(ground):
    def with_extensions(n):
        """Two chunks share them."""
        parts = (n // 2, n - n // 2)
        return get(fields=["Transfer-Encoding: chunked"]) + b"".join(b"1;" + b"e" * (part - 1) + b"\r\nb\r\n" for part in parts) + b"0\r\n\r\n"

    with ground.serve() as s:
        serves(s.public, with_extensions(4 * KIB), "4 KiB of chunk extensions")
        refuses(s.public, with_extensions(4 * KIB + 1), 400, "a byte more of chunk extensions")


def trailers(ground):
    def with_trailers(n):
        return get(fields=["Transfer-Encoding: chunked"]) + b"1\r\nb\r\n0\r\nT: " + b"t" * (n - len("T: \r\n\r\n")) + b"\r\n\r\n"

    with ground.serve() as s:
        serves(s.public, with_trailers(16 * KIB), "trailers of 16 KiB")
        refuses(s.public, with_trailers(16 * KIB + 1), 431, "trailers of one byte more")


# ---- Of number ---------------------------------------------------------------------------------------------------------


def full_at(count, flags, ground, source=None):
    host = "192.0.2.1" if source else "127.0.0.1"
    with ground.serve(*flags) as s, contextlib.ExitStack() as held:
        port = 8080 if source else s.public
        until(lambda: s.roll()["totals"]["connections"] <= 1, 30, "no connection but that of who asks")
        clients = [held.enter_context(Talk(port, host=host, source=source)) for _ in range(count)]
        for i, client in enumerate(clients):
            check(client.say(get(close=False)).answer() == 200, "connection", i + 1, "of", count)
        beyond = held.enter_context(Talk(port, host=host, source=source))
        check(beyond.answer() == 503 and b"\r\nRetry-After: 1\r\n" in beyond.last, "one more is told", beyond.heard)
        check(beyond.end() < 30, "one more is kept")  # half of what a silent connection has
        check(clients[0].say(get(close=False)).answer() == 200, "who was served is served no more")


def max_pipelined(ground):
    def answers(s, count):
        """How many of `count` requests in one piece are answered, and whether the connection stays."""
        with Talk(s.public) as talk:
            talk.say(get(close=False) * count)
            for i in range(count):
                check(talk.answer() == 200, "answer", i + 1, "of", count)
                if b"\r\nconnection: close\r\n" in talk.last.lower():
                    talk.end()
                    check(not talk.heard, "an answer after the last:", talk.heard[:200])
                    return i + 1, False
            return count, talk.say(get(close=False)).answer() == 200

    with ground.serve("--max-pipelined", "10") as s:
        check((at := answers(s, 10)) == (10, True), "10 requests in a row:", at)
        check((beyond := answers(s, 11)) == (10, False), "11 requests in a row:", beyond)


def unread_of(talk, port):
    """Bytes that came from there, in the kernel, for whoever serves on `port` to read; None: that connection does not stand
    yet, or nobody has accepted it."""
    theirs, ours = f":{port:04X}", f":{talk.socket.getsockname()[1]:04X}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            words = line.split()
            # An inode of 0: it waits to be accepted, or is closed.
            if words[1].endswith(theirs) and words[2].endswith(ours) and words[9] != "0":
                return int(words[4].split(":")[1], 16)
    return 0 if select.select([talk.socket], [], [], 0)[0] else None


def max_buffered(ground):
    head = sized_head(15 * KIB)
    # A quarter of it is for what arrives; a head of 15 KiB holds the 16 KiB it is read into, and as much again as fields.
    places = 4
    patient = ["--head-timeout", "60s", "--read-timeout", "60s"]
    with ground.serve("--max-buffered", "512KiB", *patient) as s, contextlib.ExitStack() as held:
        waiting = []
        while len(waiting) < 20:  # each of them holds its head and a buffer for it
            talk = held.enter_context(Talk(s.public)).say(head[:-1])
            until(lambda talk=talk: unread_of(talk, s.public) == 0, 30, "a server that has read what came")
            s.roll()  # every loop has told: it has done with what it read
            if select.select([talk.socket], [], [], 0)[0]:
                check(talk.answer() == 503 and b"\r\nRetry-After: " in talk.last, "one too many is told", talk.heard)
                break
            waiting.append(talk)
        check(len(waiting) == places, len(waiting), "heads of 15 KiB are held in a quarter of 512 KiB")
        for talk in waiting:
            check(talk.say(head[-1:]).answer() == 200, "a head for which there was room:", talk.heard)
        held.close()
        until(lambda: status_of(s.public, head) == 200, 30, "room for a head after they have gone")


def max_connections(ground):
    full_at(5, ["--max-connections", "5"], ground)
    ground.recorded('"too_many_connections"')


def max_connections_per_address(ground):
    full_at(5, ["--listen", "127.0.0.1:0", "--listen", "192.0.2.1:8080", "--max-connections-per-address", "5"], ground, "192.0.2.2")
    ground.recorded('"too_many_connections_of_address"')


def workers(ground):
    def at_once(s, count):
        """Seconds that `count` questions of 0.6 s each take when they come together."""
        began = time.monotonic()
        answers = exchange(s.public, [request_bytes("/user/1")] * count)
        check(all(a.status == 200 for a in answers), answers)
        return time.monotonic() - began

    def enough_for(s, count):
        return None if (took := at_once(s, count)) < 1.2 else f"{count} at once take {took:.2f} s"

    with ground.serve("--source", "posts.workers=2", "--test-posts", "sleep:600ms", "--timeout", "30s",
                      binary=ground.test_server) as s:
        again(lambda: enough_for(s, 2))
        check((took := at_once(s, 3)) >= 1.2, "two workers do three questions in", took)


def queue(ground):
    def wait_behind_one(s, others, refused):
        with Talk(s.public) as first:
            first.say(get("/user/1"))
            until(lambda: "'resource': 'posts'" in str(s.roll()["requests"]) or first.age() > 1, 30, "a request that waits")
            time.sleep(0.1)  # the worker has it: the others wait
            answers = exchange(s.public, [request_bytes("/user/1")] * others)
            check(first.answer() == 200, "who is at work:", first.heard)
        told = [a for a in answers if a.status == 503 and "retry-after" in a.headers]
        check(len(told) + sum(a.status == 200 for a in answers) == others, answers)
        # A machine that stands still may let the first end before the others come, or its worker look late.
        return None if len(told) == refused else f"behind one at work {others} wait: {[a.status for a in answers]}"

    with ground.serve("--source", "posts.workers=1", "--source", "posts.queue=2", "--test-posts", "sleep:600ms", "--timeout",
                      "30s", binary=ground.test_server) as s:
        for others, refused in ((2, 0), (3, 1)):
            again(lambda o=others, r=refused: wait_behind_one(s, o, r))


class FarSide:
    """The source of posts, played by the scenario: it hears muster's questions and answers them word for word."""

    def __init__(self, ground, *policies, full=False):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0 if full else 128)
        self.fillers = []
        while full:  # until nobody can connect any more
            filler = socket.socket()
            filler.setblocking(False)
            self.fillers.append(filler)
            filler.connect_ex(self.listener.getsockname())
            full = bool(select.select([], [filler], [], 0.3)[1])
        self.listener.settimeout(60)
        self.connections = []
        flags = [word for policy in policies for word in ("--source", "posts." + policy)]
        self.server = ground.serve("--posts", "http://127.0.0.1:%d" % self.listener.getsockname()[1], "--threads", "1", "--timeout", "30s", *flags)

    def __enter__(self):
        self.s = self.server.__enter__()
        return self

    def __exit__(self, *error):
        for each in (self.listener, *self.fillers, *self.connections):
            each.close()
        return self.server.__exit__(*error)

    def ask(self):
        return Talk(self.s.public).say(get("/user/1"))

    def accept(self):
        connection, _ = self.listener.accept()
        connection.settimeout(60)
        self.connections.append(connection)
        return self.hear(connection)

    def hear(self, connection):
        """Reads one question; returns the connection."""
        heard = b""
        while not heard.endswith(b"\r\n\r\n"):
            piece = connection.recv(65536)
            check(piece, "a question ended early:", heard)
            heard += piece
        return connection


def posts_answer(body=b"[]", head=0):
    """`head`: bytes of it, with its empty line; 0: whatever it is."""
    text = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    if head:
        text += b"X-Long: " + b"a" * (head - len(text) - 12) + b"\r\n"
    return text + b"\r\n" + body


def source_connections(ground):
    with FarSide(ground, "connections=2") as far, far.ask() as first, far.ask() as second:
        one, other = far.accept(), far.accept()
        with far.ask() as third:
            until(lambda: "a permit" in str(far.s.roll()["requests"]), 30, "a question that waits for a connection")
            check(not select.select([far.listener], [], [], 0)[0], "a third connection")
            one.sendall(posts_answer())
            far.hear(one).sendall(posts_answer())
            other.sendall(posts_answer())
            check([t.answer() for t in (first, second, third)] == [200] * 3, "three questions on two connections")


def source_idle(ground):
    with FarSide(ground, "idle=1") as far, far.ask() as first, far.ask() as second:
        one, other = far.accept(), far.accept()
        one.sendall(posts_answer())
        other.sendall(posts_answer())
        check((first.answer(), second.answer()) == (200, 200), "two questions at once")
        ended = select.select([one, other], [], [], 60)[0]
        check(len(ended) == 1 and ended[0].recv(1) == b"", "one of two idle connections is closed:", ended)
        with far.ask() as third:
            far.hear(other if ended[0] is one else one).sendall(posts_answer())
            check(third.answer() == 200, "a question on the one that is kept")


def source_connect(ground):
    with FarSide(ground, "connect=500ms", full=True) as far, far.ask() as talk:
        check(talk.answer() == 502, "nobody accepts, and the answer is", talk.last)
        check(talk.age() >= 0.5, "not connected after", talk.age(), "of 0.5 s")
    with FarSide(ground, "connect=30s") as far, far.ask() as talk:
        far.accept().sendall(posts_answer())
        check(talk.answer() == 200, "connected in time:", talk.last)


def source_idle_timeout(ground):
    with FarSide(ground, "idle-timeout=1s") as far, far.ask() as talk:
        connection = far.accept()
        began = time.monotonic()
        connection.sendall(posts_answer())
        check(talk.answer() == 200, "a question:", talk.last)
        check(connection.recv(1) == b"", "more than one question")
        check((age := time.monotonic() - began) >= 1.0, "an idle connection is closed after", age, "of 1 s")


def source_answers(ground, policy, at, beyond):
    for text, expected in ((at, 200), (beyond, 502)):
        with FarSide(ground, policy) as far, far.ask() as talk:
            far.accept().sendall(text)
            check((status := talk.answer()) == expected, policy, "answers", status, "and not", expected)


def source_head(ground):
    source_answers(ground, "max-head=1KiB", posts_answer(head=KIB), posts_answer(head=KIB + 1))


def source_body(ground):
    source_answers(ground, "max-body=1KiB", posts_answer(b"[]".ljust(KIB)), posts_answer(b"[]".ljust(KIB + 1)))


# By the first cell of the README's row.
LIMITS = {
    "`--timeout`": timeout,
    "`--head-timeout`": head_timeout,
    "`--read-timeout`": read_timeout,
    "`--min-body-rate`": min_body_rate,
    "`--write-timeout`": write_timeout,
    "`--idle-timeout`": idle_timeout,
    "`--drain`": drain,
    "`--drain-delay`": drain_delay,
    "`--max-head`": head,
    "`--max-target`": target,
    "`--max-fields`": fields,
    "`--max-body`": body,
    "chunk extensions": extensions,
    "trailers": trailers,
    "`--max-pipelined`": max_pipelined,
    "`--max-buffered`": max_buffered,
    "`--max-connections`": max_connections,
    "`--max-connections-per-address`": max_connections_per_address,
    "`posts.workers`": workers,
    "`posts.queue`": queue,
    "`posts.connections`": source_connections,
    "`posts.idle`": source_idle,
    "`posts.connect`": source_connect,
    "`posts.idle-timeout`": source_idle_timeout,
    "`posts.max-head`": source_head,
    "`posts.max-body`": source_body,
}
# Of those that cannot be set, as they are tried here.
FIXED = {"chunk extensions": "4KiB", "trailers": "as `--max-head`"}


def rows_of_the_reference():
    """First cell -> default, of the table under "Limits and timeouts"."""
    text = README.read_text(encoding="utf-8").split("\n## Limits and timeouts\n", 1)
    check(len(text) == 2, "the README has no section of limits and timeouts")
    section = text[1].split("\n## ", 1)[0]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in section.splitlines() if line.startswith("| ")]
    check(len(cells) > 2 and all(len(row) == 4 for row in cells), "no table of four columns:", cells)
    return {row[0]: row[1] for row in cells[1:]}


def keys_of_help(muster):
    """Flag -> default, as the help of serve shows them; of the policies of a source as if it were that of posts."""
    shown = subprocess.run([muster, "--help"], capture_output=True, text=True, check=True).stdout
    entries = re.split(r"\n(?=  --|  [\w-]+=[A-Z]|\n)", shown)
    found = {}
    for entry in entries:
        flag = re.match(r"\s*(--[\w-]+)", entry)
        policy = re.match(r"\s*([\w-]+)=[A-Z]", entry)
        usual = re.search(r"\(default:\s+(.*?)\)\s*$", " ".join(entry.split()))
        if flag or policy:
            found[flag.group(1) if flag else "posts." + policy.group(1)] = usual.group(1) if usual else ""
    return found


def the_reference_of_limits_is_whole_and_true(muster, test_server, folder):
    rows, keys = rows_of_the_reference(), keys_of_help(muster)
    check(set(rows) == set(LIMITS), "only in the README:", sorted(set(rows) - set(LIMITS)), "only tested:", sorted(set(LIMITS) - set(rows)))
    for cell, default in rows.items():
        flag = cell.strip("`")
        if flag.startswith(("--", "posts.")):
            check(flag in keys, flag, "is no flag of muster:", sorted(keys))
            check(default == keys[flag], flag, "has the default", keys[flag], "and the README says", default)
        else:
            check(default == FIXED[cell], cell, "is", default, "and tried with", FIXED[cell])
    limits = [k for k in keys if re.match(r"--((max|min)-|.*-timeout$|(timeout|drain)\b)|posts\.(?!deadline$)", k)]
    check(len(limits) >= 8, "the help names too few limits:", limits)
    for flag in limits:
        check(f"`{flag}`" in rows, flag, "is a limit without a row in the README")
    print(f"{len(rows)} limits, {len(limits)} of them flags by their names")


def every_limit_serves_at_it_and_refuses_beyond_it(muster, test_server, folder):
    ground = Ground(muster, test_server, folder)
    enter_own_network("192.0.2.1", "192.0.2.2")
    only = os.environ.get("MUSTER_LIMIT")  # to try one
    for name, both in LIMITS.items():
        if only and only not in name:
            continue
        began = time.monotonic()
        print(name, end=": ", flush=True)
        both(ground)
        print(f"{time.monotonic() - began:.1f} s")


main({f.__name__: f for f in (
    every_limit_serves_at_it_and_refuses_beyond_it,
    the_reference_of_limits_is_whole_and_true,
)})
