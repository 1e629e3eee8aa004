"""tests/conformance: the driver sees every way in which a server can be wrong, and passes one that is right. Each
vector here is run against a server in Python that is wrong in one way."""
import concurrent.futures
import io
import sys
import tempfile
import threading
import time
import unittest

import driver
import vectors
from fake_server import Connection, Fake, answer, good

# Seconds of room in every direction, since a busy machine may keep any of the threads here from its core for one or two:
# an answer that is no timeout's, what is waited for in vain, and a server that outwaits the driver.
READ_TIMEOUT = 8.0
PATIENCE = 4.0
# And the second piece of a cut does not overtake the first, also where the kernel does not tell what is unread.
driver.UNREAD, driver.PAUSE = 10.0, 0.3
driver.EXPECT_PATIENCE = READ_TIMEOUT / 2


def vector(**lines):
    """A vector with one send; a list repeats a line."""
    lines = {"why": "a test", "rule": "own", "send": r"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", "answer": "200 kept"} | lines
    text = "[tried]\n"
    for key, values in lines.items():
        for value in [values] if isinstance(values, str) else values:
            text += f"{key.replace('_', '-')} {value}\n"
    return vectors.parse(text)[0]


def tried(behave, split="none", limits=(READ_TIMEOUT, PATIENCE), **lines):
    """The vector's Result against a server that behaves so; `limits` are a read timeout and how late it may be."""
    with Fake(behave) as fake:
        return driver.run(fake.address, [vector(**lines)], split, *limits)[0]


def says(*answers, then=Connection.close):
    """Reads one request's head, says this, and ends."""

    def behave(connection):
        connection.head()
        for data in answers:
            connection.say(data() if callable(data) else data)
        then(connection)

    return behave


def hangs(connection):
    while connection.more():
        pass
    connection.socket.close()


def spoilt(change, only=1):
    """A good server, but for the first answer."""
    return lambda connection: good(connection, READ_TIMEOUT, lambda data, n: change(data) if n == only else data)


def goodly(connection):
    good(connection, READ_TIMEOUT)


CLOSED = {"answer": "400 closed"}
REFUSED = answer(400, close=True)


class Sees(unittest.TestCase):
    def fails(self, result, *words):
        self.assertTrue(result.failures, "the driver saw nothing wrong")
        for word in words:
            self.assertIn(word, result.failure)

    def passes(self, result):
        self.assertEqual(result.failures, 0, result.failures and result.failure)

    def test_a_good_server_passes_every_example_whole_and_cut(self):
        examples = [v for v in vectors.read_all() if v.id.startswith("example-")]
        self.assertGreaterEqual(len(examples), 7)
        long = READ_TIMEOUT
        with Fake(lambda connection: good(connection, long)) as fake:
            for result in driver.run(fake.address, examples, "none", long, long):
                self.passes(result)
            for result in driver.run(fake.address, examples, "seeded", long, long):
                self.passes(result)
                self.assertGreater(result.runs, 20)

    def test_a_status_that_is_not_expected(self):
        self.fails(tried(goodly, answer="400 closed"), "expected '400 closed', came '200 still open'")
        self.fails(tried(says(REFUSED), answer=["200 kept", "431 closed"]), "'200 kept' or '431 closed', came '400 closed'")

    def test_each_alternative_is_right(self):
        self.passes(tried(says(REFUSED), answer=["200 kept", "400 closed"]))
        self.passes(tried(goodly, answer=["200 kept", "400 closed"]))
        self.passes(tried(says(REFUSED), answer="4xx closed"))
        self.passes(tried(says(REFUSED), answer="xxx closed"))
        self.fails(tried(says(REFUSED), answer="5xx closed"), "came '400 closed'")

    def test_an_answer_too_many(self):
        self.fails(tried(spoilt(lambda data: data + answer(404))), "came '200 404 still open'")

        def hidden(connection):  # comes out once the connection is used again
            connection.head()
            connection.say(answer(200))
            connection.head()
            connection.say(answer(404))
            connection.data = b"HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n" + connection.data
            good(connection)

        self.fails(tried(hidden), "no status line: ok")
        self.fails(tried(says(answer(200), REFUSED), answer="200 closed"), "once too often")
        two = says(REFUSED, answer(404, close=True))
        self.fails(tried(two, **CLOSED), "once too often")
        self.fails(tried(two, answer="400 404 closed"), "said close, and another answer followed")

    def test_an_answer_too_few(self):
        twice = [r"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"] * 2
        self.passes(tried(goodly, send=twice, answer="200 200 kept"))
        self.fails(tried(says(answer(200), then=hangs), send=twice, answer="200 200 kept"), "came '200 still open'")
        self.fails(tried(goodly, answer="200 400 closed"), "came '200 closed'")
        self.fails(tried(hangs, answer="200 kept"), "came 'still open'")

    def test_a_rest_that_swallows_the_next_request(self):
        def swallows(connection):
            connection.head()
            connection.say(answer(200))
            connection.data = b"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + connection.data
            good(connection)

        self.fails(tried(swallows), "asked again: 200 closed", "no status line: ok")

    def test_kept_or_closed(self):
        self.fails(tried(says(answer(200))), "asked again")
        self.fails(tried(goodly, answer="200 closed"), "the connection is still open")
        self.fails(tried(says(answer(200)), answer="200 closed"), "did not say Connection: close and closed")
        self.fails(tried(says(answer(200, close=True))), "came '200 closed'")
        self.fails(tried(spoilt(lambda data: data.replace(b"Content-Length", b"Connection: close\r\nContent-Length"))),
                   "came '200 still open'")
        self.fails(tried(says(REFUSED, then=hangs), **CLOSED), "the connection is still open")
        self.passes(tried(says(answer(400)), end="half-close", **CLOSED))
        self.passes(tried(says(), answer="closed"))
        self.fails(tried(says(then=hangs), answer="closed"), "still open")
        self.fails(tried(says(), **CLOSED), "came 'closed'")

    def test_a_reset_is_no_close(self):
        def resets_later(connection):
            time.sleep(0.1)
            connection.reset()

        self.fails(tried(says(then=Connection.reset), answer="closed"), "came 'reset'")
        self.fails(tried(says(REFUSED, then=resets_later), **CLOSED), "reset instead of closed")

        def leaves_bytes_unread(connection):
            connection.socket.recv(1)
            connection.say(REFUSED)
            time.sleep(0.05)
            connection.socket.close()

        self.fails(tried(leaves_bytes_unread, **CLOSED), "reset")

    def test_a_reset_after_the_end_of_file_is_none(self):
        def closes_at_once(connection):
            connection.socket.recv(1000)
            connection.say(REFUSED)
            connection.socket.shutdown(1)
            time.sleep(0.05)
            connection.reset()

        self.passes(tried(closes_at_once, send="GET", repeat="10000 a", **CLOSED))

    def test_lengths(self):
        self.fails(tried(says(REFUSED[:-1]), **CLOSED), "an answer is cut off")
        self.fails(tried(says(REFUSED + b"x"), **CLOSED), "no status line: x")
        self.fails(tried(says(REFUSED.replace(b"Content-Length: 3", b"Content-Length: 3\r\nContent-Length: 3")), **CLOSED),
                   "no good Content-Length: 3, 3")
        self.fails(tried(says(REFUSED.replace(b"Content-Length: 3", b"Content-Length: +3")), **CLOSED), "Content-Length: +3")
        self.fails(tried(says(answer(400, without=["Content-Length"])), **CLOSED), "no length and does not say that it closes")
        self.passes(tried(says(answer(400, close=True, without=["Content-Length"])), **CLOSED))

    def test_answers_without_a_body(self):
        head = r"HEAD /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        self.passes(tried(goodly, send=head, head="1"))
        self.fails(tried(spoilt(lambda data: data + b"ok\n"), send=head, head="1"), "no status line: ok")
        self.fails(tried(goodly, head="1"), "no status line: ok")
        self.passes(tried(says(answer(304, head=True, close=True)), answer="304 closed"))
        self.fails(tried(says(answer(304, close=True)), answer="304 closed"), "no status line: ok")
        empty = ["Content-Length"]
        self.passes(tried(says(answer(204, b"", close=True, without=empty)), answer="204 closed"))
        self.fails(tried(says(answer(204, b"", close=True)), answer="204 closed"), "must not have Content-Length")
        self.fails(tried(says(answer(204, b"x", close=True, without=empty)), answer="204 closed"), "no status line: x")

    def test_chunks(self):
        def chunked(body):
            return says(answer(400, body, close=True, without=["Content-Length"], fields=[("Transfer-Encoding", "chunked")]))

        self.passes(tried(chunked(b"3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n"), body="1 abc0123", **CLOSED))
        for body, word in ((b"3\r\nabcd\r\n0\r\n\r\n", "does not end where"), (b"3\nabc\r\n0\r\n\r\n", "no chunk size"),
                           (b"0x3\r\nabc\r\n0\r\n\r\n", "no chunk size"), (b"3\r\nabc\r\n0\r\n", "cut off"),
                           (b"0\r\nX y\r\n\r\n", "no trailer field"), (b"0\r\n\r\n0\r\n\r\n", "no status line")):
            self.fails(tried(chunked(body), **CLOSED), word)
        both = answer(400, b"0\r\n\r\n", close=True, fields=[("Transfer-Encoding", "chunked")])
        self.fails(tried(says(both), **CLOSED), "Content-Length and Transfer-Encoding")

    def test_grammar(self):
        for what, instead, word in (
                (b"HTTP/1.1 400 Said", b"HTTP/1.1 400", "no status line"), (b"HTTP/1.1", b"HTTP/2.0", "no status line"),
                (b"HTTP/1.1", b"HTTP/1.0", "calls itself HTTP/1.0"), (b"HTTP/1.1", b"HTTP/1.2", "no status line"),
                (b"HTTP/1.1 400 Said", b"HTTP/1.1  400 Said", "no status line"), (b"Said\r\n", b"Said\n", "no status line"),
                (b"Content-Type: text", b"Content-Type : text", "no field"), (b"Content-Type: text", b": text", "no field"),
                (b"text/plain\r\n", b"text/plain\n", "no field"), (b"text/plain", b"text\r\n /plain", "no field"),
                (b"text/plain", b"text\0plain", "no field"), (b"text/plain", b"text\rplain", "no field"),
                (b"HTTP/1.1", b"nonsense HTTP/1.1", "no status line"), (b"HTTP/1.1 400", b"HTTP/1.1 600", "no status line")):
            spoilt_answer = REFUSED.replace(what, instead)
            self.assertNotEqual(spoilt_answer, REFUSED)
            self.fails(tried(says(spoilt_answer), **CLOSED), word)

    def test_an_answer_of_another_version_than_the_servers(self):
        own = next(v for v in vectors.read_all() if v.id == "answer-1-0-has-own-version")
        for change, right in ((lambda data: data, True), (lambda data: data.replace(b"HTTP/1.1", b"HTTP/1.0"), False)):
            with Fake(says(change(answer(200, close=True)))) as fake:
                result = driver.run(fake.address, [own], "none", READ_TIMEOUT, PATIENCE)[0]
            self.passes(result) if right else self.fails(result, "200 calls itself HTTP/1.0")

    def test_an_answer_of_http_1_0_closes_unless_it_says_that_it_does_not(self):
        old = answer(400).replace(b"HTTP/1.1", b"HTTP/1.0")
        result = tried(says(old), answer="400 closed")
        self.fails(result, "400 calls itself HTTP/1.0")
        self.assertNotIn("did not say", result.failure)
        kept = old.replace(b"Content-Length", b"Connection: keep-alive\r\nContent-Length")
        self.fails(tried(says(kept), answer="400 closed"), "did not say Connection: close and closed")

    def test_dates(self):
        def dated(text):
            return says(answer(400, close=True, now=text))

        self.fails(tried(says(answer(400, close=True, without=["Date"])), **CLOSED), "400 has no Date")
        self.passes(tried(says(answer(503, close=True, without=["Date"])), answer="503 closed"))
        now = time.gmtime()
        self.passes(tried(dated(time.strftime("%a, %d %b %Y %H:%M:%S GMT", now)), **CLOSED))
        self.fails(tried(dated(time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 60))), **CLOSED), "not now")
        self.fails(tried(dated(time.strftime("%A, %d-%b-%y %H:%M:%S GMT", now)), **CLOSED), "no IMF-fixdate")
        self.fails(tried(dated(time.strftime("%a, %d %b %Y %H:%M:%S +0000", now)), **CLOSED), "no IMF-fixdate")
        yesterday = time.strftime("%a", time.gmtime(time.time() - 86400))
        self.fails(tried(dated(time.strftime(f"{yesterday}, %d %b %Y %H:%M:%S GMT", now)), **CLOSED), "weekday")
        self.fails(tried(says(answer(400, close=True, fields=[("Date", answer(200).split(b"Date: ")[1][:29].decode())])),
                         **CLOSED), "date 2 times")

    def test_fields_and_bodies(self):
        self.passes(tried(goodly, field=["1 Content-Type text/plain", "1 content-length"], no_field="1 Server", body=r"1 ok\n"))
        self.fails(tried(goodly, field="1 Content-Type text/html"), "Content-Type: text/plain, not text/html")
        self.fails(tried(goodly, field="1 Allow"), "answer 1 has no Allow")
        self.fails(tried(goodly, no_field="1 Content-Type"), "answer 1 has Content-Type: text/plain")
        self.fails(tried(goodly, body="1 absent"), "has no absent, it is ok\\n")
        two = [r"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", r"GET /absent HTTP/1.1\r\nHost: a\r\n\r\n"]
        self.fails(tried(goodly, send=two, answer="200 404 kept", field="2 Allow"), "answer 2 has no Allow")

    def test_interim_answers(self):
        expects = {"send": [r"POST /absent HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", ], "wait": "100"}

        def with_body(behave, expected):
            lines = {"send": expects["send"], "wait": "100", "repeat": "2 a", "answer": expected}
            return tried(behave, **lines)

        def without_interim(connection):
            connection.head()
            connection.body(2)
            connection.say(answer(404))
            good(connection)

        self.passes(with_body(goodly, "100 404 kept"))
        self.passes(with_body(goodly, "100? 404 kept"))
        self.passes(with_body(without_interim, "100? 404 kept"))
        self.fails(with_body(without_interim, "100 404 kept"), "came '404")
        self.passes(with_body(says(answer(417, close=True)), "417 closed"))
        self.fails(with_body(goodly, "404 kept"), "came '100 404")
        self.fails(tried(spoilt(lambda data: b"HTTP/1.1 100 Continue\r\n\r\n" + data)), "came '100 200")

    def test_the_bytes_after_a_wait_are_not_sent_before_it(self):
        early = []

        def watches(connection):
            connection.head()
            time.sleep(0.2)
            connection.socket.setblocking(False)
            early.append(connection.more())
            connection.socket.setblocking(True)
            connection.say(b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.body(2)
            connection.say(answer(404))
            good(connection)

        self.passes(tried(watches, wait="100", repeat="2 a", answer="100 404 kept"))
        self.assertEqual(early, [False])

    def test_timeouts(self):
        def later(seconds, *answers):
            def behave(connection):
                connection.socket.recv(1000)
                time.sleep(seconds)
                for data in answers:
                    connection.say(data)
                connection.close()

            return behave

        # Seconds of room on both sides, so that a busy machine changes no verdict; all at once, since they only wait.
        limit, room = 6.0, 10.0
        late = answer(408, close=True)
        expected = (
            (later(limit, late), "timeout 408 closed", None),
            (later(limit), "timeout closed", None),
            (later(limit), "closed", "only by the read timeout"),
            (later(limit, late), "408 closed", "only by the read timeout"),
            (later(0.1, late), "timeout 408 closed", "before the read timeout"),
            (later(0.1), "timeout closed", "before the read timeout"),
            (hangs, "timeout 408 closed", "still open"))

        def result(each):
            return tried(each[0], limits=(limit, room), send="GET", answer=each[1])

        with concurrent.futures.ThreadPoolExecutor(len(expected)) as pool:
            for (_, _, word), came in zip(expected, pool.map(result, expected)):
                self.fails(came, word) if word else self.passes(came)

    def test_what_fails_while_the_driver_itself_is_held_up_is_asked_again(self):
        held_up = threading.Event()
        told = []

        def found_late(data, _):
            if b" 404 " in data[:20]:
                held_up.wait(60)
            return data

        def holds_up(exchange, _):
            told.append(exchange.vector.id)
            if len(told) == 1:  # the answer of the other comes meanwhile, and is seen when it is too late
                held_up.set()
                time.sleep(driver.LONGEST_POLL + driver.STALL + 2)

        late = vector(send=r"GET /late HTTP/1.1\r\nHost: a\r\n\r\n", answer="404 kept")
        late.id = "late"
        for tries in (driver.TRIES, 1):
            held_up.clear()
            told.clear()
            with Fake(lambda connection: good(connection, READ_TIMEOUT, found_late)) as fake:
                results = driver.run(fake.address, [vector(), late], "none", 4.0, PATIENCE, verbose=holds_up, tries=tries)
            self.assertEqual(told, ["tried", "late"])
            self.passes(results[0])
            self.assertEqual(results[1].runs, 1)
            self.passes(results[1]) if tries > 1 else self.fails(results[1], "only by the read timeout")

    def test_a_server_for_which_the_pieces_matter(self):
        def one_read(connection):
            data = connection.socket.recv(65536)
            if not data.endswith(b"\r\n\r\n"):
                connection.say(answer(500, close=True))
                return connection.close()
            connection.data = data
            good(connection)

        size = vector().size()
        self.passes(tried(one_read))
        result = tried(one_read, split="every")
        self.assertEqual((result.runs, result.failures), (size - 1, size - 1))
        self.assertIn("cut after 1 bytes", result.line())

        def hates_17(connection):
            data = connection.socket.recv(65536)
            connection.data = data if len(data) != 17 else b"X" + data
            good(connection) if len(data) != 17 else says(answer(500, close=True))(connection)

        result = tried(hates_17, split="every")
        self.assertEqual((result.failures, result.first_cut), (1, 17))

    def test_long_streams_are_cut_at_64_places_the_same_each_time(self):
        long = vector(repeat="5000 a")
        self.assertEqual(len(driver.cuts_of(long, "every", 1)), 64)
        self.assertEqual(driver.cuts_of(long, "every", 1), driver.cuts_of(long, "every", 1))
        self.assertNotEqual(driver.cuts_of(long, "every", 1), driver.cuts_of(long, "every", 2))
        self.assertEqual(list(driver.cuts_of(vector(), "every", 1)), list(range(1, vector().size())))

    def test_known_failures(self):
        with tempfile.NamedTemporaryFile("w", suffix="known") as file:
            file.write("# a comment\n\ntried\nother cut\nthird in-process\n")
            file.flush()
            ids = [vector(), vector(), vector()]
            ids[1].id, ids[2].id = "other", "third"
            self.assertEqual(driver.known_failures(file.name, ids, "none"), ({"tried"}, set()))
            self.assertEqual(driver.known_failures(file.name, ids, "every"), (set(), {"tried", "other"}))
            with self.assertRaisesRegex(vectors.Mistake, ":3: there is no such vector or way: 'tried'"):
                driver.known_failures(file.name, ids[1:], "none")

    def test_the_report_and_its_verdict(self):
        wrong = tried(goodly, answer="400 closed", rule=["own", "must rfc9112 3.2"])
        right = tried(goodly)
        out = io.StringIO()
        self.assertFalse(driver.report([wrong, right], out=out))
        self.assertIn("FAILED must: tried: expected '400 closed', came", out.getvalue())
        self.assertIn("must: 0 of 1 passed, 1 failed", out.getvalue())
        self.assertIn("own: 1 of 1 passed, 0 failed", out.getvalue())
        out = io.StringIO()
        for known in (({"tried"}, set()), (set(), {"tried"})):
            self.assertTrue(driver.report([wrong], known, out))
        self.assertIn("known: ", out.getvalue())
        self.assertTrue(driver.report([right], (set(), {"tried"}), out))
        self.assertFalse(driver.report([right], ({"tried"}, set()), out))
        self.assertIn("take it out", out.getvalue())
        self.assertTrue(driver.report([right], out=out))


def main():
    """All tests at once, since they mostly wait."""
    tests = list(unittest.defaultTestLoader.loadTestsFromTestCase(Sees))
    results = [unittest.TestResult() for _ in tests]
    with concurrent.futures.ThreadPoolExecutor(len(tests)) as pool:
        list(pool.map(lambda pair: pair[0].run(pair[1]), zip(tests, results)))
    for test, result in zip(tests, results):
        print("passed" if result.wasSuccessful() and result.testsRun == 1 else "FAILED", test.id().rpartition(".")[2])
        for _, traceback in result.failures + result.errors:
            print(traceback)
    return all(r.wasSuccessful() and r.testsRun == 1 for r in results) and len(tests) > 20


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
