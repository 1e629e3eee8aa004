#!/usr/bin/env python3
"""./dev demo: a gateway and three musters behind it, to see a deadline travel, a 504 that explains itself, and the roll.
`demo.py --muster BINARY --folder FOLDER [--port N]` runs until Ctrl-C and ends all that it started, however it ends itself;
`demo.py --folder FOLDER hang NAME` and `... resume NAME` stop a process behind the gateway, and let it go on."""
import argparse
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import selectors
import signal
import socket
import subprocess
import sys
import time

SOURCES = ("users", "profiles", "posts")
PR_SET_PDEATHSIG = 1
CONTROL = "control"  # a Unix socket in the folder: who asks goes there first, since paths of sockets are short


class Stopped(Exception):
    """By a signal, or because one of the processes ended."""


def say(*words):
    """Not to a terminal that is gone."""
    with contextlib.suppress(OSError):
        print(*words, flush=True)


def dies_with_us():
    """Even if this process is killed, and even if the child is stopped just then."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Muster:
    def __init__(self, binary, name, folder, *flags, port=0):
        self.name, self.stopped = name, False
        own = folder / name
        own.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"{name}.log"
        requests = (folder / f"{name}-access.log").absolute()
        requests.unlink(missing_ok=True)
        with open(self.log, "wb") as log:
            # A group of its own: Ctrl-C is for us, who end the processes in their order.
            self.process = subprocess.Popen(
                [binary, "serve", "--listen", f"127.0.0.1:{port}", "--admin", "127.0.0.1:0", "--access-log",
                 str(requests), *flags],
                cwd=own, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=dies_with_us,
                env={k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")})

    def url(self):
        """Once it serves."""
        while True:
            text = self.log.read_text(errors="replace")
            # The line is whole.
            if found := re.search(r"serves (http://127\.0\.0\.1:\d+)[ ,].*\n", text):
                return found.group(1)
            if self.process.poll() is not None:
                raise Stopped(f"{self.name} did not start:\n{text}")
            time.sleep(0.02)

    def hang(self, stop):
        self.process.send_signal(signal.SIGSTOP if stop else signal.SIGCONT)
        # A signal is sent before it is heard: a request in between would be one that was begun.
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        limit = time.monotonic() + 10
        while stop and time.monotonic() < limit and any(
                stat.read_text().rpartition(")")[2].split()[0] != "T" for stat in tasks.glob("*/stat")):
            time.sleep(0.002)
        self.stopped = stop

    def end(self):
        """A process that is stopped hears nothing else than these two."""
        if self.process.poll() is None:
            if self.stopped:
                self.hang(False)
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Demo:
    def __init__(self, options):
        self.folder, self.shown = pathlib.Path(), options.folder
        self.all = {}
        self.selector = selectors.DefaultSelector()
        self.control = None

    def start(self, options):
        for name in SOURCES:
            self.all[name] = Muster(options.muster, name, self.folder)
        urls = {name: muster.url() for name, muster in self.all.items()}
        self.all["gateway"] = Muster(options.muster, "gateway", self.folder, "--debug-on-public",
                                     *(f"--{name}={url}" for name, url in urls.items()), port=options.port)
        self.urls = {"gateway": self.all["gateway"].url(), **urls}
        with contextlib.suppress(FileNotFoundError):
            os.unlink(CONTROL)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(CONTROL)
        self.control.listen(4)
        self.selector.register(self.control, selectors.EVENT_READ)

    def serve(self):
        while True:
            for _ in self.selector.select(0.2):
                client, _ = self.control.accept()
                with client, contextlib.suppress(OSError):
                    client.settimeout(2)
                    client.sendall(self.order(client.recv(1000).decode(errors="replace")).encode())
            for muster in self.all.values():
                if muster.process.poll() is not None:
                    raise Stopped(f"{muster.name} ended with {muster.process.returncode}:\n{muster.log.read_text(errors='replace')[-2000:]}")

    def order(self, text):
        verb, _, name = text.partition(" ")
        if name not in SOURCES:
            return f"there is nothing behind the gateway that is called '{name}': {', '.join(SOURCES)}"
        muster = self.all[name]
        muster.hang(verb == "hang")
        gateway = self.urls["gateway"].removeprefix("http://")
        if verb == "hang":
            told = f"{name} (process {muster.process.pid}) is stopped: it is there, and answers nothing. Now try\n" \
                   f"  curl -i {gateway}/user/1           504 after 5 s, and its body names {name}\n" \
                   f"  curl {gateway}/debug/tasks         meanwhile, from another terminal: the request, and what it waits for\n" \
                   f"  ./dev demo resume {name}"
        else:
            told = f"{name} (process {muster.process.pid}) goes on: it runs none of the requests that were cut meanwhile. Now try\n" \
                   f"  curl -i {gateway}/user/1           200 again\n" \
                   f"  cat {self.shown / f'{name}-access.log'}"
        say(f"demo: {name} {'is stopped' if verb == 'hang' else 'goes on'}")
        return told

    def end(self):
        for name in ("gateway", *SOURCES):
            if name in self.all:
                self.all[name].end()
        if self.control:
            self.control.close()
            with contextlib.suppress(OSError):
                os.unlink(CONTROL)

    def shows(self):
        gateway = self.urls["gateway"].removeprefix("http://")
        lines = ["A gateway, and three musters behind it, each a process of its own:", ""]
        for name, muster in (("gateway", self.all["gateway"]), *((n, self.all[n]) for n in SOURCES)):
            what = "asks the three others; a request has 5 s" if name == "gateway" else f"has the {name}"
            lines.append(f"  {name:9} {self.urls[name]:24} process {muster.process.pid:<8} {what}")
        lines += ["", "Try, in another terminal:", "",
                  f"  curl -i {gateway}/user/1          one answer out of three sources",
                  "  ./dev demo hang posts                   stops the process that has the posts",
                  f"  curl -i {gateway}/user/1          504 after 5 s: who held it up, and where it waited",
                  f"  curl {gateway}/debug/tasks        the roll, meanwhile: every request, every task and its wait",
                  f"  curl -i {gateway}/api/users/1     users do not wait for posts",
                  "  ./dev demo resume posts                 goes on, and runs nothing of what was cut", "",
                  f"Their logs are in {self.shown}. Ctrl-C ends them all."]
        return "\n".join(lines)


def hears_signals():
    """The first of them ends what runs; those behind it do not disturb the end."""
    heard = []

    def stop(number, _):
        if not heard:
            heard.append(number)
            raise Stopped(signal.Signals(number).name)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, stop)
    return heard


def run(options):
    heard = hears_signals()
    options.muster = os.path.abspath(options.muster)
    options.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(options.folder)
    with open("lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say(f"demo: one is running already ({options.folder})")
            return 1
        demo = Demo(options)
        try:
            demo.start(options)
            say(demo.shows())
            demo.serve()
        except Stopped as why:
            say(f"\ndemo: {why}")
        finally:
            demo.end()
        say("demo: all of it has ended")
    return 0 if heard else 1


def ask(folder, verb, name):
    try:
        os.chdir(folder)
        with socket.socket(socket.AF_UNIX) as demo:
            demo.settimeout(10)
            demo.connect(CONTROL)
            demo.sendall(f"{verb} {name}".encode())
            told = demo.recv(4096).decode()
    except OSError:
        print("demo: none is running here: start it with ./dev demo, in another terminal", file=sys.stderr)
        return 1
    if not told:
        print(f"demo: it did not say whether it did so: ask again, {verb} {name}", file=sys.stderr)
        return 1
    print(told)
    return 1 if told.startswith("there is nothing") else 0


def main():
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--muster", default="muster")
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="of the gateway (default: a free one)")
    parser.add_argument("verb", nargs="?", choices=("hang", "resume"))
    parser.add_argument("name", nargs="?", choices=SOURCES)
    options = parser.parse_args()
    if options.verb is None:
        return run(options)
    if options.name is None:
        parser.error(f"{options.verb} whom? {', '.join(SOURCES)}")
    return ask(options.folder, options.verb, options.name)


if __name__ == "__main__":
    sys.exit(main())
