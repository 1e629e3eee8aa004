#!/usr/bin/env python3
"""tests/e2e: what `./dev demo` shows, and that it leaves nothing: `the_demo.py NAME muster muster_test_server`."""
import contextlib
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time

from chain import carrying
from crowd import until
from harness import SLOW, Failed, again, check, get, main

DEMO = pathlib.Path(__file__).resolve().parents[2] / "demo/demo.py"
LATE = 3.0 if SLOW else 0.05


def gone(pid):
    """Also if nobody has asked yet how it ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class Demo:
    """One on a terminal of its own."""

    def __init__(self, muster, folder):
        self.folder = folder / "demo"
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execv(sys.executable, [sys.executable, str(DEMO), "--muster", muster, "--folder", str(self.folder)])
        self.said = self.code = None
        limit = time.monotonic() + 60
        heard = ""
        while "Ctrl-C" not in heard:
            check(select.select([self.terminal], [], [], max(0, limit - time.monotonic()))[0], "the demo says only", heard)
            with contextlib.suppress(OSError):
                heard += os.read(self.terminal, 1 << 16).decode()
            check(not gone(self.pid), "the demo ended at its start:", heard)
        self.said = heard
        shown = re.findall(r"^ +(\w+) +http://127\.0\.0\.1:(\d+) +process (\d+)", heard, re.M)
        check([name for name, _, _ in shown] == ["gateway", "users", "profiles", "posts"], heard)
        check(len(heard.splitlines()) <= 24 and max(map(len, heard.splitlines())) <= 120, "more than a screen:", heard)
        self.ports = {name: int(port) for name, port, _ in shown}
        self.pids = {name: int(pid) for name, _, pid in shown}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.ended()
        if self.terminal is not None:
            os.close(self.terminal)

    def does(self, *words):
        """What `./dev demo hang posts` says in another terminal."""
        return subprocess.run([sys.executable, str(DEMO), "--folder", str(self.folder), *words], capture_output=True, text=True, timeout=60,
                              check=False)

    def get(self, path, **more):
        return get(self.ports["gateway"], path, **more)

    def asked(self):
        return [r for r in self.get("/debug/tasks?format=json").json()["requests"] if r["route"] == "/user/{id}"]

    def ended(self, seconds=60):
        """Its exit code. Somebody has to read what it says meanwhile."""
        limit = time.monotonic() + seconds
        while self.code is None:
            with contextlib.suppress(OSError):
                if self.terminal is not None and select.select([self.terminal], [], [], 0)[0]:
                    self.said += os.read(self.terminal, 1 << 16).decode()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > limit:
                raise Failed("the demo does not end: " + self.said)
            time.sleep(0.01)
        return self.code

    def leaves_nothing(self):
        until(lambda: all(map(gone, self.pids.values())), 30, lambda: f"an end of {[n for n, p in self.pids.items() if not gone(p)]}")
        done = self.does("hang", "posts")
        check(done.returncode == 1 and "none is running" in done.stderr, done)


def the_demo_shows_the_cut_the_504_and_the_roll(muster, test_server, folder):
    with Demo(muster, folder) as demo:
        print(demo.said)
        check(demo.get("/user/1").status == 200, "all are well")
        cut = []

        def hung():
            check((done := demo.does("hang", "posts")).returncode == 0, done)
            seen = {}
            cut.append(f"cut-{len(cut)}")

            def asks():
                seen["answer"] = demo.get("/user/1", headers=[("X-Request-Id", cut[-1])])

            asking = threading.Thread(target=asks)
            asking.start()
            try:
                until(lambda: [r for r in demo.asked() if "posts" in json.dumps(r)], 30, "the roll naming posts")
            finally:
                asking.join()
            a = seen["answer"]
            check(a.status == 504 and a.seconds >= 5.0, a)
            children = [c for c in a.json()["children"] if c.get("source") == "posts"]
            check(len(children) == 1 and children[0]["state"] == "waiting", a)
            check(not demo.asked(), "the roll after it:", demo.asked())
            check(not carrying(demo.ports["posts"]), "connections to posts carry what was cut:", carrying(demo.ports["posts"]))
            check((done := demo.does("resume", "posts")).returncode == 0, done)
            print(f"504 after {a.seconds:.4f} s: {a.body.decode()}")
            return f"cut after {a.seconds:.3f} s" if a.seconds > 5.0 + LATE else None

        again(hung)
        check(demo.get("/user/1", headers=[("X-Request-Id", "behind")]).status == 200, "posts again")
        log = demo.folder / "posts-access.log"
        lines = until(lambda: "behind" in log.read_text(encoding="utf-8") and log.read_text(encoding="utf-8").splitlines(), 30, "its record")
        ran = [line for line in lines if "cut-" in line and json.loads(line)["status"] != 499]
        check(not ran, "posts ran what was cut:", ran)
        check(demo.does("hang", "nobody").returncode == 2, "an unknown name")
        check(demo.does("hang", "posts").returncode == 0, "hang")
        os.write(demo.terminal, b"\3")  # Ctrl-C
        check(demo.ended() == 0, "ended with", demo.code, demo.said)
        demo.leaves_nothing()


def the_demo_ends_all_that_it_started(muster, test_server, folder):
    def terminal_goes(demo):
        os.close(demo.terminal)
        demo.terminal = None

    def is_killed(demo):
        os.kill(demo.pid, signal.SIGKILL)

    def one_fails(demo):
        os.kill(demo.pids["users"], signal.SIGKILL)

    for how, code in ((terminal_goes, None), (is_killed, -signal.SIGKILL), (one_fails, 1)):
        with Demo(muster, folder) as demo:
            check(demo.does("hang", "posts").returncode == 0, "hang")
            how(demo)
            demo.ended()
            check(code is None or demo.code == code, how.__name__, demo.code, demo.said)
            demo.leaves_nothing()


SCENARIOS = {f.__name__: f for f in (
    the_demo_shows_the_cut_the_504_and_the_roll,
    the_demo_ends_all_that_it_started,
)}

if __name__ == "__main__":
    main(SCENARIOS)
