#!/usr/bin/env python3
"""tests/e2e: SIGTERM and SIGKILL at random moments of an import, a seeding and a migration; after each the database is
whole, and has all of it or nothing. `crash.py import|seed|migrate muster muster_test_server [RUNS [SEED]]`: RUNS of
each signal. How many runs ended before, in and after the work is printed; enough have to end in it: moments that are
counted from the start are followed, if they hit it too seldom, by some that are counted from where it is seen to begin."""
import contextlib
import json
import os
import random
import select
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time

from harness import SLOW, alone, check, new_folder, seeded_database

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")}
TRIES = 60  # at moments that hit the work, for each signal
PEOPLE = 500 if SLOW else 4000  # more than the cache of a connection holds: the files change before the commit


def state_files(database):
    return [database.with_name(database.name + end) for end in ("", "-wal", "-shm", "-journal")]


def remove(database):
    for each in state_files(database):
        each.unlink(missing_ok=True)


def ask(database, sql):
    """One value, from a database that was checked; None if there is no table to ask."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "integrity_check says no after a kill")
        if not db.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'table'").fetchone()[0]:
            return None
        return db.execute(sql).fetchone()


def writes(pid):
    """Whether that process holds a lock for writing now, as SQLite does from the beginning of a transaction to its end."""
    with open("/proc/locks", encoding="ascii") as locks:
        return any(words[1:2] == ["POSIX"] and words[3:5] == ["WRITE", str(pid)] for words in map(str.split, locks))


class Work:
    """Something to be killed. `arguments` of the program, `prepare()` before each run, `outcome()` "all", "nothing" or
    an error after it."""

    serves_after = False

    def __init__(self, muster, test_server, folder):
        self.muster, self.test_server, self.folder = muster, test_server, folder
        self.database = folder / "a.db"
        self.runs = 0

    def start(self):
        return subprocess.Popen(self.arguments(), cwd=self.folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def is_over(self, process):
        """Of what serves when its work is done; anything else ends then."""
        return self.serves_after and bool(select.select([process.stdout], [], [], 0)[0])

    def locked_at(self):
        self.prepare()
        began = time.monotonic()
        process = self.start()
        times = []
        while process.poll() is None and not self.is_over(process):
            if writes(process.pid):
                times.append(time.monotonic() - began)
            time.sleep(0.0005)
        if self.serves_after:
            process.terminate()
        process.communicate(timeout=120)
        check(process.returncode == 0 and self.outcome() == "all", "the undisturbed run:", process.returncode)
        return times

    def written_between(self):
        """When, after its start, it first and last held a lock for writing, undisturbed. One that is shorter than this
        script is sometimes kept waiting is looked for again."""
        for _ in range(20):
            if times := self.locked_at():
                break
        check(times, "no lock was seen")
        return times[0], times[-1]


class Import(Work):
    """In turn into a database that is there, whose people it replaces, and into one that is absent."""

    def __init__(self, *args):
        super().__init__(*args)
        seeded = seeded_database(self.muster, self.folder, "sample.db")
        exported = subprocess.run([self.muster, "export", "--data", f"sqlite:{seeded}"], capture_output=True, check=True,
                                  env=ENVIRONMENT).stdout
        base = [json.loads(line) for line in exported.splitlines()]
        self.posts = self.write("old.jsonl", base, "old", PEOPLE // 2)
        self.template = self.folder / "template.db"
        subprocess.run([self.muster, "import", "old.jsonl", "--data", f"sqlite:{self.template}"], cwd=self.folder,
                       check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
        self.old_posts, self.posts = self.posts, self.write("new.jsonl", base, "new", PEOPLE)

    def write(self, name, base, mark, count):
        post = 0
        with open(self.folder / name, "w", encoding="utf-8") as file:
            for number in range(1, count + 1):
                one = json.loads(json.dumps(base[(number - 1) % len(base)]))
                one["user"] |= {"id": number, "email": mark}
                one["posts"] = one["posts"][:12]
                for each in one["posts"]:
                    post += 1
                    each["id"] = post
                file.write(json.dumps(one) + "\n")
        return post

    def arguments(self):
        return [self.muster, "import", "new.jsonl", "--data", f"sqlite:{self.database}"]

    def prepare(self):
        remove(self.database)
        self.runs += 1
        self.there = self.runs % 2 == 0
        if self.there:
            shutil.copy(self.template, self.database)

    def outcome(self):
        if not self.database.exists():
            return "nothing" if not self.there else "the database is gone"
        found = ask(self.database, "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM users WHERE email = 'new'),"
                                   "(SELECT count(*) FROM posts)")
        if found == (PEOPLE, PEOPLE, self.posts):
            return "all"
        if found == ((PEOPLE // 2, 0, self.old_posts) if self.there else None):
            return "nothing"
        return f"neither all nor nothing: {found}"


class Seed(Work):
    """The first start of a server; it is killed before it serves."""

    serves_after = True

    def arguments(self):
        return [self.muster, "serve", "--listen", "127.0.0.1:0", "--admin", "off", "--threads", "1", "--data",
                f"sqlite:{self.database}", "--seed"]

    def prepare(self):
        remove(self.database)

    def outcome(self):
        if not self.database.exists():
            return "nothing"
        found = ask(self.database, "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM profiles),"
                                   "(SELECT count(*) FROM posts WHERE author = 42)")
        return {(200, 182, 500): "all", None: "nothing"}.get(found, f"neither all nor nothing: {found}")


class Migrate(Import):
    """The test server's step from schema 1 to 2."""

    def arguments(self):
        return [self.test_server, "migrate", "--data", f"sqlite:{self.database}"]

    def prepare(self):
        remove(self.database)
        if not (self.folder / "large.db").exists():
            subprocess.run([self.muster, "import", "new.jsonl", "--data", f"sqlite:{self.folder / 'large.db'}"],
                           cwd=self.folder, check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
        shutil.copy(self.folder / "large.db", self.database)

    def outcome(self):
        version, = ask(self.database, "PRAGMA user_version")
        columns, = ask(self.database, "SELECT count(*) FROM pragma_table_info('users') WHERE name = 'shown'")
        people, posts = ask(self.database, "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM posts)")
        if (people, posts) != (PEOPLE, self.posts):
            return f"people or posts were lost: {people}, {posts}"
        if (version, columns) == (1, 0):
            return "nothing"
        done = (version, columns) == (2, 1) and ask(
            self.database, "SELECT (SELECT count(*) FROM users WHERE shown = ''), (SELECT count(*) FROM posts WHERE words = 0)")
        return "all" if done == (0, 0) else f"neither all nor nothing: {version}, {columns}, {done}"


def run_once(work, number, moment, from_the_work=False):
    """Kills one run `moment` seconds after its start, or after its work is seen to begin; "before", "in" or "after" the
    work."""
    work.prepare()
    process = work.start()
    while from_the_work and process.poll() is None and not writes(process.pid) and not work.is_over(process):
        time.sleep(0.0005)
    time.sleep(moment)
    held = writes(process.pid)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    result = work.outcome()
    check(result in ("all", "nothing"), f"{signal.Signals(number).name} after {moment:.4f} s:", result, err.decode())
    code = process.returncode
    check(code in (0, -number, 128 + number), f"{signal.Signals(number).name} after {moment:.4f} s: exit code", code, err.decode())
    check(code != 128 + number or result == "nothing", "it says that nothing was changed, and it was", code, result)
    # A server that is stopped before it serves has ended clean as well; a command has done its work.
    check(code != 0 or result == "all" or work.serves_after, "it says that all is done, and nothing is")
    if result == "all":
        check(number == signal.SIGKILL or code == 0 or code == -number, code)
        return "after"
    return "in" if held or code == 128 + number else "before"


def span(work):
    """When, after the start, the work is done, by the pace that the machine has just now."""
    return tuple(statistics.median(times) for times in zip(*(work.written_between() for _ in range(7))))


def main():
    kind = sys.argv[1]
    muster, test_server = (os.path.abspath(path) for path in sys.argv[2:4])
    runs = int(sys.argv[4]) if len(sys.argv) > 4 else 25
    seed = int(sys.argv[5]) if len(sys.argv) > 5 else random.SystemRandom().randrange(1 << 32)
    choice = random.Random(seed)
    with new_folder() as folder:
        work = {"import": Import, "seed": Seed, "migrate": Migrate}[kind](muster, test_server, folder)
        first, last = span(work)
        begin, end = first / 2, last * 1.1  # from halfway to the work to a little behind it
        print(f"{kind}: {runs} moments of each signal, {begin:.3f} to {end:.3f} s after the start, seed {seed}", flush=True)
        for number in (signal.SIGTERM, signal.SIGKILL):
            name = signal.Signals(number).name
            counts = {"before": 0, "in": 0, "after": 0}
            for _ in range(runs):
                counts[run_once(work, number, choice.uniform(begin, end))] += 1
            # The work may be short against the start, and the machine busier or idler than when the moments were chosen.
            more = 0
            while counts["in"] < max(1, runs // 8) and more < TRIES:
                more += 1
                counts[run_once(work, number, choice.uniform(0, (last - first) / 2), from_the_work=True)] += 1
            print(f"{kind}: {name}: {counts['before']} before the work, {counts['in']} in it, {counts['after']} after "
                  f"it, {more} of them counted from where it began; all whole", flush=True)
            check(counts["in"] >= max(1, runs // 8), "too few moments hit the work:", counts)


if __name__ == "__main__":
    alone(main)
