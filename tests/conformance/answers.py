"""tests/conformance: what a server said, read strictly: status lines, fields, and bodies of exactly their length. What
is wrong is told in words; nothing is forgiven."""
import dataclasses
import email.utils
import functools
import re
import time

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*\r\n")
_BEGINNINGS = {version[:n] for version in (b"HTTP/1.1 ", b"HTTP/1.0 ") for n in range(10)}
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*\r\n")
_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
ONCE = ("content-length", "date", "content-type", "location", "etag", "last-modified", "server", "transfer-encoding")
NEWLINE = b"\n"
DATE_TOLERANCE = 10  # seconds


def escaped(data, most=120):
    shown = "".join({13: "\\r", 10: "\\n", 9: "\\t", 0: "\\0", 92: "\\\\"}.get(b) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}")
                    for b in data[:most])
    return shown + (f"... ({len(data)} bytes)" if len(data) > most else "")


@dataclasses.dataclass
class Answer:
    status: int
    fields: list  # (lower-case name, value) as they came
    body: bytes = b""
    until_close: bool = False  # its body ends with the connection
    begins: int = 0  # in all that came
    ends: int = 0
    one_zero: bool = False  # it calls itself HTTP/1.0, which no server of HTTP/1.1 should (RFC 9110, section 6.2)

    @property
    def interim(self):
        return self.status < 200

    def values(self, name):
        return [value for n, value in self.fields if n == name]

    def value(self, name):
        """All values of a field as one list, or None."""
        values = self.values(name)
        return ", ".join(values) if values else None

    @property
    def options(self):
        return [o.strip().lower() for o in (self.value("connection") or "").split(",") if o.strip()]

    @property
    def says_close(self):
        return "close" in self.options or (self.one_zero and "keep-alive" not in self.options)

    def problems(self, now=None):
        """What is wrong with it, whatever was asked."""
        found, names = [], [name for name, _ in self.fields]
        if len(set(names)) != len(names):
            found = [f"{self.status} has {name} {names.count(name)} times" for name in ONCE if names.count(name) > 1]
        dates = self.values("date")
        if not dates and 200 <= self.status < 500:
            found.append(f"{self.status} has no Date")
        for date in dates[:1]:
            wrong = date_problem(date, now)
            if wrong:
                found.append(f"{self.status} has a Date {wrong}: {date}")
        if self.one_zero:
            found.append(f"{self.status} calls itself HTTP/1.0")
        if "close" in self.options and "keep-alive" in self.options:
            found.append(f"{self.status} says close and keep-alive")
        return found


def date_problem(date, now=None):
    if not _DATE.fullmatch(date):
        return "that is no IMF-fixdate"
    seconds, weekday = _parsed(date)
    if weekday != date[:3]:
        return "whose weekday is wrong"
    if abs(seconds - (time.time() if now is None else now)) > DATE_TOLERANCE:
        return "that is not now"
    return None


@functools.lru_cache(64)
def _parsed(date):
    parsed = email.utils.parsedate_to_datetime(date)
    return parsed.timestamp(), parsed.strftime("%a")


@functools.lru_cache(4096)
def _fields(head):
    """The fields of a head. Many answers are alike."""
    fields, position = [], 0
    while position < len(head):
        field = _FIELD.match(head, position)
        if field is None:
            raise Unreadable(f"this is no field: {escaped(head[position:].split(NEWLINE)[0])}")
        fields.append((field.group(1).decode().lower(), field.group(2).decode("latin-1")))
        position = field.end()
    return tuple(fields)


class Unreadable(Exception):
    pass


class _More(Exception):
    pass


class Reader:
    """Fed with what comes, keeps the complete answers. `heads` are the numbers (from 1, interim answers not counted) of
    those that answer a HEAD; more may be added before their answer is read."""

    def __init__(self, heads=()):
        self.heads = set(heads)
        self.answers = []
        self.data = bytearray()
        self.at = 0  # up to here it is read
        self.wrong = None  # why nothing more can be read

    @property
    def finals(self):
        return [a for a in self.answers if not a.interim]

    @property
    def rest(self):
        return bytes(self.data[self.at :])

    def feed(self, data):
        self.data += data
        self._read(False)

    def end(self):
        """No more will come."""
        self._read(True)
        if self.rest and not self.wrong:
            self.wrong = f"an answer is cut off: {escaped(self.rest)}"

    def _read(self, ended):
        try:
            while self.wrong is None and self.at < len(self.data):
                if self.answers and self.answers[-1].until_close:
                    break
                answer = self._answer(ended)
                self.answers.append(answer)
                self.at = answer.ends
        except _More:
            pass
        except Unreadable as why:
            self.wrong = str(why)

    def _answer(self, ended):
        data, at = self.data, self.at
        head_end = data.find(b"\r\n\r\n", at)
        line_end = data.find(b"\n", at)
        line = bytes(data[at : line_end + 1] if line_end >= 0 else data[at:])
        status_line = _STATUS_LINE.fullmatch(line) if line_end >= 0 else None
        if status_line is None and (line_end >= 0 or line[:9] not in _BEGINNINGS):
            raise Unreadable(f"this is no status line: {escaped(line)}")
        if head_end < 0:
            raise _More
        fields = _fields(bytes(data[line_end + 1 : head_end + 2]))
        answer = Answer(int(status_line.group(2)), fields, begins=at, one_zero=status_line.group(1) == b"0")
        self._body(answer, head_end + 4, ended)
        return answer

    def _body(self, answer, at, ended):
        data = self.data
        lengths = answer.values("content-length")
        codings = answer.values("transfer-encoding")
        if len(lengths) > 1 or any(not re.fullmatch("[0-9]{1,15}", length) for length in lengths):
            raise Unreadable(f"{answer.status} has no good Content-Length: {', '.join(lengths)}")
        if lengths and codings:
            raise Unreadable(f"{answer.status} has Content-Length and Transfer-Encoding")
        if answer.interim or answer.status == 204:
            if lengths or codings:
                raise Unreadable(f"{answer.status} must not have Content-Length or Transfer-Encoding")
            answer.ends = at
            return
        number = len(self.finals) + 1
        if number in self.heads or answer.status == 304:
            answer.ends = at
            return
        if codings:
            if [c.lower() for c in codings] != ["chunked"]:
                raise Unreadable(f"{answer.status} has an unknown Transfer-Encoding: {', '.join(codings)}")
            answer.body, answer.ends = self._chunks(at)
        elif lengths:
            if len(data) - at < int(lengths[0]):
                raise _More
            answer.body, answer.ends = bytes(data[at : at + int(lengths[0])]), at + int(lengths[0])
        elif ended:
            if not answer.says_close:
                raise Unreadable(f"{answer.status} has no length and does not say that it closes")
            answer.body, answer.ends, answer.until_close = bytes(data[at:]), len(data), True
        else:
            raise _More

    def _chunks(self, at):
        data, body = self.data, bytearray()
        while True:
            line_end = data.find(b"\n", at)
            if line_end < 0:
                raise _More
            size = _CHUNK.fullmatch(bytes(data[at : line_end + 1]))
            if size is None:
                raise Unreadable(f"this is no chunk size: {escaped(data[at:line_end + 1])}")
            at, length = line_end + 1, int(size.group(1), 16)
            if length == 0:
                break
            if len(data) < at + length + 2:
                raise _More
            if data[at + length : at + length + 2] != b"\r\n":
                raise Unreadable("a chunk does not end where its size says")
            body += data[at : at + length]
            at += length + 2
        while True:
            line_end = data.find(b"\n", at)
            if line_end < 0:
                raise _More
            line = bytes(data[at : line_end + 1])
            at = line_end + 1
            if line == b"\r\n":
                return bytes(body), at
            if not _FIELD.fullmatch(line):
                raise Unreadable(f"this is no trailer field: {escaped(line)}")
