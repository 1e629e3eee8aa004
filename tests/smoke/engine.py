"""tests/smoke: a container engine on a machine that has none, and without a registry: podman with its storage, its
configuration and its networks in one folder, in mount, process and (when containers run) network namespaces of its own.
All of it ends with the process that made it, whatever happens; only the packages stay."""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

# What it takes, by the name of its package; crun, which podman would take, refuses older layouts of control groups.
PACKAGES = {"podman": "podman", "runc": "runc", "podman-compose": "podman-compose", "netavark": "/usr/lib/podman/netavark",
            "iptables": "iptables", "iproute2": "ip"}


class Failed(Exception):
    pass


def say(*words):
    print("image:", *words, flush=True)


def run(*command, quiet=False, seconds=120, check=True, **more):
    """The command's standard output; an error that tells what it said when it fails."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=seconds, check=False, **more)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(str(w) for w in command)} ended with {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
    return done.stdout.strip() if check else done


def install():
    missing = [package for package, program in PACKAGES.items() if not shutil.which(program)]
    if missing:
        say("installing", *missing)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        run("apt-get", "-q", "update", seconds=600, env=environment)
        run("apt-get", "-q", "-y", "install", "--no-install-recommends", *missing, seconds=1200, env=environment)


def in_namespaces(kinds, *arguments):
    """Runs this program with `arguments` in new namespaces (`--mount`, `--net`, ...); every process in them ends with it."""
    fork = ["--fork", "--kill-child"] if "--pid" in kinds else []
    return subprocess.run(["unshare", *kinds, *fork, sys.executable, os.path.abspath(sys.argv[0]), *(str(a) for a in arguments)],
                          check=False).returncode


def prepare(folder, cache):
    """Inside its namespaces: makes the engine's configuration in `folder` and names it to podman by the environment.
    `cache` is where builds keep what their `RUN --mount=type=cache` asks for."""
    # Where engines leave locks and states. Names must still be resolved, wherever that is configured.
    resolv = pathlib.Path("/etc/resolv.conf")
    target, text = resolv.resolve(), resolv.read_text(encoding="utf-8")
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    if target.is_relative_to("/run"):
        target.parent.mkdir(parents=True)
        target.write_text(text, encoding="utf-8")
    for place in (folder / "storage", folder / "state", folder / "networks", cache):
        place.mkdir(exist_ok=True)
    (folder / "containers.conf").write_text(f"""
[containers]
# podman's own limits are above what this machine may allow, and then nothing starts.
default_ulimits = ["nofile=16384:16384", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
[network]
network_backend = "netavark"
network_config_dir = "{folder}/networks"
""", encoding="utf-8")
    (folder / "storage.conf").write_text(f"""
[storage]
driver = "overlay"
graphroot = "{folder}/storage"
runroot = "{folder}/state"
""", encoding="utf-8")
    os.environ.update(CONTAINERS_CONF=f"{folder}/containers.conf", CONTAINERS_STORAGE_CONF=f"{folder}/storage.conf",
                      TMPDIR=str(cache), DISABLE_HC_SYSTEMD="true") # nobody runs health checks here but us


def control_groups():
    """Those of an engine, the inner ones first."""
    found = run("find", "/sys/fs/cgroup", "-depth", "-type", "d", "(", "-path", "*/libpod*", "-o", "-path", "*/buildah*", ")")
    return [pathlib.Path(line) for line in found.splitlines()]


def remove(folder, before):
    """Outside: what is left when the namespaces are gone, files and control groups that were not there before."""
    limit = time.monotonic() + 10  # a group is busy until the kernel has buried its last process
    while left := [group for group in control_groups() if group not in before]:
        for group in left:
            with contextlib.suppress(OSError):
                group.rmdir()
        if time.monotonic() > limit:
            say("left behind:", *left)
            break
        time.sleep(0.1)
    run("rm", "-rf", "--one-file-system", folder)


def writable_places(pid, uid):
    """The directories and files that a process with `uid` could write in the file system of process `pid`, without the
    kernel's own (/proc, /sys, /dev): tried from inside it, by a child that becomes that user."""
    script = r"""
import os, sys
os.chroot(f"/proc/{sys.argv[1]}/root")
os.chdir("/")
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
for folder, folders, files in os.walk("/"):
    if folder == "/":
        folders[:] = [name for name in folders if name not in ("proc", "sys", "dev")]
    for name in [folder] + [os.path.join(folder, name) for name in files]:
        if not os.path.islink(name) and os.access(name, os.W_OK):
            print(name)
"""
    return run(sys.executable, "-c", script, pid, uid).splitlines()


def tests_passed(log):
    """The tally of the tests that a build ran."""
    tally = re.findall(r"(\d+) passed, (\d+) failed, (\d+) skipped", log)
    if not tally or tally[-1][1:] != ("0", "0") or tally[-1][0] == "0":
        raise Failed(f"the unit tests did not pass in the image's build: {tally}")
    return int(tally[-1][0])
