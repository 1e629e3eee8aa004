"""tests/e2e: many raw sockets in one loop, and what the process and the kernel spend on them."""
import contextlib
import os
import resource
import select
import socket
import time

from harness import Failed, check

FULL = os.environ.get("MUSTER_FULL_SIZE") == "1"  # the numbers of ./dev test hostile
PAGE = os.sysconf("SC_PAGE_SIZE")


def sized(full, few):
    return full if FULL else few


def room_for(descriptors):
    """Here and in the programs that are started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    check(hard == resource.RLIM_INFINITY or hard >= descriptors, "this needs", descriptors, "descriptors, and ulimit -Hn is", hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def sockstat():
    """Of the whole machine: what /proc/net/sockstat says of TCP."""
    with open("/proc/net/sockstat", encoding="ascii") as file:
        words = next(line for line in file if line.startswith("TCP:")).split()
    return dict(zip(words[1::2], map(int, words[2::2])))


def kernel_sockets():
    """Sockets in use, and bytes that the kernel holds in their queues."""
    told = sockstat()
    return told["inuse"], told["mem"] * PAGE


def orphans():
    """Sockets that nobody has any more, for whose last bytes the kernel still hopes."""
    return sockstat()["orphan"]


def memory(pid, what="VmRSS"):
    """Bytes: VmRSS now, VmHWM the most since forget_peak()."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith(what + ":")).split()[1]) << 10


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def totals(server):
    """What the roll counts: no tree of tasks is made for it."""
    return server.roll(1)["totals"]


def until(condition, seconds, what, every=0.02):
    """Looks once more after the limit: who was kept waiting between two looks has not seen that it came true in time."""
    limit = time.monotonic() + seconds
    while True:
        last = time.monotonic() > limit
        result = condition()
        if result:
            return result
        if last:
            raise Failed(f"{what() if callable(what) else what} did not come true within {seconds} s")
        time.sleep(every)


class One:
    """A raw socket of a crowd."""
    __slots__ = ("socket", "number", "port", "began", "sent", "got", "told_at", "ended_at", "stands")

    def __init__(self, number, s):
        self.number, self.socket = number, s
        self.port = s.getsockname()[1]
        self.began = time.monotonic()
        self.sent = 0         # bytes, or whatever its owner counts
        self.got = b""        # the first of what it was told
        self.told_at = None   # when the first byte came
        self.ended_at = None  # when the other side ended
        self.stands = True    # nobody has closed or reset it


class Crowd:
    def __init__(self):
        self.all = []
        self.by_fd = {}
        self.epoll = select.epoll()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()
        self.epoll.close()

    def connect(self, port, count, receive_buffer=None, listening=True):
        """`listening`: hear() reads what comes; else nobody ever does."""
        for number in range(len(self.all), len(self.all) + count):
            s = socket.socket()
            if receive_buffer:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            s.settimeout(20)
            s.connect(("127.0.0.1", port))
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            s.setblocking(False)
            one = One(number, s)
            self.all.append(one)
            if listening:
                self.by_fd[s.fileno()] = one
                self.epoll.register(s.fileno(), select.EPOLLIN)
        return self.all[-count:]

    def send(self, one, data):
        """How much of it the kernel took; 0 also if the other side has reset the connection, which is noted."""
        try:
            return one.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self.lost(one)
            return 0

    def hear(self, seconds=0.0):
        """Reads what has come: who it came to."""
        heard = []
        for fd, _ in self.epoll.poll(seconds):
            one = self.by_fd[fd]
            heard.append(one)
            try:
                piece = one.socket.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                self.lost(one)
                continue
            now = time.monotonic()
            if piece:
                one.told_at = one.told_at or now
                if len(one.got) < 4096:
                    one.got += piece
            else:
                one.ended_at = now
                self.forget(one)
        return heard

    def forget(self, one):
        if self.by_fd.pop(one.socket.fileno(), None):
            self.epoll.unregister(one.socket.fileno())

    def lost(self, one):
        one.ended_at = one.ended_at or time.monotonic()
        one.stands = False
        self.forget(one)

    def leave(self):
        for one in self.all:
            self.forget(one)
            with contextlib.suppress(OSError):
                one.socket.close()
        self.all = []
