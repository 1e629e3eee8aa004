"""tests/conformance: `against_muster.py MUSTER [ARGS for the driver]`: starts muster with timeouts short enough to wait
for, runs the driver against it, and ends it."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import driver  # noqa: E402
import harness  # noqa: E402

# Less than the 5 s that a body without progress has, but not much: whatever is no timeout has to come clearly before it,
# also when muster or this driver does not get a core for seconds.
READ_TIMEOUT = 4.5
PATIENCE = 8  # what it may be late; with that still before the 15 s that it has by default


def main(muster, *arguments):
    limit = f"{READ_TIMEOUT * 1000:.0f}ms"
    timeouts = [word for name in ("head", "read", "idle") for word in (f"--{name}-timeout", limit)]
    with harness.new_folder() as folder, harness.server(muster, *timeouts, "--access-log", "off", folder=folder) as server:
        code = driver.main([f"127.0.0.1:{server.public}", "--read-timeout", str(READ_TIMEOUT), "--patience", str(PATIENCE),
                            *arguments])
        harness.check(server.process.poll() is None, "muster ended while it was asked:", server.log())
    return code


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve()), *sys.argv[2:]))
