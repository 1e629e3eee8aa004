"""bench: who is measured, how each is started, and the processes of one measurement: each on its core, each ended by
whoever started it."""
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

PEOPLE = 1000
PAIR, PAGE = "/bench/user/", "/user/"
USUAL = 256  # connections to a source, which is muster's default
LIMIT = 5.0  # s: of every route of muster and Go


class Failed(Exception):
    pass


class Places:
    """Where the programs lie, and which core is whose: the last one is the contestant's, the first one everybody
    else's."""

    def __init__(self, build, go_peer):
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) < 2:
            raise Failed("the benchmark needs two cores: one for the contestant, one for everything else")
        self.core, self.other = cores[-1], cores[0]
        self.build, self.go_peer = pathlib.Path(build), pathlib.Path(go_peer)

    def program(self, name):
        return str(self.build / "bench" / "fanout" / name)

    def muster(self, ports, connections):
        """Users and profiles answer at once: a crowd needs no more connections to them than are usual."""
        most = str(connections + 64)
        command = [self.program("muster_bench"), "serve", "--listen", "127.0.0.1:0", "--admin", "off",
                   "--access-log", "off", "--log-level", "warn", "--max-connections", most,
                   "--max-connections-per-address", most, "--timeout", f"{LIMIT:g}s"]
        for name in ("users", "profiles", "posts"):
            kept = connections if name == "posts" else min(connections, USUAL)
            command += [f"--{name}", f"http://127.0.0.1:{ports[name]}", "--source", f"{name}.connections={kept}",
                        "--source", f"{name}.idle={kept}", "--source", f"{name}.queue={connections}"]
        return command

    def go(self, ports, connections):
        command = [str(self.go_peer), "-connections", str(connections)]
        for name in ("users", "profiles", "posts"):
            command += [f"-{name}", f"http://127.0.0.1:{ports[name]}"]
        return command

    def raw(self, how):
        return lambda ports, connections: [self.program("bench_raw"), how, str(ports["users"]), str(ports["profiles"])]

    def contestants(self):
        """name: (route, command)"""
        return {
            "muster": (PAIR, self.muster),
            "go": (PAIR, self.go),
            "raw-typed": (PAIR, self.raw("typed")),
            "raw-spliced": (PAIR, self.raw("spliced")),
            "muster-three": (PAGE, self.muster),
            "go-three": (PAGE, self.go),
        }


@contextlib.contextmanager
def started(command, core, environment=None):
    """The process, pinned before it begins, and the first line that it says; ended with the block."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                               env=inherited | (environment or {}),
                               preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    try:
        line = process.stdout.readline()
        if not line:
            raise Failed(f"{command[0]} did not start (exit code {process.wait(10)})")
        yield process, line
        if process.poll() is not None:
            raise Failed(f"{command[0]} ended while it was measured (exit code {process.returncode})")
    finally:
        process.kill()  # what it leaves behind is of no interest
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def upstream(places, *manner):
    """The services; their ports by name."""
    with started([places.program("bench_upstream"), str(PEOPLE), *manner], places.other) as (_, line):
        yield {name: int(port) for name, port in re.findall(r"(\w+) 127\.0\.0\.1:(\d+)", line)}


@contextlib.contextmanager
def contestant(places, command, environment=None):
    """The process and its port, once it accepts."""
    with started(command, places.core, environment) as (process, line):
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise Failed(f"{command[0]} said no port: {line!r}")
        port = int(found.group(1))
        limit = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > limit:
                    raise Failed(f"{command[0]} does not accept") from None
                time.sleep(0.01)
        yield process, port


def asked(places, program, **values):
    """Runs one of the benchmark's own programs on the other core; the JSON that it prints."""
    command = [places.program(program), *(f"{name}={value}" for name, value in values.items())]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {places.other}))
    if done.returncode != 0:
        raise Failed(done.stderr.strip() or f"{program} ended with {done.returncode}")
    return json.loads(done.stdout)


def counts(ports):
    """How often each service was asked so far."""
    with socket.create_connection(("127.0.0.1", ports["users"]), timeout=10) as client:
        client.sendall(b"GET /counts HTTP/1.1\r\nHost: bench\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}\n"):
            piece = client.recv(4096)
            if not piece:
                raise Failed("the services do not say how often they were asked")
            answer += piece
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)
