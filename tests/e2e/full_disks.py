#!/usr/bin/env python3
"""tests/e2e: a database, and a log beside it, on a file system without room: `full_disks.py NAME muster
muster_test_server`. What needs no write goes on; what does ends with one line that says so. (Logs alone: reports.py.)"""
import contextlib
import json
import os
import pathlib
import subprocess

from crowd import until
from harness import Skipped, check, exchange, main, request_bytes, seeded_database, server

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")}


class Disk:
    """A small file system of its own."""

    def __init__(self, folder):
        self.path = folder / "disk"
        self.path.mkdir()
        self.filling = self.path / "filling"

    def __enter__(self):
        if os.getuid() != 0:
            raise Skipped("only root may mount a small file system")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "muster-test", self.path], stderr=subprocess.PIPE, text=True,
                              check=False)
        if done.returncode != 0:
            raise Skipped(f"no file system can be mounted here: {done.stderr.strip()}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.path], check=False)

    def fill(self, but=0):
        """Leaves `but` bytes."""
        with open(self.filling, "ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        if but:
            os.truncate(self.filling, self.filling.stat().st_size - but)

    def make_room(self):
        self.filling.unlink(missing_ok=True)


def told(muster, *args, folder):
    """The exit code and the words of a command that ends by itself."""
    done = subprocess.run([muster, *args], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stderr


def one_line(result, *words):
    code, err = result
    check(code == 1 and err.count("\n") == 1 and err.startswith("muster: "), "not one line and exit code 1:", code, err)
    check(all(word in err for word in words), "the line does not say", words, "but", err)
    print(err.rstrip())


def answers(s, n=40):
    """New connections, all at once, that read all of the database."""
    got = exchange(s.public, [request_bytes(f"/user/{1 + i}") for i in range(n)])
    check(all(a.status == 200 and a.json()["user"]["id"] for a in got), "it does not go on reading:", [a for a in got if a.status != 200][:1])


def people(muster, folder, of):
    path = folder / "people.jsonl"
    with open(path, "wb") as out:
        subprocess.run([muster, "export", "--data", f"sqlite:{of}"], stdout=out, check=True, env=ENVIRONMENT)
    return path


def changed_people(muster, folder, of):
    """Each with another biography: an import writes all of them anew."""
    path = folder / "changed.jsonl"
    with open(path, "w", encoding="utf-8") as out:
        for line in people(muster, folder, of).read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            if one["profile"]:
                one["profile"]["bio"] += " And on."
            out.write(json.dumps(one) + "\n")
    return path


def a_database_on_a_full_disk_is_read_on(muster, test_server, folder):
    with Disk(folder) as disk:
        database = seeded_database(muster, disk.path)
        changed = changed_people(muster, folder, database)
        log = disk.path / "access.log"
        with server(muster, "--data", f"sqlite:{database}", "--access-log", str(log), folder=folder) as s:
            answers(s)
            disk.fill()
            for _ in range(20):
                answers(s)
            of_log = until(lambda: next((l for l in s.roll()["logs"] if l["sink"] == str(log) and l["why"]), None), 30, "a log that has no room")
            check(of_log["why"] == "No space left on device", of_log)
            one_line(told(muster, "import", str(changed), "--data", f"sqlite:{database}", folder=folder), str(database), "full")
            answers(s)
            until(lambda: "No space left" in s.log(), 30, "a line of the log that says so")
            disk.make_room()
            code, err = told(muster, "import", str(changed), "--data", f"sqlite:{database}", folder=folder)
            check(code == 0, code, err)
            answers(s)
            until(lambda: "written again" in s.log(), 30, "a log that has caught up")
        said = [line for line in s.log().splitlines() if "access log" in line]
        print("\n".join(said))
        check(len(said) == 2 and f"{log}: nothing can be written: No space left" in said[0] and "written again" in said[1], said)


def a_start_on_a_full_disk_says_so_in_one_line(muster, test_server, folder):
    closed = ["--listen", "127.0.0.1:0", "--admin", "off"]
    with Disk(folder) as disk:
        # The default database cannot be made: neither a byte of it nor all of it.
        for room in (0, 40 << 10):
            disk.fill(but=room)
            one_line(told(muster, "serve", *closed, folder=disk.path), "data/muster.db", "full")
            one_line(told(muster, "serve", *closed, "--data", "sqlite:named.db", "--seed", folder=disk.path), "named.db", "full")
            disk.make_room()
        with server(muster, folder=disk.path) as s:
            answers(s)

        # One that is there is read by a server that leaves what it has beside it, as all do that only read.
        database = disk.path / "data/muster.db"
        exported = people(muster, folder, database)
        disk.fill()
        with server(muster, "--data", f"sqlite:{database}", folder=folder) as s:
            answers(s)

        # A writer that was the last takes that along; then there is no room for it, and the line says what is missing.
        disk.make_room()
        told(muster, "import", str(exported), "--data", f"sqlite:{database}", folder=folder)
        check(not pathlib.Path(f"{database}-shm").exists(), "the import leaves files:", os.listdir(database.parent))
        disk.fill()
        one_line(told(muster, "serve", *closed, "--data", f"sqlite:{database}", folder=folder), str(database), "-shm", "room")
        one_line(told(muster, "import", str(exported), "--data", f"sqlite:{database}", folder=folder), str(database), "-shm", "room")
        one_line(told(muster, "import", str(exported), "--data", f"sqlite:{disk.path / 'new.db'}", folder=folder), "new.db", "full")
        disk.make_room()
        with server(muster, "--data", f"sqlite:{database}", folder=folder) as s:
            answers(s)


SCENARIOS = {f.__name__: f for f in (
    a_database_on_a_full_disk_is_read_on,
    a_start_on_a_full_disk_says_so_in_one_line,
)}

if __name__ == "__main__":
    main(SCENARIOS)
