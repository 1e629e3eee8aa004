#!/usr/bin/env python3
"""tests/conformance/: counts the requirements of an RFC, so that the tables (rfc9112.tsv, rfc9110.tsv ...) can be held
against the document and not only against themselves. The documents are not part of the project: fetch the HTML of one
from its publisher.

A requirement is a sentence of running text that holds MUST, MUST NOT, SHALL, SHALL NOT, REQUIRED (these are `must`),
SHOULD, SHOULD NOT, RECOMMENDED or NOT RECOMMENDED (`should`) in capitals and not in quotes: one sentence is one
requirement however many such words it holds, and a `must` if one of them is. A list's item is a sentence of its own.

    count_requirements.py FILE.html              one line a section: section, tab, how many
    count_requirements.py --text FILE.html       the sentences too, to read them beside a table
    count_requirements.py --check TABLE FILE.html   compares a table's counts and kinds with the document's; exit code 1 if they differ
"""
import argparse
import html.parser
import re
import sys

WORDS = re.compile(r"(?<![\"“'A-Za-z-])(MUST|SHALL|REQUIRED|SHOULD|RECOMMENDED)(?![A-Za-z\"”'-])")
MUSTS = re.compile(r"(?<![\"“'A-Za-z-])(MUST|SHALL|REQUIRED)(?![A-Za-z\"”'-])")
SECTION = re.compile(r"(?:rfc\.)?(?:section[.-]|appendix[.-])([0-9A-Z]+(?:\.[0-9]+)*)$", re.I)
BLOCKS = {"p", "li", "dd", "dt", "td", "th", "div", "section", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl",
          "table", "tr", "blockquote", "aside", "nav", "figure", "header"}
SILENT = {"script", "style", "pre", "nav", "title", "head"}
ABBREVIATIONS = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "Sec.")


class Blocks(html.parser.HTMLParser):
    """The document as (section, text of one block)."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.section, self.text, self.silent, self.blocks = None, [], [], []

    def flush(self):
        text = " ".join("".join(self.text).split())
        if text and self.section:
            self.blocks.append((self.section, text))
        self.text = []

    def handle_starttag(self, tag, attributes):
        if tag in SILENT:
            self.silent.append(tag)
        if tag not in BLOCKS:
            return
        self.flush()
        name = dict(attributes).get("id") or ""
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6", "section"):
            found = SECTION.match(name)
            if found:
                self.section = found.group(1)
            elif name.startswith("rfc."):  # the index, the authors: no section
                self.section = None

    def handle_endtag(self, tag):
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()
        if tag in BLOCKS:
            self.flush()

    def handle_data(self, text):
        if not self.silent:
            self.text.append(text)


def sentences(text):
    """Splits at an end of a sentence that is followed by a capital, a quote or nothing."""
    start = 0
    for end in re.finditer(r"[.!?][\"”)]?\s+(?=[A-Z\"“(\[])", text):
        if not text[start:end.end()].rstrip().endswith(ABBREVIATIONS):
            yield text[start:end.end()].strip()
            start = end.end()
    if text[start:].strip():
        yield text[start:].strip()


def order(section):
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in section.split(".")]


def requirements(path):
    """{section: [(kind, sentence)]}, in the order of the document."""
    parser = Blocks()
    with open(path, encoding="utf-8") as file:
        parser.feed(file.read())
    parser.flush()
    found = {}
    for section, text in parser.blocks:
        for sentence in sentences(text):
            if WORDS.search(sentence):
                found.setdefault(section, []).append(("must" if MUSTS.search(sentence) else "should", sentence))
    return {section: found[section] for section in sorted(found, key=order)}


def kinds_of_table(path):
    """{section: kinds of its lines, in order}, after the table's own counts are held against its lines."""
    counts, kinds = {}, {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            columns = line.rstrip("\n").split("\t")
            if columns[0] == "section" and columns[2] == "count":
                counts[columns[1]] = int(columns[3])
            elif len(columns) == 6 and columns[1] in ("must", "should"):
                kinds.setdefault(columns[0], []).append(columns[1])
    for section in counts.keys() | kinds.keys():
        if counts.get(section, 0) != len(kinds.get(section, [])):
            raise SystemExit(f"{path}: section {section} has {len(kinds.get(section, []))} lines and counts {counts.get(section, 'none')}")
    return kinds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", action="store_true")
    parser.add_argument("--check", metavar="TABLE")
    parser.add_argument("file", metavar="FILE.html")
    arguments = parser.parse_args()
    found = requirements(arguments.file)
    if arguments.check:
        table = kinds_of_table(arguments.check)
        real = {section: [kind for kind, _ in lines] for section, lines in found.items()}
        for section in sorted(table.keys() | real.keys(), key=order):
            if table.get(section) != real.get(section):
                print(f"section {section}: the table has {table.get(section, 'nothing')}, the document {real.get(section, 'nothing')}")
        if table != real:
            return 1
        print(f"{sum(map(len, real.values()))} requirements in {len(real)} sections: the table agrees")
        return 0
    for section, lines in found.items():
        print(f"{section}\t{len(lines)}")
        if arguments.text:
            for kind, sentence in lines:
                print(f"    {kind}: {sentence}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
