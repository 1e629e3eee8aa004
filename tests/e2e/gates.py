#!/usr/bin/env python3
"""tests/e2e: who finds a place and who is told that there is none: `gates.py NAME muster muster_test_server`."""
import contextlib
import json
import os
import resource
import select
import socket
import threading
import time

from crowd import room_for, until
from harness import SLOW, Failed, check, get, main, server
from own_network import enter_own_network

ASK = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
TICK = os.sysconf("SC_CLK_TCK")


def complete(got):
    """Whether an answer of known length is there whole."""
    head, parted, body = got.partition(b"\r\n\r\n")
    length = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return parted and length and len(body) >= length[0]


class Client:
    """One connection from an address of one's choice."""

    def __init__(self, to, source, seconds=30):
        self.socket = socket.create_connection(to, timeout=seconds, source_address=(source, 0))

    def ask(self):
        self.socket.sendall(ASK)
        return self.hear()

    def hear(self):
        """One answer, whether it was asked for or not: its status, and all of it."""
        got = b""
        while not complete(got):
            piece = self.socket.recv(65536)
            check(piece, "the connection ended after", repr(got))
            got += piece
        return int(got.split(b" ")[1]), got

    def close(self):
        self.socket.close()


# ---- Places of an address --------------------------------------------------------------------------------------------


def one_address_has_its_places_and_leaves_the_others_theirs(muster, test_server, folder):
    enter_own_network("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.9", "2001:db8::1", "2001:db8:0:1::1",
                      "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    v4, v6 = ("192.0.2.1", 8080), ("2001:db8::1", 8080)
    log = folder / "access.log"
    with server(muster, "--listen", "127.0.0.1:0", "--listen", "192.0.2.1:8080", "--listen", "[2001:db8::1]:8080",
                "--max-connections-per-address", "4", "--trusted-proxies", "192.0.2.9", "--access-log", str(log),
                "--log-format", "json", folder=folder) as s, contextlib.ExitStack() as held:

        def open_one(to, source):
            client = Client(to, source)
            held.callback(client.close)
            return client

        def full_at_four(to, *sources):
            """All of `sources` are one client: its first."""
            clients = [open_one(to, sources[i % len(sources)]) for i in range(4)]
            for client in clients:
                check(client.ask()[0] == 200, "not served within its limit:", sources)
            for source in sources:
                status, answer = open_one(to, source).hear()  # without a word: nothing is parsed
                head = answer.lower()
                check(status == 503 and b"retry-after: 1\r\n" in head and b"connection: close\r\n" in head and
                      b"application/problem+json" in head and b"--max-connections-per-address" in answer, answer)
            return clients

        mine = full_at_four(v4, "192.0.2.2")
        check(open_one(v4, "192.0.2.3").ask()[0] == 200, "another address is not served")
        full_at_four(v6, "2001:db8:0:1::1", "2001:db8:0:1:ffff::2")
        check(open_one(v6, "2001:db8:0:2::1").ask()[0] == 200, "another /64 is not served")
        for to, source in ((v4, "192.0.2.9"), (("127.0.0.1", s.public), "127.0.0.1")):
            for i in range(10):
                check(open_one(to, source).ask()[0] == 200, "number", i, "from", source, "is counted")

        mine[0].close()
        again = []

        def place_is_back():
            again.append(open_one(v4, "192.0.2.2"))
            try:
                return again[-1].ask()[0] == 200
            except OSError:  # refused while it sent
                return False

        until(place_is_back, 30, "a place that comes back")
        check(mine[1].ask()[0] == 200, "who was served before is served no more")

        def recorded():
            whole = log.read_text().rpartition("\n")[0]  # a line may be on its way
            records = [json.loads(line) for line in whole.splitlines()]
            return [r["peer"] for r in records if r["status"] == 503 and r["cause"] == "too_many_connections_of_address"]

        until(lambda: len(recorded()) >= 3, 30, "a record of each refusal")
        check(all(peer.startswith(("192.0.2.2:", "[2001:db8:0:1:")) for peer in recorded()), recorded())
        told = until(lambda: [line for line in s.log().splitlines() if "--max-connections-per-address" in line], 30,
                     "a line of the log")  # which is written a moment later
        check(len(told) == 1 and "192.0.2.2 is refused" in told[0] and "may have 4 connections" in told[0] and
              "--trusted-proxies" in told[0], "the log tells of it, once a minute:", told)

    # What it is when nobody has said anything: a quarter of all, but 64.
    for limits, expected in ((["--max-connections", "400"], 100), (["--max-connections", "100"], 64),
                             (["--max-connections", "150", "--max-connections-per-address", "off"], 150)):
        with server(muster, "--listen", "127.0.0.1:0", "--listen", "192.0.2.1:8080", *limits, folder=folder) as s:
            until(lambda s=s: connections(s) == 0, 30, "no connection of the start")
            clients = []
            try:
                while len(clients) <= expected:
                    clients.append(Client(v4, "192.0.2.2"))
                    if len(clients) <= expected:
                        check(clients[-1].ask()[0] == 200, "number", len(clients), "with", limits)
                check(clients[-1].hear()[0] == 503, "one more with", limits)
            finally:
                for client in clients:
                    client.close()


def connections(s):
    """Of the public listener: who asks has one of the admin listener."""
    return sum(1 for each in s.roll()["connections"] if not each["loop"].startswith("admin"))


# ---- A storm ---------------------------------------------------------------------------------------------------------


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICK


class Watcher:
    """Asks the admin listener all the while."""

    def __init__(self, port):
        self.port, self.over, self.times, self.failed = port, threading.Event(), [], []
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.05):
            try:
                answer = get(self.port, "/livez", seconds=5)
                self.times.append(answer.seconds)
                if answer.status != 200:
                    self.failed.append(answer)
            except (OSError, Failed) as error:
                self.failed.append(error)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Storm:
    """Connects that all come at once; each asks once it stands, keeps its connection if it is served, and reads to the end
    if it is not."""

    def __init__(self, port):
        self.port, self.epoll, self.all, self.outcome = port, select.epoll(), {}, {"served": 0, "refused": 0, "reset": 0}
        self.waiting = 0

    def knock(self, count):
        for _ in range(count):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", self.port))
            self.all[s.fileno()] = [s, b"", False]
            self.epoll.register(s.fileno(), select.EPOLLIN | select.EPOLLOUT)
            self.waiting += 1

    def run(self, seconds):
        """Until each has its answer or end."""
        limit = time.monotonic() + seconds
        while self.waiting and time.monotonic() < limit:
            self.step(0.1)

    def step(self, seconds):
        for fd, events in self.epoll.poll(seconds):
            one = self.all[fd]
            try:
                if events & select.EPOLLOUT:
                    with contextlib.suppress(ConnectionError):  # refused before it asked: what it was told is there
                        one[0].send(ASK)
                    self.epoll.modify(fd, select.EPOLLIN)
                if events & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                    piece = one[0].recv(65536)
                    one[1] += piece
                    if one[1].startswith(b"HTTP/1.1 200 ") and complete(one[1]) and not one[2]:
                        one[2] = True
                        self.told("served")
                    if not piece:
                        self.ended(fd)
            except BlockingIOError:
                pass
            except OSError:
                self.ended(fd)

    def ended(self, fd):
        s, got, served = self.all.pop(fd)
        self.epoll.unregister(fd)
        s.close()
        if not served:
            self.told("refused" if got.startswith(b"HTTP/1.1 503 ") and complete(got) else "reset")

    def told(self, what):
        self.outcome[what] += 1
        self.waiting -= 1

    def close(self):
        for s, _, _ in self.all.values():
            s.close()
        self.epoll.close()


def share_of_cpu(s, storm, knocks):
    """Of one core, which `s` takes while some knock."""
    spent, began = cpu_seconds(s.process.pid), time.monotonic()
    for _ in range(3 * knocks):
        storm.knock(1)
        storm.step(0)
        time.sleep(1 / knocks)
    return (cpu_seconds(s.process.pid) - spent) / (time.monotonic() - began)


def serves(port):
    try:
        return get(port, "/user/1").status == 200
    except (OSError, Failed):  # refused, and it did not hear it
        return False


def a_storm_of_connects_is_survived_with_256_descriptors(muster, test_server, folder):
    count, knocks = 2_000, 20
    room_for(count + 500)
    with server(muster, folder=folder):  # makes the database
        pass
    limited = folder / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -n 256\nexec "{muster}" "$@"\n')
    limited.chmod(0o755)
    # By its own count of connections, and by its descriptors alone.
    for args in ([], ["--max-connections", "1000"]):
        flags = ["--threads", "2", "--access-log", str(folder / "access.log"), "--idle-timeout", "10m", *args]
        with server(limited, *flags, folder=folder) as s:
            until(lambda s=s: connections(s) == 0, 30, "no connection of the start")
            check(resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE) == (256, 256), "the limit is not soft and hard")
            at_rest = s.descriptors_at_rest()
            with Watcher(s.admin) as admin, contextlib.closing(Storm(s.public)) as storm:
                with contextlib.closing(Storm(s.public)) as before:
                    usual = share_of_cpu(s, before, knocks)
                until(lambda s=s: connections(s) == 0, 30, "no connection of those before")
                began = time.monotonic()
                storm.knock(count)
                storm.run(60)
                took = time.monotonic() - began
                outcome = dict(storm.outcome)
                held = len(storm.all)
                check(storm.waiting == 0, storm.waiting, "of", count, "have neither an answer nor an end after 60 s:", outcome)
                check(outcome["served"] >= 50 and held == outcome["served"], outcome, "held", held)

                # Full: those who were served stay, others go on knocking.
                full = s.descriptors()
                share = share_of_cpu(s, storm, knocks)
                storm.run(30)
                check(storm.waiting == 0 and storm.outcome["served"] == outcome["served"], storm.outcome, "after", outcome)

                storm.close()
                storm.all.clear()
                ended = time.monotonic()
                until(lambda s=s: serves(s.public), 30, "service after it", every=0.005)
                back = time.monotonic() - ended
            left = s.descriptors_at_rest()
            check(left <= at_rest, "descriptors are not given back:", left, "and not", at_rest)
            print(f"{' '.join(args) or 'by default'}: {count} connects in {took:.2f} s: {outcome}; {full} of 256 descriptors while "
                  f"full, {100 * share:.1f} % CPU with {knocks} knocking a second, {100 * usual:.1f} % when they are "
                  f"served; the admin listener answered {len(admin.times)} times, the slowest in {1000 * max(admin.times):.0f} ms; back {1000 * back:.0f} ms after the end")
            check(not admin.failed, "the admin listener did not answer:", admin.failed[:3])
            check(s.process.poll() is None and back <= (10 if SLOW else 4), "back only after", back)
            if not SLOW:
                check(outcome["reset"] <= count // 20, "too many were told nothing:", outcome)
                # On a slow machine a refusal costs more, and so does an answer; to be busy for nothing takes a core.
                check(share < 0.05 + 2 * usual, "it is busy while it is full:", share, "and else", usual)
                # One may meet a moment in which the machine stands still; most must not wait at all.
                usually = sorted(admin.times)[len(admin.times) // 2]
                check(max(admin.times) < 4 and usually < 0.5, "the admin listener answered in", usually, "s, and at the slowest "
                      "in", max(admin.times))


def without_any_descriptor_it_waits_and_goes_on(muster, test_server, folder):
    room_for(1_000)
    with server(muster, "--threads", "2", folder=folder) as s, contextlib.closing(Storm(s.public)) as storm:
        check(get(s.public, "/user/1").status == 200, "it serves")
        until(lambda: connections(s) == 0, 30, "no connection of the start")
        before = resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))  # accept fails from now on
        storm.knock(500)
        storm.step(0.2)
        spent, began = cpu_seconds(s.process.pid), time.monotonic()
        while time.monotonic() - began < 2:
            storm.step(0.1)
        share = (cpu_seconds(s.process.pid) - spent) / (time.monotonic() - began)
        check(storm.waiting == 500, "somebody was accepted without a descriptor:", storm.outcome)
        resource.prlimit(s.process.pid, resource.RLIMIT_NOFILE, before)
        began = time.monotonic()
        storm.run(60)
        back = time.monotonic() - began
        print(f"500 wait for a descriptor: {100 * share:.1f} % CPU; all answered {1000 * back:.0f} ms after there are some: {storm.outcome}")
        check(storm.outcome["served"] == 500, storm.outcome)
        warned = until(lambda: s.log().count("cannot accept"), 30, "a line of the log")
        check(1 <= warned <= 3, "it is told", warned, "times:", s.log()[-2000:])  # a listener each
        check("Too many open files" in s.log(), s.log()[-1000:])
        if not SLOW:
            check(share < 0.05, "it is busy while it waits:", share)
            check(back <= 4, "back only after", back)


main({f.__name__: f for f in (
    one_address_has_its_places_and_leaves_the_others_theirs,
    a_storm_of_connects_is_survived_with_256_descriptors,
    without_any_descriptor_it_waits_and_goes_on,
)})
