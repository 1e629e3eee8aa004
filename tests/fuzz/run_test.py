#!/usr/bin/env python3
"""tests/fuzz: `run` fails when a fuzzer did not fuzz as long as it was asked to, whatever ended it: programs that only
look like fuzzers are put in its place."""
import contextlib
import io
import pathlib
import runpy
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
STATS = "echo '#2\tDONE   cov: 5 ft: 6 corp: 1/1b exec/s: 0 rss: 30Mb'"
SECONDS = 8  # many more than it takes to start a program that ends at once, also on a busy machine
PROGRAMS = {  # what it does when it is asked to fuzz for so long -> whether that is a run
    f"sleep {SECONDS}.1": True,
    "exit 0": False,
    "kill -9 $$": False,
    f"sleep {SECONDS}.1; kill -9 $$": False,
    "kill -15 $$": False,
    f"sleep {SECONDS}.1; exit 1": False,
}


def main():
    sys.path.insert(0, str(HERE))
    fuzz = runpy.run_path(str(HERE / "run"))["fuzz"]
    wrong = 0
    for does, expected in PROGRAMS.items():
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            program = build / "tests" / "fuzz" / "fuzz_percent"
            program.parent.mkdir(parents=True)
            # Known inputs come first; they are fine. They are asked for without a time.
            program.write_text(f"#!/bin/sh\ncase \"$*\" in *-max_total_time=*) {STATS}; {does};; esac\n", encoding="ascii")
            program.chmod(0o755)
            with contextlib.redirect_stdout(io.StringIO()) as said:
                passed = fuzz("percent", SECONDS, 1, build)
            print(f"{does}: {'passes' if passed else 'fails'}")
            if passed != expected:
                wrong += 1
                print(f"and should not:\n{said.getvalue()}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
