#!/usr/bin/env python3
"""tests/e2e: whatever an upstream does, the client is told exactly what and in time, and nothing of it is left:
`upstreams.py NAME muster muster_test_server`. The upstream is misbehaving.py; what it can do, misbehaviours.py lists."""
import contextlib
import json

import misbehaviours
from crowd import until
from harness import SLOW, again, check, exchange, main, request_bytes, server
from watched import Misbehaving

LIMIT = 0.3  # seconds, of a request whose upstream never ends
LATE = 3.0 if SLOW else 0.25  # so much later it may be cut, and an answer come that waits for nothing
IDLE = 4  # connections of a source that may stand without work
PATHS = {"users": "/api/users/{}", "profiles": "/api/users/{}/profile", "posts": "/api/users/{}/posts"}

GOOD = ("good", "slow_but_good", "in_chunks", "with_unknown_fields", "early_hints_first", "http_1_0_until_its_end",
        "http_1_0_with_a_length", "says_that_it_closes", "closes_behind_its_answer")
ENDLESS = ("silent", "half_a_head", "a_head_alone", "half_a_body", "one_byte_a_second", "one_byte_each_20_ms",
           "continues_each_40_ms", "after_its_deadline")
# By what they are told to be.
FAILURES = {
    "reset": ("resets_behind_the_request", "resets_in_the_head", "resets_in_the_body"),
    "closed": ("closes_behind_the_request", "closes_in_the_head", "length_too_long", "closes_between_chunks", "closes_in_a_chunk"),
    "malformed": (*misbehaviours.RUBBISH, "endless_chunk_extension", "storm_of_continues", "switches_protocols", "unknown_status"),
    "too_large": ("endless_head", "endless_field", "endless_body", "endless_chunks", "endless_trailer",
                  "length_beyond_the_limit", "ten_megabytes_of_nesting"),
    "bad_status": ("moved", "found_elsewhere", "not_modified", "no_content", "partial", "bad_request", "unauthorised", "gone",
                   "failed", "bad_gateway"),
    "bad_body": ("length_too_short", "gzip_unasked", "html", "wrong_content_type", "nothing", "cut_json", "two_documents",
                 "no_utf_8", "null", "a_number", "the_other_kind", "wrong_type", "a_member_is_missing"),
}
BAD_USERS = ("wrong_id", "id_as_text", "negative_id", "fractional_id", "impossible_time", "the_other_kind", "wrong_type",
             "a_member_is_missing", "cut_json")
BAD_POSTS = ("negative_id", "the_other_kind", "wrong_type", "a_member_is_missing", "cut_json", "ten_megabytes_of_nesting")


class Ground:
    """A muster, and the upstream that some of its sources are."""

    def __init__(self, muster, folder, *sources, flags=()):
        self.muster, self.folder, self.flags = muster, folder, flags
        self.sources = sources

    def __enter__(self):
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self.upstream = stack.enter_context(Misbehaving())
            flags = ["--data", f"sqlite:{self.folder / 'people.db'}", "--seed", "--timeout", "20s"]
            for source in self.sources:
                flags += [f"--{source}", self.upstream.url(), "--source", f"{source}.idle={IDLE}"]
            self.server = stack.enter_context(server(self.muster, *flags, *self.flags, folder=self.folder))
            for source in self.sources:
                self.good(source)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *why):
        return self.stack.__exit__(*why)

    def ask(self, name, source="profiles", limit=None, **more):
        fields = [("X-Request-Timeout-Ms", f"{limit * 1000:.0f}")] if limit else []
        return self.server.get(PATHS[source].format(misbehaviours.IDS[name]), headers=fields, **more)

    def good(self, source="profiles", name="good"):
        """The right answer, and nobody else's."""
        a = self.ask(name, source)
        wanted = misbehaviours.right("GET " + PATHS[source].format(misbehaviours.IDS[name]))
        check(a.status == 200 and a.json() == wanted, source, name, a)
        return a

    def connection(self, name, mark):
        """That of the one request that was seen; or of the other, if not one byte was said on a connection used before."""
        seen = [e for e in self.upstream.since(mark, "request") if e["name"] == name]
        if len(seen) == 2 and name.endswith("_behind_the_request") and seen.pop(0)["number"] > 1:
            check(seen[0]["number"] == 1, name, "was asked again, and not on a new connection:", seen)
        check(len(seen) == 1, name, "was asked", len(seen), "times:", seen)
        return seen[0]["connection"]

    def nothing_is_left(self):
        def left():
            roll = self.server.roll()
            return [r for r in roll["requests"] if "/debug/tasks" not in r["route"]] + roll["abandoned"]

        until(lambda: not left(), 30, lambda: f"an end of {left()}")
        most = IDLE * len(self.sources)
        until(lambda: len(self.upstream.open()) <= most, 30, lambda: f"connections: {self.upstream.open()}, and not {most},")


def child_of(a, source, *what):
    """What the answer says of the source, and of it alone."""
    check(a.headers["content-type"] == "application/problem+json", *what, a.headers)
    children = [c for c in a.json().get("children", ()) if c.get("source") == source]
    check(len(children) == 1, *what, "names", source, len(children), "times:", a)
    return children[0]


def fails(ground, name, failure, source="profiles"):
    """502 at once; whatever the connection may still bring is not waited for."""
    def attempt():
        mark = ground.upstream.mark()
        a = ground.ask(name, source)
        check(a.status == 502 and a.json()["cause"] == "source_failed", name, a)
        child = child_of(a, source, name)
        check(child["state"] == "failed" and child.get("failure") == failure, name, "and not", failure, child)
        connection = ground.connection(name, mark)
        if failure not in ("bad_status", "bad_body"):
            by = ground.upstream.ended(connection)
            check(by == ("us" if failure in ("reset", "closed") else "rst"), name, "ended by", by)
        ground.nothing_is_left()
        ground.good(source)
        most = LATE + (3 if name == "ten_megabytes_of_nesting" else 0)  # it takes who says that its time
        return f"{name} took {a.seconds:.2f} s" if a.seconds > most else None

    again(attempt)


def whatever_an_upstream_answers_is_told_by_its_name(muster, test_server, folder):
    with Ground(muster, folder, "profiles", flags=["--source", "profiles.max-body=1MiB"]) as ground:
        descriptors = ground.server.descriptors_at_rest()
        for name in GOOD:
            ground.good(name=name)
            ground.nothing_is_left()
            ground.good()
        for failure, names in FAILURES.items():
            for name in names:
                fails(ground, name, failure)
        until(lambda: ground.server.descriptors_at_rest() <= descriptors + IDLE, 30, "descriptors that were before")


def wrong_people_are_not_passed_on(muster, test_server, folder):
    with Ground(muster, folder, "users") as ground:
        for name in BAD_USERS:
            fails(ground, name, "bad_body", "users")
    with Ground(muster, folder, "posts", flags=["--source", "posts.max-body=16MiB"]) as ground:
        for name in BAD_POSTS:
            fails(ground, name, "bad_body", "posts")


def what_never_ends_is_cut_at_the_limit(muster, test_server, folder):
    with Ground(muster, folder, "profiles") as ground:
        def cut(name):
            mark = ground.upstream.mark()
            a = ground.ask(name, limit=LIMIT)
            check(a.status == 504 and a.seconds >= LIMIT, name, a)
            told = a.json()
            check(told["cause"] == "deadline_exceeded" and told["budget_ms"] == LIMIT * 1000, name, a)
            check(told["elapsed_ms"] >= LIMIT * 1000, name, a)
            child = child_of(a, "profiles", name)
            check(child["state"] == "waiting", name, child)
            if child["wait"] != "read":
                return f"{name} had come to {child}"
            check(child["attempts"] == 1, name, child)
            by = ground.upstream.ended(ground.connection(name, mark))
            check(by == "rst", name, "was cut by", by)
            ground.nothing_is_left()
            ground.good()
            return f"{name} was cut after {a.seconds:.2f} s" if a.seconds > LIMIT + LATE else None

        for name in ENDLESS:
            again(lambda name=name: cut(name))
        # All at once: more than may stand without work, each cut for itself.
        many = [request_bytes(PATHS["profiles"].format(misbehaviours.IDS[name]), headers=[("X-Request-Timeout-Ms", "300")])
                for name in ENDLESS * 4]
        for a in exchange(ground.server.public, many):
            check(a.status == 504 and a.seconds >= LIMIT, a)
        ground.nothing_is_left()
        ground.good()


def a_connection_that_is_not_clear_carries_no_other_request(muster, test_server, folder):
    with Ground(muster, folder, "profiles", flags=["--threads", "1"]) as ground:
        up = ground.upstream

        def on_a_used_one(name):
            """The requests that are seen of `name`, which goes out on a connection that has carried others."""
            ground.good()
            mark = up.mark()
            a = ground.ask(name)
            return a, [e["number"] == 1 for e in up.since(mark, "request") if e["name"] == name]

        for name in ("closes_at_reuse", "resets_at_reuse"):
            a, fresh = on_a_used_one(name)
            check(a.status == 200 and a.json() == misbehaviours.PROFILE, name, a)
            check(fresh == [False, True], name, "was to be asked again, on a new connection, once:", fresh)
            ground.nothing_is_left()
        a, fresh = on_a_used_one("one_byte_at_reuse")
        check(a.status == 502 and child_of(a, "profiles")["failure"] == "closed", a)
        check(fresh == [False], "asked again although the answer had begun:", fresh)
        ground.good()

        for order in ("idle fin", "idle rst", "idle talk"):
            until(lambda order=order: up.order(order), 30, "a connection without work")
            ground.good()
            ground.nothing_is_left()
        mark = up.mark()
        check(ground.good(name="another_answer_behind_the_right_one").status == 200, "the right one")
        up.ended(ground.connection("another_answer_behind_the_right_one", mark))
        ground.good()
        ground.nothing_is_left()


def an_upstream_that_lets_nobody_in_is_told_so(muster, test_server, folder):
    with Misbehaving() as up:
        flags = ["--users", up.url("full"), "--profiles", up.url("closed"), "--posts", up.url("resets"), "--timeout", "20s",
                 "--source", "users.connect=300ms"]
        with server(muster, *flags, folder=folder) as s:
            def refused(source, soonest, *failure):
                def attempt():
                    a = s.get(PATHS[source].format(1))
                    check(a.status == 502 and a.json()["cause"] == "source_failed" and a.seconds >= soonest, source, a)
                    child = child_of(a, source)
                    if source == "posts" and child["state"] != "failed":
                        return f"its users were given up before: {a}"
                    check(child["failure"] in failure, source, a)
                    return f"{source} took {a.seconds:.2f} s" if a.seconds > soonest + LATE else None

                again(attempt)

            refused("users", 0.3, "connect_timeout")
            refused("profiles", 0, "unreachable")
            # Its users cannot be asked either, but that is found out later. A reset that comes before anybody has looked
            # whether the connection stands is one that did not come about.
            refused("posts", 0, "reset", "unreachable")

            def cut():
                a = s.get(PATHS["users"].format(1), headers=[("X-Request-Timeout-Ms", "100")])
                check(a.status == 504 and a.seconds >= 0.1 and a.json()["cause"] == "deadline_exceeded", a)
                child = child_of(a, "users")
                if child["wait"] != "connect":
                    return f"it had come to {child}"
                return f"cut after {a.seconds:.2f} s" if a.seconds > 0.1 + LATE else None

            again(cut)
            until(lambda: not [r for r in s.roll()["requests"] if "/debug/tasks" not in r["route"]], 30, "an end of all requests")


def refusals_of_an_upstream_keep_their_meaning(muster, test_server, folder):
    with Ground(muster, folder, "profiles") as ground:
        a = ground.ask("not_found")
        check(a.status == 404, "an absent row", a)
        for name, seconds in (("too_many", {7}), ("too_many_for_ever", {60}), ("too_many_until_a_day", range(1, 61)),
                              ("too_many_for_less_than_nothing", range(1, 61)), ("overloaded", range(1, 61))):
            a = ground.ask(name)
            check(a.status == 503 and a.json()["cause"] == "overloaded", name, a)
            check(int(a.headers["retry-after"]) in seconds, name, a.headers)
            check(child_of(a, "profiles")["state"] == "overloaded", name, a)
        a = ground.ask("timed_out")
        check(a.status == 504 and a.json()["cause"] == "source_timed_out", a)
        check("upstream" not in child_of(a, "profiles"), a)
        ground.nothing_is_left()
        ground.good()


def an_explanation_is_carried_and_never_copied(muster, test_server, folder):
    def depth(child):
        return 1 + max(map(depth, child["upstream"].get("children", [])), default=0) if "upstream" in child else 0

    with Ground(muster, folder, "profiles") as ground:
        a = ground.ask("explains")
        check(a.status == 504 and a.json()["cause"] == "source_timed_out", a)
        far = {k: v for k, v in misbehaviours.EXPLAINED.items() if k in ("status", "cause", "budget_ms", "elapsed_ms", "children")}
        check(child_of(a, "profiles")["upstream"] == far, a)
        a = ground.ask("explains_a_failure")
        check(a.status == 502 and child_of(a, "profiles")["failure"] == "bad_status", a)
        check(child_of(a, "profiles")["upstream"]["children"][0]["failure"] == "reset", a)
        for name in misbehaviours.HOSTILE:
            a = ground.ask("explains_with_" + name)
            check(a.status == 504 and a.json()["cause"] == "source_timed_out", name, a)
            check(len(a.body) < 16 * 1024, name, "is carried in", len(a.body), "bytes")
            for what in (b"script", b"far", b"<", b"detail\":\"<"):
                check(what not in a.body, name, "carries", what, a)
            child = child_of(a, "profiles")
            check(depth(child) <= 5, name, "is nested", depth(child), "times")
            check(len(child.get("upstream", {}).get("children", [])) <= 16, name, a)
            check(json.dumps(a.json()).isascii(), name, a)
        ground.nothing_is_left()
        ground.good()


SCENARIOS = {f.__name__: f for f in (
    whatever_an_upstream_answers_is_told_by_its_name,
    wrong_people_are_not_passed_on,
    what_never_ends_is_cut_at_the_limit,
    a_connection_that_is_not_clear_carries_no_other_request,
    an_upstream_that_lets_nobody_in_is_told_so,
    refusals_of_an_upstream_keep_their_meaning,
    an_explanation_is_carried_and_never_copied,
)}

if __name__ == "__main__":
    main(SCENARIOS)
