#!/usr/bin/env python3
"""tests/e2e: the commands beside serve, one scenario a test: `commands.py NAME muster muster_test_server`."""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import signal
import socket
import sqlite3
import struct
import subprocess
import termios
import time

from crowd import until
from harness import SLOW, Failed, check, get, main, own_port, seeded_database, server


def environment(**more):
    return {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")} | more


def run(binary, *args, folder, seconds=60, stdin=b"", env=None):
    """(exit code, standard output, standard error) of a command."""
    done = subprocess.run([binary, *args], cwd=folder, env=environment(**(env or {})), input=stdin, capture_output=True,
                          timeout=seconds, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def person(number, name="Ada", posts=()):
    return json.dumps({"user": {"id": number, "name": name, "email": "a@b", "created_at": "2024-05-01T12:00:00Z"},
                       "posts": [{"id": p, "title": "t", "body": "b", "published_at": "2024-05-02T12:00:00Z"} for p in posts]})


def people(database):
    with contextlib.closing(sqlite3.connect(database)) as db:
        check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "the database is damaged")
        return db.execute("SELECT count(*) FROM users").fetchone()[0]


def one_line(err):
    check(err.count("\n") == 1 and err.startswith("muster: "), "not one line:", repr(err))
    return err


# ---- import and export ----------------------------------------------------------------------------------------------


def an_export_imports_into_the_same_database_beside_a_running_server(muster, test_server, folder):
    seeded_database(muster, folder, "a.db")
    code, exported, err = run(muster, "export", "--data", "sqlite:a.db", folder=folder)
    check(code == 0 and not err and exported.count(b"\n") == 200, code, err)
    (folder / "a.jsonl").write_bytes(exported)
    code, out, err = run(muster, "import", "a.jsonl", "--data", "sqlite:new/b.db", folder=folder)
    check(code == 0 and b"200 people: 200 new, 0 replaced, 0 unchanged" in out and not err, code, out, err)
    check(run(muster, "export", "--data", "sqlite:new/b.db", folder=folder)[1] == exported, "not the same people")

    with server(muster, "--data", "sqlite:new/b.db", folder=folder) as s:
        check(get(s.public, "/user/1").status == 200, "a served user")
        check(get(s.public, "/user/201").status == 404, "nobody yet")
        code, out, err = run(muster, "import", "-", "--data", "sqlite:new/b.db", folder=folder,
                             stdin=(person(201, "Eve", [90001]) + "\n" + person(1, "Adah") + "\n").encode())
        check(code == 0 and b"2 people: 1 new, 1 replaced, 0 unchanged" in out, code, out, err)
        check(get(s.public, "/user/201").json()["posts"][0]["id"] == 90001, "the new person is served")
        check(get(s.public, "/user/1").json()["user"]["name"] == "Adah", "the replaced one too")
    code, out, err = run(muster, "import", "a.jsonl", folder=folder, env={"MUSTER_DATA": "sqlite:new/b.db"})
    check(code == 0 and b"0 new, 1 replaced, 199 unchanged" in out, code, out, err)


def bad_lines_are_named_and_nothing_is_changed(muster, test_server, folder):
    bad = "\n".join([person(1), '{"user":', person(0), person(2)] + ["x"] * 30).encode()
    (folder / "bad.jsonl").write_bytes(bad)
    code, out, err = run(muster, "import", "bad.jsonl", "--data", "sqlite:d/a.db", folder=folder)
    lines = err.splitlines()
    check(code == 1 and not out, code, out)
    check(lines[0] == "muster: bad.jsonl:2: user is cut short: the JSON does not end", lines[0])
    check(lines[1].startswith("muster: bad.jsonl:3: user.id must be a whole number"), lines[1])
    check(len(lines) == 22 and lines[20] == "muster: and 12 more bad lines", lines)
    check(lines[21] == "muster: d/a.db: nothing was changed: 32 bad lines (--keep-going skips them)", lines[21])
    check([(each.name, each.stat().st_size) for each in (folder / "d").iterdir()] == [("a.db", 0)], "more than an empty file")

    code, out, err = run(muster, "import", "bad.jsonl", "--keep-going", "--data", "sqlite:d/a.db", folder=folder)
    check(code == 4 and b"34 people: 2 new, 0 replaced, 0 unchanged, 32 bad lines skipped" in out, code, out, err)
    check(people(folder / "d/a.db") == 2, "the good lines")


def what_cannot_be_imported_from_or_into_is_one_line(muster, test_server, folder):
    data = ["--data", "sqlite:a.db"]
    for args, code, word in [(["import", "nowhere", *data], 1, "nowhere: No such file or directory"),
                             (["import", "/tmp", *data], 1, "/tmp: Is a directory"),
                             (["import", *data], 2, "FILE|- is missing"),
                             (["import", "-", "--users", "sqlite:u.db"], 2, "--users (flag)"),
                             (["import", "-", "--data", "postgres://host/db"], 2, "postgres sources come in a later version"),
                             (["import", "-", "--data", "/tmp/a.db"], 2, "not the URL of a source"),
                             (["import", "-", "--data", "sqlite:/tmp"], 1, "is a directory"),
                             (["export", *data], 1, "a.db: there is no such file"),
                             (["migrate", *data], 1, "a.db: there is no such file"),
                             (["imprt"], 2, "did you mean import?")]:
        got, out, err = run(muster, *args, folder=folder)
        check(got == code and not out and word in one_line(err), args, got, err)
    done = subprocess.run([muster, "import", "-", *data], cwd=folder, env=environment(), preexec_fn=lambda: os.close(0),
                          capture_output=True, check=False, timeout=60)
    check(done.returncode == 1, "a closed standard input:", done.returncode)
    check(one_line(done.stderr.decode()) == "muster: standard input: Bad file descriptor\n", done.stderr)
    check(not list(folder.iterdir()), "something was made:", list(folder.iterdir()))


def a_locked_database_is_told_within_its_time(muster, test_server, folder):
    run(muster, "import", "-", "--data", "sqlite:a.db", folder=folder, stdin=person(1).encode())
    with contextlib.closing(sqlite3.connect(folder / "a.db", isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        for attempt in range(3):  # a busy machine may make it late once
            began = time.monotonic()
            code, out, err = run(muster, "import", "-", "--data", "sqlite:a.db", folder=folder, stdin=person(2).encode())
            took = time.monotonic() - began
            check(code == 1 and "a.db: is locked by another process; gave up after 5 s" in one_line(err), code, err)
            check(took > 4.5, "after", took)
            if SLOW or took < 7:
                break
        else:
            check(False, "late each time, the last after", took)
    check(people(folder / "a.db") == 1, "nobody was added")


def blocks(process, number):
    """Whether it hears that signal itself, as a command does from its first moments on: before, it would just end."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return any(int(line.split()[1], 16) >> (number - 1) & 1 for line in status if line.startswith("SigBlk:"))


def interrupted(process, number, what):
    """Sends the signal once the process is at its work; its exit code and standard error, which come at once."""
    until(lambda: blocks(process, number) or process.poll() is not None, 30, f"the first moments of {what}")
    time.sleep(1 if SLOW else 0.4)
    check(process.poll() is None, what, "ended by itself:", process.returncode)
    began = time.monotonic()
    process.send_signal(number)
    try:
        _, err = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failed(what + " does not hear the signal") from None
    took = time.monotonic() - began
    check(SLOW or took < 4, what, "ended", took, "s after the signal")  # at a lock it would be 5 s after its start
    return process.returncode, err.decode()


def a_stop_is_heard_wherever_a_command_waits(muster, test_server, folder):
    os.mkfifo(folder / "fifo")
    run(muster, "import", "-", "--data", "sqlite:a.db", folder=folder, stdin=person(1).encode())
    pipe, write_end = os.pipe()
    os.write(write_end, (person(7) + "\n").encode())

    def start(*args, **more):
        return subprocess.Popen([muster, *args], cwd=folder, env=environment(), stderr=subprocess.PIPE, **more)

    # In the middle of its input, with a database to be made and with one that is there.
    for number, data in [(signal.SIGINT, "new.db"), (signal.SIGTERM, "a.db"), (signal.SIGHUP, "new.db")]:
        code, err = interrupted(start("import", "-", "--data", "sqlite:" + data, stdin=pipe), number, "an import from a pipe")
        check(code == 128 + number and one_line(err).endswith(": nothing was changed\n"), code, err)
    # Nobody writes into the FIFO.
    code, err = interrupted(start("import", "fifo", "--data", "sqlite:new.db"), signal.SIGTERM, "an import from a FIFO")
    check(code == 128 + signal.SIGTERM, code, err)
    check(people(folder / "a.db") == 1 and (folder / "new.db").stat().st_size == 0, "something was changed")
    with contextlib.closing(sqlite3.connect(folder / "a.db", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("BEGIN EXCLUSIVE")
        for args in (["import", "fifo"], ["export"]):
            code, err = interrupted(start(*args, "--data", "sqlite:a.db"), signal.SIGINT, args[0] + " at a lock")
            check(code == 128 + signal.SIGINT, args, code, err)
        # The start of a server too: that is a clean end.
        process = start("serve", "--listen", "127.0.0.1:0", "--admin", "off", "--data", "sqlite:a.db", "--seed")
        code, err = interrupted(process, signal.SIGTERM, "a start at a lock")
        check(code == 0 and one_line(err), code, err)
    os.close(pipe)
    os.close(write_end)


def in_the_pipe(descriptor):
    return struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))[0]


def an_import_shows_its_progress_on_a_terminal_alone(muster, test_server, folder):
    pipe, write_end = os.pipe()
    leader, terminal = pty.openpty()
    process = subprocess.Popen([muster, "import", "-", "--data", "sqlite:a.db"], cwd=folder, env=environment(), stdin=pipe,
                               stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    os.close(pipe)
    for start in range(1, 2001, 500):
        os.write(write_end, "".join(person(n) + "\n" for n in range(start, start + 500)).encode())
        # It has begun, and is not to have read all before it is time to show something.
        until(lambda: in_the_pipe(write_end) == 0 or process.poll() is not None, 30, "a process that reads")
        time.sleep(0.3)
    os.close(write_end)
    out = process.stdout.read().decode()
    check(process.wait(60) == 0 and "2,000 people: 2,000 new" in out, out)
    shown = b""
    with contextlib.suppress(OSError):  # of a terminal whose other side is closed
        while chunk := os.read(leader, 1 << 16):
            shown += chunk
    os.close(leader)
    check(b" people, " in shown and b"/s" in shown and shown.endswith(b"\r\x1b[K"), repr(shown))
    check("\x1b" not in out, repr(out))


def an_export_ends_quietly_with_its_reader_and_loudly_with_its_disk(muster, test_server, folder):
    lines = "".join(person(n, "x" * 1000) + "\n" for n in range(1, 1001))
    run(muster, "import", "-", "--data", "sqlite:a.db", folder=folder, stdin=lines.encode())
    process = subprocess.Popen([muster, "export", "--data", "sqlite:a.db"], cwd=folder, env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(process.stdout.read(100).startswith(b'{"user":{"id":1,'), "the first line")
    process.stdout.close()
    err = process.stderr.read().decode()
    check(process.wait(60) == 128 + signal.SIGPIPE and err == "", process.returncode, err)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([muster, "export", "--data", "sqlite:a.db"], cwd=folder, env=environment(), stdout=full,
                              stderr=subprocess.PIPE, check=False, timeout=60)
    check(done.returncode == 1, done.returncode)
    check(one_line(done.stderr.decode()) == "muster: standard output: No space left on device\n", done.stderr)


def what_was_done_is_told_by_the_exit_code_although_nobody_reads_it(muster, test_server, folder):
    def into(output, binary, *args, stdin=""):
        done = subprocess.run([binary, *args], cwd=folder, env=environment(), input=stdin.encode(), stdout=output,
                              stderr=subprocess.PIPE, check=False, timeout=60)
        return done.returncode, done.stderr.decode()

    dump = pathlib.Path(__file__).resolve().parents[1] / "upstream" / "databases" / "schema_1.sql"
    for way, reason in [("full", "No space left on device"), ("closed", "Broken pipe")]:
        said = f"muster: standard output: {reason}\n"
        if way == "full":
            output = os.open("/dev/full", os.O_WRONLY)
        else:
            unread, output = os.pipe()
            os.close(unread)
        data = ["--data", f"sqlite:{way}.db"]
        got = into(output, muster, "import", "-", *data, stdin=person(1))
        check(got == (0, said) and people(folder / f"{way}.db") == 1, way, got)
        code, err = into(output, muster, "import", "-", "--keep-going", *data, stdin="x\n" + person(2))
        check(code == 4 and err.endswith(said) and people(folder / f"{way}.db") == 2, way, code, err)
        with contextlib.closing(sqlite3.connect(folder / f"old-{way}.db")) as db:
            db.executescript(dump.read_text(encoding="utf-8"))
        for _ in range(2):
            got = into(output, test_server, "migrate", "--data", f"sqlite:old-{way}.db")
            check(got == (0, said), way, got)
        if way == "full":
            for args in (["--help"], ["--version"], ["import", "--help"]):
                got = into(output, muster, *args)
                check(got == (1, said), args, got)
        with server(muster, folder=folder) as s:
            for attempt in range(3):  # the two seconds that it has may pass on a busy machine
                got = into(output, muster, "health", "--admin", f"127.0.0.1:{s.admin}")
                if got[0] == 0:
                    break
            check(got == (0, said), way, got)
        os.close(output)


def an_export_refuses_what_an_import_would_not_take(muster, test_server, folder):
    longest = 8 * 1024 * 1024
    run(muster, "import", "-", "--data", "sqlite:a.db", folder=folder, stdin=person(1, "x").encode())
    code, exported, err = run(muster, "export", "--data", "sqlite:a.db", folder=folder)
    name = longest - (len(exported) - 2)  # without the end of the line, and the name of one letter

    def named(length):
        with contextlib.closing(sqlite3.connect(folder / "a.db")) as db, db:
            db.execute("UPDATE users SET name = ?", ("x" * length,))
        return run(muster, "export", "--data", "sqlite:a.db", folder=folder)

    code, exported, err = named(name)
    check(code == 0 and len(exported) == longest + 1, code, len(exported), err)
    code, out, err = run(muster, "import", "-", "--data", "sqlite:a.db", folder=folder, stdin=exported)
    check(code == 0 and b"1 unchanged" in out, code, out, err)
    code, exported, err = named(name + 1)
    check(code == 1 and not exported, code, len(exported))
    check(one_line(err).startswith("muster: a.db: user 1 cannot be written: the line would be longer than the 8388608 bytes"), err)


# ---- migrate --------------------------------------------------------------------------------------------------------


def a_migration_is_done_once_and_an_older_muster_refuses_what_it_made(muster, test_server, folder):
    dump = pathlib.Path(__file__).resolve().parents[1] / "upstream" / "databases" / "schema_1.sql"
    with contextlib.closing(sqlite3.connect(folder / "a.db")) as db:
        db.executescript(dump.read_text(encoding="utf-8"))
    code, out, err = run(muster, "migrate", "--data", "sqlite:a.db", folder=folder)
    check(code == 0 and out == b"a.db: is of schema 1 already\n" and not err, code, out, err)
    with server(muster, "--data", "sqlite:a.db", folder=folder) as s:
        check(get(s.public, "/user/1").json()["user"]["name"] == "Ada Lovelace", "the first user of the oldest database")

    code, out, err = run(test_server, "migrate", "--data", "sqlite:a.db", folder=folder)
    check(code == 0 and out == b"a.db: upgraded from schema 1 to 2\n" and not err, code, out, err)
    code, out, err = run(test_server, "migrate", "--data", "sqlite:a.db", folder=folder)
    check(code == 0 and out == b"a.db: is of schema 2 already\n" and not err, code, out, err)
    before = (folder / "a.db").read_bytes()
    for args in (["serve", "--listen", "127.0.0.1:0", "--admin", "off"], ["import", "-"], ["export"], ["migrate"]):
        code, out, err = run(muster, *args, "--data", "sqlite:a.db", folder=folder)
        check(code == 1 and "has schema 2, expected 1" in one_line(err) and "newer" in err, args, code, err)
    check((folder / "a.db").read_bytes() == before, "a refused database was changed")


# ---- health ---------------------------------------------------------------------------------------------------------


def health_asks_the_server_that_the_environment_describes(muster, test_server, folder):
    def health(*args, late=False, **env):
        """Again if it took too long, or, unless it is to be `late`, had no answer in its two seconds: a busy machine may
        be the cause once or twice."""
        for attempt in range(4):
            began = time.monotonic()
            code, out, err = run(muster, "health", *args, folder=folder, env=env)
            took = time.monotonic() - began
            check((out.count(b"\n"), err.count("\n")) == ((1, 0) if code == 0 else (0, 1)), code, out, err)
            if (SLOW or took < 3) and (late or "no answer within" not in err):
                break
        else:
            check(SLOW or took < 3, "health took", took)
        return code, out.decode() + err

    # When the server has gone, nobody else may answer at its address.
    with server(muster, "--admin", f"127.0.0.1:{own_port()}", folder=folder) as s:
        check(health("--admin", f"127.0.0.1:{s.admin}") == (0, f"/livez of 127.0.0.1:{s.admin}: 200 ok\n"), "by flag")
        # As in a container: the server's own variables, among them what health has no use for.
        configured = {"MUSTER_ADMIN": f"0.0.0.0:{s.admin}", "MUSTER_LISTEN": "0.0.0.0:1", "MUSTER_POSTS": "sqlite:x",
                      "MUSTER_UNKNOWN": "x"}
        code, said = health("--ready", **configured)
        check(code == 0 and said.startswith("/readyz of 127.0.0.1:"), code, said)
        code, said = health("--admin", "off", "--listen", f"127.0.0.1:{s.public}")
        check(code == 0 and f"127.0.0.1:{s.public}" in said, code, said)
        (folder / "muster.json").write_text(json.dumps({"admin": f"127.0.0.1:{s.admin}", "timeout": "2s"}))
        check(health("--config", "muster.json")[0] == 0, "by file")

        s.signal(signal.SIGSTOP)  # the kernel takes the connection, and nobody answers
        code, said = health(late=True, **configured)
        s.signal(signal.SIGCONT)
        check(code == 1 and "no answer within 2000 ms" in said, code, said)
    code, said = health(**configured)
    check(code == 1 and "Connection refused" in said, code, said)

    path = folder / "admin.sock"
    with server(muster, "--admin", f"unix:{path}", folder=folder, wait=False) as s:
        limit = time.monotonic() + 60
        while health("--admin", f"unix:{path}")[0] != 0:
            check(time.monotonic() < limit, "no answer on the Unix socket:", s.log())
            time.sleep(0.05)


if __name__ == "__main__":
    main(globals())
