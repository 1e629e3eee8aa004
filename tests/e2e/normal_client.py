#!/usr/bin/env python3
"""tests/e2e: the normal client beside a hostile crowd: a process of its own, which keeps its connection, asks one
request after another, and measures each: `normal_client.py PATH REQUESTS ROUNDS PAUSE_MS PORT...`. Each round asks
REQUESTS requests of every port in turn, so that whatever else happens to the machine happens to all of them; ROUNDS 0
says when the first round is over, and goes on until its standard input ends. At last it prints one line of JSON: for
each port its statuses, milliseconds, and what went wrong."""
import gc
import json
import select
import socket
import subprocess
import sys
import time


class Asker:
    def __init__(self, port, path):
        self.port, self.path = port, path
        self.request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        self.socket = None
        self.times = []  # of answers with 200
        self.statuses = {}
        self.broken = []
        self.since, self.silence = time.perf_counter(), 0.0  # the longest time without an answer of 200

    def ask(self):
        began = time.perf_counter()
        try:
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=20)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                began = time.perf_counter()
            self.socket.sendall(self.request)
            status, close = self.answer()
        except (OSError, ValueError) as error:
            self.broken.append(f"{error} after {time.perf_counter() - began:.3f} s")
            self.leave()
            return
        now = time.perf_counter()
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200:
            self.times.append(now - began)
            self.silence = max(self.silence, now - self.since)
            self.since = now
        if close:
            self.leave()

    def answer(self):
        got = b""
        while b"\r\n\r\n" not in got:
            piece = self.socket.recv(65536)
            if not piece:
                raise ValueError("closed without an answer")
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        head = head.lower()
        length = int(head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0])
        left = length - len(body)
        while left > 0:
            piece = self.socket.recv(left)
            if not piece:
                raise ValueError("a cut answer")
            left -= len(piece)
        return int(head[9:12]), b"\r\nconnection: close" in head

    def leave(self):
        if self.socket is not None:
            self.socket.close()
        self.socket = None

    def told(self):
        times = sorted(self.times)

        def at(part):
            return round(times[min(len(times) - 1, int(len(times) * part))] * 1000, 3) if times else None

        return {"port": self.port, "answers": len(times), "statuses": self.statuses, "broken": self.broken[:5], "failures": len(self.broken),
                "p50": at(0.5), "p99": at(0.99), "longest": at(1), "silence": round(self.silence * 1000, 3)}


def main():
    path, (requests, rounds, pause), ports = sys.argv[1], map(int, sys.argv[2:5]), [int(p) for p in sys.argv[5:]]
    askers = [Asker(port, path) for port in ports]
    gc.disable()
    done = 0
    while (done < rounds) if rounds else done == 0 or not select.select([sys.stdin], [], [], 0)[0]:
        for asker in askers if done % 2 else reversed(askers):
            for _ in range(requests):
                asker.ask()
                if pause:
                    time.sleep(pause / 1000)
        done += 1
        if not rounds and done == 1:
            print("begun", flush=True)
    print(json.dumps([asker.told() for asker in askers]))


class Beside:
    """A normal client of `port` while the block runs; then `told`."""

    def __init__(self, port, path="/user/1", pause_ms=2):
        self.process = subprocess.Popen([sys.executable, __file__, path, "1", "0", str(pause_ms), str(port)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.told = None

    def __enter__(self):
        self.process.stdout.readline()  # it has begun, however long that took
        return self

    def __exit__(self, *error):
        try:
            out = self.process.communicate(b"end\n", timeout=40)[0]
        finally:
            self.process.kill()
            self.process.wait()
        if not error[0]:
            self.told = json.loads(out)[0]


def interleaved(ports, requests, rounds, path="/user/1"):
    """One client of several servers in turn: what it tells of each."""
    out = subprocess.run([sys.executable, __file__, path, str(requests), str(rounds), "0", *map(str, ports)],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True, timeout=600).stdout
    return json.loads(out)


if __name__ == "__main__":
    main()
