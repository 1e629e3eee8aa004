#!/usr/bin/env python3
"""tests/soak: that the verdict sees what it is for. A run of four hundred requests is made up, in which all is well; then
one thing after another is spoilt, and each has to be found, by the sentence that is about it."""
import contextlib
import copy
import io
import json
import pathlib
import tempfile

import clients
import plans
import verdict

ENGINE = clients.Engine(0, 0, "", {"/user/1": b"the right body"})


class Run:
    """What soak.py hands to verdict.py."""

    def __init__(self):
        self.asked, self.records = {}, []
        self.refused, self.unseen = {"made-up-1": 414}, {("GET", "/livez", 200): 1}
        for i in range(400):
            status, target = ((200, "/user/1"), (504, "/user/121"), (499, "/user/121"), (503, "/user/151"))[i % 4]
            each = plans.Asked(f"soak1-{i}-0", target, {status} if status != 499 else {504})
            if status == 499:
                each.stays, each.left_after = False, 0.1
            else:
                each.seen, each.size = status, 300
            self.asked[each.id] = each
            self.record(each.id, target, status, "client_gone" if status == 499 else None, 0 if status == 499 else 300)
        self.record("made-up-1", "/" + "a" * 1000, 414, "refused", 350)
        self.record("made-up-2", "/livez", 200, None, 200)
        self.before = roll([("listeners", "127.0.0.1:80", "loop-0"), ("background", "clients that leave", "loop-0")])
        self.after = roll([("listeners", "127.0.0.1:80", "loop-0"), ("background", "clients that leave", "loop-0"),
                           ("requests", "GET /debug/tasks", "admin"), ("connections", "answering", "admin")])
        self.descriptors = (70, 69)
        self.memory = [(i, 20e6) for i in range(400)]
        self.log = json.dumps({"level": "info", "message": "ready"})

    def record(self, ident, target, status, cause, size):
        self.records.append({"request_id": ident, "method": "GET", "target": target, "status": status, "cause": cause,
                             "bytes": size})

    def of(self, ident):
        return next(record for record in self.records if record["request_id"] == ident)

    def findings(self):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
            file.writelines(record if isinstance(record, str) else json.dumps(record) + "\n" for record in self.records)
            file.flush()
            tally = verdict.Tally(pathlib.Path(file.name))
        with contextlib.redirect_stdout(io.StringIO()):
            return [*verdict.of_answers(self.asked, self.refused, self.unseen, tally),
                    *verdict.of_the_leavers(self.asked, tally, 0.01), *verdict.of_the_unplanned(self.asked, 0.01),
                    *verdict.of_the_mix(tally, 0.05), *verdict.of_the_roll(self.before, self.after),
                    *verdict.of_the_counters(self.after), *verdict.of_descriptors(*self.descriptors),
                    *verdict.of_memory(self.memory, 400, 0.05, 4e6), *verdict.of_the_log(self.log, self.asked)]


def task(name, loop):
    return {"name": name, "loop": loop, "age_ms": 1.0, "state": "waiting", "waits_for": "i/o", "function": "f", "at": "f.cpp:1",
            "tasks": []}


def roll(tasks):
    made = {"requests": [], "background": [], "listeners": [], "connections": [], "abandoned": [],
            "logs": [{"log": "access log", "dropped": 0}]}
    for section, name, loop in tasks:
        made[section].append(task(name, loop))
    made["loops"] = [{"name": loop, "answered": True, "started": 1000, "live_tasks": live, "ended": 1000 - live}
                     for loop in ("loop-0", "admin") for live in [sum(1 for t in tasks if t[2] == loop)]]
    made["totals"] = {"live_tasks": len(tasks)}
    return made


def more(run, section, name, loop, below=None):
    """One more task lives, and is counted."""
    (run.after[section] if below is None else below["tasks"]).append(task(name, loop))
    run.after["totals"]["live_tasks"] += 1
    counts = next(l for l in run.after["loops"] if l["name"] == loop)
    counts["live_tasks"] += 1
    counts["ended"] -= 1


def of_the_client(run, status, ident, body):
    """As clients.py judges an answer to the first request."""
    class Answered(clients.Client):
        def answer(self, *_, **__):
            return status, ident, body, 300
            yield

    asked = run.asked["soak1-0-0"]
    plan = plans.Planner(1, 1).plan(0)
    for _ in Answered(ENGINE, plan).is_answered(asked):
        pass
    run.of("soak1-0-0")["status"] = status


SPOILT = {}


def spoils(text):
    def keep(how):
        SPOILT[how.__name__] = (how, text)
        return how

    return keep


@spoils("was answered 200 and is not in the access log")
def a_lost_record(run):
    run.records.remove(run.of("soak1-0-0"))


@spoils("was sent whole before its client left, and is not in the access log")
def a_lost_record_of_a_leaver(run):
    run.records.remove(run.of("soak1-2-0"))


@spoils("is in the access log 2 times")
def a_doubled_record(run):
    run.records.append(run.of("soak1-0-0"))


@spoils("a line of the access log is none")
def half_a_record(run):
    run.records.append('{"request_id":"soa')


@spoils("its client waited, no answer came")
def a_lost_answer(run):
    run.asked["soak1-0-0"].seen = None


@spoils("its client waited for an answer; none came, and the access log has none")
def a_lost_request(run):
    run.asked["soak1-0-0"].seen = None
    run.records.remove(run.of("soak1-0-0"))


@spoils("answered 404")
def a_wrong_status(run):
    of_the_client(run, 404, "soak1-0-0", b"{}")


@spoils("the body of another")
def a_wrong_body(run):
    of_the_client(run, 200, "soak1-0-0", b"somebody else's")


@spoils("the answer has the id 'soak1-4-0'")
def a_wrong_id(run):
    of_the_client(run, 200, "soak1-4-0", b"the right body")


@spoils("the access log has")
def another_status_in_the_log(run):
    run.of("soak1-0-0")["status"] = 404


@spoils("with 300 bytes, and the access log has")
def other_bytes_in_the_log(run):
    run.of("soak1-0-0")["bytes"] = 299


@spoils("its client stayed")
def a_client_that_stayed_as_gone(run):
    run.of("soak1-0-0")["cause"] = "client_gone"


@spoils("while it hung, and the access log has")
def a_leaver_as_answered(run):
    run.asked["soak1-2-0"].allowed |= {200}
    run.of("soak1-2-0").update(status=200, cause=None)


@spoils("who left while their request hung are not recorded as gone")
def many_leavers_as_cut(run):
    for i in range(2, 22, 4):
        run.of(f"soak1-{i}-0").update(status=504, cause=None)


@spoils("a request that nobody sent")
def an_unknown_id_of_ours(run):
    run.record("soak1-999-0", "/user/1", 200, None, 300)


@spoils("a request that nobody sent")
def an_unknown_id_of_nobody(run):
    run.record("made-up-3", "/user/1", 200, None, 300)


@spoils("a request that nobody sent")
def one_poll_too_many(run):
    run.record("made-up-3", "/livez", 200, None, 200)


@spoils("rubbish was answered 414 as made-up-1")
def an_answer_to_rubbish_without_a_record(run):
    run.records.remove(run.of("made-up-1"))


@spoils("a task is left in background: \"planted\"")
def a_task_left_in_the_background(run):
    more(run, "background", "planted", "loop-0")


@spoils("a task is left in requests: \"a child\"")
def a_child_that_outlives_its_request(run):
    more(run, "requests", "a child", "admin", below=run.after["requests"][0])


@spoils("a task is left in requests: \"GET /debug/tasks\"")
def a_second_request_for_the_roll(run):
    more(run, "requests", "GET /debug/tasks", "admin")


@spoils("a task is left in connections: \"answering\"")
def a_connection_left_on_a_public_loop(run):
    more(run, "connections", "answering", "loop-0")


@spoils("was there at the start and is not any more")
def a_task_that_ended(run):
    run.after["listeners"].clear()
    run.after["totals"]["live_tasks"] -= 1
    run.after["loops"][0].update(live_tasks=1, ended=999)


@spoils("an abandoned operation is left")
def an_abandoned_operation(run):
    run.after["abandoned"].append({"resource": "a worker of posts"})


@spoils("has dropped 1")
def a_dropped_record(run):
    run.after["logs"][0]["dropped"] = 1


@spoils("loop-0 has started 1000 tasks, ended 997, and 2 are alive")
def counters_that_do_not_add_up(run):
    run.after["loops"][0]["ended"] -= 1


@spoils("the roll lists 4 tasks, its totals say 5")
def a_task_that_is_not_listed(run):
    run.after["totals"]["live_tasks"] += 1


@spoils("loop-0 does not answer")
def a_stuck_loop(run):
    run.after["loops"][0]["answered"] = False


@spoils("71 descriptors are open, 70 were after the warm-up")
def a_descriptor_left(run):
    run.descriptors = (70, 71)


@spoils("memory grew from 20.0 MB in the second tenth to 26.0 MB")
def memory_that_grows(run):
    run.memory = [(i, 20e6 if i < 200 else 26e6) for i in range(400)]


@spoils("a 503 or 504 that was not planned")
def answers_that_the_machine_cut(run):
    for i in range(0, 20, 4):
        run.asked[f"soak1-{i}-0"].seen = 504
        run.of(f"soak1-{i}-0")["status"] = 504


@spoils("of 402 requests ended with 503")
def a_run_without_refusals(run):
    for i in range(3, 400, 4):
        each = run.asked[f"soak1-{i}-0"]
        each.planned = each.allowed = {200}
        each.seen = run.of(each.id)["status"] = 200


@spoils("a sanitizer speaks")
def a_sanitizer(run):
    run.log += "\nSUMMARY: AddressSanitizer: heap-use-after-free"


@spoils("the log has an error")
def an_error_in_the_log(run):
    run.log += "\n" + json.dumps({"level": "error", "message": "request x failed"})


def main():
    well = Run()
    assert well.findings() == [], well.findings()
    missed = []
    for name, (spoil, text) in SPOILT.items():
        run = copy.deepcopy(well)
        spoil(run)
        found = run.findings()
        if not any(text in finding for finding in found):
            missed.append(f"{name.replace('_', ' ')}: not \"{text}\" but {found}")
    for one in missed:
        print(f"MISSED {one}")
    print(f"{len(SPOILT) - len(missed)} of {len(SPOILT)} spoilt runs were seen")
    raise SystemExit(1 if missed else 0)


main()
