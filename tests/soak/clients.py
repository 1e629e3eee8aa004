"""tests/soak: the clients, hundreds at once on one epoll. Each is a generator that yields what it waits for; what it
sees goes into its plan's requests."""
import collections
import contextlib
import errno
import heapq
import json
import select
import socket
import struct
import time

PATIENCE = 30.0  # an answer takes longer only if it never comes
NO_MORE = struct.pack("ii", 1, 0)


class Closed(Exception):
    pass


class Gave_up(Exception):
    pass


class Client:
    def __init__(self, engine, plan):
        self.engine, self.plan = engine, plan
        self.buffer = bytearray()
        self.ready = False  # something may be read
        self.hung_up = False  # to the end of the stream, which is there
        self.waits = None  # "read", "write" or "time"
        self.turn = 0
        self.until = 0.0
        self.sock = None
        self.sent_at = 0.0  # a moment before its last bytes
        self.run = getattr(self, plan.script)()

    # ---- What a client waits for -------------------------------------------------------------------------------

    def sleep(self, seconds):
        yield "time", time.monotonic() + seconds

    def receive(self, size=1 << 16):
        """More bytes in the buffer; Closed at the end of the stream."""
        while True:
            if not self.ready:
                if (yield "read", None):
                    raise Gave_up
            self.ready = self.hung_up
            try:
                chunk = self.sock.recv(size)
            except BlockingIOError:
                self.ready = False
                continue
            except OSError as error:
                raise Closed(errno.errorcode.get(error.errno, "?")) from None
            if not chunk:
                raise Closed("FIN")
            if len(chunk) == size:
                self.ready = True
            self.buffer += chunk
            return

    def send(self, data):
        view = memoryview(data)
        while view:
            self.sent_at = time.monotonic()
            try:
                view = view[self.sock.send(view):]
            except BlockingIOError:
                if (yield "write", None):
                    raise Gave_up from None
            except OSError as error:
                raise Closed(errno.errorcode.get(error.errno, "?")) from None

    def answer(self, head_only=False, size=1 << 16, pause=None):
        """(status, id, body, bytes in all) of the next answer."""
        while (end := self.buffer.find(b"\r\n\r\n")) < 0:
            yield from self.receive(size)
        head = bytes(self.buffer[:end])
        if not head.startswith(b"HTTP/1.1 "):
            raise Closed(f"no answer: {head[:100]!r}")
        length = 0
        ident = ""
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b": ")
            if name == b"Content-Length":
                length = int(value)
            elif name == b"X-Request-Id":
                ident = value.decode()
        total = end + 4 + (0 if head_only else length)
        while len(self.buffer) < total:
            if pause is not None:
                yield from self.sleep(pause)
            yield from self.receive(size)
        body = bytes(self.buffer[end + 4:total])
        del self.buffer[:total]
        return int(head[9:12]), ident, body, total

    # ---- What a client does ------------------------------------------------------------------------------------

    def connect(self, small_buffer=False, admin=False):
        plan = self.plan
        plan.unix = plan.unix and not admin
        self.sock = socket.socket(socket.AF_UNIX if plan.unix else socket.AF_INET)
        if small_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.settimeout(10)
        if plan.unix:
            self.sock.connect(self.engine.unix)
        else:
            # Addresses of its own, so that no port is needed twice within its TIME_WAIT.
            self.sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            self.sock.bind((f"127.0.{1 + plan.number // 250 % 250}.{1 + plan.number % 250}", 0))
            self.sock.connect(("127.0.0.1", self.engine.admin if admin else self.engine.port))
        self.sock.setblocking(False)
        self.engine.add(self)

    def go(self, how):
        if how == "rst" and not self.plan.unix:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_MORE)
        self.close()

    def close(self):
        if self.sock is not None:
            self.engine.remove(self)
            self.sock.close()
            self.sock = None

    def is_answered(self, asked, **more):
        status, ident, body, size = yield from self.answer(asked.method == "HEAD", **more)
        asked.seen, asked.size = status, size
        if ident != asked.id:
            asked.trouble = f"the answer has the id {ident!r}"
        elif status not in asked.allowed:
            asked.trouble = f"answered {status} {body[:300]!r}, not one of {sorted(asked.allowed)}"
        else:
            asked.trouble = self.engine.wrong_body(asked, status, body)

    def stay(self):
        self.connect()
        for asked in self.plan.asked:
            last = asked is self.plan.asked[-1]
            yield from self.send(asked.bytes(close=last and self.plan.flag))
            yield from self.is_answered(asked)

    def pipeline(self):
        self.connect()
        plan = self.plan
        yield from self.send(b"".join(a.bytes(bad=i == plan.ends) for i, a in enumerate(plan.asked)))
        if plan.flag:
            self.ends_right_behind()
        for i, asked in enumerate(plan.asked):
            yield from self.is_answered(asked)
            if i == plan.ends:
                yield from self.is_closed()
                return
        if plan.flag:
            yield from self.is_closed()

    def half_close(self):
        self.connect()
        yield from self.send(b"".join(a.bytes() for a in self.plan.asked))
        self.ends_right_behind()
        for asked in self.plan.asked:
            yield from self.is_answered(asked)
        yield from self.is_closed()

    def ends_right_behind(self):
        """Half of the connection. A FIN that the machine has kept for longer than the server takes it for one of those
        who read on (50 ms) is one of leaving: then there may be no answer."""
        self.sock.shutdown(socket.SHUT_WR)
        if time.monotonic() - self.sent_at > 0.04:
            for i, asked in enumerate(self.plan.asked):
                asked.stays, asked.surely_read = False, asked.surely_read and i == 0

    def is_closed(self):
        try:
            yield from self.receive()
        except Closed:
            return
        self.engine.trouble(self.plan, f"more than the answers came: {bytes(self.buffer[:200])!r}")

    def dawdle_sending(self):
        self.connect()
        asked, pauses = self.plan.asked[0], self.plan.pauses
        data = asked.bytes()
        step = -(-len(data) // (len(pauses) + 1))
        for i, pause in enumerate([0.0, *pauses]):
            if pause:
                yield from self.sleep(pause)
            yield from self.send(data[i * step:(i + 1) * step])
        yield from self.is_answered(asked)

    def dawdle_reading(self):
        self.connect(small_buffer=True)
        asked = self.plan.asked[0]
        yield from self.send(asked.bytes())
        if self.plan.flag:
            yield from self.receive(1000)
            yield from self.sleep(0.05)
            self.go("rst")
            return
        yield from self.is_answered(asked, size=4096, pause=0.001)

    def leave(self):
        self.connect()
        *before, last = self.plan.asked
        for asked in before:
            yield from self.send(asked.bytes())
            yield from self.is_answered(asked)
        began = time.monotonic()
        yield from self.send(last.bytes())
        yield from self.sleep(self.plan.pauses[0])
        self.must_be_missed(last, began)
        yield from self.goes()

    def leave_pipelined(self):
        self.connect()
        began = time.monotonic()
        yield from self.send(b"".join(a.bytes() for a in self.plan.asked))
        yield from self.sleep(self.plan.pauses[0])
        self.must_be_missed(self.plan.asked[0], began)
        self.go(self.plan.ends)

    def must_be_missed(self, asked, began):
        """Just before leaving: no answer can have come yet, and the server has to see that nobody waits for one. Of a FIN
        that is so from 50 ms after the last byte on, of a RST at once, of half a Unix socket never."""
        after = time.monotonic() - began
        how = self.plan.ends
        seen = how == "rst" and not self.plan.unix or self.plan.pauses[0] >= 0.08 and not (how == "half" and self.plan.unix)
        if asked.hangs and seen and after <= 0.3:
            asked.left_after = after

    def leave_in_the_head(self):
        self.connect()
        yield from self.send(self.plan.asked[0].bytes()[:-3])
        yield from self.sleep(self.plan.pauses[0])
        if self.plan.ends != "half":
            self.engine.unseen[self.plan.asked[0].method, self.plan.asked[0].target, 400] += 1
            self.go(self.plan.ends)
            return
        self.sock.shutdown(socket.SHUT_WR)
        try:
            status, ident, _, _ = yield from self.answer(self.plan.asked[0].method == "HEAD")
        except Closed as how:
            self.engine.trouble(self.plan, f"half a request was closed ({how}) with {bytes(self.buffer[:200])!r}")
            return
        if status != 400:
            self.engine.trouble(self.plan, f"half a request was answered {status}")
        self.engine.refused[ident] = status

    def goes(self):
        """Leaves as planned; who closes one half reads on: a whole answer or nothing."""
        if self.plan.ends != "half":
            self.go(self.plan.ends)
            return
        self.sock.shutdown(socket.SHUT_WR)
        asked = self.plan.asked[-1]
        try:
            yield from self.is_answered(asked)
        except Closed as how:
            if self.buffer:
                asked.trouble = f"half an answer ({how}): {bytes(self.buffer[:200])!r}"

    def rubbish(self):
        self.connect()
        answers = []
        try:
            yield from self.send(self.plan.rubbish)
            with contextlib.suppress(OSError):  # it may have been answered and ended already
                self.sock.shutdown(socket.SHUT_WR)
            while True:
                status, ident, _, _ = yield from self.answer()
                answers.append(status)
                self.engine.refused[ident] = status
        except (Closed, OSError):
            if self.buffer:
                self.engine.trouble(self.plan, f"rubbish got half an answer: {bytes(self.buffer[:200])!r}")
        right = self.plan.ends
        if len(answers) > 1 or (answers or [None])[0] not in right:
            self.engine.trouble(self.plan, f"rubbish {self.plan.rubbish[:80]!r} was answered {answers}, not {right}")
        if not answers and right != {None}:
            self.engine.unseen["POST", "/", 413] += 1

    def silent(self):
        self.connect()
        yield from self.sleep(self.plan.pauses[0])
        self.go(self.plan.ends)

    def roll(self):
        self.connect(admin=True)
        self.engine.unseen["GET", "/debug/tasks?format=json", 200] += 1
        yield from self.send(b"GET /debug/tasks?format=json HTTP/1.1\r\nHost: localhost\r\n\r\n")
        status, _, body, _ = yield from self.answer()
        if status != 200 or "requests" not in json.loads(body):
            self.engine.trouble(self.plan, f"the roll is {status} {body[:200]!r}")


class Engine:
    """Runs plans, so many at once, until there are no more."""

    def __init__(self, port, admin, unix, bodies):
        self.port, self.admin, self.unix = port, admin, unix
        self.bodies = bodies  # (method, target) -> the right body of a 200
        self.refused = {}  # the id of each answer to rubbish -> its status
        # (method, target, status) -> how many records there may be whose id nobody knows: of heads that broke off, say
        self.unseen = collections.Counter()
        self.troubles = []
        self.ended = 0  # requests whose client is done
        self._poll = select.epoll()
        self._clients = {}  # by descriptor
        self._later = []  # (time, turn of the client, client): those that wait for the time
        self._live = set()
        self._turns = 0

    def wrong_body(self, asked, status, body):
        right = self.bodies.get(asked.target) if status == 200 else None
        if right is not None and asked.method == "GET" and body != right:
            return f"the body of another: {body[:200]!r}"
        if status >= 400 and asked.method == "GET" and json.loads(body)["request_id"] != asked.id:
            return f"the problem of another: {body[:300]!r}"
        return None

    def trouble(self, plan, what):
        self.troubles.append(f"connection {plan.number} ({plan.script}): {what}")

    def add(self, client):
        descriptor = client.sock.fileno()
        self._clients[descriptor] = client
        self._poll.register(descriptor, select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET)

    def remove(self, client):
        if self._clients.pop(client.sock.fileno(), None) is not None:
            self._poll.unregister(client.sock)

    def run(self, plans, at_once, each_tick):
        """Calls each_tick about ten times a second."""
        plans = iter(plans)
        more = True
        tick = 0.0
        while True:
            while more and len(self._live) < at_once:
                plan = next(plans, None)
                more = plan is not None
                if more:
                    client = Client(self, plan)
                    self._live.add(client)
                    self._resume(client, False)
            if not self._live and not more:
                return
            now = time.monotonic()
            if now >= tick:
                tick = now + 0.1
                each_tick()
                self._give_up(now)
            wait = min(tick, self._later[0][0] if self._later else tick) - now
            for descriptor, events in self._poll.poll(max(wait, 0)):
                client = self._clients.get(descriptor)
                if client is None:
                    continue
                if events & ~select.EPOLLOUT:
                    client.ready = True
                    client.hung_up |= bool(events & ~(select.EPOLLOUT | select.EPOLLIN))
                    if client.waits == "read":
                        self._resume(client, False)
                        continue
                if events & (select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP) and client.waits == "write":
                    self._resume(client, False)
            now = time.monotonic()
            while self._later and self._later[0][0] <= now:
                _, turn, client = heapq.heappop(self._later)
                if client.turn == turn:
                    self._resume(client, False)

    def _give_up(self, now):
        for client in [c for c in self._live if c.until <= now and c.waits != "time"]:
            self._resume(client, True)

    def _resume(self, client, late):
        self._turns += 1
        client.turn, client.waits = self._turns, None
        try:
            client.waits, until = client.run.send(late if client.until else None)
        except StopIteration:
            self._end(client)
        except Closed as how:
            self._end(client)
            if any(a.stays and a.seen is None for a in client.plan.asked):
                self.trouble(client.plan, f"was closed ({how}) with {bytes(client.buffer[:200])!r} before the answer to "
                                          f"{next(a for a in client.plan.asked if a.stays and a.seen is None)}")
        except Gave_up:
            self._end(client)
            self.trouble(client.plan, f"has waited {PATIENCE} s in vain, for {[a for a in client.plan.asked if a.seen is None]}")
        except OSError as error:
            self._end(client)
            self.trouble(client.plan, f"could not connect, or send: {error}")
        else:
            if client.waits == "time":
                heapq.heappush(self._later, (until, client.turn, client))
                client.until = until
            else:
                client.until = time.monotonic() + PATIENCE

    def _end(self, client):
        client.close()
        self._live.discard(client)
        self.ended += len(client.plan.asked)
