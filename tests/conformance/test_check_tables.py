#!/usr/bin/env python3
"""tests/conformance: the checker of the tables sees each kind of mistake. A small folder without one is spoilt in one
way at a time; what is said must name the place, and nothing else may be said."""
import pathlib
import sys
import tempfile

from check_tables import check

TABLE = """\
# a comment
section\tkind\twho\trequirement\tvectors\treason
section\t3.2\tcount\t2
3.2\tmust\tserver\tHost is there.\thost-missing\t-
3.2\tshould\tclient\tHost comes first.\t-\tbinds clients
section\t3.10\tcount\t1
3.10\tshould\tserver\tIt is kind.\tkind\t-
section\t4\tcount\t0
"""
VECTORS = """\
[host-missing]
why     no Host
rule    must rfc9112 3.2
send    GET / HTTP/1.1\\r\\n\\r\\n
answer  400 closed

[kind]
why     kind
rule    should rfc9112 3.10
rule    own
send    GET / HTTP/1.1\\r\\n\\r\\n
answer  400 closed

[may]
why     only a grammar
rule    may rfc9112 4
send    GET / HTTP/1.1\\r\\n\\r\\n
answer  400 closed
"""
GOOD = {"rfc9112.tsv": TABLE, "vectors/a.vectors": VECTORS, "known-failures": "# none\n"}

# What is spoilt: file, text, its replacement; and what has to be said, and nothing else. Options of check() may follow.
CASES = {
    "a line without vector or reason": ("rfc9112.tsv", "\tbinds clients", "\t-", ["rfc9112.tsv:5: neither a vector nor a reason"]),
    "an id that no vector has": ("rfc9112.tsv", "host-missing\t", "host-missing host-gone\t", ["rfc9112.tsv:4: there is no vector 'host-gone'"]),
    "a section without its line": (
        "rfc9112.tsv", "section\t3.10\tcount\t1\n", "",
        ["rfc9112.tsv:6: a line of section 3.10 without its", "section 3.10 of rfc9112, which its table does not have"]),
    "a count that is too large": ("rfc9112.tsv", "count\t2", "count\t3", ["rfc9112.tsv:3: section 3.2 counts 3, and 2 lines follow"]),
    "a count that is too small": ("rfc9112.tsv", "count\t2", "count\t1", ["rfc9112.tsv:3: section 3.2 counts 1, and 2 lines follow"]),
    "the last count": ("rfc9112.tsv", "count\t0", "count\t1", ["rfc9112.tsv:8: section 4 counts 1, and 0 lines follow"]),
    "a count that is no number": ("rfc9112.tsv", "count\t0", "count\tnone", ["rfc9112.tsv:8: a section begins with", "section 4 of rfc9112"]),
    "a section twice": ("rfc9112.tsv", "section\t4\t", "section\t3.2\t", ["rfc9112.tsv:8: section 3.2 is there twice", "section 4 of rfc9112"]),
    "sections out of order": ("rfc9112.tsv", "section\t4\tcount\t0\n", "section\t3.9\tcount\t0\nsection\t4\tcount\t0\n", ["rfc9112.tsv:8: section 3.9 stands behind 3.10"]),
    "no names of columns": ("rfc9112.tsv", "\tkind\twho", "\twho\tkind", ["rfc9112.tsv:2: a table begins with"]),
    "a column too few": ("rfc9112.tsv", "\tbinds clients", "", ["rfc9112.tsv:5: 5 columns", "counts 2, and 1"]),
    "a column too many": ("rfc9112.tsv", "\tbinds clients", "\tbinds\tclients", ["rfc9112.tsv:5: 7 columns", "counts 2, and 1"]),
    "an empty column": ("rfc9112.tsv", "\tclient\t", "\t\t", ["rfc9112.tsv:5: a column is empty", "counts 2, and 1"]),
    "white space around a column": ("rfc9112.tsv", "\tclient\t", "\tclient \t", ["rfc9112.tsv:5: a column is empty, or has white space", "counts 2, and 1"]),
    "nobody who is bound": ("rfc9112.tsv", "\tclient\t", "\t-\t", ["rfc9112.tsv:5: it does not say who", "counts 2, and 1"]),
    "another kind": ("rfc9112.tsv", "\tshould\tclient", "\tmay\tclient", ["rfc9112.tsv:5: 'may' is neither", "counts 2, and 1"]),
    "a vector named twice": ("rfc9112.tsv", "host-missing\t", "host-missing host-missing\t", ["rfc9112.tsv:4: a vector is named twice", "counts 2, and 1", "[host-missing] is a must"]),
    "a must that is excused": ("rfc9112.tsv", "host-missing\t-", "host-missing\tnot met, alas", ["rfc9112.tsv:4: a must has no reason"]),
    "a rule of a section that no table has": ("vectors/a.vectors", "may rfc9112 4", "may rfc9112 5", ["[may] names section 5 of rfc9112"]),
    "a rule of a document without a table": ("vectors/a.vectors", "may rfc9112 4", "may rfc9999 4", ["[may] names rfc9999, which has no table"]),
    "a must that no line names": ("vectors/a.vectors", "may rfc9112 4", "must rfc9112 4", ["a.vectors:14: [may] is a must of rfc9112, section 4, and no line"]),
    "a should that only another section names": ("vectors/a.vectors", "rule    own", "rule    should rfc9112 3.2", ["a.vectors:7: [kind] is a should of rfc9112, section 3.2"]),
    "an id twice": ("vectors/a.vectors", "[may]", "[kind]", ["[kind] is there twice"]),
    "a vector that cannot be read": ("vectors/a.vectors", "answer  400 closed", "answer  400", ["a.vectors:5: "]),
    "a known failure": ("known-failures", "# none", "host-missing", ["known-failures: 1 vectors are listed"]),
    "a known failure of one kind": ("known-failures", "# none", "host-missing cut", ["known-failures: 1 vectors are listed"]),
    "a should that is not met": ("known-failures", "# none", "kind", ["rfc9112.tsv:7: not met (kind), and no reason", "known-failures: 1 vectors"]),
    "a known failure that is no vector": ("known-failures", "# none", "gone", ["there is no vector 'gone'", "known-failures: 1 vectors"]),
    "a known failure in unfinished work": ("known-failures", "# none", "kind", [], {"unfinished": True}),
    "too few vectors": ("known-failures", "", "", ["there are 3 vectors, and 4 is the least"], {"fewest": 4}),
    "no table": ("rfc9112.tsv", None, None, ["there is no table"]),
    "nothing": ("known-failures", "", "", []),
}


def said(files, options):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check(folder, **{"fewest": 3, **options})


def main():
    failures = 0
    for name, (file, old, new, expected, *options) in CASES.items():
        files = dict(GOOD)
        if old is None:
            del files[file]
        else:
            assert old in files[file], f"{name}: '{old}' is not in {file}"
            files[file] = files[file].replace(old, new, 1)
        mistakes = said(files, options[0] if options else {})
        left = list(mistakes)
        for words in expected:
            found = next((m for m in left if words in m), None)
            if found is None:
                failures += 1
                print(f"{name}: nobody said '{words}', but {mistakes}")
            else:
                left.remove(found)
        if left and len(left) + len(expected) == len(mistakes):
            failures += 1
            print(f"{name}: nobody asked for {left}")
    print(f"{len(CASES)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
