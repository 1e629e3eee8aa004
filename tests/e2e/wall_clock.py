#!/usr/bin/env python3
"""tests/e2e: the wall clock jumps by a day, and nothing that waits may notice: `wall_clock.py NAME muster
muster_test_server`. libfaketime moves the wall clock of the server alone and leaves the monotonic one real."""
import datetime
import email.utils
import glob
import itertools
import json
import signal
import socket
import subprocess
import time

from crowd import sized, until
from harness import again, check, get, main, posts_that_never_end, seeded_database, server

DAY = 86_400
LATE = 10  # seconds that a machine may stand still; whoever waited for the wall clock would wait for a day
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib*/faketime/libfaketimeMT.so.1")


class WallClock:
    """Of the processes that have its environment: as many seconds from the real one as it is told."""

    def __init__(self, folder):
        found = [path for pattern in LIBRARIES for path in glob.glob(pattern)]
        check(found, "libfaketime is not installed: ./dev install")
        self.file = folder / "wall-clock"
        self.set(0)
        # Without a cache every look at the clock looks into the file.
        self.environment = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}

    def set(self, seconds):
        self.away = seconds
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n", encoding="ascii")
        new.replace(self.file)

    def now(self):
        return time.time() + self.away


def date_of(port):
    return email.utils.parsedate_to_datetime(get(port, "/livez").headers["date"]).timestamp()


class Waiting:
    """A connection on which something ends by itself after `limit` seconds."""

    def __init__(self, what, limit, port, data, expected):
        self.what, self.limit, self.expected = what, limit, expected
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.began = time.monotonic()
        self.socket.sendall(data)
        self.socket.setblocking(False)
        self.got, self.after = b"", None

    def look(self):
        try:
            piece = self.socket.recv(65536)
        except BlockingIOError:
            return
        self.got += piece
        if not piece or b"\r\n\r\n" in self.got:
            self.after = time.monotonic() - self.began
            self.socket.close()


class Unread:
    """An answer that nobody reads: what became of it is in the access log."""
    what, expected = "an answer that nobody reads", b"write_timeout"

    def __init__(self, limit, port, ident, log):
        self.limit, self.ident, self.log = limit, ident, log
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.connect(("127.0.0.1", port))
        self.began = time.monotonic()
        self.socket.sendall(request(f"/api/users/{LARGE}", ident))
        self.got, self.after = b"", None

    def look(self):
        record = record_of(self.log, self.ident)
        if record:
            self.got = str(record["cause"]).encode()
            self.after = time.monotonic() - self.began
            self.socket.close()


def request(target, ident="x"):
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {ident}\r\n\r\n".encode()


def record_of(log, ident):
    whole = log.read_text().rpartition("\n")[0]
    return next((r for r in map(json.loads, whole.splitlines()) if r.get("request_id") == ident), None)


LARGE = 1000  # a user whose name is more than any kernel keeps for a connection


def a_database_of_extremes(muster, folder):
    path = seeded_database(muster, folder)
    large = {"user": {"id": LARGE, "name": "x" * 5_000_000, "email": "x@example.org", "created_at": "2024-05-01T12:00:00Z"}}
    done = subprocess.run([muster, "import", "-", "--data", f"sqlite:{path}"], input=json.dumps(large).encode(), capture_output=True,
                          check=False)
    check(done.returncode == 0, done.stderr)
    posts_that_never_end(path)
    return path


def jumps_of_the_wall_clock_move_no_time_limit(muster, test_server, folder):
    clock = WallClock(folder)
    log = folder / "access.log"
    flags = ["--data", f"sqlite:{a_database_of_extremes(muster, folder)}", "--timeout", "1500ms", "--head-timeout", "2s",
             "--read-timeout", "4s", "--write-timeout", "2500ms", "--idle-timeout", "3s", "--drain", "1s", "--access-log", str(log), "--log-format", "json"]
    with server(muster, *flags, folder=folder, env=clock.environment) as s:
        names = itertools.count()

        def jumps(jump):
            """Nothing may end early. What is late may be late by a machine that stood still, and then it jumps again."""
            number = next(names)
            waiting = [Waiting("a route whose source hangs", 1.5, s.public, request("/user/1"), b"504"),
                       Waiting("a head without an end", 2.0, s.public, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"408"),
                       Unread(2.5, s.public, f"unread-{number}", log),
                       Waiting("a silent connection", 3.0, s.public, b"", b""),
                       Waiting("a body without an end", 4.0, s.public, body_without_an_end(), b"408")]
            time.sleep(0.5)
            clock.set(clock.away + jump)
            jumped = time.monotonic()
            until(lambda: abs(date_of(s.public) - clock.now()) < 2, 30, "a Date that follows")
            followed = time.monotonic() - jumped
            a_record_follows(s.public, f"after-{number}", log, clock)
            limit = time.monotonic() + 60
            while left := [w for w in waiting if w.after is None]:
                check(time.monotonic() < limit, "these never ended:", [w.what for w in left])
                for w in left:
                    w.look()
                time.sleep(0.01)
            print(f"the clock jumps by {jump:+,d} s: " + "; ".join(f"{w.what}, {w.limit} s, ended after {w.after:.2f} s" for w in waiting) +
                  f"; Date followed within {followed:.2f} s")
            for w in waiting:
                check(w.expected in w.got[:16] and bool(w.expected) == bool(w.got), w.what, "ended with", w.got[:100])
                check(w.after >= w.limit - 0.02, w.what, "ended early, after", w.after)
            late = [w.what for w in waiting if w.after > w.limit + 1] + (["a Date"] if followed >= 1.5 else [])
            return f"late: {', '.join(late)}" if late else None

        for jump in sized((DAY, -DAY, -DAY, DAY), (DAY, -2 * DAY)):  # both ways
            again(lambda by=jump: jumps(by))
        check(s.get("/livez").status == 200, "it is alive")
        the_grace_at_the_end_is_as_long_as_ever(s, clock)
    with server(muster, "--data", flags[1], "--min-body-rate", "1MiB", "--read-timeout", "60s", folder=folder, env=clock.environment) as s:
        slow = Waiting("a slow body", 5.0, s.public, body_without_an_end(), b"408")  # the grace of the rate
        time.sleep(0.5)
        clock.set(clock.away + DAY)
        until(lambda: slow.look() or slow.after, 60, "an end of a slow body")
        print(f"the clock jumps by a day: a slow body, 5 s, ended after {slow.after:.2f} s")
        check(slow.expected in slow.got[:16] and b"too slowly" in slow.got, slow.got[:300])
        check(4.98 <= slow.after <= 5 + LATE, "a slow body ended after", slow.after)


def body_without_an_end():
    return b"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\nx"


def the_grace_at_the_end_is_as_long_as_ever(s, clock):
    reading = Waiting("a request on its way", 1.0, s.public, body_without_an_end(), b"503")
    until(lambda: any(c["name"] == "reading" for c in s.roll()["connections"]), 30, "a request that is read")
    began = time.monotonic()
    s.signal(signal.SIGTERM)
    time.sleep(0.3)
    clock.set(clock.away + DAY)
    until(lambda: reading.look() or reading.after, 60, "an answer at the end of the grace")
    told = time.monotonic() - began
    print(f"the clock jumps by a day in the grace of 1 s: the request was told after {told:.2f} s, exit code {s.wait()}")
    check(reading.expected in reading.got[:16], reading.got[:200])
    check(0.98 <= told <= 1 + LATE, "the grace took", told)


def a_record_follows(port, ident, log, clock):
    before, began = clock.now(), time.monotonic()
    check(get(port, "/api/users/1", headers=[("X-Request-Id", ident)]).status == 200, "it answers")
    record = until(lambda: record_of(log, ident), 30, "a record")
    took = time.monotonic() - began
    at = datetime.datetime.fromisoformat(record["time"]).timestamp()
    check(before - 1 < at < clock.now() + 1, "the record is of", record["time"], "and the clock is off by", clock.away)
    check(0 <= record["duration_ms"] <= 1000 * took, record, "and it took", took, "s in all")


SCENARIOS = {f.__name__: f for f in (jumps_of_the_wall_clock_move_no_time_limit,)}

if __name__ == "__main__":
    main(SCENARIOS)
