#!/usr/bin/env python3
"""bench: measures muster beside others, and writes a page of Markdown and all figures as JSON. Called by ./dev bench, which
builds what it needs: `run.py BUILD GO_PEER WORDS...`, and before that `run.py --check WORDS...`, so that a wrong word is
refused before anything is built."""
import argparse
import json
import pathlib
import sys

import contestants
import crowds
import fanout
import figures
import machine
import table

ROOT = pathlib.Path(__file__).resolve().parents[1]
BOTH = ["muster", "go"]  # who has deadlines and keeps connections as servers do
COUNTED = ["muster", "raw-typed"]  # whose heap is malloc's
CROWD_ROUNDS = 3

HELP = """\
./dev bench [fanout|lateness|memory|allocations ...] [OPTIONS]

Builds the release with the benchmark's programs (into build/bench) and the peer in Go, and measures on loopback, the
contestant on one core and everything else on another; what is measured and how is in bench/README.md. Without a
name all four. Leave the machine alone meanwhile. Writes build/bench/fanout.md and build/bench/fanout.json."""


def arguments(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=HELP, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="NAME", help="fanout, lateness, memory, allocations")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="of the fan-out (7; fewer say little)")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S", help="of a window (3)")
    parser.add_argument("--contestants", metavar="A,B", help=f"of the fan-out (all): {', '.join(table.SOURCES)}")
    parser.add_argument("--rate", type=float, metavar="R",
                        help="the fixed rate (half of what Go can, which is measured first)")
    given = parser.parse_args(words)
    unknown = [name for name in given.what if name not in table.SECTIONS]
    if unknown:
        parser.error(f"there is no benchmark '{unknown[0]}': {', '.join(table.SECTIONS)}")
    if given.rounds < 1 or given.seconds <= 0:
        parser.error("at least one round, of some length")
    given.contestants = given.contestants.split(",") if given.contestants else list(table.SOURCES)
    unknown = [name for name in given.contestants if name not in table.SOURCES]
    if unknown:
        parser.error(f"there is no contestant '{unknown[0]}': {', '.join(table.SOURCES)}")
    return given


def measure(places, given):
    wanted = given.what or list(table.SECTIONS)
    results = {"machine": machine.describe(ROOT, places.build, places.go_peer)}
    if "fanout" in wanted:
        results["fanout"] = fanout.run(places, given.contestants, given.rounds, given.seconds, given.rate)
    crowd_rounds = min(given.rounds, CROWD_ROUNDS)
    if "lateness" in wanted or "memory" in wanted:
        results["lateness"], flight = crowds.lateness_and_flight(places, BOTH, crowd_rounds)
        if "memory" in wanted:
            idle = crowds.idle_memory(places, BOTH, crowd_rounds)
            results["memory"] = {"connections": crowds.CROWD, "idle": idle, "flight": flight}
    if "allocations" in wanted:
        results["allocations"] = crowds.allocations(places, COUNTED, crowd_rounds)
    return results


def main(build, go_peer, *words):
    given = arguments(words)
    places = contestants.Places(build, go_peer)
    results = measure(places, given)
    page = table.page(results)
    (places.build / "fanout.json").write_text(json.dumps(results, indent=1) + "\n")
    (places.build / "fanout.md").write_text(page)
    print(page, end="")
    contestants.say(f"wrote {places.build / 'fanout.md'} and fanout.json")


if __name__ == "__main__":
    try:
        if sys.argv[1] == "--check":
            arguments(sys.argv[2:])
        else:
            main(*sys.argv[1:])
    except (contestants.Failed, figures.Unanswered) as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
