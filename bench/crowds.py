"""bench: five thousand at once: how late the 504 is, and what each costs in memory; and what a request takes from the
heap."""
import mmap
import struct
import tempfile

import contestants
import fanout
import figures

CROWD = 5000
SETTLE = 2.0  # s


def crowd(places, process, port, route, over, settle, status):
    return contestants.asked(places, "bench_crowd", port=port, route=route, people=contestants.PEOPLE,
                             connections=CROWD, over=over, settle=settle, status=status, process=process.pid)


def warmed(places, process, port, route):
    """A few connections' worth of requests, so that what is made once is there before memory is looked at."""
    contestants.asked(places, "bench_load", port=port, route=route, people=contestants.PEOPLE, connections=8, rate=0,
                      warm=0.2, seconds=0.5, process=process.pid, core=places.core)


def hung(places, command):
    """CROWD fan-outs of which posts never comes."""
    with contestants.upstream(places, "hang-posts") as ports, \
            contestants.contestant(places, command(ports, CROWD + 100)) as (process, port):
        warmed(places, process, port, contestants.PAIR)
        said = crowd(places, process, port, contestants.PAGE, 1.0, 0, 504)
        if said["answered_when_all_had_asked"]:
            raise contestants.Failed(
                f"{said['answered_when_all_had_asked']} were answered before all were in flight: the machine is too busy")
        return said


def idle(places, command):
    """CROWD connections that have been answered once."""
    with contestants.upstream(places) as ports, \
            contestants.contestant(places, command(ports, CROWD + 100)) as (process, port):
        warmed(places, process, port, contestants.PAIR)
        return crowd(places, process, port, contestants.PAIR, 3.0, SETTLE, 200)


def lateness_and_flight(places, names, rounds):
    """The same runs say both."""
    runs = {name: [] for name in names}
    flight = {name: [] for name in names}
    for number in range(rounds):
        for name in figures.order(names, number):
            said = hung(places, places.contestants()[name][1])
            runs[name].append(said["latency_us"])
            flight[name].append(figures.each_bytes(said["all_asked"]["share"], said["before"]["share"], CROWD))
            late = figures.lateness(said["latency_us"], contestants.LIMIT * 1e6)
            contestants.say(f"{name}: 504 late by {late['p50']:.2f} ms (p50), {late['p99']:.2f} (p99), "
                            f"earliest {late['min']:.2f}; {flight[name][-1] / 1024:.2f} KB in flight")
    return {"connections": CROWD, "limit_us": contestants.LIMIT * 1e6, "runs": runs}, flight


def idle_memory(places, names, rounds):
    each = {name: [] for name in names}
    for number in range(rounds):
        for name in figures.order(names, number):
            said = idle(places, places.contestants()[name][1])
            each[name].append(figures.each_bytes(said["end"]["share"], said["before"]["share"], CROWD))
            contestants.say(f"{name}: {each[name][-1] / 1024:.2f} KB an idle connection")
    return each


def allocations(places, names, rounds):
    """Counted by a library that is preloaded, over requests one after the other."""
    each = {name: [] for name in names}
    with contestants.upstream(places) as ports, tempfile.NamedTemporaryFile() as file:
        for _ in range(rounds):
            for name in names:
                route, command = places.contestants()[name]
                file.truncate(0)
                file.truncate(8)
                environment = {"LD_PRELOAD": places.program("libbench_allocations.so"),
                               "BENCH_ALLOCATIONS": file.name}
                with mmap.mmap(file.fileno(), 8) as counter, \
                        contestants.contestant(places, command(ports, fanout.CONNECTIONS), environment) as (process, port):
                    each[name].append(of_requests(places, process, port, route, counter))
                contestants.say(f"{name}: {each[name][-1]:.2f} heap allocations a request")
    return {"each": each}


def of_requests(places, process, port, route, counter):
    """A connection's own, made once, are among those of thousands of requests."""
    warmed(places, process, port, route)
    before, = struct.unpack("Q", counter[:8])
    if before == 0:
        raise contestants.Failed("the contestant's allocations are not counted")
    said = contestants.asked(places, "bench_load", port=port, route=route, people=contestants.PEOPLE, connections=1,
                             rate=0, warm=0, seconds=2, process=process.pid, core=places.core)
    return (struct.unpack("Q", counter[:8])[0] - before) / said["answered"]
