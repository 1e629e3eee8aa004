#!/usr/bin/env python3
"""tests/e2e: the README is true: every `curl` of it is run and answers as it shows, every `./dev` verb of it exists.
`readme.py muster muster_test_server`. In what is shown, `...` stands for anything and a number for any number."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

from harness import alone, check, new_folder, request_bytes, server

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(?:<!-- from the test server: (?P<flags>.*?) -->\n)?```console\n(?P<text>.*?)```", re.S)


def examples(text):
    """(flags of the test server or None, command, what it shows) for each `$ ` line of the console blocks."""
    for block in BLOCK.finditer(text):
        command, shown = None, []
        for line in block["text"].splitlines() + ["$ "]:
            if line.startswith("$ "):
                if command:
                    yield block["flags"], command, "\n".join(shown)
                command, shown = line[2:], []
            else:
                shown.append(line)


def pattern(shown):
    """What is shown, as a regular expression."""
    parts = []
    for piece in re.split(r"(\.\.\.|\d+(?:\.\d+)?)", shown):
        if piece == "...":
            parts.append(r".*?")
        elif re.fullmatch(r"\d+(?:\.\d+)?", piece):
            parts.append(r"\d+(?:\.\d+)?")
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts) + r"\s*", re.S)


def run_examples(binary, flags, cases, folder):
    with server(binary, "--debug-on-public", *flags, folder=folder) as s:
        if flags:
            # The request whose end the README tells, and then a moment until its job is a leak.
            with socket.create_connection(("127.0.0.1", s.public)) as connection:
                connection.sendall(request_bytes("/user/1", headers=[("X-Request-Id", "a-slow-one")]))
                check(b"504" in connection.recv(4096), "the slow request is not a 504")
            limit = time.monotonic() + 6
            while [each["verdict"] for each in s.roll()["abandoned"]] != ["leak"] and time.monotonic() < limit:
                time.sleep(0.02)
        for command, shown in cases:
            words = command.replace("localhost:8080", f"localhost:{s.public}").split()
            check(words[0] == "curl", "not a curl:", command)
            limit = time.monotonic() + 4
            while True:
                last = time.monotonic() > limit
                # By IPv4: at the same port of ::1 another test may listen.
                done = subprocess.run([*words, "--ipv4", "--silent", "--show-error", "--max-time", "30"], capture_output=True,
                                      text=True, check=False)
                check(done.returncode == 0, command, done.stderr)
                # The connections of who asked before are in the roll until they have ended.
                if last or pattern(shown).fullmatch(done.stdout):
                    break
                time.sleep(0.1)
            check(pattern(shown).fullmatch(done.stdout), f"{command}\nshows\n{shown}\nbut answered\n{done.stdout}")
            print("as shown:", command)
        if flags:
            # The sleeping job is given its time, so that the server ends clean.
            limit = time.monotonic() + 15
            while s.roll()["abandoned"] and time.monotonic() < limit:
                time.sleep(0.1)


def main():
    muster, test_server = (os.path.abspath(path) for path in sys.argv[1:3])
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    groups = {}
    for flags, command, shown in examples(text):
        if not command.startswith("./dev"):
            groups.setdefault(flags, []).append((command, shown))
    check(sum(len(cases) for cases in groups.values()) >= 5, "the README shows too few commands:", groups)
    listed = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
    for verb in sorted(set(re.findall(r"\./dev (\w+(?: (?:asan|tsan|crash|people|faults|smoke|image))?)", text))):
        check(f"./dev {verb}" in listed, f"./dev {verb} is in the README but not in ./dev help")
    with new_folder() as folder:
        for flags, cases in groups.items():
            run_examples(test_server if flags else muster, flags.split() if flags else [], cases, folder)


if __name__ == "__main__":
    alone(main)
