#!/usr/bin/env python3
"""tests/bench: the benchmark's own programs, in windows of a moment: contestants_test.py BUILD NAMES... All answers are
the right bytes (bench_load compares them), each took its fetches, and a wrong answer ends the run."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

import contestants  # noqa: E402
import fanout  # noqa: E402
import figures  # noqa: E402

fanout.WARM = 0.1


def check(condition, *what):
    if not condition:
        sys.exit("failed: " + " ".join(str(each) for each in what))


def answers_at_both_kinds_of_load(places, ports, name):
    route, command = places.contestants()[name]
    for _ in range(10):
        try:
            fixed, saturated = fanout.measured(places, ports, route, command, [200, 0], 0.5)
            break
        except figures.Unanswered as spoilt:  # the machine stood still for a whole window
            print("again:", spoilt)
    else:
        check(False, name, "never answered")
    for window in (fixed, saturated):
        check(window["cpu_us"] > 0 and window["per_second"] > 0, name, window)
        check(window["latency_us"]["min"] <= window["latency_us"]["p50"] <= window["latency_us"]["max"], name, window)
    print(f"{name}: {saturated['per_second']:,.0f} requests a second")


def a_wrong_answer_ends_the_run(places, ports):
    """The services themselves are taken for a contestant: they answer in time, but with half of what is right."""
    try:
        contestants.asked(places, "bench_load", port=ports["users"], route="/api/users/",
                          people=contestants.PEOPLE, connections=1, rate=0, warm=0, seconds=5, process=os.getpid(), core=places.core)
    except contestants.Failed as failure:
        check("instead of" in str(failure), "another failure:", failure)
        return
    check(False, "wrong answers were counted")


def main(build, *names):
    places = contestants.Places(build, "no peer in Go")
    with contestants.upstream(places) as ports:
        a_wrong_answer_ends_the_run(places, ports)
        for name in names:
            answers_at_both_kinds_of_load(places, ports, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
