#!/usr/bin/env python3
"""tests/e2e: musters behind musters: `chain.py NAME muster muster_test_server`. The time that is left travels with a
request, and so do its id, its trace, and its end; what held it up comes back."""
import contextlib
import json
import signal
import socket
import time

import misbehaviours
from crowd import until
from harness import SLOW, again, check, exchange, main, request_bytes, server
from scenarios import five_in_time
from watched import Misbehaving

BUDGET = 2.0  # seconds, of every hop
LATE = 3.0 if SLOW else 0.2
TIMES = 10 if SLOW else 5  # a machine that is slower stands still more often within some ms that matter


@contextlib.contextmanager
def hop(binary, folder, name, *flags):
    """A muster with a folder and an access log of its own."""
    own = folder / name
    own.mkdir()
    with server(binary, *flags, "--access-log", str(own / "access.log"), "--log-format", "json", folder=own) as s:
        s.access_log = own / "access.log"
        s.url = f"http://127.0.0.1:{s.public}"
        yield s


def all_three(url):
    return [f"--users={url}", f"--profiles={url}", f"--posts={url}"]


def records(s, ident):
    """What the access log has of the request so far."""
    lines = s.access_log.read_text(encoding="utf-8").splitlines(keepends=True)
    return [r for r in (json.loads(line) for line in lines if line.endswith("\n")) if r["request_id"] == ident]


def record(s, ident, target):
    """Its one record; it is written a moment after the answer is sent."""
    found = until(lambda: [r for r in records(s, ident) if r["target"].startswith(target)], 30, f"a record of {ident}")
    check(len(found) == 1, found)
    return found[0]


def at_work(s):
    return [r for r in s.roll()["requests"] if "/debug/tasks" not in r["route"]]


def posts_of(explanation):
    found = [c for c in explanation["children"] if c.get("source") == "posts"]
    check(len(found) == 1, "posts are to be named once:", explanation)
    return found[0]


@contextlib.contextmanager
def chain_of_three(muster, test_server, folder, posts, by_unix=False):
    """First, middle and last; the posts of the last do what `posts` says. `by_unix`: the middle asks it over a Unix socket."""
    limit = f"--timeout={BUDGET * 1000:.0f}ms"
    path = folder / "last.sock"
    with (hop(test_server, folder, "last", "--listen", "127.0.0.1:0", "--listen", f"unix:{path}", "--test-posts", posts, limit) as last,
          hop(muster, folder, "middle", *all_three(f"http://unix:{path}:" if by_unix else last.url), limit) as middle,
          hop(muster, folder, "first", *all_three(middle.url), limit) as first):
        check(first.get("/api/users/1").json() == last.get("/api/users/1").json(), "a user is the same everywhere")
        yield first, middle, last


def each_hop_of_three_answers_within_its_budget_the_innermost_first(muster, test_server, folder):
    with chain_of_three(muster, test_server, folder, "hang", by_unix=True) as (first, middle, last):
        def asked(ident):
            a = first.get("/user/1", headers=[("X-Request-Id", ident)])
            check(a.status == 504, a)
            of_first = a.json()
            check(set(of_first) >= {"cause", "budget_ms", "elapsed_ms", "children", "request_id"}, a)
            check(of_first["budget_ms"] == BUDGET * 1000 and of_first["request_id"] == ident, a)
            # Nobody is cut before the innermost budget is over: 50 ms less at each hop, and what the way there took.
            spent = a.seconds - (BUDGET - 0.1)
            check(spent >= -0.05, "the work was given up early, after", a.seconds)
            if of_first["cause"] != "source_timed_out":
                return f"the middle's explanation came too late: {of_first}"
            of_middle = posts_of(of_first)["upstream"]
            if of_middle["cause"] != "source_timed_out":
                return f"the last one's explanation came too late: {of_first}"
            of_last = posts_of(of_middle)["upstream"]
            check(of_last["cause"] == "deadline_exceeded", a)
            check("upstream" not in posts_of(of_last), "nested once more than there are hops:", a)
            check(posts_of(of_last)["state"] == "waiting", a)
            budgets = [each["budget_ms"] for each in (of_first, of_middle, of_last)]
            check(budgets[0] >= budgets[1] + 50 >= budgets[2] + 100, "what is left for each:", budgets)
            check(of_last["elapsed_ms"] >= of_last["budget_ms"], a)
            log = [record(last, ident, "/api/users/1/posts"), record(middle, ident, "/api/users/1/posts"), record(first, ident, "/user/1")]
            check([r["status"] for r in log] == [504] * 3, log)
            took = [r["duration_ms"] for r in log]
            within = all(t <= b for t, b in zip(took, reversed(budgets)))
            print(f"answered after {a.seconds:.3f} s; budgets {budgets}, taken {took[::-1]}")
            # The innermost has its own limit for its answer, which goes out a moment behind it.
            return None if within or took[1] <= budgets[1] and took[2] <= budgets[0] and took[0] <= budgets[2] + 50 else f"late: {log}"

        idents = iter(f"chain-{n}" for n in range(TIMES))
        again(lambda: asked(next(idents)), TIMES)
        for s in (first, middle, last):
            until(lambda s=s: not at_work(s), 30, lambda s=s: f"an end of {at_work(s)}")


def who_leaves_the_first_ends_the_work_at_the_last(muster, test_server, folder):
    with chain_of_three(muster, test_server, folder, "hang") as (first, middle, last):
        def leaves(how, ident):
            with socket.create_connection(("127.0.0.1", first.public)) as client:
                began = time.monotonic()
                client.sendall(request_bytes("/user/1", headers=[("X-Request-Id", ident)]))
                until(lambda: [r for r in at_work(last) if r["request_id"] == ident], 30, "the request at the last")
                time.sleep(0.06)  # a FIN right behind the request is none of leaving
                if how == "rst":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                left = time.monotonic()
            until(lambda: not [r for r in at_work(last) if r["request_id"] == ident], 30, "an end of the work", every=0.005)
            took = time.monotonic() - left
            statuses = [record(s, ident, path)["status"] for s, path in
                        ((first, "/user/1"), (middle, "/api/users/1/posts"), (last, "/api/users/1/posts"))]
            if statuses != [499] * 3 and time.monotonic() - began > BUDGET - 0.2:
                return f"the limit was there first: {statuses}"
            check(statuses == [499] * 3, statuses)
            print(f"{how}: the work ended {took * 1000:.0f} ms after its client")
            return f"it took {took:.3f} s" if took > (LATE if SLOW else 0.2) else None

        idents = iter(f"leaver-{n}" for n in range(4 * TIMES))
        for how in ("fin", "rst"):
            again(lambda how=how: leaves(how, next(idents)), TIMES)
        for s in (first, middle, last):
            until(lambda s=s: not at_work(s), 30, lambda s=s: f"an end of {at_work(s)}")


SAYS = {  # how a caller says 300 ms, or the least that it can say
    "X-Request-Timeout-Ms": "300",
    "Connect-Timeout-Ms": "300",
    "grpc-timeout": "300m",
    "X-Envoy-Expected-Rq-Timeout-Ms": "300",
    "X-YaTaxi-Client-TimeoutMs": "300",
    "Request-Timeout": "1",
}
MALFORMED = [(name, value) for name in SAYS for value in ("soon", "-1", "", "1 2")] + [("grpc-timeout", "5"), ("grpc-timeout", "123456789m")]


def what_a_caller_says_shortens_the_budget(muster, test_server, folder):
    limit = 1.2
    with (Misbehaving() as up,
          hop(muster, folder, "gateway", f"--timeout={limit * 1000:.0f}ms", f"--data=sqlite:{folder / 'people.db'}", "--seed",
              f"--profiles={up.url()}") as s):
        numbers = iter(range(1000))

        def ask(*fields, name="silent"):
            return request_bytes(f"/api/users/{misbehaviours.IDS[name]}/profile", headers=fields)

        cases = [(((name, value),), 1000 if name == "Request-Timeout" else 300) for name, value in SAYS.items()]
        cases += [(tuple(SAYS.items()), 300), ((("Request-Timeout", "1"), ("Request-Timeout", "0.5"), ("grpc-timeout", "400000u")), 400),
                  ((("X-Request-Timeout-Ms", "900"), ("X-Request-Timeout-Ms", "350")), 350), ((("Request-Timeout", "3600"),), 1200),
                  ((("X-Envoy-Expected-Rq-Timeout-Ms", "0"),), 1200), (tuple(MALFORMED), 1200)]

        def told_in_time():
            asked = [(f"case-{next(numbers)}", fields, budget) for fields, budget in cases]
            answers = exchange(s.public, [ask(("X-Request-Id", ident), *fields) for ident, fields, _ in asked])
            for a, (_, fields, budget) in zip(answers, asked):
                check(a.status == 504 and a.json()["cause"] == "deadline_exceeded", fields, a)
                check(a.json()["budget_ms"] == budget and a.seconds >= budget / 1000, fields, a)
            told = {e["fields"]["x-request-id"]: int(e["fields"]["x-request-timeout-ms"]) for e in up.since(0, "request") if e["name"] == "silent"}
            for ident, fields, budget in asked:  # what is left, less a tenth or 50 ms for the way back
                check(0 < told.get(ident, 1) <= budget - min(50, budget / 10), fields, told.get(ident))
            missing = [fields for ident, fields, _ in asked if ident not in told]
            return f"their time was over before they could be asked for: {missing}" if missing else None

        again(told_in_time)

        mark = up.mark()
        for name in SAYS:
            if name.startswith("X-Envoy"):
                continue
            a = exchange(s.public, [ask((name, "0m" if name == "grpc-timeout" else "0"), name="good")])[0]
            check(a.status == 504 and a.json()["cause"] == "budget_too_small", name, a)
        check(not up.since(mark, "request"), "a source was asked although nothing was left:", up.since(mark, "request"))
        check(exchange(s.public, [ask(*SAYS.items(), name="good")])[0].status == 200, "a budget that is enough")


def milliseconds(name, text):
    if name == "grpc-timeout":
        return int(text[:-1]) * {"H": 3_600_000, "M": 60_000, "S": 1000, "m": 1, "u": 0.001, "n": 0.000001}[text[-1]]
    return int(text) * (1000 if name == "request-timeout" else 1)


def each_source_is_told_the_time_in_its_dialect(muster, test_server, folder):
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    dialects = [name.lower() for name in SAYS]
    for half in (dialects[:3], dialects[3:]):
        with Misbehaving() as up:
            flags = [*all_three(up.url()), "--timeout=5s"]
            for source, dialect in zip(("users", "profiles", "posts"), half):
                flags += ["--source", f"{source}.deadline={dialect}"]
            with hop(muster, folder, half[0], *flags) as s:
                for fields, parent, state in (((("traceparent", trace), ("tracestate", "a=1,b=2")), trace, "a=1,b=2"),
                                              ((("traceparent", trace[:-1]), ("tracestate", "a=1")), None, None),
                                              ((("tracestate", "a=1"),), None, None)):
                    mark = up.mark()
                    a = s.get("/user/1", headers=[("X-Request-Id", "my-own"), *fields])
                    check(a.status == 200, a)
                    seen = up.since(mark, "request")
                    check(len(seen) == 3, seen)
                    for e in seen:
                        told = e["fields"]
                        check(told["x-request-id"] == "my-own", told)
                        check((told.get("traceparent"), told.get("tracestate")) == (parent, state), told)
                        source = "posts" if "/posts" in e["line"] else "profiles" if "/profile" in e["line"] else "users"
                        dialect = half[("users", "profiles", "posts").index(source)]
                        said = {d: told[d] for d in dialects if d in told}
                        check(set(said) == {dialect} and 0 < milliseconds(dialect, said[dialect]) <= 4950, source, dialect, told)


def hung_posts_slow_nobody_over_http_either(muster, test_server, folder):
    with (Misbehaving() as up, hop(muster, folder, "far") as far,
          hop(muster, folder, "gateway", *all_three(far.url)[:2], f"--posts={up.url()}", f"--timeout={BUDGET * 1000:.0f}ms") as s):
        check(s.get("/api/users/1").status == 200, "the warm-up")

        def attempt():
            asked = request_bytes(f"/user/{misbehaviours.IDS['silent']}")
            crowd = [socket.create_connection(("127.0.0.1", s.public)) for _ in range(50)]
            began = time.monotonic()
            try:
                for client in crowd:
                    client.sendall(asked)
                until(lambda: len(at_work(s)) >= 50 or time.monotonic() - began > BUDGET, 30, "50 requests that hang")
                times = five_in_time(lambda: s.get("/api/users/1"), 0.1, "/api/users/1 beside 50 hung posts:")
                beside = time.monotonic() - began
                for client in crowd:
                    client.settimeout(30)
                    heard = b""
                    while piece := client.recv(1 << 16):
                        heard += piece
                    took = time.monotonic() - began
                    check(heard.startswith(b"HTTP/1.1 504 ") and took >= BUDGET, took, heard)
                    told = json.loads(heard.partition(b"\r\n\r\n")[2])
                    check(told["cause"] == "deadline_exceeded" and posts_of(told)["state"] == "waiting", told)
            finally:
                for client in crowd:
                    client.close()
            print(f"/api/users/1 beside 50 hung posts after {[f'{t:.4f}' for t in times]}; the last of them ended after {took:.3f} s")
            return f"they did not hang any more, after {beside:.2f} s" if beside > BUDGET else None

        again(attempt)
        until(lambda: not at_work(s), 30, lambda: f"an end of {at_work(s)}")
        until(lambda: not up.open(), 30, lambda: f"an end of the connections {up.open()}")


def connections_to(port):
    """Those that stand, as their other ends see it: how much of each has been sent and not been taken."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file.readlines()[1:]]
    return [words for words in lines if words[2].endswith(f":{port:04X}") and words[3] == "01"]


def carrying(port):
    """Connections to a stopped process on which something was said that it has not read: what is cut is reset, and gone."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file.readlines()[1:]]
    return [words for words in lines if words[1].endswith(f":{port:04X}") and words[3] in ("01", "08") and int(words[4].split(":")[1], 16)]


def a_stopped_source_runs_nothing_of_what_was_cut_when_it_goes_on(muster, test_server, folder):
    with (hop(muster, folder, "posts") as posts,
          hop(muster, folder, "gateway", f"--data=sqlite:{folder / 'people.db'}", "--seed", f"--posts={posts.url}",
              f"--timeout={BUDGET * 1000:.0f}ms") as s):
        check(s.get("/user/1").status == 200, "the warm-up")
        idents = [f"cut-{n}" for n in range(20)]
        posts.stop_it()
        try:
            many = [request_bytes("/user/1", headers=[("X-Request-Id", ident), ("X-Request-Timeout-Ms", "400")]) for ident in idents]
            for a in exchange(s.public, many):
                check(a.status == 504 and a.seconds >= 0.4, a)
                check(posts_of(a.json())["state"] == "waiting", a)
            until(lambda: not at_work(s), 30, lambda: f"an end of {at_work(s)}")
            standing = carrying(posts.public)
            check(not standing, "connections to the stopped source carry what was cut:", standing)
        finally:
            posts.signal(signal.SIGCONT)
        until(lambda: posts.roll() and not at_work(posts), 30, "an end of all requests at the source that goes on")
        a = s.get("/user/1", headers=[("X-Request-Id", "behind")])
        check(a.status == 200, a)
        record(posts, "behind", "/api/users/1/posts")
        ran = [r for ident in idents for r in records(posts, ident) if r["status"] != 499]
        check(not ran, "it ran what was cut:", ran)


SCENARIOS = {f.__name__: f for f in (
    each_hop_of_three_answers_within_its_budget_the_innermost_first,
    who_leaves_the_first_ends_the_work_at_the_last,
    what_a_caller_says_shortens_the_budget,
    each_source_is_told_the_time_in_its_dialect,
    hung_posts_slow_nobody_over_http_either,
    a_stopped_source_runs_nothing_of_what_was_cut_when_it_goes_on,
)}

if __name__ == "__main__":
    main(SCENARIOS)
