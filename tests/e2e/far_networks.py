#!/usr/bin/env python3
"""tests/e2e: sources whose packets, or those of whose names, are dropped without a word: `far_networks.py NAME muster
muster_test_server`. All of it is in a network of its own, which leads nowhere; with iptables in it."""
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import misbehaviours
from chain import at_work, connections_to
from crowd import until
from harness import SLOW, Server, Skipped, again, check, ended, exchange, main, request_bytes
from own_network import enter_own_network
from scenarios import five_in_time
from upstreams import PATHS, Ground, child_of

CLONE_NEWNS = 0x20000
LATE = 3.0 if SLOW else 0.25
NAMESERVER = "10.53.0.1"
RESOLVER = 150  # seconds for which it would wait for an answer


def iptables(*words):
    program = shutil.which("iptables") or shutil.which("iptables", path="/usr/sbin:/sbin")
    if not program:
        raise Skipped("there is no iptables")
    done = subprocess.run([program, *words], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Skipped(f"iptables {' '.join(words)}: {done.stderr.strip()}")


def packets_of(port, what="-A"):
    """Drops them in both directions; with -D no more."""
    for end in ("--dport", "--sport"):
        iptables(what, "INPUT", "-p", "tcp", end, str(port), "-j", "DROP")


def instead_of(path, text, folder):
    """What the processes that are started from here read under `path`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(instead_of, "done"):
        if libc.unshare(CLONE_NEWNS) != 0:
            raise Skipped(f"mounts of its own are not to be had: {os.strerror(ctypes.get_errno())}")
        done = subprocess.run(["mount", "--make-rprivate", "/"], stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise Skipped(f"mounts of its own are not to be had: {done.stderr.strip()}")
        instead_of.done = True
    ours = pathlib.Path(folder) / path.strip("/").replace("/", "-")
    ours.write_text(text, encoding="ascii")
    done = subprocess.run(["mount", "--bind", ours, os.path.realpath(path)], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Skipped(f"{path} cannot be replaced here: {done.stderr.strip()}")


@contextlib.contextmanager
def waits_at(s, request):
    """While it lasts such a request is at work; one that was over before anybody looked is asked again."""
    with contextlib.ExitStack() as clients:
        def is_at_work():
            clients.enter_context(socket.create_connection(("127.0.0.1", s.public))).sendall(request)
            return at_work(s)

        until(is_at_work, 30, "a request that waits")
        yield


def dropped_packets_are_cut_in_time(muster, test_server, folder):
    enter_own_network()
    with Ground(muster, folder, "profiles", flags=["--source", "profiles.connect=400ms", "--threads", "1"]) as ground:
        s, port = ground.server, ground.upstream.ports["by_id"]
        check(connections_to(port), "no connection without work stands")

        def cut(limit, wait):
            """A request that is asked, and waits for that until it is cut."""
            a = ground.ask("good", limit=limit)
            check(a.status == 504 and a.seconds >= limit and a.json()["cause"] == "deadline_exceeded", a)
            child = child_of(a, "profiles")
            check(child["state"] == "waiting" and child["wait"] == wait, a)
            check(not connections_to(port), "a connection stands that carries a cut exchange:", connections_to(port))
            return f"it was cut after {a.seconds:.2f} s" if a.seconds > limit + LATE else None

        def read():
            packets_of(port, "-D")
            ground.good()
            packets_of(port)
            return cut(0.3, "read")

        def not_connected():
            a = ground.ask("good")
            check(a.status == 502 and a.seconds >= 0.4 and child_of(a, "profiles")["failure"] == "connect_timeout", a)
            return f"it took {a.seconds:.2f} s" if a.seconds > 0.4 + LATE else None

        packets_of(port)
        again(read)
        again(lambda: cut(0.2, "connect"))
        again(not_connected)
        asked = request_bytes(PATHS["profiles"].format(misbehaviours.IDS["good"]), headers=[("X-Request-Timeout-Ms", "300")])
        for a in exchange(s.public, [asked] * 30):
            check(a.status == 504 and a.seconds >= 0.3, a)
        five_in_time(lambda: s.get("/api/users/1"), 0.1, "another source:")
        until(lambda: not at_work(s), 30, lambda: f"an end of {at_work(s)}")
        packets_of(port, "-D")
        ground.good()
        # What the stop meets.
        packets_of(port)
        with waits_at(s, asked.replace(b": 300", b": 3000")):
            check(s.stop() == 0, "the server ended with", s.process.returncode, s.log()[-2000:])


def a_name_that_nobody_tells_holds_up_nobody_else(muster, test_server, folder):
    enter_own_network(NAMESERVER)
    iptables("-A", "INPUT", "-d", NAMESERVER, "-j", "DROP")
    instead_of("/etc/resolv.conf", f"nameserver {NAMESERVER}\noptions timeout:30 attempts:5\n", folder)
    instead_of("/etc/nsswitch.conf", "hosts: files dns\n", folder)
    began = time.monotonic()
    with ended(Server(muster, "--data", f"sqlite:{folder / 'people.db'}", "--seed", "--posts", "http://posts.example.test:8080",
                      "--source", "posts.connect=500ms", "--timeout", "20s", folder=folder)) as s:
        up = time.monotonic() - began
        check(up < RESOLVER / 2, "it was up after", up)
        five_in_time(lambda: s.get("/api/users/1"), 0.1, "another source:")

        def cut():
            a = s.get("/user/1", headers=[("X-Request-Timeout-Ms", "300")])
            check(a.status == 504 and a.seconds >= 0.3, a)
            check(child_of(a, "posts")["wait"] == "name", a)
            return f"it was cut after {a.seconds:.2f} s" if a.seconds > 0.3 + LATE else None

        def not_connected():
            a = s.get("/user/1")
            check(a.status == 502 and a.seconds >= 0.5 and a.json()["cause"] == "source_failed", a)
            check(child_of(a, "posts")["failure"] == "connect_timeout", a)
            return f"it took {a.seconds:.2f} s" if a.seconds > 0.5 + LATE else None

        again(cut)
        again(not_connected)
        five_in_time(lambda: s.get("/api/users/1"), 0.1, "another source:")
        until(lambda: not at_work(s), 30, lambda: f"an end of {at_work(s)}")
        with waits_at(s, request_bytes("/user/1")):
            began = time.monotonic()
            s.signal(signal.SIGTERM)
            code = s.wait(RESOLVER / 2)
        print(f"up after {up:.2f} s, ended {time.monotonic() - began:.2f} s after SIGTERM")
        check(code == 0, "ended with", code, s.log()[-3000:])


SCENARIOS = {f.__name__: f for f in (
    dropped_packets_are_cut_in_time,
    a_name_that_nobody_tells_holds_up_nobody_else,
)}

if __name__ == "__main__":
    main(SCENARIOS)
