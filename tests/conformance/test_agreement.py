"""tests/conformance: the parser in Python and that in C++ read the same out of every vector.
`test_agreement.py TEST_CONFORMANCE`."""
import re
import subprocess
import sys

import vectors

shown = subprocess.run([sys.argv[1], "digests"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
theirs = dict(re.findall(r"^([a-z0-9-]+) ([0-9a-f]{16})$", shown.stdout, flags=re.M))
ours = {v.id: v.digest() for v in vectors.read_all()}
differing = sorted(i for i in ours.keys() | theirs.keys() if ours.get(i) != theirs.get(i))
for each in differing:
    print(f"FAILED {each}: Python reads {ours.get(each)}, C++ reads {theirs.get(each)}")
print(f"{len(ours)} vectors, {len(differing)} read differently")
sys.exit(1 if differing or len(ours) < 300 or shown.returncode else 0)
