#!/usr/bin/env python3
"""tests/e2e: many people imported, exported and imported again: throughput, memory, and the same bytes out as in.
`many_people.py muster [COUNT]`."""
import filecmp
import json
import os
import subprocess
import sys
import time

from harness import SLOW, alone, check, new_folder, seeded_database

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_")}
MOST_MEMORY = 100  # MB


def peak_memory(process):
    """In MB, of a process that runs until then. Not what wait4() says: that begins with the memory of this interpreter."""
    most = 0
    while not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
            most = max([most] + [int(line.split()[1]) for line in status if line.startswith("VmHWM:")])
        time.sleep(0.002)
    return most / 1000


def measured(what, count, arguments, folder, output, afresh=()):
    """Runs it; its standard output goes into the file `output`. Again, without the files `afresh`, if it was over before
    this script, which a busy machine keeps waiting, came to measure it."""
    for attempt in range(5):
        for each in afresh:
            (folder / each).unlink(missing_ok=True)
        began = time.monotonic()
        with open(folder / output, "wb") as out:
            process = subprocess.Popen(arguments, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=out)
        memory = peak_memory(process)
        took = time.monotonic() - began
        process.wait()
        print(f"{what}: {count:,} people in {took:.2f} s, {count / took:,.0f}/s, at most {memory:.1f} MB of memory", flush=True)
        check(process.returncode == 0, what, "ended with", process.returncode)
        if memory > 1:
            break
    check(memory > 1, what, "was not measured:", memory, "MB")
    check(SLOW or memory < MOST_MEMORY, what, "took", memory, "MB")


def main():
    muster = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with new_folder() as folder:
        seeded = seeded_database(muster, folder)
        exported = subprocess.run([muster, "export", "--data", f"sqlite:{seeded}"], capture_output=True, check=True,
                                  env=ENVIRONMENT).stdout
        base = [json.loads(line) for line in exported.splitlines()]
        post = 0
        with open(folder / "in.jsonl", "w", encoding="utf-8") as file:
            for number in range(1, count + 1):
                one = base[(number - 1) % len(base)]
                one["user"]["id"] = number
                for each in one["posts"]:
                    post += 1
                    each["id"] = post
                file.write(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n")
        size = (folder / "in.jsonl").stat().st_size
        print(f"{count:,} people with {post:,} posts in {size / 1e6:.1f} MB", flush=True)
        data = ["--data", "sqlite:a.db"]
        measured("import", count, [muster, "import", "in.jsonl", *data], folder, "said", ["a.db", "a.db-wal", "a.db-shm"])
        check(f"{count:,} new, 0 replaced, 0 unchanged" in (folder / "said").read_text(), (folder / "said").read_text())
        measured("export", count, [muster, "export", *data], folder, "out.jsonl")
        check(filecmp.cmp(folder / "in.jsonl", folder / "out.jsonl", shallow=False), "the export differs from what came in")
        measured("the same import again", count, [muster, "import", "in.jsonl", *data], folder, "said")
        check(f"0 new, 0 replaced, {count:,} unchanged" in (folder / "said").read_text(), (folder / "said").read_text())


if __name__ == "__main__":
    alone(main)
