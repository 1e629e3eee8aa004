#!/usr/bin/env python3
"""tests/bench: the benchmark's own arithmetic and its page, on figures that can be checked by hand."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

import figures  # noqa: E402
import run  # noqa: E402
import table  # noqa: E402

LATENCY = {"count": 4, "min": 10.0, "p50": 20.0, "p99": 40.0, "max": 40.0}


def said(answered, cpu_s, idle_s=0.0, wall_s=2.0, offered=0.0):
    """What bench_load prints about a window."""
    return {"answered": answered, "cpu_ns": round(cpu_s * 1e9), "wall_ns": round(wall_s * 1e9),
            "idle_ns": round(idle_s * 1e9), "offered": offered, "latency_us": LATENCY}


def a_round(go, muster, raw):
    """CPU time a request in us, the same at both kinds of load; the core is busy."""
    def windows(cpu_us):
        return {"fixed": figures.window(said(1000, cpu_us / 1000, 2 - cpu_us / 1000, 2.0, 500.0)),
                "saturated": figures.window(said(2_000_000 / cpu_us, 2.0))}
    return {"go": windows(go), "muster": windows(muster), "raw-typed": windows(raw)}


class Windows(unittest.TestCase):
    def test_cost_is_cpu_time_over_answers(self):
        self.assertAlmostEqual(figures.window(said(40_000, 2.0))["cpu_us"], 50.0)

    def test_a_rate_is_answers_over_the_time_that_passed(self):
        self.assertAlmostEqual(figures.window(said(40_000, 2.0, wall_s=4.0))["per_second"], 10_000)

    def test_what_was_neither_the_contestants_nor_idle_was_others(self):
        window = figures.window(said(1, 1.0, idle_s=0.4))
        self.assertAlmostEqual(window["busy"], 0.5)
        self.assertAlmostEqual(window["others"], 0.3)

    def test_ticks_that_count_more_idle_time_than_there_was_make_no_negative_share(self):
        self.assertEqual(figures.window(said(1, 1.0, idle_s=1.01))["others"], 0.0)

    def test_a_window_without_answers_is_refused(self):
        with self.assertRaises(figures.Unanswered):
            figures.window(said(0, 1.0))

    def test_an_offered_rate_is_kept_up_with_or_not(self):
        self.assertTrue(figures.kept_up(figures.window(said(990, 1.0, offered=500.0))))
        self.assertFalse(figures.kept_up(figures.window(said(970, 1.0, offered=500.0))))
        self.assertTrue(figures.kept_up(figures.window(said(1, 1.0))))


class Rounds(unittest.TestCase):
    def test_spread_is_median_least_and_range(self):
        self.assertEqual(figures.spread([5.0, 1.0, 3.0]), {"median": 3.0, "min": 1.0, "spread": 4.0})
        self.assertEqual(figures.spread([4.0, 1.0, 3.0, 2.0])["median"], 2.5)

    def test_a_ratio_is_of_the_same_round(self):
        # The second round is twice as slow for both: the ratio does not see it.
        self.assertEqual(figures.ratio([10.0, 20.0, 10.0], [40.0, 80.0, 50.0]), 0.25)
        with self.assertRaises(ValueError):
            figures.ratio([1.0], [1.0, 2.0])

    def test_throughput_is_told_only_of_a_busy_core(self):
        busy, slack, shared = said(2000, 1.92), said(1000, 1.0, idle_s=1.0), said(1000, 1.0)
        told = lambda *windows: figures.throughput([figures.window(w) for w in windows])
        self.assertEqual(told(busy, busy, slack), {"per_second": 1000.0, "windows": 2})
        self.assertEqual(told(slack, slack, busy), {"word": "load-bound", "windows": 1})
        self.assertEqual(told(shared, shared, busy), {"word": "disturbed", "windows": 1})
        self.assertEqual(told(said(2000, 1.89, idle_s=0.11)), {"word": "load-bound", "windows": 0})

    def test_every_contestant_has_every_place_once_in_as_many_rounds(self):
        names = ["a", "b", "c"]
        orders = [figures.order(names, number) for number in range(3)]
        for place in range(3):
            self.assertEqual(sorted(each[place] for each in orders), names)

    def test_the_summary_of_rounds(self):
        rounds = [a_round(100, 25, 20), a_round(110, 22, 20), a_round(90, 45, 20)]
        summary = figures.summary(rounds, "muster")
        self.assertAlmostEqual(summary["fixed"]["median"], 25.0)
        self.assertAlmostEqual(summary["fixed"]["spread"], 23.0)
        self.assertEqual(summary["fixed"]["behind"], 0)
        self.assertAlmostEqual(figures.ratios(rounds, "muster", "go", "saturated"), 0.25)
        self.assertIsNone(figures.ratios(rounds, "muster", "nginx", "fixed"))


class Crowds(unittest.TestCase):
    def test_lateness_is_after_the_limit_and_early_is_before_it(self):
        latency = {"min": 5_000_100.0, "p50": 5_001_000.0, "p99": 5_004_000.0, "max": 5_009_000.0}
        late = figures.lateness(latency, 5e6)
        self.assertAlmostEqual(late["p99"], 4.0)
        self.assertAlmostEqual(late["min"], 0.1)
        self.assertFalse(late["early"])
        self.assertTrue(figures.lateness(latency | {"min": 4_999_999.0}, 5e6)["early"])

    def test_memory_is_shared_out(self):
        self.assertEqual(figures.each_bytes(6_000_000, 1_000_000, 5000), 1000)


class Page(unittest.TestCase):
    RESULTS = {
        "machine": {"cpu": "a CPU", "cores": 2, "kernel": "6.1", "compiler": "clang", "go": "go1.23", "commit": "abc",
                    "date": "today"},
        "fanout": {"contestants": ["muster", "go", "raw-typed"], "connections": 64, "seconds": 2.0, "rate": 500.0,
                   "rounds": [a_round(100, 25, 20)]},
        "lateness": {"connections": 5000, "limit_us": 5e6, "runs": {"muster": [
            {"min": 5_000_100.0, "p50": 5_001_000.0, "p99": 5_004_000.0, "max": 5_009_000.0},
            {"min": 5_000_200.0, "p50": 5_002_000.0, "p99": 5_003_000.0, "max": 5_010_000.0}]}},
        "memory": {"connections": 5000, "idle": {"muster": [1024.0, 2048.0, 4096.0]}, "flight": {"muster": [10240.0]}},
        "allocations": {"each": {"muster": [4.0, 4.25, 4.5]}},
    }

    def row(self, start):
        found = [line for line in table.page(self.RESULTS).splitlines() if line.startswith(start)]
        self.assertEqual(len(found), 1, found)
        return [cell.strip() for cell in found[0].strip("|").split("|")]

    def test_every_table_has_as_many_cells_in_every_row(self):
        columns = None
        for line in table.page(self.RESULTS).splitlines():
            if line.startswith("|"):
                columns = columns or line.count("|")
                self.assertEqual(line.count("|"), columns, line)
            else:
                columns = None

    def test_the_cost_stands_beside_its_ratios(self):
        page = table.page(self.RESULTS)
        self.assertIn("| muster | user, profile | 25.0 | 25.0 | 0.0 | 0.25 | 1.25 | 20.0 | 40.0 | 0 |", page)
        self.assertIn("| muster | user, profile | 25.0 | 25.0 | 0.0 | 0.25 | 1.25 | 100% | 40,000 |", page)

    def test_the_worst_run_is_told_of_lateness(self):
        self.assertIn("| muster | 2.00 | 4.00 | 10.00 | 0.10 | never |", table.page(self.RESULTS))

    def test_memory_is_in_kilobytes(self):
        self.assertEqual(self.row("| muster | idle")[2:], ["2.00", "1.00", "3.00"])
        self.assertEqual(self.row("| muster | request in")[2:], ["10.00", "10.00", "0.00"])

    def test_allocations_are_told(self):
        self.assertIn("| muster | 4.25 | 4.00 | 0.50 |", table.page(self.RESULTS))

    def test_what_was_not_measured_is_left_out(self):
        page = table.page({"machine": self.RESULTS["machine"]})
        self.assertNotIn("##", page)
        self.assertIn("- cpu: a CPU", page)

    def test_others_on_the_core_are_told(self):
        self.assertNotIn("Disturbed", table.page(self.RESULTS))
        disturbed = a_round(100, 25, 20)
        disturbed["go"]["saturated"] = figures.window(said(1000, 1.0, idle_s=0.5))
        self.assertIn("**Disturbed**: in the worst window something else used 25%",
                      table.page(self.RESULTS | {"fanout": self.RESULTS["fanout"] | {"rounds": [disturbed]}}))


class CommandLine(unittest.TestCase):
    def test_names_and_options_are_read(self):
        given = run.arguments(["fanout", "memory", "--rounds", "9", "--seconds", "0.5"])
        self.assertEqual((given.what, given.rounds, given.seconds), (["fanout", "memory"], 9, 0.5))
        self.assertEqual(run.arguments([]).what, [])

    def test_what_is_not_known_is_refused(self):
        for words in (["fan"], ["--rounds", "0"], ["--seconds", "-1"], ["--contestants", "nginx"]):
            with self.assertRaises(SystemExit), open("/dev/null", "w") as nowhere:
                before, sys.stderr = sys.stderr, nowhere
                try:
                    run.arguments(words)
                finally:
                    sys.stderr = before


if __name__ == "__main__":
    unittest.main()
