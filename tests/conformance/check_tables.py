#!/usr/bin/env python3
"""tests/conformance: holds the tables of requirements (rfcNNNN.tsv) against the vectors, and both against themselves.
Every line of a table has vectors or a reason, every count is true, every vector's rule has its line. What the documents
say is compared by count_requirements.py, which needs them; this needs nothing but this folder.

    check_tables.py [FOLDER]          prints every mistake; exit code 1 if there is one
    check_tables.py --unfinished      lets known-failures be: what is listed there is to be mended, and needs no reason
    check_tables.py --unmet           prints the requirements that are not met, with their reasons
"""
import argparse
import collections
import dataclasses
import pathlib
import re
import sys

import vectors

HERE = pathlib.Path(__file__).resolve().parent
FEWEST_VECTORS = 300
HEADER = ["section", "kind", "who", "requirement", "vectors", "reason"]
KINDS = ("must", "should")
NOT_MET = "not met"  # how the reason of a requirement begins that muster could meet and does not
_SECTION = re.compile(r"[1-9][0-9]*(\.[0-9]+)*|[A-Z](\.[0-9]+)*")


@dataclasses.dataclass
class Line:
    """One requirement. `vectors` and `reason` are empty where the table says `-`."""

    place: str
    section: str
    kind: str
    who: str
    requirement: str
    vectors: list
    reason: str


@dataclasses.dataclass
class Table:
    document: str
    sections: dict = dataclasses.field(default_factory=dict)  # section: [Line]
    mistakes: list = dataclasses.field(default_factory=list)

    def lines(self):
        return [line for lines in self.sections.values() for line in lines]


def order(section):
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in section.split(".")]


def line_of(place, columns):
    """A requirement, or text that says what is wrong with it."""
    if len(columns) != 6:
        return f"{len(columns)} columns instead of six"
    section, kind, who, requirement, ids, reason = columns
    if kind not in KINDS:
        return f"'{kind}' is neither must nor should"
    if any(not text or text != text.strip() for text in columns):
        return "a column is empty, or has white space around it: what is absent is -"
    if who == "-" or requirement == "-":
        return "it does not say who is bound to what"
    named = [] if ids == "-" else ids.split(" ")
    if len(set(named)) != len(named) or "" in named:
        return "a vector is named twice, or two spaces part two of them"
    return Line(place, section, kind, who, requirement, named, "" if reason == "-" else reason)


def read_table(path):
    """What could be read; the rest is in its mistakes."""
    table = Table(path.stem)
    current, expected, begun = None, 0, 0
    header = False

    def wrong(number, what):
        table.mistakes.append(f"{path.name}:{number}: {what}")

    def finish():
        if current is not None and len(table.sections[current]) != expected:
            wrong(begun, f"section {current} counts {expected}, and {len(table.sections[current])} lines follow")

    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not text or text.startswith("#"):
            continue
        columns = text.split("\t")
        if not header:
            header = True
            if columns != HEADER:
                wrong(number, "a table begins with the names of its columns: " + " ".join(HEADER))
            continue
        if columns[0] == "section":
            finish()
            current = None
            if len(columns) != 4 or columns[2] != "count" or not _SECTION.fullmatch(columns[1]) or not columns[3].isdecimal():
                wrong(number, "a section begins with: section NUMBER count HOW-MANY")
            elif columns[1] in table.sections:
                wrong(number, f"section {columns[1]} is there twice")
            else:
                if table.sections and order(columns[1]) < order(next(reversed(table.sections))):
                    wrong(number, f"section {columns[1]} stands behind {next(reversed(table.sections))}")
                current, expected, begun = columns[1], int(columns[3]), number
                table.sections[current] = []
            continue
        line = line_of(f"{path.name}:{number}", columns)
        if isinstance(line, str):
            wrong(number, line)
        elif line.section != current:
            wrong(number, f"a line of section {line.section} without its `section` line before it")
        else:
            table.sections[current].append(line)
    finish()
    return table


def known_failures(path):
    """The ids; how they fail (`ID cut`) does not matter here."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split(" ")[0] for line in lines if line and not line.startswith("#")]


def check_lines(tables, ids, failing):
    """`failing`: the vectors that are known to fail."""
    for table in tables.values():
        yield from table.mistakes
        for line in table.lines():
            if not line.vectors and not line.reason:
                yield f"{line.place}: neither a vector nor a reason"
            for name in line.vectors:
                if name not in ids:
                    yield f"{line.place}: there is no vector '{name}'"
            lost = [name for name in line.vectors if name in failing]
            if lost and line.kind == "should" and not line.reason:
                yield f"{line.place}: not met ({', '.join(lost)}), and no reason says why"
            if line.kind == "must" and line.reason.startswith(NOT_MET):
                yield f"{line.place}: a must has no reason for not being met"


def check_rules(tables, every):
    named = collections.defaultdict(set)
    for table in tables.values():
        for line in table.lines():
            named[table.document, line.section].update(line.vectors)
    for vector in every:
        for level, *where in vector.rules:
            if not where:
                continue  # our own rule, of no document
            document, section = where
            place = f"{vector.file}:{vector.line}: [{vector.id}]"
            if document not in tables:
                yield f"{place} names {document}, which has no table"
            elif section not in tables[document].sections:
                yield f"{place} names section {section} of {document}, which its table does not have (`count 0`, if it demands nothing)"
            elif level in KINDS and vector.id not in named[document, section]:
                yield f"{place} is a {level} of {document}, section {section}, and no line there names it"


def check(folder=HERE, unfinished=False, fewest=FEWEST_VECTORS):
    """Every mistake, as text that names its place."""
    folder = pathlib.Path(folder)
    try:
        every = vectors.read_all(folder / "vectors")
    except vectors.Mistake as mistake:  # also an id that is there twice
        return [str(mistake)]
    tables = {path.stem: read_table(path) for path in sorted(folder.glob("rfc*.tsv"))}
    if not tables:
        return [f"there is no table in {folder}"]
    ids = {vector.id for vector in every}
    failing = known_failures(folder / "known-failures")
    mistakes = [*check_lines(tables, ids, [] if unfinished else failing), *check_rules(tables, every)]
    if len(every) < fewest:
        mistakes.append(f"there are {len(every)} vectors, and {fewest} is the least")
    mistakes += [f"known-failures: there is no vector '{name}'" for name in failing if name not in ids]
    if failing and not unfinished:
        mistakes.append(f"known-failures: {len(failing)} vectors are listed, and none may be")
    return mistakes


def told(folder):
    """One line a table: how many requirements of which kind there are, and how they are answered."""
    for path in sorted(pathlib.Path(folder).glob("rfc*.tsv")):
        lines = read_table(path).lines()
        with_vectors = sum(bool(line.vectors) for line in lines)
        musts = sum(line.kind == "must" for line in lines)
        unmet = sum(line.reason.startswith(NOT_MET) for line in lines)
        yield (f"{path.stem}: {len(lines)} requirements, {musts} must and {len(lines) - musts} should: {with_vectors} with "
               f"vectors, {len(lines) - with_vectors} with a reason alone, {unmet} not met")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=HERE, type=pathlib.Path)
    parser.add_argument("--unfinished", action="store_true")
    parser.add_argument("--unmet", action="store_true")
    options = parser.parse_args(arguments)
    if options.unmet:
        for path in sorted(options.folder.glob("rfc*.tsv")):
            for line in read_table(path).lines():
                if line.reason.startswith(NOT_MET):
                    print(f"{path.stem} {line.section}: {line.requirement}: {line.reason}")
        return 0
    mistakes = check(options.folder, options.unfinished)
    print("\n".join(mistakes or told(options.folder)))
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
