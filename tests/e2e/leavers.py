#!/usr/bin/env python3
"""tests/e2e: clients that leave, by FIN, by RST or by half, and those that only seem to: `leavers.py NAME muster
muster_test_server`."""
import json
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import time

from harness import SLOW, check, main, server

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))
import clients
import plans
import verdict
from counted import Counted

RESET = struct.pack("ii", 1, 0)


def logging_to(path):
    return ["--log-format", "json", "--access-log", str(path)]


def records(path):
    """The access log of a server that has ended, so that no more come."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def asking(port, target, ident):
    s = socket.create_connection(("127.0.0.1", port), timeout=20)
    s.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {ident}\r\n\r\n".encode())
    return s


def leave(s, how):
    if how == "rst":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    s.close()


def everything(s):
    got = b""
    while chunk := s.recv(1 << 16):
        got += chunk
    return got


def whole_answers(data):
    """The statuses of all answers in `data`, which ends with the last of them."""
    statuses = []
    while data:
        head, parted, rest = data.partition(b"\r\n\r\n")
        check(parted and head.startswith(b"HTTP/1.1 "), "not an answer:", repr(data[:200]))
        length = next(int(l.split(b":")[1]) for l in head.lower().split(b"\r\n") if l.startswith(b"content-length:"))
        check(len(rest) >= length, "a cut answer:", len(rest), "of", length, "bytes:", repr(data[:200]))
        statuses.append(int(head[9:12]))
        data = rest[length:]
    return statuses


def requests_in(roll):
    return [r for r in roll["requests"] if "/debug/tasks" not in r["route"]]


def until(condition, seconds, what):
    limit = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < limit, what, "did not come within", seconds, "s")
        time.sleep(0.01)


# ---- Who leaves is not worked for ------------------------------------------------------------------------------------


def two_hundred_clients_that_leave_take_their_requests_along(muster, test_server, folder):
    for posts in ("delay:4s", "hang"):
        log = folder / f"{posts[:4]}.log"
        with server(test_server, "--test-posts", posts, "--source", "posts.queue=500", *logging_to(log), folder=folder) as s:
            sockets = [asking(s.public, f"/user/{1 + i % 200}", f"leaver-{i}") for i in range(200)]
            limit = time.monotonic() + 20
            while True:
                running = requests_in(s.roll())
                if len(running) == 200 and all(r["age_ms"] >= 100 for r in running):
                    break
                check(time.monotonic() < limit, "of 200 requests the roll has", len(running))
                time.sleep(0.01)
            began = time.monotonic()
            for i, each in enumerate(sockets):
                leave(each, "rst" if i % 2 else "fin")
            closed = time.monotonic()
            while left := requests_in(s.roll()):
                check(time.monotonic() - closed < 4, len(left), "requests are left, the first is", left[0])
            gone = time.monotonic()
            check(not s.roll()["abandoned"], "operations are left:", s.roll()["abandoned"])
            print(f"posts {posts}: 200 closed within {closed - began:.4f} s, none was left {gone - closed:.4f} s later")
            if not SLOW:
                check(gone - closed <= 0.1, "requests were left for", gone - closed, "s")
        told = [r for r in records(log) if r["request_id"].startswith("leaver-")]
        odd = [r for r in told if (r["status"], r["cause"]) != (499, "client_gone")]
        check(not odd, len(odd), "records are not 499 client_gone, the first is", odd[:1])
        check(sorted(r["request_id"] for r in told) == sorted(f"leaver-{i}" for i in range(200)), "the access log has",
              len(told), "of 200 requests")


# ---- Who only half closes is answered --------------------------------------------------------------------------------


def what_nc_sends_is_answered_whole(muster, test_server, folder):
    log = folder / "access.log"
    with server(test_server, "--test-posts", "delay:20ms", *logging_to(log), folder=folder) as s:
        check(shutil.which("nc") is not None, "there is no nc: ./dev install")
        request = "GET /user/1 HTTP/1.1\\r\\nHost: localhost\\r\\nX-Request-Id: nc-%d\\r\\n\\r\\n"
        for first in range(0, 300, 10):
            pipes = [subprocess.Popen(["sh", "-c", f"printf '{request % i}' | nc -N 127.0.0.1 {s.public}"],
                                      stdout=subprocess.PIPE) for i in range(first, first + 10)]
            for i, pipe in enumerate(pipes):
                try:
                    out = pipe.communicate(timeout=20)[0]
                finally:
                    pipe.kill()
                check(whole_answers(out) == [200], "nc", first + i, "got", repr(out[:300]))
    told = records(log)
    check(sum(r["request_id"].startswith("nc-") and r["status"] == 200 and r["cause"] != "client_gone" for r in told) == 300,
          "the access log has", [r for r in told if r["status"] != 200][:3])


def two_requests_and_a_fin_are_answered_whole(muster, test_server, folder):
    log = folder / "access.log"
    with server(test_server, "--test-posts", "delay:10ms", *logging_to(log), folder=folder) as s:
        for i in range(300):
            with socket.create_connection(("127.0.0.1", s.public), timeout=20) as c:
                c.sendall(b"".join(f"GET /user/{n} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: two-{i}-{n}\r\n\r\n".encode()
                                   for n in (1, 2)))
                c.shutdown(socket.SHUT_WR)
                got = everything(c)
            check(whole_answers(got) == [200, 200], "client", i, "got", repr(got[:300]))
            check(b'{"user":{"id":1,' in got and b'{"user":{"id":2,' in got, "client", i, "got", repr(got[:300]))
    told = [r for r in records(log) if r["request_id"].startswith("two-")]
    check(len(told) == 600 and all(r["status"] == 200 for r in told), "the access log has", len(told), "records, and",
          [r for r in told if r["status"] != 200][:3])


# ---- Who leaves work that finishes -----------------------------------------------------------------------------------


def a_route_with_finish_runs_to_its_end(muster, test_server, folder):
    log = folder / "access.log"
    with server(test_server, *logging_to(log), folder=folder) as s:
        for route in ("finish", "wait"):
            for how in ("fin", "rst", "half"):
                c = asking(s.public, f"/test/{route}?for=700ms", f"{route}-{how}")
                time.sleep(0.2)
                check(len(requests_in(s.roll())) == 1, "the request has not begun")
                if how == "half":
                    c.shutdown(socket.SHUT_WR)
                    got = everything(c)
                    check(whole_answers(got) == ([200] if route == "finish" else []), route, "half closed, got", got)
                    c.close()
                else:
                    leave(c, how)
                    time.sleep(0.1 if not SLOW else 0.3)
                    left = requests_in(s.roll())
                    check(len(left) == (1 if route == "finish" else 0), route, how, "the roll has", left)
                until(lambda: not requests_in(s.roll()), 5, "the end of the request")
    told = {r["request_id"]: r for r in records(log) if r["request_id"].startswith(("finish-", "wait-"))}
    check(len(told) == 6, told)
    for how in ("fin", "rst", "half"):
        finish, wait = told[f"finish-{how}"], told[f"wait-{how}"]
        check((finish["status"], finish["cause"]) == (200, "client_gone"), finish)
        check(finish["duration_ms"] >= 700, "did not run to its end:", finish)
        check((wait["status"], wait["cause"], wait["bytes"]) == (499, "client_gone", 0), wait)
        check(wait["duration_ms"] < 700, "ran to its end:", wait)


# ---- Events of connections that are no more --------------------------------------------------------------------------


class Churn(plans.Planner):
    """Half stay for their answer, half leave before it: on a loop whose slots and descriptors are used again at once."""

    def __init__(self, seed, connections):
        super().__init__(seed, connections)
        self.connections = connections

    def __iter__(self):
        return (self.plan(number) for number in range(self.connections))

    def plan(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        plan = plans.Plan(number, rng.choice(("stay", "stay", "stay", "half_close", "leave", "leave", "leave", "silent")), rng)
        who = rng.randint(1, 200)
        target = rng.choice((f"/user/{who}", f"/test/wait?for={rng.randint(5, 120)}ms", f"/api/users/{who}"))
        if plan.script == "silent":
            plan.pauses, plan.ends = [rng.uniform(0.0, 0.05)], rng.choice(("fin", "rst"))
            return plan
        if plan.script == "leave":
            target = f"/test/wait?for={rng.randint(60, 150)}ms"
            plan.ends, plan.pauses = rng.choice(("fin", "rst")), [rng.choice((0.0, rng.uniform(0.0, 0.12), 0.08))]
        asked = plans.Asked(self.ident(plan), target, {200})
        plan.asked.append(asked)
        if plan.script == "leave":
            asked.stays, asked.surely_read = False, plan.ends == "fin" and not plan.unix
        return plan


def events_of_20000_connections_reach_no_other(muster, test_server, folder):
    seed = random.SystemRandom().randrange(1_000_000)
    print("seed", seed)
    log, path = folder / "access.log", folder / "public.sock"
    args = ["--listen", "127.0.0.1:0", "--listen", f"unix:{path}", "--test-posts", "delay:15ms", "--timeout", "30s"]
    with server(test_server, *args, "--threads", "2", *logging_to(log), folder=folder, kind=Counted) as s:
        bodies = {f"/{page}/{who}": s.get(f"/{page}/{who}").body for page in ("user", "api/users") for who in range(1, 201)}
        engine, asked, began = clients.Engine(s.public, s.admin, str(path), bodies), {}, time.monotonic()

        def kept():
            for plan in Churn(seed, 20_000):
                asked.update((each.id, each) for each in plan.asked)
                yield plan

        engine.run(kept(), 300, lambda: check(s.process.poll() is None, "the server ended"))
        print(f"20000 connections in {time.monotonic() - began:.1f} s")
        until(lambda: not requests_in(s.roll()), 5, "the end of the last request")
    tally = verdict.Tally(log)
    print("the access log:", dict(tally.statuses))
    found = engine.troubles + list(verdict.of_answers(asked, engine.refused, engine.unseen + s.asked, tally))
    check(not found, len(found), "findings with seed", seed, "\n  " + "\n  ".join(found[:20]))
    check(tally.statuses[499] > 2000 and tally.statuses[200] > 8000, "too few left, or stayed:", dict(tally.statuses))


main({f.__name__: f for f in (
    two_hundred_clients_that_leave_take_their_requests_along,
    what_nc_sends_is_answered_whole,
    two_requests_and_a_fin_are_answered_whole,
    a_route_with_finish_runs_to_its_end,
    events_of_20000_connections_reach_no_other,
)})
