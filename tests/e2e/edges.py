#!/usr/bin/env python3
"""tests/e2e: the first and the last moments of the process, and its life without descriptors; one scenario a test:
`edges.py NAME muster muster_test_server`."""
import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time

from crowd import until
from harness import Failed, Server, check, exchange, get, main, own_port, request_bytes, server


def run(binary, *args, folder, seconds=60, **more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")}
    done = subprocess.run([binary, "serve", *args], cwd=folder, env=environment, capture_output=True, text=True,
                          timeout=seconds, check=False, **more)
    return done.returncode, done.stderr


# ---- The start -----------------------------------------------------------------------------------------------------


def a_database_that_is_none_ends_the_start_at_once(muster, test_server, folder):
    os.mkfifo(folder / "ff")
    try:
        code, err = run(muster, "--listen", "127.0.0.1:0", "--admin", "off", "--data", "sqlite:ff", folder=folder)
    except subprocess.TimeoutExpired:
        raise Failed("the start waits for the writer of a FIFO") from None
    check(code == 1 and err.count("\n") == 1 and "ff" in err, code, err)

    with contextlib.closing(sqlite3.connect(folder / "other.db")) as db:
        db.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x); PRAGMA user_version=77;")
    before = (folder / "other.db").read_bytes()
    code, err = run(muster, "--listen", "127.0.0.1:0", "--admin", "off", "--data", "sqlite:other.db", folder=folder)
    check(code == 1 and "77" in err, code, err)
    check((folder / "other.db").read_bytes() == before, "the refused file was written")
    beside = sorted(p.name for p in folder.iterdir() if p.name.startswith("other.db"))
    check(beside == ["other.db"], "left beside the refused file:", beside)


def the_first_start_opens_all_it_will_need(muster, test_server, folder):
    with server(muster, "--timeout", "30s", folder=folder) as s:
        check("just made" in s.log(), "not a first start:", s.log())
        before = s.descriptors_at_rest()
        answers = exchange(s.public, [request_bytes("/user/1")] * 50)
        check(all(a.status == 200 for a in answers), answers)
        after = s.descriptors_at_rest()
        check(after == before, "descriptors grew from", before, "to", after)


def a_start_without_standard_streams_keeps_their_numbers(muster, test_server, folder):
    def close_all():
        for fd in (0, 1, 2):
            os.close(fd)

    port = own_port()
    process = subprocess.Popen([muster, "serve", "--listen", f"127.0.0.1:{port}", "--admin", "off"], cwd=folder,
                               preexec_fn=close_all)
    try:
        limit = time.monotonic() + 60
        while not Server.answers(port, "/livez"):
            check(process.poll() is None and time.monotonic() < limit, "it does not come up:", process.poll())
            time.sleep(0.05)
        for fd in (0, 1, 2):
            target = os.readlink(f"/proc/{process.pid}/fd/{fd}")
            check(target == "/dev/null", "descriptor", fd, "is", target)
    finally:
        process.terminate()
        check(process.wait(40) == 0, "exit code", process.returncode)


# ---- The end -------------------------------------------------------------------------------------------------------


def a_stop_right_after_the_first_lines_is_a_clean_one(muster, test_server, folder):
    path = folder / "muster.sock"
    for number in (signal.SIGTERM, signal.SIGINT):
        for i in range(20):
            s = Server(muster, "--listen", f"unix:{path}", "--threads", "2", folder=folder, wait=False)
            limit = time.monotonic() + 60
            while "try:" not in s.log():
                check(s.process.poll() is None and time.monotonic() < limit, "no start:", s.log())
            s.signal(number)
            code = s.wait()
            check(code == 0, "stop", i, "by", number.name, "ended with", code, s.log())
            check(not path.exists(), "stop", i, "left the socket's file")
            check(number.name in s.log(), "the log does not name the signal:", s.log())


def roll_of(path):
    """Of an admin listener on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(request_bytes("/debug/tasks"))
        got = b""
        while chunk := connection.recv(65536):
            got += chunk
        return got


def a_stop_that_is_cut_short_leaves_no_socket_file(muster, test_server, folder):
    public, admin = folder / "public.sock", folder / "admin.sock"
    # The job outlives the server, however slow that is to come to its end.
    for posts, code, signals in (("sleep:60s", 3, 1), ("hang", 128 + signal.SIGTERM, 2)):
        s = Server(test_server, "--test-posts", posts, "--listen", f"unix:{public}", "--admin", f"unix:{admin}", "--timeout",
                   "2m", "--drain", "300ms" if signals == 1 else "60s", folder=folder, wait=False)
        limit = time.monotonic() + 60
        while "try:" not in s.log():
            check(s.process.poll() is None and time.monotonic() < limit, "no start:", s.log())
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(public))
            connection.sendall(request_bytes("/user/1"))
            until(lambda admin=admin: b"a worker of posts" in roll_of(admin), 30, "a request that waits for its posts")
            for i in range(signals):
                if i > 0:  # one that comes before the first was heard is the same
                    until(lambda s=s: "SIGTERM" in s.log(), 30, "a signal that is heard")
                s.signal(signal.SIGTERM)
            check(s.wait() == code, "exit code", s.process.returncode, "expected", code, s.log())
        check(not public.exists() and not admin.exists(), "a socket's file is left:", list(folder.iterdir()))


def who_connected_before_a_stop_is_answered(muster, test_server, folder):
    for threads, clients in (("1", 1), ("2", 1), ("1", 100), ("2", 100), ("16", 100)):
        for again in range(20 if clients == 1 else 4):
            s = Server(muster, "--threads", threads, "--timeout", "60s", folder=folder)
            sockets = []
            try:
                if again % 4 != 0:  # all at once: its loops hear of the clients and its admin thread of the signal
                    s.signal(signal.SIGSTOP)
                for _ in range(clients):
                    connection = socket.create_connection(("127.0.0.1", s.public), timeout=60)
                    sockets.append(connection)
                    connection.sendall(request_bytes("/user/1"))
                s.signal(signal.SIGTERM)
                s.signal(signal.SIGCONT)
                for i, connection in enumerate(sockets):
                    got = b""
                    with contextlib.suppress(ConnectionResetError):
                        while chunk := connection.recv(65536):
                            got += chunk
                    head, _, body = got.partition(b"\r\n\r\n")
                    length = [int(l.split(b":")[1]) for l in head.lower().split(b"\r\n") if l.startswith(b"content-length:")]
                    check(head.startswith(b"HTTP/1.1 200 ") and length == [len(body)],
                          "client", i, "of", clients, "with", threads, "loops got", repr(got[:200]), s.log())
            finally:
                for connection in sockets:
                    connection.close()
            check(s.wait() == 0, "exit code", s.process.returncode, s.log())


# ---- Without descriptors -------------------------------------------------------------------------------------------


def the_admin_listener_answers_without_descriptors(muster, test_server, folder):
    with server(muster, folder=folder):  # makes the database
        pass
    for args in ([], ["--max-connections", "1000"]):
        limited = folder / "limited"
        limited.write_text(f'#!/bin/sh\nulimit -n 64\nexec "{muster}" "$@"\n')
        limited.chmod(0o755)
        s = Server(limited, "--threads", "2", *args, folder=folder)
        connections = []
        try:
            for _ in range(80):
                connections.append(socket.create_connection(("127.0.0.1", s.public), timeout=5))
            time.sleep(0.3)
            for i in range(20):
                a = get(s.admin, "/livez", seconds=20)  # without a descriptor it would wait until the clients go
                check(a.status == 200, "with", args, "asked", i, "times:", a)
            if args:
                check("1000" in s.log() and "64" in s.log(), "the start does not warn:", s.log())
        finally:
            for connection in connections:
                connection.close()
            code = s.stop()
        check(code == 0, "exit code", code, s.log())


def a_start_with_few_descriptors_says_how_many_it_leaves(muster, test_server, folder):
    with server(muster, folder=folder) as s:  # makes the database
        check("ulimit" not in s.log(), "it warns of nothing:", s.log())
    limited = folder / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -n 256\nexec "{muster}" "$@"\n')
    limited.chmod(0o755)
    with server(limited, "--threads", "20", folder=folder) as s, contextlib.ExitStack() as held:
        told = re.findall(r"256 open files.*that leaves (\d+) connections", s.log())
        check(len(told) == 1, "it does not say what is left:", s.log())
        until(lambda: all(c["loop"].startswith("admin") for c in s.roll()["connections"]), 30, "no connection of the start")
        for i in range(int(told[0])):
            client = held.enter_context(socket.create_connection(("127.0.0.1", s.public), timeout=30))
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            check(client.recv(12) == b"HTTP/1.1 200", "connection", i + 1, "of", told, "is refused")
        check(get(s.public, "/livez").status == 503, "more than it said are served")
        check(get(s.admin, "/livez").status == 200, "the admin listener has no descriptor")
    s = Server(limited, "--threads", "60", folder=folder, wait=False)
    code = s.wait()
    check(code == 1 and "256 open files (ulimit -n), and 60 loops" in s.log() and "--threads" in s.log(), code, s.log())


def idle_connections_do_not_keep_others_from_the_admin_listener(muster, test_server, folder):
    with server(muster, folder=folder) as s:
        idle = [socket.create_connection(("127.0.0.1", s.admin), timeout=10) for _ in range(64)]
        try:
            time.sleep(0.2)
            limit = time.monotonic() + 30  # half of what a silent client has at the public listener
            while get(s.admin, "/livez").status != 200:
                check(time.monotonic() < limit, "locked out")
                time.sleep(0.2)
        finally:
            for connection in idle:
                connection.close()


main({f.__name__: f for f in (
    a_database_that_is_none_ends_the_start_at_once,
    the_first_start_opens_all_it_will_need,
    a_start_without_standard_streams_keeps_their_numbers,
    a_stop_right_after_the_first_lines_is_a_clean_one,
    a_stop_that_is_cut_short_leaves_no_socket_file,
    who_connected_before_a_stop_is_answered,
    the_admin_listener_answers_without_descriptors,
    a_start_with_few_descriptors_says_how_many_it_leaves,
    idle_connections_do_not_keep_others_from_the_admin_listener,
)})
