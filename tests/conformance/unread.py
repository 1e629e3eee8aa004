"""tests/conformance: how much of what was sent over a loopback connection its server has not read yet, as the kernel
tells (sock_diag): so a second piece can follow the moment the first one was read, and not a guess later."""
import socket
import struct

_HEADER = struct.Struct("=IHHII")
_NLMSG_ERROR, _SOCK_DIAG_BY_FAMILY, _NETLINK_SOCK_DIAG = 2, 20, 4
_ANY = 0xFFFFFFFF


class Unread:
    def __init__(self):
        try:
            self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG)
            self.netlink.bind((0, 0))
            self.netlink.settimeout(1)
        except OSError:
            self.netlink = None

    def close(self):
        if self.netlink:
            self.netlink.close()

    def of(self, connected):
        """Bytes that the other end of this socket has not read; None when that cannot be known from here."""
        if self.netlink is None:
            return None
        try:
            mine, theirs = connected.getsockname(), connected.getpeername()
            request = struct.pack("=BBBBI", connected.family, socket.IPPROTO_TCP, 0, 0, _ANY)
            request += struct.pack("!HH", theirs[1], mine[1])
            request += b"".join(socket.inet_pton(connected.family, a[0]).ljust(16, b"\0") for a in (theirs, mine))
            request += struct.pack("=III", 0, _ANY, _ANY)
            self.netlink.send(_HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, 1, 1, 0) + request)
            reply = self.netlink.recv(4096)
        except OSError:
            return None
        if _HEADER.unpack_from(reply)[1] == _NLMSG_ERROR:
            return None
        return struct.unpack_from("=I", reply, _HEADER.size + 56)[0]  # idiag_rqueue
