"""tests/e2e: the real programs, started as a user would, asked over real sockets. Everything a scenario starts it ends,
by pid; nothing listens or connects beyond loopback."""
import contextlib
import json
import os
import pathlib
import random
import selectors
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

SLOW = os.environ.get("MUSTER_SLOW_BUILD") == "1"  # a sanitizer's build: what is only about speed is not asserted there


class Failed(AssertionError):
    pass


class Skipped(Exception):
    """What the scenario needs cannot be had here; ctest counts it as skipped."""


def check(condition, *what):
    if not condition:
        raise Failed(" ".join(str(w) for w in what))


CLAIMED = []  # abstract Unix sockets, whose names tell other tests which ports are taken; they go with the process


def own_port():
    """A port that no other test has until this process ends, for what must know it before somebody listens there. It
    lies below what the kernel gives to whoever asks for port 0 or connects, and is claimed as tests/support/own_port.cpp
    does it."""
    for _ in range(1000):
        port = random.randint(10_000, 29_999)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0muster-test-port-{port}")
            with socket.socket(socket.AF_INET6) as both:
                both.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
                both.bind(("::", port))
        except OSError:
            claim.close()
            continue
        CLAIMED.append(claim)
        return port
    raise Failed("no port of its own for a test")


def again(attempt, times=5):
    """For what a machine that stands still for a second can spoil. `attempt` fails if muster is wrong for sure; else it
    says what spoilt it, and is tried again, or nothing. What is always spoilt is muster's fault, too."""
    for _ in range(times):
        spoilt = attempt()
        if not spoilt:
            return
        print("again:", spoilt, flush=True)
    raise Failed(f"{times} times in a row: {spoilt}")


class Answer:
    """One HTTP answer, with the moment it was complete (time.monotonic())."""

    def __init__(self, raw, sent_at, done_at):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        check(lines[0].startswith("HTTP/1.1 "), "not an HTTP answer:", repr(raw[:200]))
        self.status = int(lines[0].split(" ")[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.seconds = done_at - sent_at

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} after {self.seconds:.3f} s: {self.body[:300]!r}>"


def request_bytes(path, method="GET", headers=(), version="HTTP/1.1", host="localhost"):
    lines = [f"{method} {path} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode("latin-1")


class Server:
    """A muster of one's own: on ports of its own choice, in a folder of its own."""

    def __init__(self, binary, *args, folder, env=None, wait=True):
        self.log_path = pathlib.Path(folder) / f"server-{time.monotonic_ns()}.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")}
        environment.update(env or {})
        listening = [] if any(a == "--listen" for a in args) else ["--listen", "127.0.0.1:0"]
        administered = [] if any(a == "--admin" for a in args) else ["--admin", "127.0.0.1:0"]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([binary, "serve", *listening, *administered, *args], cwd=folder, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.public = self.admin = None
        if wait:
            self.wait_until_up()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_until_up(self, seconds=60):
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            check(self.process.poll() is None, "the server ended at its start:", self.log())
            for line in self.log().rpartition("\n")[0].splitlines():  # not one that is half written
                for word in line.replace(",", " ").split():
                    if word.startswith("http://127.0.0.1:"):
                        port = int(word.split(":")[2].split("/")[0])
                        if "admin" in line or "debug" in line and self.public is not None and port != self.public:
                            self.admin = self.admin or port
                        else:
                            self.public = self.public or port
            if self.public and self.admin and self.answers(self.admin, "/livez") and self.answers(self.public, "/livez"):
                return
            time.sleep(0.02)
        raise Failed("the server did not come up: " + self.log())

    @staticmethod
    def answers(port, path):
        try:
            return get(port, path, seconds=5).status in (200, 503)
        except (OSError, Failed):
            return False

    def get(self, path, **more):
        return get(self.public, path, **more)

    def roll_now(self, limit=10000):
        return get(self.admin, f"/debug/tasks?format=json&limit={limit}").json()

    def roll(self, tasks=10000, seconds=20):
        """Of all loops: one that the machine holds up for a quarter of a second is left out, with all that it has."""
        limit = time.monotonic() + seconds
        while True:
            roll = self.roll_now(tasks)
            if all(loop["answered"] for loop in roll["loops"]):
                return roll
            check(time.monotonic() < limit, "a loop does not answer the roll:", roll["loops"])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def descriptors_at_rest(self, seconds=30):
        """When nobody is connected but who asks for the roll; that one is kept, and not counted."""
        ask = b"GET /debug/tasks?format=json&limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        limit = time.monotonic() + seconds
        with socket.create_connection(("127.0.0.1", self.admin), timeout=seconds) as asking, asking.makefile("rb") as heard:
            while True:
                asking.sendall(ask)
                length = 0
                while (line := heard.readline()) not in (b"\r\n", b""):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                roll = json.loads(heard.read(length))
                if all(loop["answered"] for loop in roll["loops"]) and roll["totals"]["connections"] == 1:
                    return self.descriptors() - 1
                check(time.monotonic() < limit, "there are connections still")
                time.sleep(0.02)

    def signal(self, number):
        self.process.send_signal(number)

    def stop_it(self):
        """SIGSTOP, and until each of its threads stands still: a signal is sent long before it is heard."""
        self.signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        limit = time.monotonic() + 30
        while any(stat.read_text().rpartition(")")[2].split()[0] != "T" for stat in tasks.glob("*/stat")):
            check(time.monotonic() < limit, "it was told to stand still, and does not")
            time.sleep(0.002)

    def wait(self, seconds=40):
        return self.process.wait(timeout=seconds)

    def stop(self):
        """Ends it and returns its exit code."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                return self.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed("the server did not end within 30 s of SIGTERM: " + self.log()[-2000:]) from None
        return self.process.returncode


def exchange(port, many, seconds=30):
    """Sends every request of `many` (bytes) on a connection of its own, all at once, and returns their answers in order."""
    selector = selectors.DefaultSelector()
    sockets = []
    answers = [None] * len(many)
    try:
        for index, data in enumerate(many):
            s = socket.create_connection(("127.0.0.1", port), timeout=5)
            sockets.append(s)
            sent_at = time.monotonic()
            s.sendall(data)
            s.setblocking(False)
            selector.register(s, selectors.EVENT_READ, (index, sent_at, bytearray()))
        limit = time.monotonic() + seconds
        while any(a is None for a in answers):
            left = limit - time.monotonic()
            check(left > 0, "no answer within", seconds, "s to", sum(a is None for a in answers), "of", len(many), "requests")
            for key, _ in selector.select(left):
                now = time.monotonic()
                index, sent_at, buffer = key.data
                try:
                    chunk = key.fileobj.recv(1 << 20)
                except ConnectionResetError:
                    chunk = b""
                if chunk:
                    buffer += chunk
                    # The answer is complete with its body, whenever the connection is closed afterwards.
                    head, parted, body = bytes(buffer).partition(b"\r\n\r\n")
                    if not parted:
                        continue
                    length = [int(l.split(b":")[1]) for l in head.lower().split(b"\r\n") if l.startswith(b"content-length:")]
                    if not length or len(body) < length[0]:
                        continue
                selector.unregister(key.fileobj)
                answers[index] = Answer(bytes(buffer), sent_at, now)
    finally:
        for s in sockets:
            s.close()
    return answers


def get(port, path, seconds=30, **more):
    return exchange(port, [request_bytes(path, **more)], seconds)[0]


def raw(port, data, seconds=10):
    """Everything the server says to `data` until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as s:
        s.sendall(data)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := s.recv(1 << 16):
                got += chunk
        return got


@contextlib.contextmanager
def new_folder():
    path = tempfile.mkdtemp(prefix="muster-e2e-")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def server(binary, *args, folder, kind=Server, **more):
    s = kind(binary, *args, folder=folder, **more)
    ended = False
    try:
        yield s
        ended = True
    finally:
        if not ended:
            if s.process.poll() is None:
                s.process.kill()
                s.process.wait()
            print(f"--- the server's log\n{s.log()[-6000:]}", file=sys.stderr)
    code = s.stop()
    check(code == 0, "the server ended with", code, s.log()[-3000:])


def seeded_database(muster, folder, name="people.db"):
    """A database of sample people, made by muster itself."""
    path = folder / name
    with server(muster, "--data", f"sqlite:{path}", "--seed", folder=folder):
        pass
    return path


@contextlib.contextmanager
def ended(s):
    """Kills what a failed scenario leaves."""
    try:
        yield s
    finally:
        if s.process.poll() is None:
            s.process.kill()
            s.process.wait()


def rollback_journal(path):
    """The database leaves its write-ahead log: then an exclusive lock keeps readers out."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        check(db.execute("PRAGMA journal_mode=DELETE").fetchone()[0] == "delete", "the journal mode is not to be changed")


def posts_that_never_end(path):
    """The table of posts becomes a view whose first row never comes."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript("""
            DROP TABLE posts;
            CREATE VIEW posts AS
                WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x + 1 FROM n)
                SELECT x AS id, 1 AS author, '' AS title, '' AS body, 0 AS published_at FROM n WHERE abs(x) < 0;
        """)


def alone(main):
    """Runs the `main` of a script that is one test; its failure is told in one paragraph."""
    try:
        main()
    except Failed as failure:
        print("FAILED:", failure, file=sys.stderr)
        sys.exit(1)


def main(scenarios):
    """`NAME muster test_server`: runs one scenario; its failure is told in one paragraph."""
    name = sys.argv[1]
    muster, test_server = (os.path.abspath(path) for path in sys.argv[2:4])
    try:
        with new_folder() as folder:
            scenarios[name](muster, test_server, folder)
    except Failed as failure:
        print(f"FAILED {name}: {failure}", file=sys.stderr)
        sys.exit(1)
    except Skipped as why:
        print(f"SKIPPED {name}: {why}")
        return
    print(f"passed {name}")
