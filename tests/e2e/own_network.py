"""tests/e2e: a network of one's own, where clients come from other addresses than loopback. Nothing in it leads out."""
import ctypes
import fcntl
import os
import socket
import struct

from harness import Skipped

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C
IFF_UP = 1


def enter_own_network(*addresses):
    """This process, and what it starts from here on, is in a network that has `addresses` (IPv4 and IPv6) beside loopback."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0 and libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        raise Skipped(f"a network of its own is not to be had: {os.strerror(ctypes.get_errno())}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as v4, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as v6:
        fcntl.ioctl(v4, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
        for number, address in enumerate(addresses):
            if ":" in address:
                request = socket.inet_pton(socket.AF_INET6, address) + struct.pack("Ii", 128, socket.if_nametoindex("lo"))
                fcntl.ioctl(v6, SIOCSIFADDR, request)
                continue
            alias = b"lo:%d" % number
            for what, value in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, "255.255.255.255")):
                fcntl.ioctl(v4, what, struct.pack("16sH2x4s8x", alias, socket.AF_INET, socket.inet_aton(value)))
