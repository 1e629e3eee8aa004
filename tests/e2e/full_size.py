#!/usr/bin/env python3
"""tests/e2e: the scenarios of hostile clients and of a hostile machine with their full numbers, which the suite has
smaller: `full_size.py muster [NAMES...]` (./dev test hostile)."""
import os
import pathlib
import subprocess
import sys
import time

import full_disks
import hostile
import little_memory
import wall_clock

FILES = {f"{each.__name__}.py": each.SCENARIOS for each in (hostile, little_memory, wall_clock, full_disks)}


def main():
    muster, chosen = sys.argv[1], sys.argv[2:]
    here = pathlib.Path(__file__).resolve().parent
    all_of_them = [(file, name) for file, scenarios in FILES.items() for name in scenarios]
    unknown = set(chosen) - {name for _, name in all_of_them}
    if unknown:
        sys.exit(f"there is no scenario {', '.join(sorted(unknown))}; there are: {', '.join(name for _, name in all_of_them)}")
    failed = []
    for file, name in all_of_them:
        if chosen and name not in chosen:
            continue
        began = time.monotonic()
        print(f"--- {name}", flush=True)
        done = subprocess.run([sys.executable, here / file, name, muster, muster], env=os.environ | {"MUSTER_FULL_SIZE": "1"},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
        print(f"{done.stdout}({time.monotonic() - began:.0f} s)", flush=True)
        if done.returncode != 0 or "SKIPPED" in done.stdout:
            failed.append(name)
    print(f"failed or skipped: {', '.join(failed)}" if failed else "all passed")
    sys.exit(1 if failed else 0)


main()
