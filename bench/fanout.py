"""bench: CPU time of a fan-out: every round runs every contestant once, each newly started, first at the fixed rate,
then saturated."""
import contestants
import figures

CONNECTIONS = 64
WARM = 1.0  # s, before each window


def load(places, process, port, route, rate, seconds):
    return contestants.asked(places, "bench_load", port=port, route=route, people=contestants.PEOPLE,
                             connections=CONNECTIONS, rate=rate, warm=WARM, seconds=seconds, process=process.pid, core=places.core)


def measured(places, ports, route, command, rates, seconds):
    """One contestant's windows, one for each rate; and that it made as many fetches as it should have."""
    before = contestants.counts(ports)
    windows = []
    with contestants.contestant(places, command(ports, CONNECTIONS)) as (process, port):
        for rate in rates:
            windows.append(load(places, process, port, route, rate, seconds))
    after = contestants.counts(ports)
    fetched = {name: after[name] - before[name] for name in after}
    answered = sum(window["answered"] for window in windows)
    wanted = ("users", "profiles") if route == contestants.PAIR else ("users", "profiles", "posts")
    if any(fetched[name] < answered if name in wanted else fetched[name] != 0 for name in fetched):
        raise contestants.Failed(f"{answered} requests were answered with these fetches: {fetched}")
    return [figures.window(window) for window in windows]


def capacity_of_go(places, ports, seconds):
    route, command = places.contestants()["go"]
    [window] = measured(places, ports, route, command, [0], seconds)
    contestants.say(f"Go, saturated: {window['per_second']:,.0f} requests a second, its core {window['busy']:.0%} busy")
    return window["per_second"]


def run(places, names, rounds, seconds, rate=None):
    known = places.contestants()
    done = []
    with contestants.upstream(places) as ports:
        rate = rate or round(capacity_of_go(places, ports, seconds) / 2, -2)
        contestants.say(f"the fixed rate is {rate:,.0f} requests a second")
        for number in range(rounds):
            said = {}
            for name in figures.order(names, number):
                route, command = known[name]
                fixed, saturated = measured(places, ports, route, command, [rate, 0], seconds)
                said[name] = {"fixed": fixed, "saturated": saturated}
            done.append(said)
            shown = (f"{name} {said[name]['fixed']['cpu_us']:.1f} {said[name]['saturated']['cpu_us']:.1f}"
                     for name in names)
            contestants.say(f"round {number + 1} of {rounds}, us a request, fixed and saturated: {', '.join(shown)}")
    return {"contestants": names, "connections": CONNECTIONS, "seconds": seconds, "rate": rate, "rounds": done}
