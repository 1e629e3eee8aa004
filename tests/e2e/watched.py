"""tests/e2e: the misbehaving upstream, started, and all that it has told so far."""
import json
import pathlib
import subprocess
import sys
import threading
import time

from harness import Failed, check


class Misbehaving:
    """The process of misbehaving.py. `ports` has the port of each kind, and `events` what it told, in order."""

    def __init__(self, *args):
        script = pathlib.Path(__file__).resolve().parent / "misbehaving.py"
        self.process = subprocess.Popen([sys.executable, str(script), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.events = []
        self.over = False
        self.told = threading.Condition()
        self.reader = threading.Thread(target=self.reads, daemon=True)
        self.reader.start()
        self.ports = self.event("listening")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def reads(self):
        for line in self.process.stdout:
            with self.told:
                self.events.append(json.loads(line))
                self.told.notify_all()
        with self.told:
            self.over = True
            self.told.notify_all()

    def wait(self, condition, what, seconds=60):
        """What `condition` makes of the events, once that is something."""
        limit = time.monotonic() + seconds
        with self.told:
            while not (result := condition(self.events)):
                if self.over or not self.told.wait(limit - time.monotonic()):
                    raise Failed(f"the upstream was to see {what}, and saw {self.events[-20:]}")
            return result

    def event(self, kind, after=0, **fields):
        def found(events):
            return next((e for e in events[after:] if e["event"] == kind and all(e.get(k) == v for k, v in fields.items())), None)

        return self.wait(found, f"{kind} {fields}")

    def mark(self):
        """For `after`: what is told from here on. All that has been told is read first."""
        self.order("mark")
        with self.told:
            return len(self.events)

    def since(self, mark, kind):
        self.order("mark")
        with self.told:
            return [e for e in self.events[mark:] if e["event"] == kind]

    def order(self, words):
        """Does it, and returns the connections that it was done to, once it is."""
        with self.told:
            mark = len(self.events)
        self.process.stdin.write((words + "\n").encode())
        self.process.stdin.flush()
        done = self.event("done", after=mark, order=words)
        if not words.endswith("talk"):
            for number in done["connections"]:
                self.ended(number)
        return done["connections"]

    def ended(self, number):
        """How the connection ended, once it has."""
        return self.event("ended", connection=number)["by"]

    def open(self):
        """The connections that stand."""
        with self.told:
            standing = {e["connection"] for e in self.events if e["event"] == "accepted"}
            return standing - {e["connection"] for e in self.events if e["event"] == "ended"}

    def url(self, kind="by_id"):
        check(kind in self.ports, "no such port:", kind)
        return f"http://127.0.0.1:{self.ports[kind]}"
