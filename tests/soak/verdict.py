"""tests/soak: what must be true when the clients have gone. Every function yields findings, one sentence each; none at
all is a pass."""
import collections
import json

GONE = "client_gone"


class OfPace(str):
    """A finding that a stalled machine may be the cause of, too: of the next run it would hardly be."""


class Tally:
    """The access log, by request id."""

    def __init__(self, path):
        self.records = collections.defaultdict(list)
        self.statuses = collections.Counter()
        self.broken = []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                try:
                    record = json.loads(line)
                    self.records[record["request_id"]].append(record)
                except (ValueError, KeyError):
                    self.broken.append(line)
                    continue
                self.statuses[record["status"]] += 1


def of_answers(asked, refused, unseen, tally):
    """One by one: what each client saw against what the log says of it."""
    for line in tally.broken:
        yield f"a line of the access log is none: {line!r}"
    unseen = collections.Counter(unseen)
    for ident, records in tally.records.items():
        if ident in asked or ident in refused:
            continue
        for record in records:
            what = record["method"], record["target"], record["status"]
            unseen[what] -= 1
            if unseen[what] < 0:
                yield f"the access log has a request that nobody sent: {record}"
    for ident, status in refused.items():
        records = tally.records.get(ident, [])
        if [r["status"] for r in records] != [status]:
            yield f"rubbish was answered {status} as {ident}, and the access log has {records}"
    for each in asked.values():
        if each.trouble:
            yield f"{each}: {each.trouble}"
        yield from of_one(each, tally.records.get(each.id, []))


def of_one(asked, records):
    if len(records) > 1:
        yield f"{asked} is in the access log {len(records)} times: {records}"
        return
    if not records:
        if asked.seen is not None:
            yield f"{asked} was answered {asked.seen} and is not in the access log"
        elif asked.stays:
            yield f"{asked}: its client waited for an answer; none came, and the access log has none"
        elif asked.surely_read:
            yield f"{asked} was sent whole before its client left, and is not in the access log"
        return
    record = records[0]
    status, cause = record["status"], record["cause"]
    if record["target"] != asked.target or record["method"] != asked.method:
        yield f"{asked} is in the access log as {record}"
    if asked.seen is not None:  # answered to the last byte, whatever its client did then
        if status != asked.seen or record["bytes"] != asked.size:
            yield f"{asked} was answered {asked.seen} with {asked.size} bytes, and the access log has {record}"
        if asked.stays and cause == GONE:
            yield f"{asked}: its client stayed, and the access log has {record}"
    elif asked.stays:
        yield f"{asked}: its client waited, no answer came, and the access log has {record}"
    elif asked.finish and status not in asked.allowed:
        yield f"{asked} was to finish although its client had left, and the access log has {record}"
    elif not asked.finish and not (status == 499 and cause == GONE) and status not in asked.allowed:
        yield f"{asked}: its client left, and the access log has {record}"


def of_the_leavers(asked, tally, most):
    """Who left while the request hung must be 499. A stall of the machine may let the limit, or the end of the workers,
    be there first: of so many at most."""
    must = [each for each in asked.values() if each.left_after is not None]
    late = []
    for each in must:
        for record in tally.records.get(each.id, []):
            if (record["status"], record["cause"]) == (499, GONE):
                continue
            late.append(each)
            if record["status"] not in (503, 504) or record["cause"] == GONE:
                yield f"{each}: its client left after {each.left_after * 1000:.0f} ms while it hung, and the access log has {record}"
    print(f"soak: {len(must)} left while their request hung; {len(late)} of them are not recorded as gone")
    if len(late) > most * len(must):
        yield OfPace(f"{len(late)} of {len(must)} who left while their request hung are not recorded as gone, such as {late[0]}")


def of_the_unplanned(asked, most):
    """Requests that the machine cut or refused, where the plan did not."""
    answered = [each for each in asked.values() if each.seen is not None]
    unplanned = [each for each in answered if each.seen not in each.planned]
    share = len(unplanned) / max(len(answered), 1)
    print(f"soak: {len(unplanned)} of {len(answered)} answers are a 503 or 504 that was not planned")
    if share > most:
        yield OfPace(f"{share:.1%} of the answers are a 503 or 504 that was not planned, such as that to {unplanned[0]}")


def of_the_mix(tally, least):
    total = sum(tally.statuses.values())
    for status in (200, 504, 499, 503):
        share = tally.statuses[status] / max(total, 1)
        if share < least:
            yield OfPace(f"only {share:.1%} of {total} requests ended with {status}: this run proves too little")


def tasks_of(roll):
    """(section, task) of every task in the roll, children too."""
    def below(section, tasks):
        for task in tasks:
            yield section, task
            yield from below(section, task["tasks"])

    for section in ("requests", "background", "listeners", "connections"):
        yield from below(section, roll[section])


def of_the_roll(before, after):
    """Nothing is alive but what was at the start, and whoever asks: one request and its connection on the admin loop."""
    asks = collections.Counter({("requests", "GET /debug/tasks", "admin"): 1, ("connections", "answering", "admin"): 1})
    at_the_start = collections.Counter(t["name"] for s, t in tasks_of(before) if s in ("background", "listeners"))
    for section, task in tasks_of(after):
        who = section, task["name"], task["loop"]
        if asks[who] > 0:
            asks[who] -= 1
            continue
        if section in ("background", "listeners") and at_the_start[task["name"]] > 0:
            at_the_start[task["name"]] -= 1
            continue
        yield (f"a task is left in {section}: \"{task['name']}\" {task.get('request_id', '')} on {task['loop']}, "
               f"{task['age_ms'] / 1000:.1f} s old, {task['state']} {task['waits_for']} in {task['function']} at {task['at']}")
    for name, missing in at_the_start.items():
        if missing > 0:
            yield f"the task \"{name}\" was there at the start and is not any more"
    for operation in after["abandoned"]:
        yield f"an abandoned operation is left: {operation}"
    for log in after["logs"]:
        if log["dropped"] != 0:
            yield f"the {log['log']} has dropped {log['dropped']}"


def of_the_counters(roll):
    for loop in roll["loops"]:
        if not loop["answered"]:
            yield f"{loop['name']} does not answer"
        elif loop["started"] != loop["ended"] + loop["live_tasks"]:
            yield f"{loop['name']} has started {loop['started']} tasks, ended {loop['ended']}, and {loop['live_tasks']} are alive"
    listed = sum(1 for _ in tasks_of(roll))
    live = sum(loop["live_tasks"] for loop in roll["loops"] if loop["answered"])
    if not listed == live == roll["totals"]["live_tasks"]:
        yield f"the roll lists {listed} tasks, its totals say {roll['totals']['live_tasks']}, its loops {live}"


def of_descriptors(before, after):
    if after > before:
        yield f"{after} descriptors are open, {before} were after the warm-up"


def of_memory(samples, requests, share, slack):
    """`samples`: (requests ended, bytes). The last tenth against the second."""
    def mean(low, high):
        within = [size for done, size in samples if low * requests <= done < high * requests]
        nearest = min(samples, key=lambda sample: abs(sample[0] - (low + high) / 2 * requests))[1]  # of a short run
        return sum(within) / len(within) if within else nearest

    early, late = mean(0.1, 0.2), mean(0.9, 1.01)
    print(f"soak: memory {early / 1e6:.1f} MB in the second tenth, {late / 1e6:.1f} MB in the last")
    if late > early * (1 + share) + slack:
        yield OfPace(f"memory grew from {early / 1e6:.1f} MB in the second tenth to {late / 1e6:.1f} MB in the last")


def of_the_log(log, asked):
    """The server's own log: no error but of the requests that ask for one, and nothing of a sanitizer."""
    throws = {each.id for each in asked.values() if each.target == "/test/throw"}
    for line in log.splitlines():
        if "Sanitizer" in line or "runtime error:" in line:
            yield f"a sanitizer speaks: {line}"
        elif line.startswith("{"):
            entry = json.loads(line)
            if entry.get("level") in ("error", "critical") and not throws & set(entry["message"].split()):
                yield f"the log has an error: {line}"
            elif "dropped" in entry.get("message", ""):
                yield f"the log tells of drops: {line}"
