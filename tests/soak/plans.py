"""tests/soak: what every client will do, decided by the seed and the connection's number alone: the same seed makes the
same decisions in the same order, however the machine's time runs. clients.py does it, verdict.py judges it."""
import random

MANY_POSTS = "/api/users/42/posts?limit=500"  # the largest answer: more than a small socket buffer takes

# Ids by what the test server's posts do (tests/support/test_server/chaos.hpp has the same table).
PLAIN = range(1, 101)
SLOW = range(101, 121)
HANGING = range(121, 136)
HANGING_ON_A_WORKER = range(136, 146)
STUCK = range(146, 151)
CROWDED = range(151, 166)
FAILING = range(166, 176)


class Asked:
    """One request: what was asked, what may be answered, and, filled in by its client, what was."""

    __slots__ = ("id", "method", "target", "planned", "allowed", "finish", "stays", "surely_read", "hangs", "left_after", "seen",
                 "size", "trouble")

    def __init__(self, ident, target, planned, method="GET", finish=False):
        self.id, self.method, self.target, self.planned, self.finish = ident, method, target, planned, finish
        # When the machine is slow, a route with a limit of 400 ms may be cut, and a source have all its workers abandoned.
        # And when it stalls, the second for which a worker is stuck may be over when its limit is looked at.
        self.allowed = planned | {503, 504} if target.startswith(("/user/", "/api/")) else planned
        if planned == {503, 504}:
            self.allowed = self.allowed | {200}
        self.stays = True  # its client waits for the answer
        self.surely_read = True  # the server has it whole, whatever its client does then
        self.hangs = planned == {504} or target == "/test/wait?for=2s"  # nothing ends it for 400 ms
        self.left_after = None  # s, how long after it was sent its client left, if that must be seen: it is 499 client_gone
        self.seen = None  # the status of the answer, once it is complete
        self.size = 0  # of the answer, head and body
        self.trouble = None

    def bytes(self, close=False, bad=False):
        extra = "Connection: close\r\n" if close else ""
        if bad:
            extra += "Content-Length: x\r\n"
        return (f"{self.method} {self.target} HTTP/1.1\r\nHost: soak\r\nX-Request-Id: {self.id}\r\n{extra}\r\n").encode()

    def __repr__(self):
        return f"{self.id} ({self.method} {self.target})"


def pages(ids, planned):
    # The limits are those of /user/{id} and /api/users/{id}/posts; see soak.py.
    def make(rng, ident):
        who = rng.choice(ids)
        return Asked(ident, f"/user/{who}" if rng.random() < 0.8 else f"/api/users/{who}/posts", planned)

    return make


def singles(rng, ident):
    who = rng.randint(1, 200)
    return Asked(ident, f"/api/users/{who}" if rng.random() < 0.5 or who % 11 == 0 else f"/api/users/{who}/profile", {200})


def fixed(target, planned, **more):
    return lambda rng, ident: Asked(ident, target, planned, **more)


hanging = pages([*HANGING, *HANGING, *HANGING_ON_A_WORKER], {504})
KINDS = (  # weight, maker
    (22, pages(PLAIN, {200})),
    (14, singles),
    (8, pages(SLOW, {200})),
    (10, hanging),
    (1, pages(STUCK, {503, 504})),
    (15, pages(CROWDED, {200, 503})),
    (3, pages(FAILING, {502})),
    (2, fixed("/user/999999", {404})),
    (2, fixed("/user/007", {400})),
    (1, fixed("/nowhere", {404})),
    (2, fixed("/user/5", {200}, method="HEAD")),
    (1, fixed(MANY_POSTS, {200})),
    (0.5, fixed("/test/throw", {500})),
    (3, fixed("/test/wait?for=15ms", {200})),
    (1, fixed("/test/finish?for=30ms", {200})),
)
KIND_WEIGHTS = [weight for weight, _ in KINDS]
MAKERS = [maker for _, maker in KINDS]

LONG = (  # what a leaver leaves
    *[hanging] * 5,
    pages(SLOW, {200}),
    pages(CROWDED, {200, 503}),
    fixed("/test/wait?for=2s", {200}),
    fixed("/test/finish?for=200ms", {200}, finish=True),
)

# And the one answer it gets; none: it is closed without.
CLOSED = None
RUBBISH = (
    (b"\r\n\r\n\r\n", {CLOSED}),
    (b"GET / HTTP/1.1\r\n\r\n", {400}),
    (b"GET /user/1 HTTP/9.9\r\nHost: x\r\n\r\n", {505}),
    (b"BREW /coffee HTTP/1.1\r\nHost: x\r\n\r\n", {501}),
    (b"GET /user/1 HTTP/1.1\r\nHost: x\r\nX-A: \x00\r\n\r\n", {400}),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", {414}),
    (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: " + b"b" * 20000 + b"\r\n\r\n", {431}),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", {400}),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", {400}),
    # Answered long before it is all sent: the rest meets a closed connection, whose reset may overtake the answer.
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + b"c" * 70000, {413, CLOSED}),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), {400}),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}),
    (b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
)


class Plan:
    """One connection: `script` names a method of clients.Client."""

    __slots__ = ("number", "script", "asked", "pauses", "rubbish", "unix", "flag", "ends")

    def __init__(self, number, script, rng):
        self.number, self.script = number, script
        self.asked, self.pauses, self.rubbish = [], [], b""
        self.unix = rng.random() < 0.1
        self.flag = False
        self.ends = None


class Planner:
    """Plans of connections 0, 1, 2, ... until they hold `requests` requests."""

    def __init__(self, seed, requests):
        self.seed, self.left = seed, requests

    def __iter__(self):
        number = 0
        while self.left > 0:
            plan = self.plan(number)
            self.left -= len(plan.asked)
            number += 1
            yield plan

    def plan(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        script = rng.choices(SCRIPTS, SCRIPT_WEIGHTS)[0]
        plan = Plan(number, script, rng)
        getattr(self, "_" + script)(plan, rng)
        return plan

    def ident(self, plan):
        return f"soak{self.seed}-{plan.number}-{len(plan.asked)}"

    def ask(self, plan, rng, count, makers=None):
        for maker in makers or rng.choices(MAKERS, KIND_WEIGHTS, k=count):
            plan.asked.append(maker(rng, self.ident(plan)))

    def _stay(self, plan, rng):  # one after the other on one connection
        self.ask(plan, rng, rng.randint(1, 6))
        plan.flag = rng.random() < 0.5  # the last one says Connection: close

    def _pipeline(self, plan, rng):  # all at once; `ends`: the bad one, after which nothing is answered
        self.ask(plan, rng, rng.randint(2, 8))
        plan.flag = rng.random() < 0.3  # and a FIN right behind
        if rng.random() < 0.2:
            plan.ends = rng.randrange(len(plan.asked))
            plan.asked[plan.ends].planned = plan.asked[plan.ends].allowed = {400}
            for after in plan.asked[plan.ends + 1:]:
                after.allowed, after.stays, after.surely_read = set(), False, False

    def _half_close(self, plan, rng):  # as `printf ... | nc -N`
        self.ask(plan, rng, rng.randint(1, 2))

    def _dawdle_sending(self, plan, rng):
        self.ask(plan, rng, 1)
        plan.pauses = [rng.uniform(0.001, 0.03) for _ in range(rng.randint(1, 4))]

    def _dawdle_reading(self, plan, rng):
        self.ask(plan, rng, 1, [fixed(MANY_POSTS, {200})])
        plan.flag = rng.random() < 0.3  # leaves in the middle
        plan.asked[0].stays = not plan.flag

    def _leave(self, plan, rng):  # asks, is answered so often, asks something long, and goes
        self.ask(plan, rng, rng.choice((0, 0, 1, 2)))
        self.ask(plan, rng, 1, [rng.choice(LONG)])
        plan.ends = rng.choice(("fin", "fin", "rst", "rst", "half"))
        # Right behind the request, or well after the 50 ms in which a FIN means nothing.
        at_once = rng.random() < 0.25
        plan.pauses = [rng.uniform(0.0, 0.02) if at_once else rng.uniform(0.08, 0.25)]
        last = plan.asked[-1]
        # What a FIN leaves in the server's buffer can still be read; a RST takes it away.
        last.stays, last.surely_read = False, plan.ends != "rst" and not plan.unix

    def _leave_pipelined(self, plan, rng):
        self.ask(plan, rng, 1, [rng.choice(LONG)])
        self.ask(plan, rng, rng.randint(1, 4))
        plan.ends = rng.choice(("fin", "rst"))
        plan.pauses = [rng.uniform(0.0, 0.25)]
        for i, each in enumerate(plan.asked):
            each.stays, each.surely_read = False, i == 0 and plan.ends == "fin" and not plan.unix

    def _leave_in_the_head(self, plan, rng):
        self.ask(plan, rng, 1)
        plan.ends = rng.choice(("fin", "rst", "half"))
        plan.pauses = [rng.uniform(0.0, 0.05)]
        only = plan.asked[0]
        only.allowed, only.stays, only.surely_read = {400}, False, False

    def _rubbish(self, plan, rng):
        plan.rubbish, plan.ends = rng.choice((*RUBBISH, (b"?" + rng.randbytes(rng.randint(1, 400)) + b"\r\n\r\n", {400})))

    def _silent(self, plan, rng):
        plan.pauses = [rng.uniform(0.0, 0.1)]
        plan.ends = rng.choice(("fin", "rst"))

    def _roll(self, plan, rng):  # somebody looks while all this goes on
        pass


WEIGHTS = {
    "stay": 30, "pipeline": 9, "half_close": 8, "dawdle_sending": 5, "dawdle_reading": 1.5, "leave": 30,
    "leave_pipelined": 5, "leave_in_the_head": 3, "rubbish": 3, "silent": 3, "roll": 0.2,
}
SCRIPTS, SCRIPT_WEIGHTS = list(WEIGHTS), list(WEIGHTS.values())
