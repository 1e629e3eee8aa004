#!/usr/bin/env python3
"""tests/e2e: the access log, and logs whose sink takes nothing: `reports.py NAME muster muster_test_server`. Whatever
becomes of a sink, the server starts, answers, and ends in time; what is missing is counted; nothing is there twice."""
import contextlib
import ctypes
import json
import os
import pathlib
import platform
import pty
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from crowd import until
from harness import SLOW, Failed, Server, Skipped, check, ended, get, main, own_port, raw, server

LONG = "/nowhere?" + "x" * 900  # a record of about 1 KiB, so that a queue is soon full
PROLOGUE_SECONDS = 30


class Piped(Server):
    """A muster on ports that were chosen before, since what it says may go where nobody reads."""

    def __init__(self, binary, *args, folder, stdout, stderr, env=None):
        self.public, self.admin = own_port(), own_port()
        self.log_path = pathlib.Path(folder) / "nothing.log"
        self.log_path.touch()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")} | (env or {})
        began = time.monotonic()
        self.process = subprocess.Popen([binary, "serve", "--listen", f"127.0.0.1:{self.public}", "--admin",
                                         f"127.0.0.1:{self.admin}", *args], cwd=folder, env=environment,
                                        stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        while not (self.answers(self.public, "/livez") and self.answers(self.admin, "/livez")):
            check(self.process.poll() is None, "it ended at its start:", self.process.returncode)
            check(time.monotonic() - began < PROLOGUE_SECONDS, "it does not come up")
            time.sleep(0.02)


class Load:
    """Requests with ids of their own, over one connection, many at a time."""
    sent = 0

    def __init__(self, port):
        self.port = port

    def run(self, n, target="/nowhere", at_once=50, to_the_end=False):
        """Seconds it took. `to_the_end` reads until the server closes, which it does when it drains."""
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as s:
            left = n
            while left:
                many = min(left, at_once)
                s.sendall(b"".join(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: load-{self.sent + i}\r\n\r\n".encode()
                                   for i in range(many)))
                self.sent += many
                left -= many
                answered, tail = 0, b""
                while answered < many:
                    got = s.recv(1 << 20)
                    check(got, "the connection was closed under load")
                    # A match may lie across two pieces.
                    answered += (tail + got).count(b"HTTP/1.1 ")
                    tail = got[-8:]
            while to_the_end and s.recv(1 << 20):
                pass
        return time.monotonic() - began


def records_of(text):
    """Every line of a JSON log as an object: a torn or doubled one is no JSON."""
    records = []
    for line in text.splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            raise Failed(f"not a line of JSON: {line[:200]!r}") from None
    return records


def whole_lines(path):
    """What stands there, but for a line of which a part is written only."""
    text = path.read_text()
    return text[:text.rfind("\n") + 1]


def own(records):
    return [r["request_id"] for r in records if str(r.get("request_id", "")).startswith("load-")]


def accounted(records):
    """Requests of loads that are in the log, or among those that it says are dropped."""
    return len(own(records)) + sum(r["dropped"] for r in records if "dropped" in r)


def check_account(records, sent):
    """Each request is in the log once, or among the dropped; others (polls, rolls) are few."""
    ids = own(records)
    dropped = sum(r["dropped"] for r in records if "dropped" in r)
    check(len(ids) == len(set(ids)), "doubled:", len(ids) - len(set(ids)))
    check(sent <= len(ids) + dropped <= sent + 200, "sent", sent, "logged", len(ids), "dropped", dropped)
    print(f"{sent} requests: {len(ids)} logged, {dropped} dropped")
    return dropped


def access_log_of(s):
    return next(log for log in s.roll()["logs"] if log["log"] == "access log")


def until_stuck(s, why):
    """Its writer may find out later than the first record is dropped."""
    return until(lambda: [log for log in [access_log_of(s)] if log["why"] == why and log["stuck_ms"]], 20,
                 lambda: f"a log that is stuck: {why}: {access_log_of(s)}")[0]


def resident(s):
    with open(f"/proc/{s.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def overflow(s, load):
    """Asks until records are dropped, then as much again: the memory stays where it is."""
    load.run(6_000, LONG)
    until(lambda: access_log_of(s)["dropped"] > 0, 30, "a dropped record")
    before = resident(s)
    load.run(24_000, LONG)
    grown = resident(s) - before
    print(f"resident: {before >> 10} KiB, then {grown >> 10} KiB more")
    if not SLOW:
        check(grown < 8 << 20, "memory grows while the sink is stuck:", grown)


def stop_in_time(s, seconds=4.0):
    """SIGTERM without requests in flight: the grace period, of 6 s, is not used. (The end of what is stuck takes half a
    second, and so much more may a busy machine.)"""
    began = time.monotonic()
    s.signal(signal.SIGTERM)
    code = s.wait(20)
    took = time.monotonic() - began
    print(f"ended {took:.2f} s after SIGTERM with {code}")
    check(code == 0, "exit code", code)
    if not SLOW:
        check(took <= seconds, "it ended late, after", took)


def same_rate(muster, folder, s, target="/nowhere"):
    """As fast as a server whose log is a healthy file; the best of a few rounds, since others use this machine too."""
    with server(muster, "--access-log", str(folder / "healthy.log"), folder=folder) as healthy:
        ours, theirs = Load(s.public), Load(healthy.public)
        ours.sent = 10_000_000  # not those that are counted
        rates = []
        # Each round is as fast as the machine lets it, and the best of many is what the server can do.
        for rounds in range(1, 31):
            rates.append((ours.run(10_000, target), theirs.run(10_000, target)))
            stuck, free = min(r[0] for r in rates), min(r[1] for r in rates)
            if rounds >= 5 and (SLOW or stuck <= 1.5 * free + 0.05):
                break
        else:
            check(False, "requests are slower while the sink is stuck:", stuck, "against", free)
        print(f"10,000 requests: {stuck:.3f} s with the sink stuck, {free:.3f} s with a file; best of {rounds}")
    return ours


# ---- Sinks that take nothing ---------------------------------------------------------------------------------------


def a_fifo_that_nobody_reads_from_the_start(muster, test_server, folder):
    fifo = folder / "access.fifo"
    os.mkfifo(fifo)
    began = time.monotonic()
    with ended(Server(muster, "--access-log", str(fifo), folder=folder)) as s:
        print(f"up after {time.monotonic() - began:.2f} s")
        load = Load(s.public)
        overflow(s, load)
        log = until_stuck(s, "it has no reader")
        check(log["written"] == 0, log)
        text = get(s.admin, "/debug/tasks").body.decode()
        check(re.search(r"access log to .*access\.fifo: 0 written, \d+ dropped, \d+ waiting, stuck for", text), text)
        other = same_rate(muster, folder, s)

        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        got = b""

        def drained():
            nonlocal got
            with contextlib.suppress(BlockingIOError):
                while piece := os.read(reader, 1 << 20):
                    got += piece
            log = access_log_of(s)
            return log["stuck_ms"] is None and log["waiting"] <= 2

        # A batch may be on its way when nothing waits any more, and a record a moment behind its answer.
        sent = load.sent + other.sent - 10_000_000
        until(lambda: drained() and got.endswith(b"\n") and accounted(records_of(got.decode())) >= sent, 60,
              "a log that is not stuck any more, and has all")
        records = records_of(got.decode())
        check("dropped" in records[0], "the first line that gets through does not tell what is missing:", records[0])
        check_account(records, sent)
        load.run(10)
        until(lambda: drained() and got.endswith(b"\n") and f"load-{load.sent - 1}" in own(records_of(got.decode())), 20,
              "a line of the last request")
        os.close(reader)

        overflow(s, load)
        stop_in_time(s)
        said = re.search(r"access log to .*access\.fifo: (\d+) lines are dropped: it has no reader", s.log())
        check(said and int(said.group(1)) >= 12_000, "the end does not say what was dropped:", s.log()[-1000:])


def a_fifo_whose_reader_stops_and_goes_on(muster, test_server, folder):
    fifo = folder / "access.fifo"
    os.mkfifo(fifo)
    with open(folder / "out", "wb") as into:
        reader = subprocess.Popen(["cat", fifo], stdout=into)
    try:
        with ended(Server(muster, "--access-log", str(fifo), folder=folder)) as s:
            load = Load(s.public)
            load.run(500)
            out = folder / "out"
            until(lambda: len(own(records_of(whole_lines(out)))) == 500, 30, "500 lines")
            reader.send_signal(signal.SIGSTOP)
            overflow(s, load)
            until_stuck(s, "nobody reads it")
            reader.send_signal(signal.SIGCONT)
            until(lambda: access_log_of(s)["waiting"] <= 2, 60, "a log that has caught up")
            load.run(500)
            until(lambda: accounted(records_of(whole_lines(out))) >= load.sent, 30, "all lines")
            records = records_of(whole_lines(out))
            check(f"load-{load.sent - 1}" in own(records), "the last line is not there")
            check_account(records, load.sent)

            reader.send_signal(signal.SIGSTOP)
            overflow(s, load)
            stop_in_time(s)
            check(re.search(r"access\.fifo: \d+ lines are dropped: nobody reads it", s.log()), s.log()[-1000:])
    finally:
        reader.kill()
        reader.wait()


def a_disk_that_is_full_and_then_is_not(muster, test_server, folder):
    """Twice: a file that may not grow (RLIMIT_FSIZE, which ends writes in the middle of a line, as a disk does), and a
    small file system of its own, where one can be mounted."""
    path = folder / "access.log"
    with ended(Server(muster, "--access-log", str(path), folder=folder)) as s:
        load = Load(s.public)
        _, hard = resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, (200_001, hard))
        overflow(s, load)
        until_stuck(s, "File too large")
        check(path.stat().st_size == 200_001, path.stat().st_size)
        resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: access_log_of(s)["waiting"] <= 2, 60, "a log that has caught up")
        load.run(100)
        until(lambda: accounted(records_of(whole_lines(path))) >= load.sent, 30, "all lines")
        records = records_of(whole_lines(path))
        check(f"load-{load.sent - 1}" in own(records), "the last line is not there")
        dropped = check_account(records, load.sent)
        check(dropped > 0 and dropped == access_log_of(s)["dropped"], dropped, access_log_of(s))
        stop_in_time(s)
        check("lines are dropped" not in s.log(), "what the log has told is told again:", s.log()[-500:])

    small = folder / "small"
    small.mkdir()
    mounted = os.getuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "muster-test", small],
                                                  stderr=subprocess.DEVNULL, check=False).returncode == 0
    print("a file system of 256 KiB:", "mounted" if mounted else "cannot be mounted here; /dev/full takes its place")
    try:
        path = small / "access.log" if mounted else pathlib.Path("/dev/full")
        with ended(Server(muster, "--access-log", str(path), folder=folder)) as s:
            load = Load(s.public)
            overflow(s, load)
            until_stuck(s, "No space left on device")
            if mounted:
                subprocess.run(["mount", "-o", "remount,size=64m", small], check=True)
                until(lambda: access_log_of(s)["waiting"] <= 2, 60, "a log that has caught up")
                load.run(100)
                until(lambda: accounted(records_of(whole_lines(path))) >= load.sent, 30, "all lines")
                check_account(records_of(whole_lines(path)), load.sent)
                room = os.statvfs(small)
                used = (room.f_blocks - room.f_bfree) * room.f_frsize
                subprocess.run(["mount", "-o", f"remount,size={used + (64 << 10)}", small], check=True)
                overflow(s, load)
            stop_in_time(s)
            check(re.search(r"access log to .*: \d+ lines are dropped: No space left on device", s.log()), s.log()[-1000:])
    finally:
        if mounted:
            subprocess.run(["umount", "-l", small], check=False)


def pipes_that_nobody_reads(muster, test_server, folder):
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    with ended(Piped(muster, folder=folder, stdout=out_write, stderr=err_write)) as s:
        os.close(out_write)
        os.close(err_write)
        load = Load(s.public)
        overflow(s, load)
        same_rate(muster, folder, s)
        stop_in_time(s)
    with os.fdopen(out_read, "rb") as out, os.fdopen(err_read, "rb") as err:
        lines, errors = out.read().decode(), err.read().decode()
    check(lines.endswith("\n"), "the last line in the pipe is torn:", lines[-200:])
    records_of("\n".join(line for line in lines.splitlines() if line.startswith("{")))
    check(re.search(r"access log to standard output: \d+ lines are dropped: nobody reads it", errors), errors[-1000:])

    # Both full: then there is nowhere left to say it, and that holds up nothing either.
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    with ended(Piped(muster, "--log-level", "debug", folder=folder, stdout=out_write, stderr=err_write)) as s:
        os.close(out_write)
        os.close(err_write)
        load = Load(s.public)
        overflow(s, load)
        load.run(3_000, "/api/users/999999")  # each with a line of the log
        until(lambda: all(log["stuck_ms"] is not None for log in s.roll()["logs"]), 30, "two logs that are stuck")
        same_rate(muster, folder, s)
        stop_in_time(s)
    os.close(out_read)
    with os.fdopen(err_read, "rb") as err:
        records_of(err.read().decode())


def a_start_does_not_wait_for_a_full_pipe(muster, test_server, folder):
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x" * 4096)
    os.set_blocking(write, True)
    with ended(Piped(muster, folder=folder, stdout=write, stderr=write, env={"MUSTER_UNKNOWN": "warned of"})) as s:
        check(s.get("/api/users/1").status == 200, "it answers")
        stop_in_time(s)
    os.close(write)
    os.close(read)


class Hung:
    """Stops one thread of a process inside a write, as a network file system does whose server is gone: a thread that
    is traced, by default the main one. The caller's thread is the tracer."""
    SEIZE, INTERRUPT, SYSCALL, GET_SYSCALL_INFO = 0x4206, 0x4207, 24, 0x420e
    WALL = 0x40000000
    WRITE = {"x86_64": 1, "aarch64": 64}

    def __init__(self, process, thread_name=None):
        if platform.machine() not in self.WRITE:
            raise Skipped(f"how a write is numbered on {platform.machine()} is not known")
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
        tasks = pathlib.Path(f"/proc/{process.pid}/task")
        # A thread names itself, when it comes to run.
        self.thread = process.pid if thread_name is None else until(
            lambda: next((int(t.name) for t in tasks.iterdir() if (t / "comm").read_text().strip() == thread_name), None),
            20, f"a thread of the name {thread_name}")
        try:
            self.ask(self.SEIZE, data=1)  # its stops at calls are marked as such
        except OSError as error:
            raise Skipped(f"tracing is not allowed here: {error}") from None
        self.ask(self.INTERRUPT)
        os.waitpid(self.thread, self.WALL)

    def ask(self, request, address=0, data=0):
        result = self.libc.ptrace(request, self.thread, address, data)
        if result < 0:
            raise OSError(ctypes.get_errno(), "ptrace")
        return result

    def enters_a_write_to(self, descriptor):
        info = ctypes.create_string_buffer(88)
        self.ask(self.GET_SYSCALL_INFO, len(info), ctypes.addressof(info))
        number, first = (int.from_bytes(info.raw[at:at + 8], sys.byteorder) for at in (24, 32))
        return info.raw[0] == 1 and number == self.WRITE[platform.machine()] and first == descriptor

    def until_it_writes(self, descriptor, seconds=60):
        """Runs the thread to the entry of a write."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.ask(self.SYSCALL)
            while os.waitpid(self.thread, self.WALL | os.WNOHANG)[0] == 0:
                check(time.monotonic() < limit, "the thread makes no call")
                time.sleep(0.001)
            if self.enters_a_write_to(descriptor):
                return
        raise Failed("the thread does not write")

    def until_it_ends(self, process, others, descriptor, seconds=60):
        """Runs the main thread to the end of its process; a write to the descriptor hangs. The exit code."""
        limit, signal_for_it = time.monotonic() + seconds, 0
        try:
            while True:
                self.ask(self.SYSCALL, data=signal_for_it)
                while True:
                    check(time.monotonic() < limit, "it does not end")
                    for other in others:
                        with contextlib.suppress(ChildProcessError):
                            os.waitpid(other.thread, self.WALL | os.WNOHANG)
                    pid, status = os.waitpid(self.thread, self.WALL | os.WNOHANG)
                    if pid:
                        break
                    time.sleep(0.001)
                if not os.WIFSTOPPED(status):
                    process.returncode = os.waitstatus_to_exitcode(status)
                    return process.returncode
                at_a_call = os.WSTOPSIG(status) == signal.SIGTRAP | 0x80
                check(not (at_a_call and self.enters_a_write_to(descriptor)),
                      "the main thread itself writes to the file, which may hang")
                signal_for_it = 0 if at_a_call or status >> 16 else os.WSTOPSIG(status)
        except Failed:
            process.kill()  # and reaped by parts, or else the process stays
            for thread in (*(other.thread for other in others), self.thread):
                with contextlib.suppress(ChildProcessError):
                    while os.WIFSTOPPED(status := os.waitpid(thread, self.WALL)[1]):
                        pass
                    process.returncode = os.waitstatus_to_exitcode(status)
            raise


def file_of(s, path):
    """The descriptor by which the server writes to it."""
    return next(int(fd.name) for fd in pathlib.Path(f"/proc/{s.process.pid}/fd").iterdir() if fd.resolve() == path.resolve())


def a_write_that_does_not_return_holds_up_its_worker_alone(muster, test_server, folder):
    path = folder / "access.log"
    with ended(Server(muster, "--access-log", str(path), folder=folder)) as s:
        hung = Hung(s.process, "access log")
        load = Load(s.public)
        load.run(10)
        hung.until_it_writes(file_of(s, path))
        overflow(s, load)
        until_stuck(s, "a write to it does not return")
        same_rate(muster, folder, s)
        main_thread = Hung(s.process)  # what it says last goes to a file, too
        began = time.monotonic()
        s.signal(signal.SIGTERM)
        code = main_thread.until_it_ends(s.process, [hung], 2)
        took = time.monotonic() - began
        print(f"ended {took:.2f} s after SIGTERM with {code}")
        check(code == 0, "exit code", code, s.log()[-3000:])
        if not SLOW:
            check(took <= 4.0, "it ended late, after", took)
        check(re.search(r"access\.log: \d+ lines are dropped: a write to it does not return", s.log()), s.log()[-1000:])
        check("reporter did not end in time" in s.log(), s.log()[-1000:])


def a_second_signal_ends_a_process_whose_log_hangs(muster, test_server, folder):
    with ended(Server(muster, "--access-log", "off", "--log-level", "debug", "--drain-delay", "30s", folder=folder)) as s:
        hung = Hung(s.process, "log")
        s.signal(signal.SIGTERM)
        hung.until_it_writes(2)
        # What it writes may be another line, and a second signal that comes before the first was heard is none.
        until(lambda: get(s.admin, "/readyz").status == 503, 20, "the first signal")
        Load(s.public).run(20, "/api/users/999999")  # each with a line of the log, which waits
        main_thread = Hung(s.process)
        began = time.monotonic()
        s.signal(signal.SIGTERM)
        code = main_thread.until_it_ends(s.process, [hung], 2)
        took = time.monotonic() - began
        print(f"ended {took:.2f} s after the second SIGTERM with {code}")
        check(code == 128 + signal.SIGTERM, "exit code", code, s.log()[-3000:])
        if not SLOW:
            check(took <= 4.0, "it ended late, after", took)


def a_second_signal_writes_what_waits(muster, test_server, folder):
    path = folder / "access.log"
    good = bad = 0
    while good < 5:
        path.unlink(missing_ok=True)
        with ended(Server(muster, "--access-log", str(path), "--log-level", "debug", "--drain-delay", "30s", folder=folder)) as s:
            s.signal(signal.SIGTERM)
            until(lambda: "draining" in s.log(), 30, "the first signal")
            load = Load(s.public)
            load.run(20, "/api/users/999999", to_the_end=True)  # a record comes behind its answer and before the end
            s.signal(signal.SIGTERM)
            check(s.wait(25) == 128 + signal.SIGTERM, "exit code", s.process.returncode)
            ids = own(records_of(path.read_text()))
            check(ids == [f"load-{i}" for i in range(len(ids))], ids)
            check(s.log().endswith("\n"), s.log()[-200:])
            # It waits for its sinks for 100 ms and no longer, however busy the machine is: once that may be too short.
            good, bad = (good + 1, bad) if len(ids) == 20 else (good, bad + 1)
            check(bad < 2, "what waited is lost again:", ids)


def a_terminal_that_is_stopped_holds_up_nothing(muster, test_server, folder):
    master, terminal = pty.openpty()
    with ended(Piped(muster, "--log-level", "debug", folder=folder, stdout=terminal, stderr=terminal)) as s:
        load = Load(s.public)
        overflow(s, load)
        load.run(3_000, "/api/users/999999")
        until(lambda: all(log["stuck_ms"] is not None for log in s.roll()["logs"]), 30, "two logs that are stuck")
        stop_in_time(s)
    os.close(terminal)
    os.close(master)


# ---- The log itself ------------------------------------------------------------------------------------------------


def rotation_under_load_loses_nothing(muster, test_server, folder):
    path = folder / "access.log"
    with server(muster, "--access-log", str(path), folder=folder) as s:
        loads = [Load(s.public) for _ in range(3)]
        for i, load in enumerate(loads):
            load.sent = i * 10_000_000
        stop = threading.Event()
        failures = []

        def keep_on(load):
            try:
                while not stop.is_set():
                    load.run(100, at_once=10)
                    # A loop's queue has room for thousands: a busy machine may keep who writes waiting for any time.
                    while access_log_of(s)["waiting"] > 1_000:
                        time.sleep(0.01)
            except (OSError, Failed) as failure:
                failures.append(failure)

        threads = [threading.Thread(target=keep_on, args=(load,)) for load in loads]
        for t in threads:
            t.start()
        for i in range(20):
            time.sleep(0.1)
            until(lambda: path.stat().st_size or failures, 20, "a line in the file")
            path.rename(folder / f"access.log.{i}")
            s.signal(signal.SIGHUP)
            until(path.exists, 20, "the new file")
        stop.set()
        for t in threads:
            t.join()
        check(not failures, failures)
        sent = sum(load.sent % 10_000_000 for load in loads)
        files = [path, *(folder / f"access.log.{i}" for i in range(20))]
        until(lambda: sum(whole_lines(f).count("load-") for f in files) >= sent, 60, "all lines")
        for f in files[1:]:
            check(f.read_text().endswith("\n"), "the last line is torn in", f)
        records = [r for f in files for r in records_of(whole_lines(f))]
        check(check_account(records, sent) == 0, "dropped")
        check(len(own(records)) == sent, len(own(records)), sent)
        check(all(f.stat().st_size for f in files[1:]), "files without a line")

        path.rename(folder / "idle.log")
        time.sleep(0.3)  # it sleeps
        s.signal(signal.SIGHUP)
        until(path.exists, 20, "the new file, although there is nothing to write")


def a_reopening_that_fails_is_told_and_tried_again(muster, test_server, folder):
    path, old = folder / "access.log", folder / "access.log.1"
    with server(muster, "--access-log", str(path), folder=folder) as s:
        load = Load(s.public)
        load.run(10)
        path.rename(old)
        path.mkdir()
        s.signal(signal.SIGHUP)
        why = "it cannot be opened again: Is a directory; lines go on into the old file"
        until(lambda: why in s.log(), 30, "a line that says so")
        check(access_log_of(s)["not_reopened"] == "Is a directory", access_log_of(s))
        check("not opened again: Is a directory" in get(s.admin, "/debug/tasks").body.decode(), "the roll")
        for _ in range(5):
            load.run(10)
            time.sleep(0.1)
        until(lambda: len(own(records_of(whole_lines(old)))) == load.sent, 30, "the lines, in the old file")
        path.rmdir()
        began = time.monotonic()

        def opened():
            load.run(1)  # a later write
            time.sleep(0.05)
            return path.exists()

        until(opened, 30, "the file under its name")
        print(f"opened again {time.monotonic() - began:.2f} s after that became possible")
        load.run(10)
        until(lambda: f"load-{load.sent - 1}" in own(records_of(whole_lines(path))), 30, "the last line")
        ids = own(records_of(old.read_text())) + own(records_of(whole_lines(path)))
        check(sorted(ids) == sorted(f"load-{i}" for i in range(load.sent)), len(ids), "of", load.sent)
        check(s.log().count("cannot be opened again") == 1, "it is told more than once")
        until(lambda: "it is opened again" in s.log(), 30, "a line that says so")
        check(access_log_of(s)["not_reopened"] == "", access_log_of(s))


def a_hang_up_without_a_file_ends_the_process(muster, test_server, folder):
    for args in ([], ["--access-log", "off"]):
        with ended(Server(muster, *args, folder=folder)) as s:
            s.signal(signal.SIGHUP)
            check(s.wait(30) == 0, "exit code", s.process.returncode)
            check("SIGHUP" in s.log(), s.log()[-500:])
    with ended(Server(muster, "--access-log", str(folder / "a.log"), folder=folder)) as s:
        for _ in range(3):
            s.signal(signal.SIGHUP)
        time.sleep(0.3)
        check(s.get("/livez").status == 200, "it goes on")
        check(s.stop() == 0, s.process.returncode)


def a_record_tells_its_request(muster, test_server, folder):
    path = folder / "access.log"

    def ask(s):
        s.get("/api/users/1", headers=[("X-Request-Id", "plain")])
        s.get("/api/users/1?" + "y" * 3000, headers=[("X-Request-Id", "long")])
        s.get("/nowhere/%41/'quoted'", headers=[("X-Request-Id", "nowhere")])
        s.get("/api/users/1", method="HEAD", headers=[("X-Request-Id", "head")])
        get(s.admin, "/debug/tasks", headers=[("X-Request-Id", "roll")])
        bytes_of = b"GET /%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        raw(s.public, bytes_of % b"\\x41\"")
        raw(s.public, bytes_of % b"cut\xff\xc3\xa4\x9b")
        raw(s.public, bytes_of % b"\x1b[2J\x01")

    with server(muster, "--access-log", str(path), folder=folder) as s:
        ask(s)
        until(lambda: "roll" in path.read_text() and path.read_text().count('"status":400') == 3, 30, "the lines")
    text = path.read_text()
    check(all(" " <= c <= "~" or c == "\n" for c in text), "a byte that a terminal may obey")
    records = {r["request_id"]: r for r in records_of(text)}
    plain = records["plain"]
    check(plain["status"] == 200 and plain["method"] == "GET" and plain["target"] == "/api/users/1" and
          plain["route"] == "/api/users/{id}" and plain["cause"] is None, plain)
    check(plain["peer"].startswith("127.0.0.1:") and 0 <= plain["duration_ms"] < 30_000 and plain["bytes"] > 100, plain)
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", plain["time"]), plain)
    check(len(records["long"]["target"]) == 1024, len(records["long"]["target"]))
    check(records["nowhere"]["status"] == 404 and records["nowhere"]["route"] is None, records["nowhere"])
    check(records["head"]["method"] == "HEAD" and 0 < records["head"]["bytes"] < plain["bytes"], records["head"])
    check(records["roll"]["route"] == "/debug/tasks", records["roll"])
    refused = [r["target"] for r in records.values() if r["status"] == 400]
    check(sorted(refused) == ["/", r"/\x5cx41" + '"', "/cut"], refused)  # up to the byte that may not be there

    path.unlink()
    with server(muster, "--access-log", str(path), "--log-format", "text", folder=folder) as s:
        ask(s)
        until(lambda: "request roll" in path.read_text(), 30, "the lines")
    line = next(l for l in path.read_text().splitlines() if l.endswith("request plain"))
    check(re.fullmatch(r"\S+Z 200 - \d+\.\d{3} ms \d+ B GET /api/users/1 route /api/users/\{id\} peer 127\.0\.0\.1:\d+ request plain", line), line)

    with server(muster, "--access-log", "off", folder=folder) as s:
        s.get("/api/users/1", headers=[("X-Request-Id", "unseen")])
        time.sleep(0.2)
        check("unseen" not in s.log(), "a line although the log is off")
        check([log["log"] for log in s.roll()["logs"]] == ["log"], s.roll()["logs"])


def a_trusted_proxy_names_the_peer(muster, test_server, folder):
    path = folder / "access.log"
    named = [("X-Forwarded-For", "6.6.6.6, 198.51.100.7")]
    with server(muster, "--access-log", str(path), "--trusted-proxies", "127.0.0.0/8,10.0.0.0/8", folder=folder) as s:
        s.get("/livez", headers=[*named, ("X-Request-Id", "for")])
        s.get("/livez", headers=[("Forwarded", 'for="[2001:db8::7]:4711", for=10.1.2.3'), ("X-Request-Id", "forwarded")])
        s.get("/livez", headers=[("X-Forwarded-For", "\x1b[2J"), ("X-Request-Id", "rubbish")])
        s.get("/livez", headers=[("X-Request-Id", "none")])
        until(lambda: '"none"' in path.read_text(), 30, "the lines")
    peers = {r["request_id"]: r["peer"] for r in records_of(path.read_text())}
    check(peers["for"] == "198.51.100.7" and peers["forwarded"] == "[2001:db8::7]:4711", peers)
    check(peers.get("rubbish", "127.0.0.1:").startswith("127.0.0.1:") and peers["none"].startswith("127.0.0.1:"), peers)
    path.unlink()
    with server(muster, "--access-log", str(path), folder=folder) as s:
        s.get("/livez", headers=[*named, ("X-Request-Id", "untrusted")])
        until(lambda: "untrusted" in path.read_text(), 30, "the line")
    peers = {r["request_id"]: r["peer"] for r in records_of(path.read_text())}
    check(peers["untrusted"].startswith("127.0.0.1:"), peers)


def a_log_that_cannot_be_opened_ends_the_start(muster, test_server, folder):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")}
    for where in ("no/such/folder/a.log", str(folder)):
        done = subprocess.run([muster, "serve", "--listen", "127.0.0.1:0", "--admin", "off", "--access-log", where],
                              cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)
        check(done.returncode == 1 and done.stderr.count("\n") == 1 and where in done.stderr, done.returncode, done.stderr)


SCENARIOS = {f.__name__: f for f in (
    a_fifo_that_nobody_reads_from_the_start,
    a_fifo_whose_reader_stops_and_goes_on,
    a_disk_that_is_full_and_then_is_not,
    pipes_that_nobody_reads,
    a_write_that_does_not_return_holds_up_its_worker_alone,
    a_second_signal_ends_a_process_whose_log_hangs,
    a_second_signal_writes_what_waits,
    a_terminal_that_is_stopped_holds_up_nothing,
    a_start_does_not_wait_for_a_full_pipe,
    rotation_under_load_loses_nothing,
    a_reopening_that_fails_is_told_and_tried_again,
    a_hang_up_without_a_file_ends_the_process,
    a_record_tells_its_request,
    a_trusted_proxy_names_the_peer,
    a_log_that_cannot_be_opened_ends_the_start,
)}

if __name__ == "__main__":
    main(SCENARIOS)
