"""bench: the arithmetic of the figures: what a window says, what rounds say together, and when a figure is none. Pure
functions; tests/bench looks at every one."""
import statistics

BUSY = 0.95  # of the contestant's core by the contestant: below that it was the load that set the pace
OTHERS = 0.03  # of that core by somebody else: above that the window was disturbed


class Unanswered(Exception):
    """A window says nothing."""


def window(said):
    """What bench_load said about one window, as figures: CPU time an answered request in us, the share of its core that
    the contestant and that others used, answers a second."""
    wall = said["wall_ns"]
    if said["answered"] == 0:
        raise Unanswered("nothing was answered in the window")
    busy = said["cpu_ns"] / wall
    return {
        "cpu_us": said["cpu_ns"] / said["answered"] / 1000,
        "busy": busy,
        "others": max(0.0, 1 - said["idle_ns"] / wall - busy),
        "per_second": said["answered"] * 1e9 / wall,
        "offered": said["offered"],
        "latency_us": said["latency_us"],
    }


def spread(values):
    """Median, least, and largest less least."""
    return {"median": statistics.median(values), "min": min(values), "spread": max(values) - min(values)}


def ratio(mine, other):
    """The median of the ratios of each round: what slows a whole round slows both."""
    if len(mine) != len(other):
        raise ValueError("rounds of different numbers have no ratio")
    return statistics.median(a / b for a, b in zip(mine, other))


def throughput(windows):
    """The median of the windows in which the contestant's core was busy with it, and how many these were; a word
    where fewer than half were: what was measured then is the load ("load-bound"), or the machine ("disturbed")."""
    busy = [w["per_second"] for w in windows if w["busy"] >= BUSY]
    if 2 * len(busy) >= len(windows):
        return {"per_second": statistics.median(busy), "windows": len(busy)}
    full = sum(1 for w in windows if w["busy"] + w["others"] >= BUSY)
    return {"word": "disturbed" if 2 * full >= len(windows) else "load-bound", "windows": len(busy)}


def kept_up(window_, least=0.98):
    """Whether what was offered at a fixed rate was answered."""
    return window_["offered"] == 0 or window_["per_second"] >= least * window_["offered"]


def order(names, number):
    """The contestants of round `number`, each at another place in every round."""
    turn = number % len(names)
    return names[turn:] + names[:turn]


def summary(rounds, name):
    """All rounds of one contestant. rounds: [{name: {"fixed": window, "saturated": window}}]."""
    said = {}
    for kind in ("fixed", "saturated"):
        windows = [each[name][kind] for each in rounds]
        said[kind] = spread([w["cpu_us"] for w in windows])
        said[kind]["busy"] = statistics.median(w["busy"] for w in windows)
        said[kind]["others"] = max(w["others"] for w in windows)
        said[kind]["p50_us"] = statistics.median(w["latency_us"]["p50"] for w in windows)
        said[kind]["p99_us"] = statistics.median(w["latency_us"]["p99"] for w in windows)
    said["fixed"]["behind"] = sum(1 for each in rounds if not kept_up(each[name]["fixed"]))
    said["saturated"]["throughput"] = throughput([each[name]["saturated"] for each in rounds])
    return said


def ratios(rounds, name, other, kind):
    """The ratio of two contestants' CPU time a request, or nothing where there is no other."""
    if any(other not in each for each in rounds):
        return None
    return ratio([each[name][kind]["cpu_us"] for each in rounds], [each[other][kind]["cpu_us"] for each in rounds])


def lateness(latency_us, limit_us):
    """How long after its limit (us) an answer came, in ms; "early" is whether one came before."""
    return {name: (latency_us[name] - limit_us) / 1000 for name in ("min", "p50", "p99", "max")} | {
        "early": latency_us["min"] < limit_us}


def each_bytes(after, before, count):
    """Memory for one of `count`."""
    return (after - before) / count
