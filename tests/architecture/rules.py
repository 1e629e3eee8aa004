# The rules of the house, each a function that yields "file:line: what is wrong": tests/architecture/check runs them
# on the tree, tests/architecture/planted shows that each of them can say no. Only text is read here, except in
# headers_stand_alone, which asks the compiler.
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess

FLOORS = ("concurrency", "config", "syntax", "upstream", "views", "handlers", "server")

# Who may include whom (besides itself): a floor, or one header of it.
MAY_INCLUDE = {
    "concurrency": (),
    "config": (),
    "syntax": (),
    "upstream": ("concurrency/", "config/", "syntax/"),
    "views": ("upstream/models.hpp",),
    "handlers": ("concurrency/", "syntax/", "upstream/", "views/"),
    "server": ("concurrency/", "config/", "handlers/", "syntax/"),
}
COMPOSITION_ROOT = re.compile(r"server/(application|commands|import_report|main|part_settings)\.[ch]pp")  # sees every floor: it puts them together

# What a floor has no business with, whoever wrote it: views render, handlers know neither bytes nor sockets.
FOREIGN = {
    "concurrency": r"boost/beast|spdlog/|nlohmann/|sqlite3\.h|CLI/",
    "config": r"boost/(asio|beast)|coroutine|sqlite3\.h|sys/socket\.h",
    "syntax": r"boost/|coroutine|fstream|thread|mutex|sys/|unistd\.h",
    "upstream": r"CLI/",
    "views": r"boost/|coroutine|fstream|iostream|thread|mutex|future|sqlite3\.h|sys/|unistd\.h",
    "handlers": r"boost/(asio|beast)|sqlite3\.h|CLI/|fstream|sys/|unistd\.h|netinet/",
    "server": r"sqlite3\.h",
}
HEAVY = r"boost/beast|spdlog/|nlohmann/json\.hpp|CLI/"

TIMERS = re.compile(
    r"\b(steady_timer|system_timer|high_resolution_timer|basic_waitable_timer|deadline_timer|basic_deadline_timer"
    r"|timerfd_\w+|timer_create|setitimer|alarm)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
# Written so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
PACKAGE_HOSTS = re.compile(
    r"\b(deb|ftp|security|snapshot|archive|ports|http)\.(\w+\.)?(debian|ubuntu)\.(org|com|net)\b"
    r"|\b(pypi|files\.pythonhosted)\.org\b|\bregistry\.npmjs\.org\b|\bcrates\.io\b|\bproxy\.golang\.org\b"
    r"|\brepo1?\.maven\b|\bpackages\.\w[\w.-]*\.(com|org)\b|\bdocker\.io\b|\bghcr\.io\b|\bquay\.io\b")


def files(root, *suffixes):
    """The project's files in order, as paths relative to root: all but what is built, made, git's or others' (vendor)."""
    found = []
    for folder, folders, names in os.walk(root):
        if pathlib.Path(folder) == root:
            folders[:] = [name for name in folders if name not in ("build", "data", ".git")]
        folders[:] = [name for name in folders if name not in ("__pycache__", "vendor")]
        for name in names:
            path = pathlib.Path(folder, name).relative_to(root)
            if not suffixes or path.suffix in suffixes:
                found.append(path)
    return sorted(found)


def lines(root, path):
    return enumerate((root / path).read_text(encoding="utf-8", errors="replace").splitlines(), 1)


def code_lines(root, path):
    """The lines of a C++ file without comments and the insides of ordinary strings, numbered as in the file."""
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    blank = lambda match: re.sub(r"[^\n]", " ", match.group()) if match.group()[0] == "/" else match.group()[0] * 2
    text = re.sub(r"//[^\n]*|/\*.*?\*/|(?<!#include )\"(?:\\.|[^\"\\\n])*\"", blank, text, flags=re.S)
    return enumerate(text.splitlines(), 1)


def includes(root, path):
    for number, line in lines(root, path):
        found = INCLUDE.match(line)
        if found:
            yield number, found.group(1), found.group(2)


def floor_sources(root):
    return [path for path in files(root, ".cpp", ".hpp") if path.parts[0] in FLOORS]


def floors(root):
    """A floor includes only the floors it stands on."""
    for path in floor_sources(root):
        floor = path.parts[0]
        for number, quote, target in includes(root, path):
            where = f"{path}:{number}"
            to = target.split("/")[0]
            if quote == '"' and (to not in FLOORS or "/.." in target):
                yield f'{where}: "{target}" does not start at the root of the house with the name of a floor'
            elif to in FLOORS and to != floor and not COMPOSITION_ROOT.fullmatch(path.as_posix()):
                if not target.startswith(tuple(MAY_INCLUDE[floor]) or ("\0",)):
                    allowed = ", ".join(MAY_INCLUDE[floor]) or "nothing"
                    yield f"{where}: {floor} may not include {target} (it may include {allowed})"
            elif re.match(FOREIGN[floor], target):
                yield f"{where}: <{target}> has no place in {floor}"
        for number, line in code_lines(root, path) if floor == "views" else ():
            if re.search(r"_clock::now\b", line):
                yield f"{path}:{number}: a view asks no clock: what it shows is handed to it"


def beast(root):
    """Beast stays in the .cpp files of server and upstream, where the bytes are."""
    for path in files(root, ".cpp", ".hpp"):
        if path.parts[0] not in FLOORS:
            continue
        for number, _, target in includes(root, path):
            if target.startswith("boost/beast") and not (path.parts[0] in ("server", "upstream") and path.suffix == ".cpp"):
                yield f"{path}:{number}: <{target}> is for the .cpp files of server and upstream only"


def light_headers(root):
    """No header carries a heavy library to whoever includes it."""
    for path in floor_sources(root):
        for number, _, target in includes(root, path) if path.suffix == ".hpp" else ():
            if re.match(HEAVY, target):
                yield f"{path}:{number}: <{target}> is too heavy for a header"


def timers(root):
    """Time is concurrency's business: a timer elsewhere makes virtual time a lie."""
    for path in floor_sources(root):
        for number, line in code_lines(root, path) if path.parts[0] != "concurrency" else ():
            found = TIMERS.search(line)
            if found:
                yield f"{path}:{number}: {found.group()} outside concurrency: use with_timeout or a deadline"


def places(root):
    """Every source opens by saying its place in the house; every header guards itself."""
    for path in files(root, ".cpp", ".hpp"):
        text = (root / path).read_text(encoding="utf-8", errors="replace")
        if not re.match(r"//+ \S", text):
            yield f"{path}:1: does not open with a comment that says its place in the house"
        if path.suffix == ".hpp" and not re.search(r"^#pragma once$", text, re.M):
            yield f"{path}:1: has no #pragma once"


def finished(root):
    """Nothing is left for later in the sources: an issue is the place for that."""
    for path in files(root):
        for number, line in lines(root, path) if path.name != "LICENSE" else ():
            if UNFINISHED.search(line):
                yield f"{path}:{number}: unfinished: {line.strip()}"


def no_hosts(root):
    """No package host is named: machines know their own mirrors."""
    for path in files(root):
        for number, line in lines(root, path):
            found = PACKAGE_HOSTS.search(line)
            if found:
                yield f"{path}:{number}: names the package host {found.group()}"


def flags_by_folder(commands_file, root):
    """For each folder of the tree the flags of one of its sources, in the order of the build's own list: without those
    that have it begin with precompiled headers (-Xclang and -include are these alone), behind which nothing is missed."""
    flags = {}
    for entry in json.loads(commands_file.read_text()):
        source = pathlib.Path(entry["directory"], entry["file"])
        words = entry["command"].replace('\\"', '"').split()
        kept, skip = [], False
        for word in words:
            if skip:
                skip = False
            elif word in ("-o", "-MF", "-MT", "-MQ", "-Xclang", "-include"):
                skip = True
            elif word not in ("-c", "-MD", "-MMD", "-Winvalid-pch", "-fpch-instantiate-templates", entry["file"]):
                kept.append(word)
        try:
            folder = source.relative_to(root).parent.as_posix()
        except ValueError:
            continue
        flags.setdefault(folder, kept)
    return flags


def headers_stand_alone(root, commands_file, tree_of_flags=None, only=None):
    """Every header compiles alone, with the flags of its own folder, and twice in a row.

    tree_of_flags: the tree that the build's list speaks of, where root is a copy of it. only: some headers."""
    commands_file = pathlib.Path(commands_file).resolve()
    flags = flags_by_folder(commands_file, tree_of_flags or root)
    scratch = commands_file.parent / "headers_alone"
    scratch.mkdir(exist_ok=True)

    def compile_alone(header):
        folder = header.parent.as_posix()
        while folder not in flags:
            if "/" not in folder:  # a folder that another preset builds (tests/fuzz): as its neighbours are
                folder = next((other for other in flags if other.startswith(folder + "/")), None)
                if folder is None:
                    return f"{header}:1: no source of its folder is built, so no flags for it are known"
                break
            folder = folder.rsplit("/", 1)[0]
        unit = scratch / f"{header.as_posix().replace('/', '__')}.cpp"
        text = f'#include "{header.as_posix()}"\n#include "{header.as_posix()}"\n'
        if not unit.exists() or unit.read_text() != text:
            unit.write_text(text)
        command = [word.replace(str(tree_of_flags or root), str(root)) for word in flags[folder]]
        # With ccache a whole compilation is remembered; without it only the syntax is checked.
        if pathlib.Path(command[0]).name == "ccache":
            result = unit.with_suffix(f".{os.getpid()}.o")
            command += ["-O0", "-g0", "-c", str(unit), "-o", str(result)]
        else:
            result = None
            command += ["-fsyntax-only", str(unit)]
        outcome = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=scratch)
        if result:
            result.unlink(missing_ok=True)
        if outcome.returncode != 0:
            first = next((line for line in outcome.stderr.splitlines() if "error" in line), outcome.stderr[:200])
            return f"{header}:1: does not compile alone: {first}"
        return None

    headers = [path for path in files(root, ".hpp") if path.parts[0] in FLOORS + ("tests",)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for verdict in pool.map(compile_alone, only or headers):
            if verdict:
                yield verdict


def formatted(root):
    """The sources are as clang-format lays them out (where this machine has the house's clang-format)."""
    sources = [str(path) for path in files(root, ".cpp", ".hpp")]
    outcome = subprocess.run([shutil.which("clang-format-19"), "--dry-run", "-Werror", *sources],
                             capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=root)
    for line in outcome.stderr.splitlines():
        if "error:" in line:
            yield line


TEXT_RULES = (floors, beast, light_headers, timers, places, finished, no_hosts)
