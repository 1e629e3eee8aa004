"""bench: what the figures were measured on."""
import os
import pathlib
import platform
import subprocess
import time


def said(*command):
    """The first line of what a program says about itself, or "unknown"."""
    try:
        shown = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=True)
        return shown.stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def cpu():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commit(root):
    if not (root / ".git").exists():
        return "unknown"
    here = ("git", "-c", "safe.directory=*", "-C", str(root))
    changed = said(*here, "status", "--porcelain", "--untracked-files=no") != "unknown"
    return said(*here, "rev-parse", "--short=12", "HEAD") + (" and changes" if changed else "")


def compiler(build):
    for line in (build / "CMakeCache.txt").read_text().splitlines():
        if line.startswith("CMAKE_CXX_COMPILER:"):
            return said(line.partition("=")[2], "--version")
    return "unknown"


def describe(root, build, go_peer):
    return {
        "cpu": cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "compiler": compiler(build),
        "go": said("go", "version", str(go_peer)).rpartition(": ")[2],
        "commit": commit(root),
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
