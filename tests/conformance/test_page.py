"""tests/conformance: docs/conformance.md was made from the vectors that there are: another one, or one that asks for
something else, and `./dev conformance peers` has to make it again."""
import pathlib
import sys

import vectors

page = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "conformance.md").read_text()
asked = [v for v in vectors.read_all() if not v.only]
wanted = f"Vectors asked: {len(asked)}, digest {vectors.digest_of_all(asked)}."
if wanted not in page:
    print(f"FAILED docs/conformance.md does not say '{wanted}': ./dev conformance peers makes it again")
    sys.exit(1)
print(wanted)
