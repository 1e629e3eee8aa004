#!/usr/bin/env python3
"""tests/conformance: runs the vectors against any HTTP/1.1 server that has /livez (200) and no /absent.

One line for each vector that fails: its level, what was expected, what came; then the totals by level. Exit code 0 when
all pass, 1 when one fails, 2 when it could not be run."""
import argparse
import collections
import errno
import fnmatch
import heapq
import json
import pathlib
import random
import resource
import select
import socket
import struct
import sys
import time

import vectors
import verdict
from answers import Reader
from unread import Unread

BUSY = 64  # connections that are waited for
SLEEPING = 400  # connections that wait for the server's read timeout
CUT_EVERYWHERE = 4096  # streams up to this length are cut at every position
CUTS_OF_LONG = 64
LOOK = 0.0005  # how often to look whether the server has read the first part
PAUSE = 0.003  # between the two parts, when that cannot be seen (another machine's server)
READ_TIMEOUT, SHORTEST_TIMEOUT = 15.0, 5.0  # seconds; what a muster with its defaults has
UNREAD = 1.0  # a server that does not read at all gets the second part after this
QUIET = 0.3  # how long to listen on when the answers are wrong already
EXPECT_PATIENCE = 2.0  # a client that waits for 100 does not wait for ever, but longer than a busy machine keeps it
LONGEST_POLL = 1.0
STALL = 1.0  # a driver that did not get a core for so long cannot say what was late
TRIES = 4  # of a vector that fails while that happens
LINGER_NOT = struct.pack("ii", 1, 0)


class Exchange:
    """One vector on one connection."""

    def __init__(self, loop, vector, cut, done):
        self.loop, self.vector, self.cut, self.done = loop, vector, cut, done
        self.steps = collections.deque(steps_of(vector, cut))
        self.seen = verdict.Seen(sent_all=False, began=time.time())
        self.reader = Reader(vector.heads)
        self.data = bytearray()
        self.waiting_for = None  # a status, when a wait step holds us
        self.waited_out = 0  # answers that earlier waits have had
        self.pending = b""
        self.quiet_from = None
        self.paused = None  # since when
        self.stopped = False  # sending makes no sense any more
        self.timer = 0
        self.began = time.monotonic()
        self.wants_write = False
        self.ended = False
        self.socket = socket.socket(loop.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = self.socket.connect_ex(loop.address)
        if code not in (0, errno.EINPROGRESS):
            self.socket.close()
            raise OSError(code, "cannot connect")
        loop.epoll.register(self.socket.fileno(), select.EPOLLIN)
        loop.exchanges[self.socket.fileno()] = self
        self.advance()

    # -- sending

    def advance(self):
        """Sends what may be sent now."""
        while self.paused is None and self.waiting_for is None and not self.seen.sent_all:
            if self.pending:
                try:
                    sent = self.socket.send(self.pending)
                    self.pending = self.pending[sent:] if sent < len(self.pending) else b""
                    continue
                except BlockingIOError:
                    self.want_write(True)
                    self.arm(self.loop.patience + 10, "it did not take all that was sent")
                    return
                except ConnectionResetError:
                    return self.finish("reset")
                except OSError as error:
                    if error.errno == errno.ECONNREFUSED:
                        return self.finish("reset", "the connection was refused")
                    self.stop_sending()  # the server has closed: what it said is what counts
                    return
            if not self.steps:
                self.seen.sent_all = True
                self.seen.sent_at = self.now()
                self.want_write(False)
                if self.vector.end == "half-close":
                    try:
                        self.socket.shutdown(socket.SHUT_WR)
                    except OSError:
                        pass
                self.consider()
                return
            step = self.steps.popleft()
            if isinstance(step, bytes):
                self.pending = step
            elif step is None:
                self.paused = self.now()
                self.want_write(False)
                self.arm(LOOK, None)
            else:
                self.waiting_for = step
                self.want_write(False)
                self.arm(min(EXPECT_PATIENCE, self.loop.read_timeout / 2), None)
                self.look_for_waited()

    def stop_sending(self):
        self.steps.clear()
        self.pending = b""
        self.stopped = True
        self.seen.sent_all = True
        self.seen.sent_at = self.now()
        self.want_write(False)
        self.consider()

    def look_for_waited(self):
        """The answer that a wait step holds us for; a final one sets us free as well, unless it closes."""
        for index in range(self.waited_out, len(self.reader.answers)):
            answer = self.reader.answers[index]
            if answer.status == self.waiting_for or not answer.interim:
                self.waited_out = index + 1
                self.waiting_for = None
                if not answer.interim and answer.says_close:
                    self.stop_sending()
                else:
                    self.advance()
                return

    # -- receiving

    def on_event(self, events):
        if events & select.EPOLLOUT:
            self.advance()
            if self.ended:
                return
        if events & ~select.EPOLLOUT:
            self.receive()

    def receive(self):
        try:
            piece = self.socket.recv(262144)
        except BlockingIOError:
            return
        except ConnectionResetError:
            return self.finish("reset")
        except OSError as error:
            return self.finish("reset", error.strerror)
        if not piece:
            return self.finish("closed")
        self.data += piece
        self.seen.arrivals.append((len(self.data), self.now()))
        self.reader.feed(piece)
        if self.waiting_for is not None:
            self.look_for_waited()
        if not self.ended:
            self.consider()

    def consider(self):
        """All is sent, or something came: what is to be waited for now, and for how long."""
        if not self.seen.sent_all:
            return
        if self.seen.probed_after >= 0:
            return self.arm(self.loop.patience, "")
        answers = self.reader.answers
        statuses = [a.status for a in answers]
        fitting = [(a, m) for a in self.vector.answers if (m := verdict.match(a.tokens, statuses)) and m[0] == len(statuses)]
        if self.reader.wrong or not fitting:
            closes = answers and answers[-1].says_close and not self.reader.wrong
            return self.arm(self.loop.patience if closes else QUIET, "")
        whole = not self.reader.rest
        if whole and not self.stopped and not (answers and answers[-1].says_close):
            for alternative, (_, complete) in fitting:
                if complete and alternative.end == "kept":
                    return self.probe()
        if all(complete and not a.end_by_timeout for a, (_, complete) in fitting) and answers:
            return self.arm(self.loop.patience, "")
        self.arm(self.loop.read_timeout + self.loop.patience, "")

    def probe(self):
        self.seen.probed_after = len(self.data)
        self.reader.heads.add(len(self.reader.finals) + 1)
        try:
            self.socket.send(verdict.PROBE)
        except ConnectionResetError:
            return self.finish("reset")
        except OSError:
            pass
        self.arm(self.loop.patience, "")

    # -- time

    def now(self):
        return time.monotonic() - self.began

    def arm(self, seconds, why):
        """One timer at a time; it replaces the last one."""
        self.timer += 1
        heapq.heappush(self.loop.timers, (time.monotonic() + seconds, id(self), self.timer, self, why))

    def on_timer(self, why):
        if self.paused is not None:
            unread = self.loop.unread.of(self.socket)
            waited = self.now() - self.paused
            if waited < PAUSE if unread is None else unread and waited < UNREAD:
                return self.arm(LOOK, None)
            self.paused = None
            self.advance()
        elif self.waiting_for is not None:
            self.waiting_for = None
            self.advance()
        else:
            self.finish("open", why)

    # -- the end

    def want_write(self, on):
        if on != self.wants_write:
            self.wants_write = on
            self.loop.epoll.modify(self.socket.fileno(), select.EPOLLIN | (select.EPOLLOUT if on else 0))

    def finish(self, end, why=""):
        if self.ended:
            return
        self.ended = True
        self.seen.end, self.seen.ended_at, self.seen.data = end, self.now(), bytes(self.data)
        if not self.seen.sent_all:
            self.seen.sent_at = self.seen.ended_at
        self.seen.why_given_up = why or ""
        self.timer += 1
        del self.loop.exchanges[self.socket.fileno()]
        if end == "open":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.socket.close()
        self.done(self)


def steps_of(vector, cut):
    """The vector's steps with a pause (None) after its first `cut` bytes; cut None: whole."""
    if cut is None:
        return vector.steps
    steps, left = [], cut
    for step in vector.steps:
        if isinstance(step, bytes) and 0 < left < len(step):
            steps += [step[:left], None, step[left:]]
            left = 0
        else:
            steps.append(step)
            left -= len(step) if isinstance(step, bytes) else 0
    return steps


def cuts_of(vector, split, seed, seeded=CUTS_OF_LONG):
    """The positions in which the vector is cut: None for whole."""
    if split == "none":
        return [None]
    size, many = vector.size(), seeded if split == "seeded" else CUTS_OF_LONG
    if size <= (CUT_EVERYWHERE if split == "every" else many):
        return range(1, size)
    generator = random.Random(f"{seed} {vector.id}")
    return sorted(generator.sample(range(1, size), many))


class Loop:
    def __init__(self, address, read_timeout, patience):
        self.family, self.address = address
        self.read_timeout, self.patience = read_timeout, patience
        self.epoll, self.unread = select.epoll(), Unread()
        self.exchanges, self.timers = {}, []
        self.sleepy, self.brisk = collections.deque(), collections.deque()
        self.looked = self.stalled = time.monotonic()  # the last look at the sockets; the end of the last stall

    def ask(self, vector, cut):
        (self.sleepy if vector.only_by_timeout else self.brisk).append((vector, cut))

    def look(self):
        now = time.monotonic()
        if now - self.looked > LONGEST_POLL + STALL:
            self.stalled = now
        self.looked = now

    def stalled_during(self, exchange):
        """Whether this process was kept from its core while the exchange went on: then what it took to be late need not be."""
        self.look()
        return self.stalled > exchange.began

    def run(self, jobs, on_done):
        """jobs: (vector, cut) of all kinds; on_done(exchange) for each, which may ask() for more."""
        for job in jobs:
            self.ask(*job)
        counts = {True: 0, False: 0}

        def done(exchange):
            counts[exchange.vector.only_by_timeout] -= 1
            on_done(exchange)

        self.looked = time.monotonic()
        while self.sleepy or self.brisk or self.exchanges:
            for queue, kind, most in ((self.sleepy, True, SLEEPING), (self.brisk, False, BUSY)):
                while queue and counts[kind] < most:
                    counts[kind] += 1
                    Exchange(self, *queue.popleft(), done)
            wait = max(0.0, self.timers[0][0] - time.monotonic()) if self.timers else LONGEST_POLL
            ready = self.epoll.poll(min(wait, LONGEST_POLL))
            self.look()
            for descriptor, events in ready:
                exchange = self.exchanges.get(descriptor)
                if exchange is not None:
                    exchange.on_event(events)
            now = time.monotonic()
            while self.timers and self.timers[0][0] <= now:
                _, _, number, exchange, why = heapq.heappop(self.timers)
                if number == exchange.timer and not exchange.ended:
                    exchange.on_timer(why)
        self.epoll.close()
        self.unread.close()


class Result:
    """What became of one vector in all its cuts."""

    def __init__(self, vector):
        self.vector, self.runs, self.failures, self.told, self.first_cut = vector, 0, 0, None, None

    def take(self, exchange, failure):
        self.runs += 1
        if self.told is None and exchange.cut is None:
            self.told = verdict.told(self.vector, exchange.seen)
        if failure:
            self.failures += 1
            if self.failures == 1 or exchange.cut is not None and exchange.cut < self.first_cut:
                self.failure, self.first_cut = failure, exchange.cut

    def line(self):
        where = ""
        if self.first_cut is not None:
            where = f" (cut after {self.first_cut} bytes; {self.failures} of {self.runs} cuts fail)"
        return f"{self.vector.level}: {self.vector.id}: {self.failure}{where}"


def run(address, wanted, split="none", read_timeout=15.0, patience=5.0, seed=1, verbose=None, seeded=CUTS_OF_LONG,
        shortest=None, tries=TRIES):
    """Runs the vectors; a Result for each, in order. verbose(exchange, failure) hears of every run."""
    results = {v.id: Result(v) for v in wanted}
    loop = Loop(address, read_timeout, patience)
    again = collections.Counter()

    def on_done(exchange):
        failure = verdict.judge(exchange.vector, exchange.seen, read_timeout, patience, shortest)
        job = exchange.vector, exchange.cut
        if failure and loop.stalled_during(exchange) and again[job[0].id, job[1]] < tries - 1:
            again[job[0].id, job[1]] += 1
            return loop.ask(*job)
        results[exchange.vector.id].take(exchange, failure)
        if verbose:
            verbose(exchange, failure)

    loop.run([(v, cut) for v in wanted for cut in cuts_of(v, split, seed, seeded)], on_done)
    return list(results.values())


def known_failures(path, everything, split):
    """(ids that must fail now, ids that may). A line is an id: it must fail whole, and may fail cut; or an id and `cut`:
    it may fail when it is cut; or an id and `in-process`, which is not ours. `#` begins a comment."""
    must, may = set(), set()
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] not in {v.id for v in everything} or words[1:] not in ([], ["cut"], ["in-process"]):
            raise vectors.Mistake(pathlib.Path(path).name, number, f"there is no such vector or way: '{line}'")
        if words[1:] == [] and split == "none":
            must.add(words[0])
        elif words[1:] == [] or words[1:] == ["cut"] and split != "none":
            may.add(words[0])
    return must, may


def report(results, known=(frozenset(), frozenset()), out=sys.stdout):
    """Prints the failures and the totals; whether all is well."""
    well = True
    totals = {level: [0, 0] for level in vectors.LEVELS}
    must, may = known
    for result in results:
        total = totals[result.vector.level]
        total[0] += 1
        if result.failures:
            listed = result.vector.id in must | may
            total[1] += 1
            print(("known: " if listed else "FAILED ") + result.line(), file=out)
            well = well and listed
        elif result.vector.id in must:
            print(f"FAILED {result.vector.id} passes and is listed in known-failures: take it out", file=out)
            well = False
    for level, (count, failed) in totals.items():
        if count:
            print(f"{level}: {count - failed} of {count} passed, {failed} failed", file=out)
    failed = sum(t[1] for t in totals.values())
    print(f"all: {len(results) - failed} of {len(results)} vectors passed, {failed} failed, "
          f"in {sum(r.runs for r in results)} connections", file=out)
    return well


def resolve(text):
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise OSError(f"'{text}' is no HOST:PORT")
    family, _, _, _, address = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.settimeout(60)
        trial.connect(address)
    return family, address


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", metavar="HOST:PORT")
    parser.add_argument("--only", metavar="GLOB", help="the vectors whose ids fit")
    parser.add_argument("--peer", action="store_true", help="another server than muster: not what is `only muster`")
    parser.add_argument("--split", choices=("every", "seeded", "none"), default="none",
                        help="each vector cut in two at every position up to 4 KiB (longer ones at 64 seeded ones), at --cuts "
                             "seeded ones, or whole (the default)")
    parser.add_argument("--cuts", type=int, default=CUTS_OF_LONG, metavar="N", help="of a vector, at most, default 64")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--read-timeout", type=float, metavar="SECONDS", help="the server's, default 15")
    parser.add_argument("--shortest-timeout", type=float, metavar="SECONDS",
                        help="when it gives up a head or a body earlier than that: 5 when --read-timeout is not told, as a muster "
                             "with its defaults does; else the read timeout")
    parser.add_argument("--patience", type=float, default=5.0, metavar="SECONDS", help="what it may be late, default 5")
    parser.add_argument("--known-failures", metavar="FILE", help="ids that fail and do not count")
    parser.add_argument("--json", metavar="FILE", help="also what every vector got")
    parser.add_argument("--verbose", action="store_true", help="a line for every connection")
    options = parser.parse_args(arguments)
    if options.read_timeout is None:
        options.read_timeout, options.shortest_timeout = READ_TIMEOUT, options.shortest_timeout or SHORTEST_TIMEOUT
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else 4096, hard))
    try:
        everything = vectors.read_all()
        known = (known_failures(options.known_failures, everything, options.split) if options.known_failures
                 else (set(), set()))
        wanted = [v for v in everything if fnmatch.fnmatchcase(v.id, options.only or "*")
                  and not (options.peer and v.only)]
        if not wanted:
            raise OSError(f"no vector's id fits '{options.only}'")
        address = resolve(options.server)
    except (OSError, vectors.Mistake) as error:
        print(f"driver: {error}", file=sys.stderr)
        return 2

    def tell(exchange, failure):
        where = "whole" if exchange.cut is None else f"cut after {exchange.cut}"
        print(f"{'FAILED' if failure else 'passed'} {exchange.vector.id} {where}: {verdict.told(exchange.vector, exchange.seen)}")

    began = time.monotonic()
    results = run(address, wanted, options.split, options.read_timeout, options.patience, options.seed,
                  tell if options.verbose else None, options.cuts, options.shortest_timeout)
    well = report(results, known)
    print(f"took {time.monotonic() - began:.1f} s")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps([
            {"id": r.vector.id, "level": r.vector.level, "passed": not r.failures, "told": r.told,
             "failure": r.failure if r.failures else None} for r in results], indent=1))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
