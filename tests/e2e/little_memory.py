#!/usr/bin/env python3
"""tests/e2e: 500 connections that mean no good, and a process that may have 64 MiB: `little_memory.py NAME muster
muster_test_server`. It needs root, for a memory cgroup (of version 1 or 2) of its own."""
import contextlib
import json
import os
import pathlib
import select
import subprocess
import time

from crowd import FULL, Crowd, memory, room_for, sized
from harness import Skipped, check, main, server
from normal_client import Beside

MIB = 1024 * 1024
LIMIT = 64 * MIB
POSTS = 500
POST_BYTES = 1000


class Group:
    """A memory cgroup: made, filled by whoever is started by `starter`, and removed when it is empty."""

    def __init__(self, limit, folder):
        self.folder, self.own_mount = folder, None
        where = {}
        for line in pathlib.Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
            _, controllers, path = line.split(":", 2)
            for each in controllers.split(","):
                where[each] = path
        v1, v2 = self.mounted()
        if not v1 and not v2 and self.mounts_one():
            v1, v2 = self.mounted()
        if v1:
            self.version, root, own = 1, pathlib.Path(v1[0]), where.get("memory", "/")
        elif v2:
            self.version, root, own = 2, pathlib.Path(v2[0]), where.get("", "/")
        else:
            raise Skipped("no memory cgroup is mounted")
        name = f"muster-{os.getpid()}"
        # Of version 2 a group with processes in it has no groups with controllers under it: then the root, or its parent.
        tried = []
        for above in (own.lstrip("/"), "", *(str(p) for p in pathlib.PurePosixPath(own.lstrip("/")).parents)):
            self.path = root / above / name
            try:
                if self.version == 2:
                    with contextlib.suppress(OSError):
                        (self.path.parent / "cgroup.subtree_control").write_text("+memory", encoding="ascii")
                self.path.mkdir()
            except OSError as error:
                tried.append(f"{self.path}: {error}")
                continue
            try:
                self.allow(limit)
                return
            except OSError as error:
                tried.append(f"{self.path}: {error}")
                self.path.rmdir()
        raise Skipped("no memory cgroup can be made here: " + "; ".join(tried))

    @staticmethod
    def mounted():
        mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text(encoding="ascii").splitlines()]
        return ([m[1] for m in mounts if m[2] == "cgroup" and "memory" in m[3].split(",")],
                [m[1] for m in mounts if m[2] == "cgroup2"])

    def mounts_one(self):
        """In a new root there may be none."""
        self.own_mount = self.folder / "groups"
        self.own_mount.mkdir()
        for kind in (["cgroup", "-o", "memory"], ["cgroup2"]):
            if subprocess.run(["mount", "-t", *kind, "muster-test", self.own_mount], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return True
        self.own_mount = None
        return False

    def allow(self, limit):
        if self.version == 1:
            self.write("memory.limit_in_bytes", limit)
            # What sockets hold is counted, as it always is in version 2, where it is part of the same limit.
            self.write("memory.kmem.tcp.limit_in_bytes", limit)
        else:
            self.write("memory.max", limit)
            with contextlib.suppress(OSError):
                self.write("memory.swap.max", 0)

    def write(self, name, value):
        (self.path / name).write_text(str(value), encoding="ascii")

    def read(self, name):
        return (self.path / name).read_text(encoding="ascii")

    def fields(self, name):
        return {k: int(v) for k, v in (line.split() for line in self.read(name).splitlines())}

    def oom_kills(self):
        return self.fields("memory.oom_control" if self.version == 1 else "memory.events")["oom_kill"]

    def used(self):
        """Of the process and its files, and of its sockets."""
        if self.version == 1:
            return int(self.read("memory.usage_in_bytes")), int(self.read("memory.kmem.tcp.usage_in_bytes"))
        sockets = self.fields("memory.stat")["sock"]
        return int(self.read("memory.current")) - sockets, sockets

    def anonymous(self):
        return self.fields("memory.stat")["total_rss" if self.version == 1 else "anon"]

    def starter(self, folder, program):
        path = folder / "in-the-group"
        path.write_text(f'#!/bin/sh\necho $$ >"{self.path}/cgroup.procs" || exit 9\nexec "{program}" "$@"\n', encoding="ascii")
        path.chmod(0o755)
        return path

    def remove(self):
        limit = time.monotonic() + 10
        while True:
            try:
                self.path.rmdir()
                break
            except OSError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.05)
        if self.own_mount:
            subprocess.run(["umount", "-l", self.own_mount], check=False)


def many_posts(muster, folder):
    """A database of sample people, and of one, number 1000, who has written a lot."""
    post = {"title": "Of " + "x" * 60, "body": "y" * POST_BYTES, "published_at": "2024-05-02T12:00:00Z"}
    person = {"user": {"id": 1000, "name": "A", "email": "a@example.org", "created_at": "2024-05-01T12:00:00Z"}, "profile": None,
              "posts": [{"id": 100_000 + i, **post} for i in range(POSTS)]}
    data = ["--data", f"sqlite:{folder / 'people.db'}"]
    with server(muster, *data, "--seed", folder=folder):
        pass
    done = subprocess.run([muster, "import", "-", *data], input=json.dumps(person).encode(), capture_output=True, check=False)
    check(done.returncode == 0, done.stderr)
    return data


class Hostile:
    """500 connections of three kinds; who is cut comes again."""
    head = b"GET /user/1 HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"h" * 500) for i in range(31))
    asks = f"GET /api/users/1000/posts?limit={POSTS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    def __init__(self, crowd, port, count):
        self.crowd, self.port = crowd, port
        self.answers = {}
        self.bytes = self.cut = self.unconnected = 0
        self.left = {}  # by connection: bytes of its answer that are still to come
        for number in range(count):
            self.come(number % 3)

    def come(self, kind):
        try:
            one = self.crowd.connect(self.port, 1, receive_buffer=2048 if kind == 1 else None)[0]
        except OSError:
            self.unconnected += 1
            return
        one.number = kind
        if kind == 0:
            one.sent += self.crowd.send(one, self.head)
        elif kind == 1:
            # Never read; only its end is heard.
            self.crowd.epoll.modify(one.socket.fileno(), select.EPOLLRDHUP)
        else:
            self.ask(one)

    def ask(self, one):
        one.got = b""
        self.left[one.port] = None
        self.crowd.send(one, self.asks)

    def turn(self):
        for fd, events in self.crowd.epoll.poll(0.02):
            one = self.crowd.by_fd[fd]
            if one.number == 1:
                self.again(one)
                continue
            try:
                piece = one.socket.recv(1 << 20)
            except BlockingIOError:
                continue
            except OSError:
                piece = b""
            if not piece:
                self.again(one)
                continue
            self.bytes += len(piece)
            if one.number == 0:
                self.count(piece[9:12])
                continue
            self.read(one, piece)

    def read(self, one, piece):
        if self.left[one.port] is None:
            one.got += piece
            head, parted, body = one.got.partition(b"\r\n\r\n")
            if not parted:
                return
            self.count(head[9:12])
            self.left[one.port] = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]) - len(body)
            one.got = b""
        else:
            self.left[one.port] -= len(piece)
        if self.left[one.port] <= 0:
            self.ask(one)

    def count(self, status):
        status = status.decode("latin-1")
        self.answers[status] = self.answers.get(status, 0) + 1

    def again(self, one):
        self.cut += 1
        self.crowd.forget(one)
        one.socket.close()
        self.crowd.all.remove(one)
        self.come(one.number)

    def press(self):
        for one in self.crowd.all:
            if one.number == 1:
                self.crowd.send(one, self.asks * 4)


def sixty_four_mib_are_enough_for_500_that_mean_no_good(muster, test_server, folder):
    count, seconds = 500, sized(45, 8)
    room_for(count + 1_000)
    data = many_posts(muster, folder)
    flags = [] if FULL else ["--read-timeout", "3s", "--write-timeout", "3s"]
    group = Group(LIMIT, folder)
    if group.own_mount:  # where no server would look for it
        flags += ["--max-buffered", "16MiB"]
    try:
        for attempt in range(4):  # a machine that stalls may keep the normal client waiting once
            told = pressed_by_all(muster, folder, group, count, seconds, data + flags)
            if told["silence"] < 2_000:
                break
        else:
            check(False, "the normal client:", told)
    finally:
        group.remove()


def pressed_by_all(muster, folder, group, count, seconds, flags):
    """What the normal client beside them tells."""
    with server(group.starter(folder, muster), *flags, "--access-log", "off", folder=folder) as s:
        with Beside(s.public, pause_ms=20):
            time.sleep(1)
        most = {}
        with Crowd() as crowd, Beside(s.public, pause_ms=20) as normal:
            hostile = Hostile(crowd, s.public, count)
            began = pressed = time.monotonic()
            # However slow the machine is, all have their turns.
            while time.monotonic() < began + (seconds if hostile.answers.get("503") else 3 * seconds):
                hostile.turn()
                if time.monotonic() > pressed + 0.2:
                    pressed = time.monotonic()
                    hostile.press()
                    check(s.process.poll() is None, "the server is gone, oom_kill is", group.oom_kills(), s.log()[-500:])
                    used, sockets = group.used()
                    anonymous = group.anonymous()
                    now = {"all": used + sockets, "sockets": sockets, "anonymous": anonymous, "held": anonymous + sockets}
                    most = {what: max(most.get(what, 0), n) for what, n in now.items()}
        kills = group.oom_kills()
        peak = memory(s.process.pid, "VmHWM")
    told = normal.told
    print(f"cgroup v{group.version} of {LIMIT // MIB} MiB, {count} hostile for {seconds} s: oom_kill {kills}; at most "
          f"{most['all'] / MIB:.1f} MiB, of these {most['anonymous'] / MIB:.1f} of the process's own, {most['sockets'] / MIB:.1f} in "
          f"sockets, {most['held'] / MIB:.1f} both at once (VmHWM {peak / MIB:.1f} MiB); {hostile.answers} and {hostile.cut} cut, {hostile.bytes / MIB:.0f} MiB read; "
          f"a normal client: {told['statuses']}, p99 {told['p99']} ms, never longer without a 200 than {told['silence']} ms")
    check(kills == 0, "oom_kill", kills)
    check(told["answers"] > 0 and not told["failures"], "the normal client:", told)
    check(most["held"] < LIMIT, "what the process and its sockets hold at once is more than", LIMIT, ":", most)
    check(hostile.answers.get("503"), "nobody was refused:", hostile.answers)
    return told


SCENARIOS = {f.__name__: f for f in (sixty_four_mib_are_enough_for_500_that_mean_no_good,)}

if __name__ == "__main__":
    main(SCENARIOS)
