"""bench: the figures as a page of Markdown. Pure functions; tests/bench looks at what they write."""
import figures

PAIR, PAGE = "user, profile", "user, profile, posts"
SOURCES = {"muster": PAIR, "go": PAIR, "raw-typed": PAIR, "raw-spliced": PAIR, "muster-three": PAGE, "go-three": PAGE}


def rows(head, *lines):
    """A table; the first column is text, the others are figures."""
    return ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1),
            *("| " + " | ".join(line) + " |" for line in lines)]


def times(value):
    return "-" if value is None else f"{value:.2f}"


def us(value):
    return f"{value:.1f}"


def throughput(said):
    if "word" in said:
        return said["word"]
    return f"{said['per_second']:,.0f}"


def machine(about):
    return [f"- {name}: {about[name]}" for name in ("cpu", "cores", "kernel", "compiler", "go", "commit", "date")]


def cost(rounds, names, kind, last):
    """The table of one kind of window; `last` names its last columns and gives their cells."""
    head = ["contestant", "fetches", "us a request, median", "least", "spread", "x Go", "x raw typed", *last[0]]
    lines = []
    for name in names:
        said = figures.summary(rounds, name)[kind]
        pair = "go-three" if name.endswith("-three") else "go"
        raw = None if name.endswith("-three") else "raw-typed"
        lines.append([name, SOURCES[name], us(said["median"]), us(said["min"]), us(said["spread"]),
                      times(figures.ratios(rounds, name, pair, kind)),
                      times(figures.ratios(rounds, name, raw, kind) if raw else None), *last[1](said)])
    return rows(head, *lines)


def fanout(result):
    names, rounds = result["contestants"], result["rounds"]
    disturbed = max(figures.summary(rounds, name)[kind]["others"] for kind in ("fixed", "saturated") for name in names)
    lines = [
        "## CPU time of a fan-out",
        "",
        f"{len(rounds)} rounds, windows of {result['seconds']:g} s, {result['connections']} connections. User and system",
        "time of the contestant's threads over the requests it answered; ratios are the median of the rounds' ratios.",
        "",
        f"At a fixed rate of {result['rate']:,.0f} requests a second (half of what Go can):",
        "",
        *cost(rounds, names, "fixed", (["latency p50, us", "p99, us", "rounds behind"], lambda said: [
            us(said["p50_us"]), us(said["p99_us"]), str(said["behind"])])),
        "",
        "Saturated:",
        "",
        *cost(rounds, names, "saturated", (["core busy", "requests a second"], lambda said: [
            f"{said['busy']:.0%}", throughput(said["throughput"])])),
    ]
    if disturbed > figures.OTHERS:
        lines += ["", f"**Disturbed**: in the worst window something else used {disturbed:.0%} of the core."]
    return lines


def lateness(result):
    """result: {"connections": n, "runs": {name: [latency_us]}, "limit_us": ...}"""
    lines = []
    for name, runs in result["runs"].items():
        late = [figures.lateness(run, result["limit_us"]) for run in runs]
        lines.append([name, *(f"{max(run[key] for run in late):.2f}" for key in ("p50", "p99", "max")),
                      f"{min(run['min'] for run in late):.2f}", "yes" if any(run["early"] for run in late) else "never"])
    return [
        "## Lateness of the 504",
        "",
        f"{result['connections']:,} requests in flight, begun evenly over 1 s; only posts hangs; the limit is",
        f"{result['limit_us'] / 1e6:g} s. In ms after the limit, measured from before the request was written; the worst",
        f"of {len(next(iter(result['runs'].values())))} runs of each.",
        "",
        *rows(["contestant", "p50", "p99", "latest", "earliest", "early"], *lines),
    ]


def memory(result):
    """result: {"connections": n, "idle": {name: [bytes]}, "flight": {name: [bytes]}}"""
    def cells(runs):
        said = figures.spread(runs)
        return [f"{said['median'] / 1024:.2f}", f"{said['min'] / 1024:.2f}", f"{said['spread'] / 1024:.2f}"]

    lines = [[name, what, *cells(result[key][name])] for key, what in (
        ("idle", "idle connection that has been answered once"), ("flight", "request in flight, its connection included"))
        for name in result[key]]
    return [
        "## Memory",
        "",
        f"Growth of the process's share of memory (PSS) with {result['connections']:,} of each, in KB for one. What the",
        "kernel holds for sockets is not in it.",
        "",
        *rows(["contestant", "of", "median", "least", "spread"], *lines),
    ]


def allocations(result):
    """result: {"each": {name: [allocations a request]}}"""
    return [
        "## Heap allocations",
        "",
        "Of a warm fan-out, the whole request, as many as two seconds take one after the other on one connection.",
        "",
        *rows(["contestant", "median", "least", "spread"], *(
            [name, *(f"{value:.2f}" for value in figures.spread(values).values())]
            for name, values in result["each"].items())),
    ]


SECTIONS = {"fanout": fanout, "lateness": lateness, "memory": memory, "allocations": allocations}


def page(results):
    """Everything that was measured, in the order of SECTIONS."""
    lines = ["# muster's benchmark", "", *machine(results["machine"])]
    for name, write in SECTIONS.items():
        if name in results:
            lines += ["", *write(results[name])]
    return "\n".join(lines) + "\n"
