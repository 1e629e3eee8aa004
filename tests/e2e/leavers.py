#!/usr/bin/env python3
"""tests/e2e: clients that leave, by FIN, by RST or by half, and those that only seem to: `leavers.py NAME muster
muster_test_server`."""
import json
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import time

from crowd import until
from harness import SLOW, Failed, again, check, main, server

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "soak"))
import clients
import plans
import verdict
from counted import Counted

RESET = struct.pack("ii", 1, 0)
# A client that ends its side within 50 ms of its last byte waits for the answer: so client_watch.hpp. One that the machine
# held up in between has left, and muster cannot know better.
RIGHT_BEHIND = 0.04


def logging_to(path):
    return ["--log-format", "json", "--access-log", str(path)]


def records(path):
    """The access log of a server that has ended, so that no more come."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def asking(port, target, ident):
    s = socket.create_connection(("127.0.0.1", port), timeout=60)
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


# ---- Who leaves is not worked for ------------------------------------------------------------------------------------


def two_hundred_clients_that_leave_take_their_requests_along(muster, test_server, folder):
    for posts in ("delay:2m", "hang"):  # nothing ends by itself
        log = folder / f"{posts[:4]}.log"
        asked = []
        with server(test_server, "--test-posts", posts, "--source", "posts.queue=500", "--timeout", "5m", *logging_to(log),
                    folder=folder) as s:

            def all_leave(posts=posts, asked=asked, s=s):
                """At once; or later than it should be, on a machine that stood still."""
                idents = [f"leaver-{len(asked) + i}" for i in range(200)]
                asked += idents
                sockets = [asking(s.public, f"/user/{1 + i % 200}", ident) for i, ident in enumerate(idents)]
                limit = time.monotonic() + 60
                while True:
                    looks = time.monotonic()
                    running = requests_in(s.roll())
                    looked = time.monotonic() - looks
                    if len(running) == 200 and all(r["age_ms"] >= 100 for r in running):
                        break
                    check(time.monotonic() < limit, "of 200 requests the roll has", len(running))
                    time.sleep(0.01)
                began = time.monotonic()
                for i, each in enumerate(sockets):
                    leave(each, "rst" if i % 2 else "fin")
                closed = time.monotonic()
                while left := requests_in(s.roll()):
                    check(time.monotonic() - closed < 30, len(left), "requests are left, the first is", left[0])
                gone = time.monotonic()
                # A worker has heard that it shall stop, and stops when it next looks.
                until(lambda: not s.roll()["abandoned"], 30, "the end of all operations")
                print(f"posts {posts}: 200 closed within {closed - began:.4f} s, none was left {gone - closed:.4f} s later; to "
                      f"look took {looked:.4f} s when there were 200")
                if not SLOW and gone - closed > 0.1 + 2 * looked:
                    return f"requests were left for {gone - closed} s"
                return None

            again(all_leave)
        told = [r for r in records(log) if r["request_id"].startswith("leaver-")]
        odd = [r for r in told if (r["status"], r["cause"]) != (499, "client_gone")]
        check(not odd, len(odd), "records are not 499 client_gone, the first is", odd[:1])
        check(sorted(r["request_id"] for r in told) == sorted(asked), "the access log has", len(told), "of", len(asked), "requests")


# ---- Who only half closes is answered --------------------------------------------------------------------------------


def nc(port, ident):
    """Its request is in the pipe, and the end of it, before it begins: what else ran `printf` late would make it late."""
    request = f"GET /user/1 HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: {ident}\r\n\r\n"
    out_of, into = os.pipe()
    with open(out_of, "rb") as stdin:
        with open(into, "wb") as pipe:
            pipe.write(request.encode())
        return subprocess.Popen(["nc", "-N", "127.0.0.1", str(port)], stdin=stdin, stdout=subprocess.PIPE)


def what_nc_sends_is_answered_whole(muster, test_server, folder):
    log = folder / "access.log"
    held_up = []
    with server(test_server, "--test-posts", "delay:20ms", "--timeout", "60s", *logging_to(log), folder=folder) as s:
        check(shutil.which("nc") is not None, "there is no nc: ./dev install")
        left = list(range(300))
        while left:
            now, left = left[:10], left[10:]
            pipes = [nc(s.public, f"nc-{i}-") for i in now]
            for i, pipe in zip(now, pipes):
                try:
                    out = pipe.communicate(timeout=60)[0]
                finally:
                    pipe.kill()
                if not out:  # of the whole and the end behind it the machine made two
                    held_up.append(f"nc-{i}-")
                    left.append(i)
                    check(len(held_up) <= 15, "of 300, these have got nothing:", held_up)
                else:
                    check(whole_answers(out) == [200], "nc", i, "got", repr(out[:300]))
    told = [r for r in records(log) if r["request_id"].startswith("nc-")]
    print(f"{len(held_up)} were not right behind their requests, as far as the kernel knows, and came again")
    answered = sorted(r["request_id"] for r in told if r["status"] == 200)
    check(answered == sorted(f"nc-{i}-" for i in range(300)), "the access log has", [r for r in told if r["status"] != 200][:3])
    gone = sorted(r["request_id"] for r in told if (r["status"], r["cause"]) == (499, "client_gone"))
    check(gone == sorted(held_up), "gone are", gone, "and without an answer", held_up)
    late = [r for r in told if (r["status"], r["cause"]) == (200, "client_gone")]  # its answer was done already
    check(len(held_up) + len(late) <= 15, "answered, and called gone:", late[:3])


def two_requests_and_a_fin_are_answered_whole(muster, test_server, folder):
    log = folder / "access.log"
    with server(test_server, "--test-posts", "delay:10ms", "--timeout", "60s", *logging_to(log), folder=folder) as s:

        def one_asks(i):
            for attempt in range(100):
                both = b"".join(f"GET /user/{n} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: two-{attempt}-{i}-{n}\r\n\r\n".encode()
                                for n in (1, 2))
                with socket.create_connection(("127.0.0.1", s.public), timeout=60) as c:
                    began = time.monotonic()
                    c.sendall(both)
                    c.shutdown(socket.SHUT_WR)
                    if time.monotonic() - began <= RIGHT_BEHIND:
                        return attempt, everything(c)
                print("client", i, "is held up, and comes again")
            raise Failed("the machine is too slow to tell")

        stayed = []
        for i in range(300):
            attempt, got = one_asks(i)
            stayed.append(f"two-{attempt}-{i}-")
            check(whole_answers(got) == [200, 200], "client", i, "got", repr(got[:300]))
            check(b'{"user":{"id":1,' in got and b'{"user":{"id":2,' in got, "client", i, "got", repr(got[:300]))
    told = [r for r in records(log) if r["request_id"].startswith(tuple(stayed))]
    check(len(told) == 600 and all(r["status"] == 200 for r in told), "the access log has", len(told), "records, and",
          [r for r in told if r["status"] != 200][:3])


# ---- Who leaves work that finishes -----------------------------------------------------------------------------------


def a_route_with_finish_runs_to_its_end(muster, test_server, folder):
    log = folder / "access.log"
    lasts = {"finish": 5, "wait": 100}  # seconds; who leaves has gone long before
    with server(test_server, *logging_to(log), folder=folder) as s:
        for route, seconds in lasts.items():
            began = time.monotonic()
            all_of_it = {how: asking(s.public, f"/test/{route}?for={seconds}s", f"{route}-{how}") for how in ("fin", "rst", "half")}
            # Well after the 50 ms in which an end means nothing.
            until(lambda: [r["age_ms"] >= 100 for r in requests_in(s.roll())] == [True] * 3, 30, "three requests")
            all_of_it["half"].shutdown(socket.SHUT_WR)
            for how in ("fin", "rst"):
                leave(all_of_it[how], how)
            if route == "finish":
                time.sleep(0.1 if not SLOW else 0.3)
                left = requests_in(s.roll())
                check(len(left) == 3 or time.monotonic() - began >= seconds, route, "the roll has", left)
            got = everything(all_of_it["half"])
            check(whole_answers(got) == ([200] if route == "finish" else []), route, "half closed, got", got)
            all_of_it["half"].close()
            until(lambda: not requests_in(s.roll()), 30, "the end of the requests")
    told = {r["request_id"]: r for r in records(log) if r["request_id"].startswith(("finish-", "wait-"))}
    check(len(told) == 6, told)
    for how in ("fin", "rst", "half"):
        finish, wait = told[f"finish-{how}"], told[f"wait-{how}"]
        check((finish["status"], finish["cause"]) == (200, "client_gone"), finish)
        check(finish["duration_ms"] >= 1000 * lasts["finish"], "did not run to its end:", finish)
        check((wait["status"], wait["cause"], wait["bytes"]) == (499, "client_gone", 0), wait)
        check(wait["duration_ms"] < 1000 * lasts["wait"], "ran to its end:", wait)


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
            # Some wait for long: however late this process is, they are left.
            target = f"/test/wait?for={rng.choice((rng.randint(60, 150), rng.randint(60, 150), 3000))}ms"
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
        until(lambda: not requests_in(s.roll()), 30, "the end of the last request")
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
