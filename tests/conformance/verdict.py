"""tests/conformance: whether what came is what a vector expects. Pure: data in, words out."""
import dataclasses

from answers import Reader, escaped

# After the answers of a vector that keeps its connection these two are asked, in one piece: each must get exactly one
# 200. The first is a HEAD, so that a request left half-read in the server that swallows it shows by its body.
PROBE = (b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
         b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")


@dataclasses.dataclass
class Seen:
    """What came on one connection. Times are in seconds from its first byte sent."""

    data: bytes = b""
    began: float = 0.0  # the one time that is by the wall clock
    arrivals: list = dataclasses.field(default_factory=list)  # (length of data then, when)
    end: str = "open"  # closed (end of file), reset, or open when we gave up
    ended_at: float = 0.0
    sent_at: float = 0.0  # the last byte of the vector
    sent_all: bool = True
    probed_after: int = -1  # how much of data was there when the probe was sent; -1: it was not
    why_given_up: str = ""

    def arrived(self, position):
        for length, when in self.arrivals:
            if length >= position:
                return when
        return self.ended_at


def match(tokens, statuses):
    """How many of the statuses the tokens take from the front and whether all mandatory tokens found theirs; None when
    a status fits none."""
    taken = 0
    for token in tokens:
        if taken < len(statuses) and token.fits(statuses[taken]):
            taken += 1
        elif not token.optional:
            return (taken, False) if taken == len(statuses) else None
    return taken, True


def read(vector, seen, probe_after=None):
    """probe_after: how many final answers come before those to the probe."""
    reader = Reader(vector.heads | ({probe_after + 1} if probe_after is not None else set()))
    reader.feed(seen.data)
    if seen.end != "open":
        reader.end()
    return reader


def told(vector, seen):
    """What came, in a few words, as an answer line would say it."""
    plain = read(vector, seen)
    probe_after = None
    if seen.probed_after >= 0:
        before = Reader(vector.heads)
        before.feed(seen.data[: seen.probed_after])
        probe_after = len(before.finals)
        plain = read(vector, seen, probe_after)
    words = [str(a.status) for a in plain.answers]
    if probe_after is not None:
        finals, cut = 0, len(words)
        for index, answer in enumerate(plain.answers):
            if finals == probe_after:
                cut = index
                break
            finals += not answer.interim
        after = words[cut:]
        words = words[:cut]
        if after == ["200", "200"] and not plain.wrong and not plain.rest and seen.end == "closed":
            return " ".join(words + ["kept"])
        words += ["(asked again:"] + (after or ["nothing"]) + [seen.end + ")"]
    else:
        words.append({"closed": "closed", "reset": "reset", "open": "still open"}[seen.end])
    if plain.wrong:
        words.append(f"({plain.wrong})")
    if seen.why_given_up:
        words.append(f"({seen.why_given_up})")
    return " ".join(words)


def _against(vector, alternative, seen, read_timeout, patience, shortest):
    """None when it fits, else (how far it fitted, why not)."""
    kept = alternative.end == "kept"
    if kept and seen.probed_after < 0:
        return 0, ""
    reader = read(vector, seen, alternative.finals if kept else None)
    answers = reader.answers
    fitted = match(alternative.tokens, [a.status for a in answers])
    if fitted is None or not fitted[1]:
        return 0, ""
    own, rest = answers[: fitted[0]], answers[fitted[0] :]
    if rest and not own and not kept:
        return 0, ""  # a close without a word was expected: there is nothing of which one came too many
    if reader.wrong:
        return 1, reader.wrong
    if kept:
        if [a.status for a in rest] != [200, 200] or seen.end != "closed" or not rest[1].says_close:
            return 1, "asked again on the connection, it did not give exactly one 200 to each of HEAD and GET"
    elif rest:
        return 1, f"answered once too often: {' '.join(str(a.status) for a in rest)}"
    elif seen.end != "closed":
        return 1, "reset instead of closed" if seen.end == "reset" else "the connection is still open"

    problems = [p for a in answers for p in a.problems(seen.began + seen.arrived(a.ends) if seen.began else None)]
    for a in answers[:-1]:
        if a.says_close and not a.interim:
            problems.append(f"{a.status} said close, and another answer followed")
    by_timeout = alternative.end_by_timeout
    if answers and not kept and not by_timeout and vector.end == "open" and not answers[-1].says_close:
        problems.append(f"{answers[-1].status} did not say Connection: close and closed")
    if kept and own and own[-1].says_close:
        problems.append(f"{own[-1].status} said close and did not")

    at_timeout = _optional_aware(alternative.tokens, own)
    for answer, timeout in at_timeout:
        problems += _moment(seen.arrived(answer.ends), timeout, seen, read_timeout, patience, shortest, f"{answer.status} came")
    if not kept and (by_timeout or not answers):
        problems += _moment(seen.ended_at, by_timeout, seen, read_timeout, patience, shortest, "it closed")

    finals = [a for a in own if not a.interim]
    for number, name, value in vector.fields:
        if number <= len(finals):
            came = finals[number - 1].value(name.lower())
            if came is None:
                problems.append(f"answer {number} has no {name}")
            elif value is not None and came.encode("latin-1") != value:
                problems.append(f"answer {number} has {name}: {came}, not {escaped(value)}")
    for number, name in vector.no_fields:
        if number <= len(finals) and finals[number - 1].value(name.lower()) is not None:
            problems.append(f"answer {number} has {name}: {finals[number - 1].value(name.lower())}")
    for number, text in vector.bodies:
        if number <= len(finals) and text not in finals[number - 1].body:
            problems.append(f"the body of answer {number} has no {escaped(text)}, it is {escaped(finals[number - 1].body)}")
    return (2, "; ".join(problems)) if problems else None


def _optional_aware(tokens, answers):
    """Pairs of an answer and whether it was to come by the timeout."""
    pairs, at = [], 0
    for token in tokens:
        if at < len(answers) and token.fits(answers[at].status):
            pairs.append((answers[at], token.timeout))
            at += 1
    return pairs


def _moment(when, timeout, seen, read_timeout, patience, shortest, what):
    if timeout and when < 0.85 * shortest:
        return [f"{what} after {when:.2f} s, before the read timeout of {shortest:g} s"]
    if timeout and when - seen.sent_at > read_timeout + patience:
        return [f"{what} after {when:.2f} s, long after the read timeout of {read_timeout:g} s"]
    if not timeout and when - seen.sent_at >= 0.85 * shortest:
        return [f"{what} only by the read timeout, after {when:.2f} s"]
    return []


def judge(vector, seen, read_timeout, patience=5.0, shortest=None):
    """None when one of the vector's alternatives came, else one line: what was expected and what came. `shortest`: the
    earliest moment of a timeout, when it is not the read timeout (of a head alone, or a slow body)."""
    best = (-1, "")
    for alternative in vector.answers:
        outcome = _against(vector, alternative, seen, read_timeout, patience, shortest or read_timeout)
        if outcome is None:
            return None
        best = max(best, outcome, key=lambda o: o[0])
    expected = " or ".join(f"'{a.text}'" for a in vector.answers)
    return f"expected {expected}, came '{told(vector, seen)}'" + (f": {best[1]}" if best[1] else "")
