"""tests/e2e: what the misbehaving upstream can do to a request, and the id that a client asks for to have it done. A
misbehaviour is a function of the connection and the request's first line; when it returns, the next request is read."""
import gzip
import json
import re
import time

# Right answers, as the three sources of a muster give them; what they are of is told by the path.
PROFILE = {"bio": "Likes tests.", "location": "Nowhere", "website": "https://example.org/", "language": "en-GB"}
USER = {"id": 0, "name": "A Person", "email": "person@example.org", "created_at": "2024-05-01T12:00:00Z"}
POST = {"id": 7, "title": "One", "body": "Of them.", "published_at": "2024-05-01T12:00:00Z"}
POSTS = {}  # of users that have others, by their ids as text
POISON = {**PROFILE, "bio": "This belongs to another request."}
NESTED = 10_000_000  # bytes

ALL = {}


def misbehaviour(f):
    ALL[f.__name__] = f
    return f


def answer(body, *fields, status="200 OK", version="HTTP/1.1", length=None, kind="application/json"):
    """The bytes of a whole answer; `body` is bytes, or what becomes JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{version} {status}", f"Content-Type: {kind}", *fields]
    if length is not False:
        lines.append(f"Content-Length: {len(data) if length is None else length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data


def right(first):
    """The right body for what is asked."""
    number, what, most = re.match(r"GET /api/users/(\d+)(?:/(\w+))?(?:\?limit=(\d+))?", first).groups()
    if what == "posts":
        return POSTS.get(number, [POST])[:int(most or 20)]
    return PROFILE if what == "profile" else {**USER, "id": int(number)}


def chunked(*pieces, fields=()):
    head = ["HTTP/1.1 200 OK", "Content-Type: application/json", "Transfer-Encoding: chunked", *fields]
    return ("\r\n".join(head) + "\r\n\r\n").encode() + b"".join(pieces)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def body_of(first):
    return json.dumps(right(first)).encode()


# ---- Right, if unusual ---------------------------------------------------------------------------------------------


@misbehaviour
def good(c, first):
    c.send(answer(right(first)))


@misbehaviour
def slow_but_good(c, first):
    for byte in answer(right(first)):
        c.send(bytes([byte]))


@misbehaviour
def in_chunks(c, first):
    body = body_of(first)
    c.send(chunked(chunk(body[:5]), chunk(body[5:]), b"0\r\nX-Trailer: read over\r\n\r\n"))


@misbehaviour
def with_unknown_fields(c, first):
    c.send(answer({"x": [1, {"y": None}], **right(first), "z": 1e300}))


@misbehaviour
def early_hints_first(c, first):
    c.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + answer(right(first)))


@misbehaviour
def http_1_0_until_its_end(c, first):
    c.send(answer(right(first), version="HTTP/1.0", length=False))
    c.close()


@misbehaviour
def http_1_0_with_a_length(c, first):
    c.send(answer(right(first), version="HTTP/1.0"))
    c.pause(10)  # the other side must not wait for an end


@misbehaviour
def says_that_it_closes(c, first):
    c.send(answer(right(first), "Connection: close"))
    c.pause(10)


@misbehaviour
def closes_behind_its_answer(c, first):
    c.send(answer(right(first)))
    c.close()


@misbehaviour
def another_answer_behind_the_right_one(c, first):
    c.send(answer(right(first)) + answer(POISON))


@misbehaviour
def closes_at_reuse(c, first):
    if c.requests > 1:
        c.close()
    c.send(answer(right(first)))


@misbehaviour
def resets_at_reuse(c, first):
    if c.requests > 1:
        c.reset()
    c.send(answer(right(first)))


@misbehaviour
def one_byte_at_reuse(c, first):
    if c.requests > 1:
        c.send(b"H")
        c.close()
    c.send(answer(right(first)))


# ---- Never ends ----------------------------------------------------------------------------------------------------


@misbehaviour
def silent(c, first):
    c.silence()


@misbehaviour
def half_a_head(c, first):
    c.send(answer(right(first))[:30])
    c.silence()


@misbehaviour
def a_head_alone(c, first):
    c.send(answer(b"", length=100))
    c.silence()


@misbehaviour
def half_a_body(c, first):
    c.send(answer(body_of(first)[:20], length=len(body_of(first))))
    c.silence()


@misbehaviour
def one_byte_a_second(c, first):
    for byte in answer(right(first)):
        c.send(bytes([byte]))
        c.pause(1)


@misbehaviour
def one_byte_each_20_ms(c, first):
    for byte in answer(right(first)) * 10:
        c.send(bytes([byte]))
        c.pause(0.02)


@misbehaviour
def continues_each_40_ms(c, first):
    while True:
        c.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        c.pause(0.04)


@misbehaviour
def after_its_deadline(c, first):
    """Does not see that nobody waits any more."""
    time.sleep(0.6)
    c.send(answer(POISON))
    c.silence()


# ---- Ends too soon -------------------------------------------------------------------------------------------------


@misbehaviour
def resets_behind_the_request(c, first):
    c.reset()


@misbehaviour
def resets_in_the_head(c, first):
    c.send(answer(right(first))[:30])
    c.pause(0.05)
    c.reset()


@misbehaviour
def resets_in_the_body(c, first):
    c.send(answer(right(first))[:-5])
    c.pause(0.05)
    c.reset()


@misbehaviour
def closes_behind_the_request(c, first):
    c.close()


@misbehaviour
def closes_in_the_head(c, first):
    c.send(answer(right(first))[:30])
    c.close()


@misbehaviour
def length_too_long(c, first):
    c.send(answer(right(first), length=1000))
    c.close()


@misbehaviour
def closes_between_chunks(c, first):
    c.send(chunked(chunk(body_of(first))))
    c.close()


@misbehaviour
def closes_in_a_chunk(c, first):
    c.send(chunked(chunk(body_of(first))[:-10]))
    c.close()


# ---- Is no HTTP ----------------------------------------------------------------------------------------------------

RUBBISH = {
    "two_lengths": answer(PROFILE, "Content-Length: 7"),
    "negative_length": answer(PROFILE, length=-1),
    "length_in_words": answer(PROFILE, length="ten"),
    "length_with_a_sign": answer(PROFILE, length="+10"),
    "length_beyond_64_bits": answer(PROFILE, length="18446744073709551617"),
    "length_and_chunks": answer(PROFILE, "Transfer-Encoding: chunked"),
    "unknown_coding": answer(PROFILE, "Transfer-Encoding: gzip", length=False),
    "chunk_size_is_none": chunked(b"zz\r\n{}\r\n0\r\n\r\n"),
    "chunk_size_beyond_64_bits": chunked(b"1" + b"0" * 16 + b"\r\n{}\r\n0\r\n\r\n"),
    "chunk_without_its_end": chunked(b"2\r\n{}0\r\n\r\n"),
    "no_http": b"Good morning, this is no web server.\r\n\r\n",
    "http_0_9": json.dumps(PROFILE).encode() + b"\r\n\r\n",
    "http_2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x10\x00\x00\x00\x06\x00\x00\x40\x00",
    "http_9_9": answer(PROFILE, version="HTTP/9.9"),
    "status_of_letters": answer(PROFILE, status="abc OK"),
    "status_of_four_digits": answer(PROFILE, status="2000 OK"),
    "field_without_a_colon": answer(PROFILE, "nothing"),
    "field_with_a_nul": answer(PROFILE, "X-A: a\0b"),
    "space_before_the_colon": answer(PROFILE, "X-A : b"),
}


def says(name, data):
    def rubbish(c, first):
        c.send(data)
        c.silence()

    rubbish.__name__ = name
    misbehaviour(rubbish)


for each, text in RUBBISH.items():
    says(each, text)


# ---- Is too much ---------------------------------------------------------------------------------------------------


@misbehaviour
def endless_head(c, first):
    c.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        c.send(b"X-More: of it\r\n" * 64)


@misbehaviour
def endless_field(c, first):
    c.send(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        c.send(b"of it " * 64)


@misbehaviour
def endless_body(c, first):
    c.send(answer(b"", version="HTTP/1.0", length=False))
    while True:
        c.send(b"[" * 65536)


@misbehaviour
def endless_chunks(c, first):
    c.send(chunked())
    while True:
        c.send(chunk(b" " * 65536))


@misbehaviour
def endless_chunk_extension(c, first):
    c.send(chunked(b"2;"))
    while True:
        c.send(b"more=of-it;" * 64)


@misbehaviour
def endless_trailer(c, first):
    c.send(chunked(chunk(body_of(first)), b"0\r\n"))
    while True:
        c.send(b"X-More: of it\r\n" * 64)


@misbehaviour
def length_beyond_the_limit(c, first):
    c.send(answer(b"{", length=1 << 40))
    c.silence()


@misbehaviour
def storm_of_continues(c, first):
    while True:
        c.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 64)


@misbehaviour
def ten_megabytes_of_nesting(c, first):
    half = NESTED // 2
    c.send(answer(b"[" * half + b"]" * half))


# ---- Is HTTP, and not what was asked for ---------------------------------------------------------------------------


def tells(name, make):
    def telling(c, first):
        c.send(make(first))

    telling.__name__ = name
    misbehaviour(telling)


def with_status(name, status, *fields, body=b"", **more):
    tells(name, lambda first: answer(body, *fields, status=status, **more))


def instead(name, change):
    """`change` makes the wrong body of the right one."""
    tells(name, lambda first: answer(change(right(first))))


tells("length_too_short", lambda first: answer(right(first), length=10))
tells("gzip_unasked", lambda first: answer(gzip.compress(body_of(first)), "Content-Encoding: gzip"))
tells("html", lambda first: answer(b"<!doctype html><p>Please log in", kind="text/html"))
tells("wrong_content_type", lambda first: answer(right(first), kind="text/plain"))
tells("nothing", lambda first: answer(b""))
tells("cut_json", lambda first: answer(body_of(first)[:-3]))
tells("two_documents", lambda first: answer(body_of(first) * 2))
tells("no_utf_8", lambda first: answer(body_of(first).replace(b"e", b"\xff")))
instead("null", lambda body: None)
instead("a_number", lambda body: 5)
instead("the_other_kind", lambda body: {} if isinstance(body, list) else [body])
instead("wrong_type", lambda body: [{**body[0], "title": 5}] if isinstance(body, list) else {**body, list(body)[1]: [5]})
instead("a_member_is_missing", lambda body: [{"id": 7}] if isinstance(body, list) else dict(list(body.items())[:1]))
instead("wrong_id", lambda body: {**body, "id": body["id"] + 1})
instead("id_as_text", lambda body: {**body, "id": str(body["id"])})
instead("negative_id", lambda body: [{**body[0], "id": -1}] if isinstance(body, list) else {**body, "id": -1})
instead("fractional_id", lambda body: {**body, "id": body["id"] + 0.5})
instead("impossible_time", lambda body: {**body, "created_at": "2024-13-32T25:61:61Z"})

with_status("moved", "301 Moved Permanently", "Location: http://127.0.0.1:1/")
with_status("found_elsewhere", "302 Found", "Location: /api/users/1")
with_status("not_modified", "304 Not Modified", length=False)
with_status("no_content", "204 No Content", length=False)
with_status("partial", "206 Partial Content", "Content-Range: bytes 0-9/100", body=PROFILE)
with_status("bad_request", "400 Bad Request")
with_status("unauthorised", "401 Unauthorized", 'WWW-Authenticate: Basic realm="x"')
with_status("not_found", "404 Not Found")
with_status("gone", "410 Gone")
with_status("failed", "500 Internal Server Error", body=b"<h1>at main.cpp:17</h1>", kind="text/html")
with_status("bad_gateway", "502 Bad Gateway")
with_status("unknown_status", "799 Whatever")
with_status("too_many", "429 Too Many Requests", "Retry-After: 7")
with_status("too_many_for_ever", "429 Too Many Requests", "Retry-After: 99999999999999999999")
with_status("too_many_until_a_day", "429 Too Many Requests", "Retry-After: Wed, 21 Oct 2099 07:28:00 GMT")
with_status("too_many_for_less_than_nothing", "429 Too Many Requests", "Retry-After: -5")
with_status("overloaded", "503 Service Unavailable")
with_status("timed_out", "504 Gateway Timeout")


@misbehaviour
def switches_protocols(c, first):
    c.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    c.silence()


# ---- Explains itself -----------------------------------------------------------------------------------------------


def problem(status, **members):
    return {"type": "about:blank", "title": "Gateway Timeout", "status": status, "request_id": "far", **members}


EXPLAINED = problem(504, cause="deadline_exceeded", budget_ms=250, elapsed_ms=251, children=[
    {"source": "posts", "state": "waiting", "wait": "read", "elapsed_ms": 249, "attempts": 1}])
SCRIPT = "<script>alert(1)</script>"


def deep(levels):
    made = problem(504, cause="deadline_exceeded", budget_ms=levels, children=[])
    for level in range(levels - 1, 0, -1):
        made = problem(504, cause="deadline_exceeded", budget_ms=level, children=[{"source": f"s{level}", "state": "waiting",
                                                                                   "wait": "read", "upstream": made}])
    return made


def wide(children):
    return [{"source": "x" * (1 + n % 100), "state": "waiting"} for n in range(children)]


HOSTILE = {
    "markup": problem(504, cause=SCRIPT, budget_ms=1, children=[{"source": SCRIPT, "state": SCRIPT, "wait": SCRIPT, "at": SCRIPT}],
                      detail=SCRIPT, more=SCRIPT),
    "depth": deep(40),
    "width": problem(504, cause="deadline_exceeded", children=wide(500)),
    "size": problem(504, cause="deadline_exceeded", children=wide(50_000)),
    "numbers": problem(504, cause="deadline_exceeded", budget_ms=1e300, elapsed_ms=-7, children=[
        {"source": "posts", "state": "waiting", "wait": "read", "attempts": -1, "elapsed_ms": 2 ** 63}]),
    "types": problem("504", cause=5, budget_ms="9", children={"source": []}, elapsed_ms=[[]]),
}

with_status("explains", "504 Gateway Timeout", body=EXPLAINED, kind="application/problem+json")
with_status("explains_a_failure", "502 Bad Gateway", kind="application/problem+json",
            body=problem(502, cause="source_failed", children=[
                {"source": "posts", "state": "failed", "failure": "reset", "elapsed_ms": 3, "attempts": 1}]))
for each, what in HOSTILE.items():
    with_status(f"explains_with_{each}", "504 Gateway Timeout", body=what, kind="application/problem+json")

IDS = {name: 1 + index for index, name in enumerate(ALL)}
