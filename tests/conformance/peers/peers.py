"""tests/conformance: the same vectors against muster, Go's net/http and nginx, each on loopback with a port of its own
and ended by its pid; writes docs/conformance.md. `peers.py MUSTER FOLDER OUTPUT` (./dev conformance peers): what has to be
built or unpacked for it goes into FOLDER. Go has to be there; nginx is Debian's package, unpacked and not installed,
since its installation would start a service."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "e2e")]

import driver  # noqa: E402
import harness  # noqa: E402
import vectors  # noqa: E402

READ_TIMEOUT = 2


@contextlib.contextmanager
def started(command, port, folder):
    """The program, once it accepts; ended with the block."""
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        limit = time.monotonic() + 60
        while True:
            harness.check(process.poll() is None, command[0], "ended:", (folder / "log").read_text())
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            harness.check(time.monotonic() < limit, command[0], "does not listen")
            time.sleep(0.05)
        yield process
        harness.check(process.poll() is None, command[0], "ended while it was asked:", (folder / "log").read_text())
    finally:
        process.terminate()
        process.wait(60)


def ask(port, wanted):
    return driver.run((socket.AF_INET, ("127.0.0.1", port)), wanted, read_timeout=READ_TIMEOUT)


def go_peer(folder):
    """Builds Go's server; its path."""
    if shutil.which("go") is None:
        raise harness.Failed("there is no go in PATH: install Go 1.22 or newer (golang-go of Debian 13, or from go.dev)")
    binary = folder / "go_peer"
    built = subprocess.run(["go", "build", "-o", str(binary), "."], cwd=HERE / "go", capture_output=True, text=True,
                           env=os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}, stdin=subprocess.DEVNULL)
    harness.check(built.returncode == 0, "go build failed (Go 1.22 or newer?):", built.stderr)
    return str(binary)


def nginx_program(folder):
    """The nginx of this machine, or else Debian's, unpacked into the folder."""
    found = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if found:
        return found
    binary = folder / "nginx" / "usr" / "sbin" / "nginx"
    if not binary.exists():
        got = subprocess.run(["apt-get", "download", "nginx"], cwd=folder, capture_output=True, text=True,
                             stdin=subprocess.DEVNULL)
        harness.check(got.returncode == 0, "apt-get download nginx failed:", got.stderr)
        package = max(folder.glob("nginx_*.deb"), key=os.path.getmtime)
        subprocess.run(["dpkg", "-x", str(package), str(folder / "nginx")], check=True)
    return str(binary)


def muster(binary, folder, wanted):
    limit = f"{READ_TIMEOUT}s"
    with harness.server(binary, "--head-timeout", limit, "--read-timeout", limit, "--idle-timeout", limit,
                        "--access-log", "off", folder=folder) as server:
        return ask(server.public, wanted)


def go(binary, folder, wanted):
    port = harness.own_port()
    with started([binary, f"127.0.0.1:{port}", f"{READ_TIMEOUT}s"], port, folder):
        return ask(port, wanted)


def nginx(binary, folder, wanted):
    port = harness.own_port()
    (folder / "files").mkdir()
    (folder / "files" / "livez").write_text("ok\n")
    config = (HERE / "nginx.conf.in").read_text()
    for name, value in (("FOLDER", str(folder)), ("PORT", str(port)), ("SECONDS", str(READ_TIMEOUT))):
        config = config.replace(name, value)
    (folder / "nginx.conf").write_text(config)
    os.chmod(folder, 0o755)
    with started([binary, "-p", str(folder), "-c", str(folder / "nginx.conf")], port, folder):
        return ask(port, wanted)


def said(command):
    shown = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return (shown.stdout + shown.stderr).strip().splitlines()[0]


def cell(text, most=90):
    text = text if len(text) <= most else text[:most] + "..."
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def page(servers, mine, everything):
    """servers: (name, version, results); mine: the results of muster's own vectors."""
    total = len(servers[0][2])
    lines = [
        "# Conformance, beside others",
        "",
        f"Made on {time.strftime('%Y-%m-%d', time.gmtime())} by `./dev conformance peers`, which builds, starts and asks all of them on this",
        "machine's loopback: the vectors of [tests/conformance](../tests/conformance/README.md), each in one piece, with a read",
        f"timeout of {READ_TIMEOUT} s. A vector is judged by the strictest of the rules that it cites; `own` is a safety rule of muster's that no",
        "RFC demands. Vectors that are about muster's own routes are left out here "
        f"({len(mine)} of {len(everything)}; muster fails {sum(1 for r in mine if r.failures)} of them).",
        f"Vectors asked: {total}, digest {vectors.digest_of_all([v for v in everything if not v.only])}.",
        "",
        "What every answer owes whatever the vector is about (a Date, `Connection: close` before a close, the server's own version",
        "in the status line: RFC 9110, section 6.2, a SHOULD) is counted apart: a server that fails for want of that alone gave the",
        "right answer otherwise, and its vector counts in none of the levels.",
        "",
        "| server | passed | right but for a Date | right, but closed without saying so | right, but called HTTP/1.0 | failed must | failed should "
        "| failed may | failed own | of |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, version, results in servers:
        reasons = [demands_alone(r) for r in results if r.failures]
        failed = {level: sum(1 for r in results if r.failures and not demands_alone(r) and r.vector.level == level)
                  for level in vectors.LEVELS}
        lines.append(f"| {name} ({version}) | {total - len(reasons)} | {reasons.count('Date')} | {reasons.count('close')} | "
                     f"{reasons.count('version')} | "
                     f"{failed['must']} | {failed['should']} | {failed['may']} | {failed['own']} | {total} |")
    lines += [
        "",
        "The others run with their default settings but for timeouts: nginx serves a file, Go a handler behind `http.ServeMux`",
        "with the pattern `GET /livez`. Both are as this machine has them (Debian 12's package of nginx is of 2022). They may have",
        "good reasons for what they do; what is as safe as what muster does is allowed by the vectors as an alternative.",
        "Go answers requests of HTTP/1.0 as HTTP/1.0.",
        "",
        "## Every vector that one of them fails",
        "",
        "What each answered; `.` is a pass. *asked again*: what came when the connection was used once more.",
        "",
        "| vector | level | rule | expected | " + " | ".join(name for name, *_ in servers) + " |",
        "|---|---|---|---|" + "---|" * len(servers),
    ]
    for index, vector in enumerate(r.vector for r in servers[0][2]):
        row = [results[index] for _, _, results in servers]
        if any(r.failures for r in row):
            rule = next(r for r in vector.rules if r[0] == vector.level)
            expected = " or ".join(a.text for a in vector.answers)
            cells = [cell(told(r)) if r.failures else "." for r in row]
            lines.append(f"| {vector.id} | {vector.level} | {' '.join(rule[1:])} | {cell(expected)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def demands_alone(result):
    """Which demand on every answer is all that is wrong: "Date" (with or without the others), "close" (with or without
    the last), "version", or nothing."""
    why = result.failure.rpartition("': ")[2] if result.failures else ""
    reasons = why.split("; ")
    if not why or not all(re.fullmatch("[0-9]{3} (has no Date|did not say Connection: close and closed|calls itself HTTP/1.0)", r) for r in reasons):
        return None
    for demand, words in (("Date", "has no Date"), ("close", "and closed")):
        if any(r.endswith(words) for r in reasons):
            return demand
    return "version"


def told(result):
    """What came; and what was wrong with it, when that does not show."""
    why = result.failure.rpartition("': ")[2] if "': " in result.failure else ""
    return result.told + (f": {why}" if why and why not in result.told else "")


def main(muster_binary, folder, output):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    go_binary, nginx_binary = go_peer(folder), nginx_program(folder)
    everything = vectors.read_all()
    wanted = [v for v in everything if not v.only]
    servers = []
    for name, version, run, binary in (
            ("muster", said([muster_binary, "--version"]).removeprefix("muster "), muster, muster_binary),
            ("Go net/http", said(["go", "env", "GOVERSION"]).removeprefix("go"), go, go_binary),
            ("nginx", said([nginx_binary, "-v"]).rpartition("/")[2], nginx, nginx_binary)):
        with harness.new_folder() as place:
            results = run(binary, place, wanted)
        failed = sum(1 for r in results if r.failures)
        print(f"{name} {version}: {len(results) - failed} of {len(results)} passed, {failed} failed")
        servers.append((name, version, results))
    with harness.new_folder() as place:
        mine = muster(muster_binary, place, [v for v in everything if v.only]) if len(wanted) < len(everything) else []
    pathlib.Path(output).write_text(page(servers, mine, everything))
    print(f"wrote {output}")


if __name__ == "__main__":
    harness.alone(lambda: main(*(os.path.abspath(a) for a in sys.argv[1:4])))
