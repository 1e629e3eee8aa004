"""tests/conformance: the parser of the vectors refuses every mistake, by file and line (mistakes.txt, which the parser in
C++ is held to as well), and what it read is what was written."""
import pathlib
import re
import sys

import vectors

HERE = pathlib.Path(__file__).resolve().parent
failures = []


def check(condition, *what):
    if not condition:
        failures.append(" ".join(str(w) for w in what))


cases = re.split(r"^=== ", (HERE / "mistakes.txt").read_text(), flags=re.M)[1:]
check(len(cases) > 50, "only", len(cases), "cases")
for case in cases:
    first, _, text = case.partition("\n")
    line, _, words = first.partition(" ")
    try:
        found = vectors.parse(text, "f.vectors")
        check(line == "0", f"no mistake was found, expected line {line}: {words}:\n{text}")
    except vectors.Mistake as mistake:
        check(str(mistake).startswith(f"f.vectors:{line}: ") and words in str(mistake), f"'{mistake}' is not '{first}':\n{text}")
        continue
    check([v.id for v in found] == ["all-there-is", "another"], found)
    v = found[0]
    check(v.steps == [b"GET / \\A\0\t HTTP/1.1\r\nab\nab\nab\n", 100, b"\r\n"], v.steps)
    check(v.size() == len(b"GET / \\A\0\t HTTP/1.1\r\nab\nab\nab\n\r\n"), v.size())
    check([a.text for a in v.answers] == ["100? 200 400|5xx timeout xxx closed", "timeout closed", "kept"], v.answers)
    check(v.answers[0].finals == 3 and v.level == "must" and v.end == "open" and v.only == "muster" and found[1].end == "half-close", v)
    check(v.fields == [(1, "Allow", b"GET, HEAD"), (1, "Date", None)] and v.bodies == [(1, b"text \0")], v.fields, v.bodies)
    check(v.heads == {2} and v.no_fields == [(1, "Server")] and v.rules[1] == ("should", "rfc9110", "A.1"), v)
    token = v.answers[0].tokens[2]
    check(token.fits(400) and token.fits(503) and not token.fits(404) and not token.timeout, token)
    check(v.digest() != found[1].digest(), "two vectors have one digest")
    changed = vectors.parse(text.replace("repeat  3 ab", "repeat  4 ab"))[0]
    check(changed.digest() != v.digest(), "a change does not show in the digest")

for failure in failures:
    print("FAILED:", failure)
sys.exit(1 if failures else 0)
