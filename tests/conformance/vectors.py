#!/usr/bin/env python3
"""tests/conformance: the vectors as data. Reads vectors/*.vectors strictly: whatever is not in the format (README.md) is
an error that names file and line. vectors.cpp reads the same files; `vectors.py --digests` prints what a test compares."""
import dataclasses
import functools
import hashlib
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parent / "vectors"
LEVELS = ("must", "should", "may", "own")
LONGEST_STREAM = 64 << 20

_ID = re.compile(r"\[([a-z0-9]+(?:-[a-z0-9]+)*)\]")
_SECTION = re.compile(r"[1-9][0-9]*(\.[0-9]+)*|[A-Z](\.[0-9]+)*")
_STATUS = re.compile(r"[1-5][0-9][0-9]|[1-5]xx|xxx")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ESCAPES = {"r": 13, "n": 10, "t": 9, "0": 0, "\\": 92, "s": 32}


class Mistake(Exception):
    """Says `FILE:LINE: what`."""

    def __init__(self, file, line, what):
        super().__init__(f"{file}:{line}: {what}")


@dataclasses.dataclass(frozen=True)
class Token:
    """One expected answer: patterns of its status; `text` is as written."""

    patterns: tuple
    optional: bool = False
    timeout: bool = False

    def fits(self, status):
        text = str(status)
        return text in self.patterns or any(all(p in ("x", s) for p, s in zip(pattern, text)) for pattern in self.patterns)

    @property
    def text(self):
        return ("timeout " if self.timeout else "") + "|".join(self.patterns) + ("?" if self.optional else "")


@dataclasses.dataclass(frozen=True)
class Alternative:
    tokens: tuple
    end: str  # kept or closed
    end_by_timeout: bool = False  # closed without a word, by the timeout

    @property
    def text(self):
        return " ".join([t.text for t in self.tokens] + (["timeout"] if self.end_by_timeout else []) + [self.end])

    @functools.cached_property
    def finals(self):
        return sum(not all(p[0] == "1" for p in t.patterns) for t in self.tokens)

    @functools.cached_property
    def by_timeout(self):
        return self.end_by_timeout or any(t.timeout for t in self.tokens)


@dataclasses.dataclass
class Vector:
    """`stream` holds ("send", bytes), ("repeat", count, bytes) and ("wait", status) in order."""

    id: str
    file: str
    line: int
    why: str = ""
    rules: list = dataclasses.field(default_factory=list)  # (level, document, section); `own` may have neither
    stream: list = dataclasses.field(default_factory=list)
    end: str = "open"
    only: str = ""  # the one server for which it is; empty: for all
    answers: list = dataclasses.field(default_factory=list)
    heads: set = dataclasses.field(default_factory=set)
    fields: list = dataclasses.field(default_factory=list)  # (number, name, value or None)
    no_fields: list = dataclasses.field(default_factory=list)  # (number, name)
    bodies: list = dataclasses.field(default_factory=list)  # (number, bytes)

    @functools.cached_property
    def level(self):
        """The strictest of its rules."""
        return min((rule[0] for rule in self.rules), key=LEVELS.index)

    @functools.cached_property
    def only_by_timeout(self):
        return all(a.by_timeout for a in self.answers)

    def size(self):
        return sum(len(s[1]) if s[0] == "send" else s[1] * len(s[2]) for s in self.stream if s[0] != "wait")

    @functools.cached_property
    def steps(self):
        """The stream as bytes objects, and integers to wait for."""
        steps, piece = [], bytearray()
        for item in self.stream:
            if item[0] == "wait":
                if piece:
                    steps.append(bytes(piece))
                    piece = bytearray()
                steps.append(item[1])
            else:
                piece += item[1] if item[0] == "send" else item[1] * item[2]
        if piece:
            steps.append(bytes(piece))
        return steps

    def canonical(self):
        """Every part in a form that depends on nothing but what was read."""
        lines = [f"id {self.id}", f"why {self.why}", f"end {self.end}"]
        if self.only:
            lines.append(f"only {self.only}")
        lines += ["rule " + " ".join(rule) for rule in self.rules]
        for item in self.stream:
            if item[0] == "send":
                lines.append(f"send {item[1].hex()}")
            elif item[0] == "repeat":
                lines.append(f"repeat {item[1]} {item[2].hex()}")
            else:
                lines.append(f"wait {item[1]}")
        lines += [f"answer {a.text}" for a in self.answers]
        lines += [f"head {n}" for n in sorted(self.heads)]
        lines += [f"field {n} {name}" + ("" if value is None else f" {value.hex()}") for n, name, value in self.fields]
        lines += [f"no-field {n} {name}" for n, name in self.no_fields]
        lines += [f"body {n} {text.hex()}" for n, text in self.bodies]
        return "\n".join(lines) + "\n"

    def digest(self):
        """64-bit FNV-1a of canonical()."""
        value = 0xCBF29CE484222325
        for byte in self.canonical().encode():
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        return f"{value:016x}"


class _Bad(Exception):
    pass


def unescape(text):
    out, i = bytearray(), 0
    while i < len(text):
        c = text[i]
        if c != "\\":
            if not " " <= c <= "~":
                raise _Bad(f"the character {c!r} has to be written as an escape")
            out.append(ord(c))
            i += 1
            continue
        following = text[i + 1 : i + 2]
        if following == "x":
            digits = text[i + 2 : i + 4]
            if not re.fullmatch("[0-9A-Fa-f]{2}", digits):
                raise _Bad(r"\x needs two hexadecimal digits")
            out.append(int(digits, 16))
            i += 4
        elif following in _ESCAPES and following:
            out.append(_ESCAPES[following])
            i += 2
        else:
            raise _Bad(f"there is no escape \\{following} (\\r \\n \\t \\0 \\s \\\\ \\xHH)")
    return bytes(out)


def _number(text, most):
    if not re.fullmatch("[1-9][0-9]{0,8}", text) or int(text) > most:
        raise _Bad(f"'{text}' is no number from 1 to {most}")
    return int(text)


def _rule(value):
    words = value.split(" ")
    if words[0] not in LEVELS:
        raise _Bad(f"'{words[0]}' is no level: must, should, may or own")
    if words == ["own"]:
        return ("own",)
    if len(words) != 3 or not re.fullmatch("rfc[1-9][0-9]*", words[1]) or not _SECTION.fullmatch(words[2]):
        raise _Bad("a rule is a level, a document and a section: must rfc9112 3.2 (or own, alone)")
    return tuple(words)


def _alternative(value):
    words = value.split(" ")
    end = words.pop()
    if end not in ("kept", "closed"):
        raise _Bad("an answer ends with kept or closed")
    tokens, by_timeout = [], False
    for word in words:
        if by_timeout is False and word == "timeout":
            by_timeout = True
            continue
        optional = word.endswith("?")
        patterns = tuple((word[:-1] if optional else word).split("|"))
        if not all(_STATUS.fullmatch(p) for p in patterns):
            raise _Bad(f"'{word}' is no status: 200, 400|431, 4xx, xxx, 100? or timeout before one")
        interim = [p[0] == "1" for p in patterns]
        if any(interim) and not all(interim):
            raise _Bad(f"'{word}' is an interim answer or a final one, it cannot be either")
        if optional and not all(interim):
            raise _Bad(f"only an interim answer can be optional: '{word}'")
        tokens.append(Token(patterns, optional, by_timeout))
        by_timeout = False
    if by_timeout and end == "kept":
        raise _Bad("a connection is not kept by a timeout")
    return Alternative(tuple(tokens), end, by_timeout)


def _numbered(value, rest):
    words = value.split(" ", 1)
    number = _number(words[0], 1000)
    if rest == (len(words) == 1):
        raise _Bad("it says the number of an answer" + (" and then what it has" if rest else ", and nothing else"))
    return number, words[1] if rest else None


def _name(text):
    if not _NAME.fullmatch(text):
        raise _Bad(f"'{text}' is no field name")
    return text


def _take(vector, key, value, seen):
    if key in ("why", "end", "only"):
        if key in seen:
            raise _Bad(f"{key} is there twice")
        seen.add(key)
    if key == "why":
        vector.why = value
    elif key == "rule":
        vector.rules.append(_rule(value))
    elif key == "send":
        vector.stream.append(("send", unescape(value)))
    elif key == "repeat":
        count, text = _numbered_repeat(value)
        vector.stream.append(("repeat", count, text))
        if vector.size() > LONGEST_STREAM:
            raise _Bad(f"the stream is longer than {LONGEST_STREAM} bytes")
    elif key == "wait":
        if not re.fullmatch("[1-5][0-9][0-9]", value):
            raise _Bad(f"'{value}' is no status to wait for")
        vector.stream.append(("wait", int(value)))
    elif key == "end":
        if value not in ("open", "half-close"):
            raise _Bad(f"'{value}' is no end: open or half-close")
        vector.end = value
    elif key == "only":
        if value != "muster":
            raise _Bad(f"'{value}' is no server of which there could be vectors: muster")
        vector.only = value
    elif key == "answer":
        vector.answers.append(_alternative(value))
    elif key == "head":
        number, _ = _numbered(value, False)
        if number in vector.heads:
            raise _Bad(f"head {number} is there twice")
        vector.heads.add(number)
    elif key == "field":
        number, rest = _numbered(value, True)
        name, _, text = rest.partition(" ")
        vector.fields.append((number, _name(name), unescape(text.lstrip(" ")) if text else None))
    elif key == "no-field":
        number, rest = _numbered(value, True)
        vector.no_fields.append((number, _name(rest)))
    elif key == "body":
        number, rest = _numbered(value, True)
        vector.bodies.append((number, unescape(rest)))
    else:
        raise _Bad(f"there is no key '{key}'")


def _numbered_repeat(value):
    words = value.split(" ", 1)
    if len(words) != 2:
        raise _Bad("repeat says how often, and what")
    return _number(words[0], LONGEST_STREAM), unescape(words[1])


def _finish(vector):
    for what, there in (("why", vector.why), ("rule", vector.rules), ("answer", vector.answers),
                        ("send", [s for s in vector.stream if s[0] != "wait"])):
        if not there:
            raise Mistake(vector.file, vector.line, f"[{vector.id}] has no {what}")
    if vector.stream[0][0] == "wait" or vector.stream[-1][0] == "wait":
        raise Mistake(vector.file, vector.line, f"[{vector.id}] waits before its first byte or after its last one")
    if vector.end == "half-close" and any(a.end == "kept" for a in vector.answers):
        raise Mistake(vector.file, vector.line, f"[{vector.id}] ends its side: nothing can be kept")
    most = max(a.finals for a in vector.answers)
    numbers = list(vector.heads) + [n for n, *_ in vector.fields + vector.no_fields + vector.bodies]
    for number in numbers:
        if number > most:
            raise Mistake(vector.file, vector.line,
                          f"[{vector.id}] says something of answer {number} of {most} (interim answers are not counted)")


def parse(text, file="<text>"):
    """The vectors of one file's text. Throws Mistake."""
    vectors, vector, seen = [], None, set()
    may_begin, blank = True, False  # a vector begins the file or follows a blank line
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            blank = False
            continue
        if line == "":
            if blank and number != len(text.split("\n")):
                raise Mistake(file, number, "one blank line is enough")
            if vector is not None:
                _finish(vector)
            vector, may_begin, blank = None, True, True
            continue
        blank = False
        if any(c != "\n" and (ord(c) < 32 or ord(c) == 127) for c in line):
            raise Mistake(file, number, "a control character has to be written as an escape")
        if line.endswith(" "):
            raise Mistake(file, number, r"a space at the end of a line has to be written as \s")
        if line.startswith("["):
            found = _ID.fullmatch(line)
            if not found:
                raise Mistake(file, number, "an id is [a-z0-9-]")
            if vector is not None or not may_begin:
                raise Mistake(file, number, "a vector begins after a blank line")
            vector, may_begin, seen = Vector(found.group(1), file, number), False, set()
            if any(v.id == vector.id for v in vectors):
                raise Mistake(file, number, f"[{vector.id}] is there twice")
            vectors.append(vector)
            continue
        if vector is None:
            raise Mistake(file, number, "this belongs to no vector: a vector begins with its [id]")
        key, _, value = line.partition(" ")
        value = value.lstrip(" ")
        if not value:
            raise Mistake(file, number, f"{key} says nothing")
        try:
            _take(vector, key, value, seen)
        except _Bad as bad:
            raise Mistake(file, number, str(bad)) from None
    if vector is not None:
        _finish(vector)
    return vectors


def read_all(folder=FOLDER):
    """The vectors of all files in the folder, by the names of the files. Throws Mistake; ids are unique over all."""
    vectors, places = [], {}
    for path in sorted(pathlib.Path(folder).glob("*.vectors")):
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise Mistake(path.name, path.read_bytes()[: error.start].count(b"\n") + 1, "this is no UTF-8") from None
        for vector in parse(text, path.name):
            if vector.id in places:
                raise Mistake(path.name, vector.line, f"[{vector.id}] is in {places[vector.id]} already")
            places[vector.id] = path.name
            vectors.append(vector)
    return vectors


def digest_of_all(some):
    """One word for all of them, whatever their order."""
    return hashlib.sha256("\n".join(sorted(f"{v.id} {v.digest()}" for v in some)).encode()).hexdigest()[:16]


if __name__ == "__main__":
    try:
        everything = read_all()
    except Mistake as mistake:
        sys.exit(str(mistake))
    if sys.argv[1:] == ["--digests"]:
        for v in everything:
            print(v.id, v.digest())
    else:
        print(f"{len(everything)} vectors, no mistake")
