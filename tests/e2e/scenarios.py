#!/usr/bin/env python3
"""tests/e2e: what a user sees of the whole, one scenario a test: `scenarios.py NAME muster muster_test_server`."""
import base64
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from crowd import until
from harness import (SLOW, Server, check, ended, exchange, get, main, posts_that_never_end, raw, request_bytes,
                     rollback_journal, seeded_database, server)


def requests_in(roll):
    return roll["requests"]


def five_in_time(ask, seconds, what):
    """Asks until five answers took at most so long, and returns the times of all: a machine that stalls keeps some
    waiting, a server that waits for what it need not keeps them all."""
    times = []
    while sum(SLOW or t <= seconds for t in times) < 5:
        check(len(times) < 30, what, times)
        times.append(ask().seconds)
    return times


def until_asked(s, target="/user/{id}"):
    """Until somebody's request is at its work."""
    until(lambda: any(r["route"] == target for r in requests_in(s.roll())), 20, "a request that is at its work")


# ---- The fan-out and its deadline ---------------------------------------------------------------------------------


def hung_posts_are_504_in_time_and_leave_nothing(muster, test_server, folder):
    database = seeded_database(muster, folder)
    posts_that_never_end(database)
    with server(muster, "--data", f"sqlite:{database}", folder=folder) as s:
        check(s.get("/api/users/1").status == 200, "the warm-up request")
        check(s.get("/user/1").status == 504, "the warm-up of the fan-out")
        time.sleep(0.2)
        descriptors = s.descriptors()

        seen = {}

        def asks_for_a_user():
            time.sleep(2)
            seen["user"] = s.get("/api/users/1")

        for attempt in range(6):
            other = threading.Thread(target=asks_for_a_user)
            other.start()
            answers = exchange(s.public, [request_bytes("/user/1")] * 50)
            other.join()
            slowest = max(a.seconds for a in answers)
            soonest = min(a.seconds for a in answers)
            print(f"50 answers between {soonest:.4f} and {slowest:.4f} s; /api/users/1 meanwhile after {seen['user'].seconds:.4f} s")
            for a in answers:
                check(a.status == 504, "not a 504:", a)
                check(a.headers["content-type"] == "application/problem+json", a.headers)
                check("posts" in [child.get("source") for child in a.json()["children"]], "does not name posts:", a)
            check(soonest >= 5.0, "an answer came early, after", soonest)
            check(seen["user"].status == 200, seen["user"])
            # Who waits for posts is late each time; a machine that stalls is not.
            if SLOW or slowest <= 5.05 and seen["user"].seconds < 0.1:
                break
        else:
            check(False, "answers come late, the last after", slowest, "or users are starved by posts:", seen["user"])

        def left():
            roll = s.roll()
            alive = [r for r in requests_in(roll) if "/debug/tasks" not in r["route"]]
            return alive, roll["abandoned"]

        until(lambda: left() == ([], []), 10, lambda: f"an end of the requests and operations {left()}")
        until(lambda: s.descriptors() <= descriptors, 10, lambda: f"the count of descriptors ({s.descriptors()}) back at {descriptors}")


def three_sources_of_300_ms_answer_together(muster, test_server, folder):
    delays = ["--test-users", "delay:300ms", "--test-profiles", "delay:300ms", "--test-posts", "delay:300ms"]
    with server(test_server, *delays, folder=folder) as s:
        s.get("/livez")

        def asked():
            a = s.get("/user/1")
            check(a.status == 200, a)
            check(set(a.json()) == {"user", "profile", "posts"}, a)
            return a

        times = five_in_time(asked, 0.4, "the sources waited for one another:")
        print("answers after", [f"{t:.4f}" for t in times])
        check(min(times) >= 0.3, "sooner than the sources:", times)


def an_unknown_id_is_404_although_posts_hang(muster, test_server, folder):
    database = seeded_database(muster, folder)
    posts_that_never_end(database)
    with server(muster, "--data", f"sqlite:{database}", folder=folder) as s:
        s.get("/api/users/1")

        def asked():
            a = s.get("/user/999999")
            check(a.status == 404, a)
            check(a.headers["content-type"] == "application/problem+json", a.headers)
            check(a.json()["request_id"] == a.headers["x-request-id"], a)
            check(a.seconds < 5, "the 404 waited until posts were cut:", a)
            return a

        times = five_in_time(asked, 0.05, "the 404 waited:")
        print("404 after", [f"{t:.4f}" for t in times])


def a_failed_source_is_an_error_at_once(muster, test_server, folder):
    with server(test_server, "--test-profiles", "fail-after:10ms", "--test-posts", "hang", folder=folder) as s:
        def asked():
            a = s.get("/user/1")
            check(a.status == 502, a)
            check(a.seconds < 5, "waited until the hung sibling was cut:", a)
            return a

        five_in_time(asked, 0.2, "waited for the hung sibling:")


# ---- Sources that cannot be interrupted ----------------------------------------------------------------------------


def a_locked_database_is_504_and_gives_its_worker_back(muster, test_server, folder):
    database = seeded_database(muster, folder)
    rollback_journal(database)
    with server(muster, "--data", f"sqlite:{database}", "--source", "posts.workers=1", folder=folder) as s:
        check(s.get("/api/users/1/posts").status == 200, "the warm-up")
        # Each time the workers come back while the lock is there. That it takes no moment need be seen once: who waits
        # for the lock, or looks for the end of its time now and then only, is late each time.
        for attempt in range(5):
            locker = subprocess.Popen([sys.executable, "-c", LOCKS_UNTIL_KILLED, str(database)], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
            try:
                check(locker.stdout.readline() == "locked\n", "the lock was not to be had")
                a = s.get("/user/1")
                cut = time.monotonic()
                check(a.status == 504, a)
                check(a.seconds >= 5.0, a)
                until(lambda: not s.roll()["abandoned"], 20, "the worker's return")
                back = time.monotonic() - cut
            finally:
                locker.kill()
                locker.communicate()
            again = s.get("/api/users/1/posts")
            check(again.status == 200, "posts after the lock is gone:", again)
            print(f"504 after {a.seconds:.4f} s, the workers back {back:.4f} s after it; posts then after {again.seconds:.4f} s")
            if SLOW or a.seconds <= 5.05 and back <= 0.1 and again.seconds < 0.1:
                break
        else:
            check(False, "late, or the only worker of posts was not back:", a, back, again)


LOCKS_UNTIL_KILLED = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


def a_hot_journal_is_rolled_back_by_running_readers_and_at_start(muster, test_server, folder):
    database = seeded_database(muster, folder)
    rollback_journal(database)
    patient = ["--timeout", "25s"]  # the first reader writes the pages back, and a disk may be slow
    for running in (True, False):
        with contextlib.ExitStack() as stack:
            if running:
                s = stack.enter_context(server(muster, "--data", f"sqlite:{database}", *patient, folder=folder))
                check(s.get("/user/1").status == 200, "before the writer")
            writer = subprocess.Popen([sys.executable, "-c", WRITES_UNTIL_KILLED, str(database)], stdout=subprocess.PIPE, text=True)
            check(writer.stdout.readline() == "spilled\n", "the writer did not come to its middle")
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            journal = pathlib.Path(str(database) + "-journal")
            check(journal.exists() and journal.stat().st_size > 0, "no hot journal was left")
            if not running:
                s = stack.enter_context(server(muster, "--data", f"sqlite:{database}", *patient, folder=folder))
            a = s.get("/user/1")
            check(a.status == 200, "with a hot journal" if running else "after a start with a hot journal", a)
            check(a.json()["user"]["name"] != "half written", "a row of the unfinished transaction was seen:", a)
            check(s.get("/api/users/150").json()["name"] != "half written", "a row of the unfinished transaction was seen")


WRITES_UNTIL_KILLED = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 2")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE users SET name = 'half written'")
db.execute("UPDATE posts SET body = body || hex(randomblob(2000))")
print("spilled", flush=True)
time.sleep(60)
"""


def a_worker_that_cannot_be_interrupted_is_named(muster, test_server, folder):
    # Users take 100 ms, so that the job of posts is inside its worker when the 404 cuts it.
    args = ["--test-users", "delay:100ms", "--test-posts", "sleep:10s", "--source", "posts.workers=2"]
    with server(test_server, *args, folder=folder) as s:
        check(s.get("/api/users/1").status == 200, "the warm-up")
        # Up to five times: the promptness of both answers, and an entry that is not yet a second old, are seen if the
        # machine does not stall just then; if it does, a job may even be cut in the queue and leave nothing.
        for attempt in range(5):
            both = prompt = False
            seen, over = [], threading.Event()  # what the roll says all the time

            def keeps_looking():
                while not over.is_set():
                    seen.append(s.roll()["abandoned"])
                    time.sleep(0.02)

            looks = threading.Thread(target=keeps_looking)
            looks.start()
            try:
                started = time.monotonic()
                answers = exchange(s.public, [request_bytes("/user/1"), request_bytes("/user/999999")])
                print("504 after", f"{answers[0].seconds:.4f}", "s, 404 after", f"{answers[1].seconds:.4f}", "s")
                check(answers[0].status == 504, answers[0])
                check(5.0 <= answers[0].seconds < 10, "the 504 came after", answers[0].seconds)
                check(answers[1].status == 404, answers[1])
                check(answers[1].seconds < 5, "the 404 came after", answers[1].seconds)
                left = s.roll()["abandoned"]
                check(left and all(o["resource"] == "posts" for o in left), "not named:", left)
                if len(left) < 2:
                    until(lambda: not s.roll()["abandoned"], 30, "the end of the abandoned job")
                    continue
                check("posts" in get(s.admin, "/debug/tasks").body.decode(), "the text does not name it")
                refused = s.get("/user/1")
                check(refused.status == 503, "all workers are gone:", refused)
                check(int(refused.headers["retry-after"]) >= 1, refused.headers)
                check(s.get("/api/users/1").status == 200, "another source is not touched")
                until(lambda: [o["verdict"] for o in s.roll()["abandoned"]] == ["leak", "leak"], 4, "two that are leaks")
                until(lambda: not s.roll()["abandoned"], 30, "the end of the abandoned jobs")
                check(time.monotonic() - started >= 10.0, "the entries went after", time.monotonic() - started)
            finally:
                over.set()
                looks.join()
            for o in (o for one in seen for o in one):
                young = o["abandoned_ms_ago"] <= 1000
                check(o["verdict"] == ("suspect" if young else "leak"), "older than 1 s is a leak, and nothing else:", o)
            both = any(sorted(o["verdict"] for o in one) == ["leak", "suspect"] for one in seen)
            prompt = answers[0].seconds <= 5.05 and answers[1].seconds <= 0.2
            if both and (SLOW or prompt):
                break
        else:
            check(False, "late each time, or never a young suspect beside an old leak:", answers, both, prompt)


# ---- Starting and stopping -----------------------------------------------------------------------------------------


def run(binary, *args, env=None, folder=None, seconds=60):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")}
    environment.update(env or {})
    done = subprocess.run([binary, *args], cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


def errors_at_the_start_are_one_line(muster, test_server, folder):
    with server(muster, folder=folder) as s:
        for flag in ("--listen", "--admin"):
            port = s.public if flag == "--listen" else s.admin
            rest = ["--admin", "off"] if flag == "--listen" else ["--listen", "127.0.0.1:0"]
            code, out, err = run(muster, "serve", flag, f"127.0.0.1:{port}", *rest, folder=folder)
            lines = [l for l in (out + err).splitlines() if l]
            check(code == 1, "a port in use ends with", code, lines)
            check(len([l for l in lines if f"127.0.0.1:{port}" in l and "in use" in l.lower()]) == 1, "not named in one line:", lines)
        check(s.get("/user/1").status == 200, "the first server goes on")
    config = folder / "muster.json"
    config.write_text('{\n  // comments are allowed\n  "timeout": "5x"\n}\n')
    for args, env, words in (
            (["--timeout", "5x"], {}, ["--timeout", "5x", "flag"]),
            (["--bogus"], {}, ["--bogus"]),
            (["--threads", "-1"], {}, ["--threads", "-1"]),
            (["--users", "sqlite3:x"], {}, ["--users", "sqlite3:x"]),
            ([], {"MUSTER_TIMEOUT": "soon"}, ["MUSTER_TIMEOUT", "soon", "environment"]),
            (["--config", str(config)], {}, ["timeout", "5x", "muster.json"]),
            (["--users", "postgres://u:secret@h/db"], {}, ["--users"])):
        code, out, err = run(muster, "serve", *args, env=env, folder=folder)
        check(code == 2, args, env, "ends with", code, err)
        check(err.count("\n") == 1, "not one line:", err)
        check(all(w in err for w in words), "lacks", words, ":", err)
        check("secret" not in err + out, "tells a password:", err)
    code, out, err = run(muster, "serve", "--data", "sqlite:absent.db", folder=folder)
    check(code == 1 and "absent.db" in err and "--seed" in err, code, err)
    check(not (folder / "absent.db").exists(), "a mistyped file was made")
    code, out, err = run(muster, "--help")
    check(code == 0 and "--listen" in out and not err, code, out, err)


def foreign_variables_are_ignored_and_unknown_ones_warn(muster, test_server, folder):
    env = {"MUSTER_SERVICE_HOST": "10.0.0.1", "MUSTER_SERVICE_PORT": "80", "MUSTER_PORT": "tcp://10.0.0.1:80",
           "MUSTER_PORT_80_TCP": "tcp://10.0.0.1:80", "MUSTER_TYPO": "1"}
    with server(muster, folder=folder, env=env) as s:
        log = s.log()
        check("MUSTER_TYPO" in log, "the unknown variable is not warned of:", log)
        check("MUSTER_SERVICE" not in log and "MUSTER_PORT" not in log, "foreign variables are spoken of:", log)


def a_stop_lets_requests_finish_and_cuts_the_rest(muster, test_server, folder):
    def stopped_while_asked(*args):
        """The server, the answer to a request that was at its work when SIGTERM came, and the seconds from there to the
        end. The request has more time than the stop."""
        with ended(Server(test_server, "--timeout", "2m", *args, folder=folder)) as s:
            answers = []
            waiting = threading.Thread(target=lambda: answers.append(get(s.public, "/user/1", seconds=60)))
            waiting.start()
            until_asked(s)
            time.sleep(0.5)  # and its job with a worker
            stopped = time.monotonic()
            s.signal(signal.SIGTERM)
            waiting.join()
            s.wait(60)
            took = time.monotonic() - stopped
            check(answers, "no answer:", s.log())
            return s, answers[0], took

    s, a, _ = stopped_while_asked("--test-posts", "delay:2s", "--drain", "30s")
    check(s.process.returncode == 0, "exit code", s.process.returncode, s.log())
    check(a.status == 200 and a.headers.get("connection") == "close", a)

    s, a, took = stopped_while_asked("--test-posts", "hang", "--drain", "500ms")
    check(s.process.returncode == 0, "exit code", s.process.returncode, s.log())
    check(a.status == 503, a)
    check(0.5 <= took <= 10, "stopped after", took)

    s, _, took = stopped_while_asked("--test-posts", "sleep:60s", "--drain", "300ms")
    check(s.process.returncode == 3, "with a worker that will not end the exit code is", s.process.returncode, s.log())
    check("posts" in s.log(), "what would not end is not named:", s.log())
    check(took <= 15, "stopped after", took)

    with ended(Server(test_server, "--test-posts", "hang", "--timeout", "2m", "--drain", "2m", folder=folder)) as s:
        with socket.create_connection(("127.0.0.1", s.public)) as connection:
            connection.sendall(request_bytes("/user/1"))
            until_asked(s)
            s.signal(signal.SIGTERM)
            # The second one, if the first has not been heard yet, would be none.
            until(lambda: "shutting down" in s.log(), 20, "the first signal")
            s.signal(signal.SIGTERM)
            check(s.wait(30) in (128 + signal.SIGTERM, -signal.SIGTERM), "a second signal ends at once:", s.process.returncode)


# ---- What clients send ---------------------------------------------------------------------------------------------


def every_kind_of_id_is_answered_in_kind(muster, test_server, folder):
    with server(muster, folder=folder) as s:
        for id_, statuses in (("0", {400}), ("-1", {400}), ("+1", {400}), ("007", {400}), ("abc", {400}), ("1e3", {400}),
                              ("9223372036854775808", {400}), ("1%00", {400}), ("%31x", {400}), ("1;2", {400, 404}),
                              ("7" * 10_000, {400, 404, 414}), ("", {400, 404}), ("9223372036854775807", {404})):
            for path in (f"/user/{id_}", f"/api/users/{id_}"):
                a = s.get(path)
                check(a.status in statuses, path[:40], a)
                check(a.headers["content-type"] == "application/problem+json", path[:40], a.headers)
                problem = a.json()
                check(problem["status"] == a.status and problem["title"] and problem["request_id"], problem)
        a = s.get("/user/%31")
        check(a.status == 200 and a.json()["user"]["id"] == 1, a)
        check(s.get("/user/1", method="HEAD").status == 200, "HEAD")
        a = s.get("/user/1", method="DELETE")
        check(a.status == 405 and "GET" in a.headers["allow"], a)
        check(s.get("/nowhere").status == 404, "an unknown path")


def requests_on_one_connection_are_answered_in_order(muster, test_server, folder):
    with server(muster, folder=folder) as s:
        one = b"GET /api/users/%d HTTP/1.1\r\nHost: localhost\r\n\r\n"
        data = b"".join(one % n for n in range(1, 21)) + request_bytes("/api/users/21")
        got = raw(s.public, data)
        ids = [int(n) for n in re.findall(rb'"id":(\d+)', got)]
        check(ids == list(range(1, 22)), "not in order:", ids)
        check(got.count(b"HTTP/1.1 200") == 21, got[:500])


def debug_routes_are_for_those_who_may(muster, test_server, folder):
    cross = ("Sec-Fetch-Site", "cross-site")
    with server(muster, folder=folder) as s:
        check(s.get("/debug/tasks").status == 404, "without the flag the public listener knows no debug routes")
        a = get(s.admin, "/debug/tasks")
        check(a.status == 200, a)
        check(get(s.admin, "/debug/tasks", headers=[cross]).status == 403, "cross-site on the admin listener")
        check(get(s.admin, "/debug/tasks", host="muster.example").status == 403, "DNS rebinding")
    with server(muster, "--debug-on-public", folder=folder) as s:
        a = s.get("/debug/tasks")
        check(a.status == 200 and b"/debug/tasks" in a.body, a)
        a = s.get("/debug/tasks?format=json")
        check(a.status == 200 and a.headers["content-type"] == "application/json", a)
        check(s.get("/debug/tasks", headers=[("Accept", "application/json")]).json()["requests"], "JSON by Accept")
        for header in (("Forwarded", "for=1.2.3.4"), ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Proto", "https"),
                       ("Via", "1.1 proxy"), cross, ("Sec-Fetch-Site", "same-site")):
            check(s.get("/debug/tasks", headers=[header]).status == 403, header)
        check(s.get("/debug/tasks", version="HTTP/1.0").status == 403, "HTTP/1.0")
        check(s.get("/debug/tasks", host="muster.example").status == 403, "a Host that is no loopback name")
        check(s.get("/debug/tasks", host="127.0.0.1").status == 200 and s.get("/debug/tasks", host="[::1]").status == 200, "loopback")
        page = [cross, ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
        check(s.get("/debug/tasks", headers=page).status == 200, "a top-level navigation to the page")
        check(s.get("/debug/tasks?limit=0").status == 400, "a bad limit")
        check(s.get("/user/1", headers=[cross]).status == 200, "the API is not concerned")


def a_token_guards_the_debug_routes_and_nothing_else(muster, test_server, folder):
    token = "0123456789abcdef-the-token"
    file = folder / "token"
    file.write_text(token + "\n")
    file.chmod(0o600)
    bearer = ("Authorization", "Bearer " + token)
    basic = ("Authorization", "Basic " + base64.b64encode(b"anybody:" + token.encode()).decode())
    wrong = [("Authorization", "Bearer " + token[:-1]), ("Authorization", "Basic " + base64.b64encode(token.encode()).decode())]
    with server(muster, "--admin-token-file", str(file), "--debug-on-public", "--log-level", "trace", folder=folder) as s:
        for port in (s.admin, s.public):
            for path in ("/livez", "/readyz"):
                check(get(port, path).status == 200, "health needs no token:", path)
            for headers in ([], *[[w] for w in wrong], [bearer, bearer]):
                a = get(port, "/debug/tasks", headers=headers)
                check(a.status == 401 and a.headers["content-type"] == "application/problem+json", a, headers)
            check(get(port, "/debug/tasks?token=" + "x" * 20).status == 401, "a token in a URL")
            for headers in ([bearer], [basic]):
                check(get(port, "/debug/tasks", headers=headers).status == 200, headers)
            check(get(port, "/debug/tasks", headers=[bearer], host="muster.example").status == 403, "DNS rebinding, with the token")
            challenges = [l for l in raw(port, request_bytes("/debug/tasks")).decode().split("\r\n") if l.lower().startswith("www-authenticate:")]
            check(len(challenges) == 2, challenges)
            got = subprocess.run(["curl", "--silent", "--max-time", "10", "-u", "me:" + token, "--write-out", "%{http_code}",
                                  f"http://127.0.0.1:{port}/debug/tasks"], capture_output=True, text=True, check=False).stdout
            check(got.endswith("200"), "curl -u:", got)
        check(get(s.admin, "/nowhere").status == 401 and get(s.admin, "/nowhere", headers=[bearer]).status == 404, "unknown paths")
        check(s.get("/user/1").status == 200 and s.get("/nowhere").status == 404, "the API is not concerned")
        check(token not in s.log() and "warn" not in s.log(), "the log:", s.log())
    with server(muster, folder=folder, env={"MUSTER_ADMIN_TOKEN_FILE": str(file)}) as s:
        check(get(s.admin, "/debug/tasks").status == 401 and get(s.admin, "/debug/tasks", headers=[bearer]).status == 200, "by a variable")
    config = folder / "muster.json"
    config.write_text(json.dumps({"admin-token-file": str(file)}))
    file.chmod(0o644)
    with server(muster, "--config", str(config), folder=folder) as s:
        check(get(s.admin, "/debug/tasks").status == 401 and get(s.admin, "/debug/tasks", headers=[basic]).status == 200, "by the file")
        check("can be read by everybody" in s.log(), "an open file is not warned of:", s.log())
    for text in ("", "\n", "two words", "x" * 5000, "a\nb"):
        file.write_text(text)
        code, out, err = run(muster, "--admin-token-file", str(file), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", folder=folder)
        check(code == 1 and err.count("\n") == 1 and err.startswith("muster: --admin-token-file ") and not out, text[:20], code, err)
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    for name, word in ((fifo, "regular"), (folder, "regular"), (folder / "absent", "No such file")):
        code, out, err = run(muster, "--admin-token-file", str(name), folder=folder)
        check(code == 1 and word in err and err.count("\n") == 1, name, code, err)


def the_roll_shows_a_hanging_request_with_its_places(muster, test_server, folder):
    with server(test_server, "--test-posts", "hang", "--test-profiles", "delay:1s", "--timeout", "1m", folder=folder) as s:
        began = time.monotonic()
        connection = socket.create_connection(("127.0.0.1", s.public))
        connection.sendall(request_bytes("/user/7", headers=[("X-Request-Id", "the-hanging-one")]))

        def mine():
            found = [r for r in s.roll()["requests"] if r["request_id"] == "the-hanging-one"]
            check(len(found) <= 1, found)
            return found[0] if found and found[0]["age_ms"] >= 400 else None

        r = until(mine, 20, "the hanging request in the roll")
        most = time.monotonic() - began
        check(r["method"] == "GET" and r["route"] == "/user/{id}", r)
        # Its limit counts from where its age does, but for the moments in which its head is read.
        age, left = r["age_ms"] / 1000, r["time_left_ms"] / 1000
        check(age <= most and 60 - most <= left <= 59.7, r, "asked", most, "s ago")
        text = get(s.admin, "/debug/tasks").body.decode()
        print(text)
        check("the-hanging-one" in text and "/user/{id}" in text, text)
        check(re.search(r"\w+\.[ch]pp:\d+", text), "no place in the source:", text)
        check("listeners" in text.lower() and "connections" in text.lower(), text)
        connection.close()
        few = get(s.admin, "/debug/tasks?limit=1").body.decode()
        check("left out" in few or "not shown" in few, "a cut roll does not say so:", few)


def a_stuck_loop_is_named_by_livez(muster, test_server, folder):
    with server(test_server, "--threads", "2", folder=folder) as s:
        check(get(s.admin, "/livez").status == 200, "alive at first")
        connection = socket.create_connection(("127.0.0.1", s.public))
        began = time.monotonic()
        connection.sendall(request_bytes("/test/block-loop?for=24s"))

        def stuck():
            a = get(s.admin, "/livez")
            # It may have been seen last a second and a little before it was blocked.
            check(a.status == 200 or time.monotonic() - began > 7, "8 s are not 10:", a)
            return a if a.status == 503 else None

        a = until(stuck, 20, "503 from /livez", every=0.2)
        check("loop-" in a.body.decode(), "the loop is not named:", a)
        roll = get(s.admin, "/debug/tasks").body.decode()
        check(time.monotonic() - began < 23, "the roll waited for the stuck loop")
        check("loop-" in roll and "did not answer" in roll, roll)
        until(lambda: get(s.admin, "/livez").status == 200, 30, "200 from /livez again")
        connection.close()


def a_unix_socket_and_ipv6_are_served_too(muster, test_server, folder):
    path = folder / "muster.sock"
    with server(muster, "--listen", "127.0.0.1:0", "--listen", f"unix:{path}", "--listen", "[::1]:0", folder=folder) as s:
        until(path.exists, 20, "the socket's file")
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(path))
            connection.sendall(request_bytes("/api/users/1"))
            check(b"200 OK" in connection.recv(65536), "no answer over the unix socket")
        port = re.search(r"\[::1\]:(\d+)", s.log())
        check(port, "the address of IPv6 is not told:", s.log())
        with socket.create_connection(("::1", int(port.group(1))), timeout=30) as connection:
            connection.sendall(request_bytes("/api/users/1"))
            check(b"200 OK" in connection.recv(65536), "no answer over IPv6")
    check(not path.exists(), "the socket's file is left")


SCENARIOS = {f.__name__: f for f in (
    hung_posts_are_504_in_time_and_leave_nothing,
    three_sources_of_300_ms_answer_together,
    an_unknown_id_is_404_although_posts_hang,
    a_failed_source_is_an_error_at_once,
    a_locked_database_is_504_and_gives_its_worker_back,
    a_hot_journal_is_rolled_back_by_running_readers_and_at_start,
    a_worker_that_cannot_be_interrupted_is_named,
    errors_at_the_start_are_one_line,
    foreign_variables_are_ignored_and_unknown_ones_warn,
    a_stop_lets_requests_finish_and_cuts_the_rest,
    every_kind_of_id_is_answered_in_kind,
    requests_on_one_connection_are_answered_in_order,
    debug_routes_are_for_those_who_may,
    a_token_guards_the_debug_routes_and_nothing_else,
    the_roll_shows_a_hanging_request_with_its_places,
    a_stuck_loop_is_named_by_livez,
    a_unix_socket_and_ipv6_are_served_too,
)}

if __name__ == "__main__":
    main(SCENARIOS)
