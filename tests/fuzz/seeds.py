#!/usr/bin/env python3
"""tests/fuzz: the conformance vectors as seeds of the session's fuzzer, made at run time so that there is one copy of
them. The fuzzer's server has /hello where the vectors ask /livez."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
import vectors  # noqa: E402

HALF_CLOSE, OPEN, SMALL_LIMITS = 0, 1, 4  # of session.cpp's byte 0


def write(folder, longest):
    """One file a vector that fits, and one more with the small limits; returns how many vectors there were."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {}
    for vector in vectors.read_all():
        if vector.size() + 3 > longest:
            continue
        stream = b"".join(step for step in vector.steps if isinstance(step, bytes)).replace(b"/livez", b"/hello")
        end = HALF_CLOSE if vector.end == "half-close" else OPEN
        wanted[vector.id] = bytes([end, len(stream) % 251, 255]) + stream
        if len(stream) > 200:
            wanted[vector.id + "-small"] = bytes([end | SMALL_LIMITS, len(stream) % 251, 255]) + stream
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != text:
            path.write_bytes(text)
    return len(wanted)


if __name__ == "__main__":
    print(f"{write(pathlib.Path(sys.argv[1]), 2048)} seeds")
