#!/usr/bin/env python3
"""tests/e2e: every way of a stop, seen from the client's side; one scenario a test:
`drain.py NAME muster muster_test_server`."""
import contextlib
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

from crowd import until
from harness import SLOW, Failed, Server, again, check, ended, get, main, own_port, request_bytes, seeded_database
from steady_load import Load

KEEP_ALIVE = b"GET /user/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"


def rest_of(connection, seconds=10):
    """All that comes, and how it ended: "end" or "reset"."""
    connection.settimeout(seconds)
    got = b""
    try:
        while piece := connection.recv(65536):
            got += piece
    except ConnectionResetError:
        return got, "reset"
    return got, "end"


def is_whole(got):
    head, _, body = got.partition(b"\r\n\r\n")
    length = [int(l.split(b":")[1]) for l in head.lower().split(b"\r\n") if l.startswith(b"content-length:")]
    return length == [len(body)]


@contextlib.contextmanager
def started(*args, **more):
    """A server whose end is the scenario's business; killed if it is still there."""
    with ended(Server(*args, **more)) as s:
        try:
            yield s
        except BaseException:
            print(f"--- the server's log\n{s.log()[-6000:]}", file=sys.stderr)
            raise


# ---- Under load ------------------------------------------------------------------------------------------------------


def logged_to(path):
    return "--log-format", "json", "--access-log", str(path)


def account(load, what, access_log):
    answered, refused, broken, other = load.of(True)
    total = answered + refused + broken + other
    late = load.of(False)
    print(f"{what}: of {total} requests on connections from before the stop {answered} were answered, {refused} refused "
          f"before a byte of the answer ({100 * refused / max(total, 1):.4f} %), {broken} broken, {other} answered otherwise; "
          f"{load.held_up} were refused after this machine had kept them silent; of {sum(late)} on later ones {late[0]} answered, {late[1]} refused, {late[2]} broken, {late[3]} otherwise; "
          f"{load.unconnected} connections refused")
    misfits = list(load.against(access_log))
    check(not misfits, len(misfits), "requests do not fit the access log:", *misfits[:5])
    check(answered > 500, "too few to tell:", answered)
    check(broken == 0 and late[2] == 0, "answers broke off:", load.examples)
    check(other == 0 and late[3] == 0, "other answers:", load.examples)
    check(refused <= total / 1000, "refused:", refused, "of", total, load.examples)


def a_stop_under_load_breaks_no_answer(muster, test_server, folder):
    for delay, think, granted in (("1s", 0.0, 1.09), ("1s", 0.3, 1.09), ("0s", 0.0, 0.09)):
        log = folder / f"access-{delay}-{think}.log"
        with started(muster, "--drain-delay", delay, *logged_to(log), folder=folder) as s, \
                Load(s.public, 64, think=think, granted=granted) as load:
            time.sleep(1.5)
            until(lambda load=load: load.of(True)[0] > 600 or load.failure, 60, "enough requests to tell")
            load.stops()
            began = time.monotonic()
            s.signal(signal.SIGTERM)
            code = s.wait(40)
            took = time.monotonic() - began
            time.sleep(0.1)
            load.over = True
            load.thread.join()
            check(code == 0, "exit code", code, s.log())
            account(load, f"--drain-delay {delay}, thinking up to {think} s, stopped in {took:.2f} s", log)
            check(took <= (10 if SLOW else 5), "the stop took", took)  # it may take seven
            if delay == "1s":
                check(took >= 1 and sum(load.of(False)) > 0, "nobody was served in the delay", took)


def twenty_restarts_under_load_lose_nothing(muster, test_server, folder):
    port, admin = own_port(), own_port()
    log = folder / "access.log"
    restarts = 5 if SLOW else 20
    began = time.monotonic()
    with Load(port, 64, think=0.05, granted=1.09) as load:
        for i in range(restarts):
            load.stopping = False
            answered = load.of(True)[0]
            with started(muster, "--listen", f"127.0.0.1:{port}", "--admin", f"127.0.0.1:{admin}", "--drain-delay", "1s",
                         *logged_to(log), folder=folder) as s:
                time.sleep(0.3 + load.random.random() * 0.2)
                until(lambda enough=answered + 600 // restarts: load.of(True)[0] > enough or load.failure, 60, "enough requests")
                load.stops()
                s.signal(signal.SIGTERM)
                code = s.wait(40)
                check(code == 0, "restart", i, "ended with", code, s.log())
    account(load, f"{restarts} restarts in {time.monotonic() - began:.1f} s", log)


def a_request_sent_at_the_instant_of_a_stop_is_answered(muster, test_server, folder):
    outcomes = {"answered": 0, "end": 0, "reset": 0}
    held_up = 0
    for i in range(40):
        with started(muster, folder=folder) as s, socket.create_connection(("127.0.0.1", s.public), timeout=10) as idle:
            idle.sendall(KEEP_ALIVE)
            got = b""
            while not is_whole(got):
                got += idle.recv(65536)
            time.sleep(0.01)
            stops = time.monotonic()
            s.signal(signal.SIGTERM)
            time.sleep((0, 0.0005, 0.002, 0.01)[i % 4])
            try:
                idle.sendall(KEEP_ALIVE)
                asked = time.monotonic()
                got, how = rest_of(idle)
            except ConnectionError:
                asked, got, how = time.monotonic(), b"", "reset"
            check(not got or is_whole(got), "an answer broke off:", got)
            if not got and asked - stops > 0.09:  # it has been silent for the 100 ms that a last question has
                held_up += 1
            else:
                outcomes["answered" if got else how] += 1
            idle.close()
            check(s.wait() == 0, "exit code", s.process.returncode, s.log())
    print("requests on idle connections at the instant of SIGTERM:", outcomes, "and", held_up, "were kept from asking in time")
    check(sum(outcomes.values()) >= 20, "the machine is too slow to tell:", held_up)
    check(outcomes["answered"] >= sum(outcomes.values()) - (10 if SLOW else 1), outcomes)


def the_account_of_the_load_sees_what_does_not_fit(muster, test_server, folder):
    load = Load(0, 0)
    load.outcomes = ["answered", "refused", "broken", None, "answered"]
    well = [(0, 200), (2, 200), (4, 200)]
    for records, finding in (
            (well, None),
            ([(0, 200), (4, 200)], None),
            ([(2, 200), (4, 200)], "request 0 was answered 200, and"),
            ([*well, (0, 200)], "request 0 was answered 200, and"),
            ([(0, 503), (2, 200), (4, 200)], "request 0 was answered 200, and"),
            ([*well, (1, 200)], "request 1 was closed without an answer"),
            ([*well, (1, 499)], "request 1 was closed without an answer"),
            ([*well, (2, 200)], "request 2 is in the access log 2 times"),
            ([*well, (3, 499), (3, 499)], "request 3 is in the access log 2 times"),
            ([*well, (5, 200)], "request 5 was never sent")):
        log = folder / "access.log"
        log.write_text("".join(json.dumps({"request_id": f"load-{n}", "status": status}) + "\n" for n, status in records))
        found = list(load.against(log))
        check(len(found) == (0 if finding is None else 1) and all(f.startswith(finding) for f in found), records, found)


# ---- The two steps ---------------------------------------------------------------------------------------------------


def a_drain_delay_goes_on_accepting(muster, test_server, folder):
    path = folder / "muster.sock"
    with started(test_server, "--listen", "127.0.0.1:0", "--listen", f"unix:{path}", "--drain-delay", "6s", "--test-posts",
                 "delay:4s", "--timeout", "60s", folder=folder) as s:
        idle = socket.create_connection(("127.0.0.1", s.public), timeout=10)
        idle.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        check(b" 200 " in idle.recv(4096), "before the stop")
        began = time.monotonic()
        s.signal(signal.SIGTERM)
        until(lambda: s.get("/readyz").status == 503, 3, "/readyz 503")
        check(get(s.admin, "/readyz").status == 503, "the admin listener's /readyz")
        check("draining" in get(s.admin, "/readyz").body.decode(), "the reason")
        slow = socket.create_connection(("127.0.0.1", s.public), timeout=10)
        time.sleep(0.4)  # longer than what a connection has after the listeners are closed
        slow.sendall(b"GET /api/users/1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got, how = rest_of(slow)
        check(b" 200 " in got and b"\r\nConnection: close\r\n" in got and how == "end", "a new connection in the delay:", got)
        check(path.exists(), "the socket's file went before its listener")
        answers = []
        late = threading.Thread(target=lambda: answers.append(s.get("/user/1")))
        time.sleep(max(0.0, began + 3 - time.monotonic()))
        late.start()
        idle.settimeout(0.1)
        with contextlib.suppress(socket.timeout):
            check(False, "an idle connection ended in the delay:", idle.recv(1))
        until(lambda: not path.exists(), 20, "the end of the delay")
        took = time.monotonic() - began
        late.join()
        check(answers[0].status == 200, "a request from the delay that goes on after it:", answers[0])
        check(rest_of(idle) == (b"", "end"), "the idle connection's end")
        check(s.wait() == 0, "exit code", s.process.returncode, s.log())
        print(f"the delay of 6 s took {took:.3f} s, the process ended after {time.monotonic() - began:.3f} s")
        check(took >= 6, "the delay took", took)


def what_hangs_at_the_end_is_named_and_answered(muster, test_server, folder):
    def stopped(posts, expected):
        with started(test_server, "--test-posts", posts, "--drain", "1s", "--timeout", "60s", folder=folder) as s:
            answers = []
            waiting = threading.Thread(
                target=lambda: answers.append(get(s.public, "/user/1", seconds=60, headers=[("X-Request-Id", "the-hung-one")])))
            waiting.start()
            until(lambda: any("the-hung-one" in str(r) and "'resource': 'posts'" in str(r) for r in s.roll()["requests"]), 30,
                  "the request in the roll")
            began = time.monotonic()
            s.signal(signal.SIGTERM)
            seen = 0
            while time.monotonic() - began < 0.8:  # the admin listener answers during the drain, and shows who is left
                try:
                    text = get(s.admin, "/debug/tasks").body.decode()
                except (OSError, Failed):
                    text = ""
                if time.monotonic() - began >= 1:  # it was asked in the drain, and may have answered behind it
                    break
                if "did not answer" not in text:  # in the time that a roll has for its loop
                    check("the-hung-one" in text, "the roll does not show it:", text)
                    seen += 1
                time.sleep(0.1)
            waiting.join()
            code = s.wait(40)
            took = time.monotonic() - began
            print(f"posts {posts}: exit code {code} after {took:.3f} s with --drain 1s; the roll was called {seen} times meanwhile")
            log = s.log()
            check(took >= 1.0, "it took", took)
            if took > (5.0 if SLOW else 2.0) or "does not answer" in log:  # a loop that is held up is not asked for long
                return f"it took {took:.3f} s: {log}"
            check(code == expected, "exit code", code, log)
            check(answers[0].status == 503 and answers[0].headers["x-request-id"] == "the-hung-one", answers[0])
            check("retry-after" in answers[0].headers, answers[0].headers)
            for line in (r"cut at the end of the grace period: request the-hung-one from 127\.0\.0\.1:\d+: GET /user/\{id\}: "
                         r"waits for .*, in .* at \S+\.[ch]pp:\d+",
                         r"cut at the end of the grace period: request the-hung-one .*GET /user/\{id\} > .*: waits for "
                         r"a worker of posts, in .*behaviour::before.* at tests/support/test_server/behaviour\.cpp:\d+"):
                check(re.search(line, log), "not in the log:", line, log)
            left = re.search(r"would not end: request the-hung-one: .* a worker of posts has not ended \(awaited at "
                             r"\S+behaviour\.cpp:\d+\)", log)
            check(bool(left) == (expected == 3), "what would not end:", log)
            check("background: " not in log and "listener: " not in log, "what serves all is no work that was cut:", log)
            return None if seen else "the roll was not asked in the drain"

    for posts, expected in (("hang", 0), ("sleep:30s", 3)):
        again(lambda p=posts, e=expected: stopped(p, e))


def hang_ups_all_through_a_stop_end_nothing(muster, test_server, folder):
    for i in range(10):
        with started(muster, "--access-log", folder / "access.log", folder=folder) as s:
            s.signal(signal.SIGTERM)
            sent = 0
            while s.process.poll() is None:
                s.signal(signal.SIGHUP)
                sent += 1
                time.sleep(0.0005)
            check(s.process.returncode == 0, "round", i, "ended with", s.process.returncode, "after", sent, "hang-ups", s.log())


def no_pool_loop_answers(s):
    return not any(loop["answered"] for loop in s.roll_now()["loops"] if loop["name"] != "admin")


def a_stuck_loop_does_not_keep_the_process(muster, test_server, folder):
    def stopped():
        with started(test_server, "--threads", "1", "--drain", "3s", folder=folder) as s, \
                socket.create_connection(("127.0.0.1", s.public), timeout=10) as connection:
            connection.sendall(request_bytes("/test/block-loop?for=60s"))
            until(lambda: all(no_pool_loop_answers(s) for _ in range(3)), 30, "a loop that is stuck")
            began = time.monotonic()
            s.signal(signal.SIGTERM)
            until(lambda: get(s.admin, "/readyz").status == 503, 2.5, "/readyz 503 at the admin listener")
            code = s.wait(40)
            took = time.monotonic() - began
            print(f"exit code {code} after {took:.3f} s with --drain 3s")
            check(code == 3, "exit code", code, s.log())
            check(re.search(r"would not end: loop\S* does not answer: it is stuck", s.log()), "the loop is not named:", s.log())
            return f"it took {took:.3f} s" if took > 3 + (3.5 if SLOW else 1.0) else None

    again(stopped)


def work_that_was_abandoned_earlier_has_until_the_end_of_the_drain(muster, test_server, folder):
    config = folder / "muster.json"
    config.write_text('{"routes": {"/user/{id}": {"timeout": "200ms"}}}')
    with started(test_server, "--config", str(config), "--test-posts", "sleep:2s", "--drain", "20s", folder=folder) as s:
        check(s.get("/user/1").status == 504, "the request is cut")
        began = time.monotonic()
        s.signal(signal.SIGTERM)
        check(s.wait() == 0, "exit code", s.process.returncode, s.log())
        took = time.monotonic() - began
        print(f"the abandoned job ended, then the process, after {took:.3f} s")
        check(took <= 10, "it took", took)  # and not as long as the drain may


# ---- Signals, at any moment ------------------------------------------------------------------------------------------


LOCKS = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA locking_mode=EXCLUSIVE")
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
time.sleep(60)
"""


def a_second_signal_ends_every_phase_at_once(muster, test_server, folder):
    phases = (
        ("the delay", ["--test-posts", "hang", "--drain-delay", "60s"], "draining: goes on accepting"),
        ("the drain", ["--test-posts", "hang", "--drain", "60s"], "shutting down: "),
        ("after the cut", ["--test-posts", "sleep:30s", "--drain", "100ms"], "cut at the end of the grace period"))

    def stopped_twice(phase, args, begins, first, second):
        with started(test_server, *args, "--timeout", "5m", folder=folder) as s, \
                socket.create_connection(("127.0.0.1", s.public), timeout=10) as connection:
            connection.sendall(request_bytes("/user/1"))
            until(lambda: "'resource': 'posts'" in str(s.roll()["requests"]), 30, "a request that hangs")
            s.signal(first)
            # Two that wait have no order, and two of one number are one: the first has been heard when this is told.
            until(lambda: begins in s.log() or s.process.poll() is not None, 30, "the phase")
            began = time.monotonic()
            s.signal(second)
            code = s.wait()
            took = time.monotonic() - began
            print(f"{phase}: {first.name}, then {second.name}: {code} after {took:.3f} s")
            if phase == "after the cut" and code == 3:  # that lasts for half a second
                return "it was over already"
            check(code == 128 + second, phase, "ended with", code, s.log())
            return f"{phase} ended after {took:.3f} s" if took >= (3 if SLOW else 0.3) else None

    for phase, args, begins in phases:
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT)):
            again(lambda p=phase, a=args, b=begins, f=first, t=second: stopped_twice(p, a, b, f, t))


def hears_signals(pid):
    """Whether its main thread leaves them to another: until then they end it as they end any process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        blocked = int(next(line for line in file if line.startswith("SigBlk:")).split()[1], 16)
    return blocked >> (signal.SIGTERM - 1) & 1 == 1


def has_open(pid, path):
    with contextlib.suppress(OSError):  # one may be closed meanwhile
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") == str(path) for fd in os.listdir(f"/proc/{pid}/fd"))
    return False


@contextlib.contextmanager
def waits_for_a_lock(muster, folder):
    """A server in the middle of its start."""
    database = seeded_database(muster, folder)
    with contextlib.closing(sqlite3.connect(database)) as db:
        check(db.execute("PRAGMA journal_mode=DELETE").fetchone()[0] == "delete", "the journal mode")
    locker = subprocess.Popen([sys.executable, "-c", LOCKS, str(database)], stdout=subprocess.PIPE, text=True)
    try:
        check(locker.stdout.readline() == "locked\n", "the lock was not to be had")
        with started(muster, "--data", f"sqlite:{database}", folder=folder, wait=False) as s:
            until(lambda: s.process.poll() is not None or hears_signals(s.process.pid) and has_open(s.process.pid, database), 30,
                  "a start that has come to its database")
            time.sleep(0.2)
            check(s.process.poll() is None and not s.log(), "it does not wait:", s.log())
            yield s
    finally:
        locker.kill()
        locker.wait()


def signals_are_heard_while_the_start_waits_for_a_lock(muster, test_server, folder):
    with waits_for_a_lock(muster, folder) as s:
        began = time.monotonic()
        s.signal(signal.SIGTERM)
        code = s.wait(10)
        print(f"one signal: {code} after {time.monotonic() - began:.3f} s: {s.log().strip()}")
        check(code == 0 and "SIGTERM" in s.log(), "exit code", code, s.log())
    with waits_for_a_lock(muster, folder) as s:
        os.kill(s.process.pid, signal.SIGTERM)
        time.sleep(0.002)
        os.kill(s.process.pid, signal.SIGINT)
        code = s.wait(10)
        print(f"two signals: {code}: {s.log().strip()}")
        # Two that wait have no order: on a busy machine the second is heard first.
        check(code in (0, 128 + signal.SIGINT, 128 + signal.SIGTERM), "exit code", code, s.log())


def a_stop_at_any_moment_of_a_start_is_clean(muster, test_server, folder):
    chance = random.Random(20)
    tries = 15 if SLOW else 40
    first = folder / "first"
    first.mkdir()
    began = time.monotonic()
    with started(muster, folder=first) as s:
        whole = time.monotonic() - began
        check(s.stop() == 0, s.log())
    ends = {"before it heard signals": 0, "before it served": 0, "serving": 0}
    for i in range(tries):
        home = folder / str(i)
        home.mkdir()
        number = chance.choice((signal.SIGTERM, signal.SIGINT))
        with started(muster, folder=home, wait=False) as s:
            time.sleep(chance.random() * whole * 1.2)
            s.signal(number)
            code = s.wait(20)
            log = s.log()
            if code == -number:  # the loader's time: nothing has begun
                whole *= 1.1  # the pace of the machine is not what it was, if that goes on
                check(not log and not any(p.is_dir() for p in home.iterdir()), "killed in the middle of something:", log)
                ends["before it heard signals"] += 1
                continue
            check(code == 0 and number.name in log, "try", i, "ended with", code, log)
            ends["before it served" if "before anything was served" in log else "serving"] += 1
        made = home / "data" / "muster.db"
        if made.exists() and made.stat().st_size:
            with contextlib.closing(sqlite3.connect(made)) as db:
                check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the database is damaged")
                tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                if tables:
                    check(db.execute("SELECT count(*) FROM users").fetchone()[0] == 200, "half a database")
        left = [p.name for p in home.rglob("*") if "journal" in p.name]
        check(not left, "left behind:", left)
    print(f"{tries} stops within {whole * 1.2:.3f} s of a start: {ends}")
    check(ends["before it heard signals"] < tries, "every stop came too soon:", ends)


main({f.__name__: f for f in (
    a_stop_under_load_breaks_no_answer,
    twenty_restarts_under_load_lose_nothing,
    the_account_of_the_load_sees_what_does_not_fit,
    a_request_sent_at_the_instant_of_a_stop_is_answered,
    a_drain_delay_goes_on_accepting,
    what_hangs_at_the_end_is_named_and_answered,
    hang_ups_all_through_a_stop_end_nothing,
    a_stuck_loop_does_not_keep_the_process,
    work_that_was_abandoned_earlier_has_until_the_end_of_the_drain,
    a_second_signal_ends_every_phase_at_once,
    signals_are_heard_while_the_start_waits_for_a_lock,
    a_stop_at_any_moment_of_a_start_is_clean,
)})
