#!/usr/bin/env python3
"""tests/e2e: every scenario that stands in a file here is run by CTest, and by the name that it has: one that is
forgotten in a list would pass for good. `registered.py CTEST BUILD_DIRECTORY [FILES that this build cannot run]`."""
import ast
import json
import pathlib
import subprocess
import sys

PARAMETERS = ["muster", "test_server", "folder"]  # of a scenario, and of nothing else here


def scenarios_of(path):
    """The names of its scenarios, if it is a file of scenarios: one that calls harness.main."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    taken = {name.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "harness"
             for name in node.names}
    if "main" not in calls & taken:
        return set()
    return {node.name for node in tree.body
            if isinstance(node, ast.FunctionDef) and [each.arg for each in node.args.args] == PARAMETERS}


def main():
    ctest, build, *not_here = sys.argv[1:]
    shown = subprocess.run([ctest, "--test-dir", build, "--show-only=json-v1"], capture_output=True, check=True).stdout
    here = pathlib.Path(__file__).resolve().parent
    registered = set()
    for test in json.loads(shown)["tests"]:
        words = test.get("command", [])
        if len(words) > 2 and pathlib.Path(words[1]).parent == here:
            registered.add((pathlib.Path(words[1]).name, words[2]))
    written = {(path.name, name) for path in here.glob("*.py") if path.name not in not_here for name in scenarios_of(path)}
    of_files = {(file, name) for file, name in registered if file in {each for each, _ in written}}
    for file, name in sorted(written - registered):
        print(f"FAILED: {file}: {name} is in no list of CMakeLists.txt", file=sys.stderr)
    for file, name in sorted(of_files - written):
        print(f"FAILED: {file}: {name} is in a list of CMakeLists.txt, but not there", file=sys.stderr)
    print(f"{len(written)} scenarios in {len({file for file, _ in written})} files")
    return 0 if written and written == of_files else 1


if __name__ == "__main__":
    sys.exit(main())
