#!/usr/bin/env python3
"""The autoscaler's bundle runs where nothing of this machine is: in the oldest Debian that can be had, and in a root
without a shell, a C library, Python or certificates."""
import json
import os
import shutil
import subprocess

from harness import SOURCE, check, main

ROOTS = SOURCE / "fixtures" / "roots" / "roots.sh"
CONFIG = """\
cluster_name: portable
max_workers: 4
provider: {type: aws, region: us-west-2}
auth: {ssh_user: ubuntu}
available_node_types:
  head: {node_config: {InstanceType: m5.large, ImageId: ami-1}}
  cpu: {min_workers: 1, node_config: {InstanceType: m5.large, ImageId: ami-1}}
head_node_type: head
file_mounts: {"~/app": ./app}
"""
PLACE = "/opt/autoscaler"


def bundle(scratch):
    (scratch.dir / "cluster.yaml").write_text(CONFIG)
    (scratch.dir / "plain.yaml").write_text(CONFIG.split("file_mounts")[0])
    return scratch.json("autoscaler-bundle", "cluster.yaml", "--max-workers=3")


class Root:
    """A root of one kind with the bundle in it, and a way to run the program there."""

    def __init__(self, scratch, kind, made):
        self.folder = scratch.dir / kind
        subprocess.run([ROOTS, "make", kind, self.folder], check=True)
        shutil.copytree(scratch.dir / "state" / "rayctl" / "portable" / "autoscaler", f"{self.folder}{PLACE}", symlinks=True)
        shutil.copy(scratch.dir / "plain.yaml", self.folder / "plain.yaml")
        self.bundle = PLACE + "/" + os.path.basename(made["folder"])
        self.program = self.bundle + "/program"

    def run(self, *argv):
        done = subprocess.run([ROOTS, "run", self.folder, *argv], env={"HOME": "/root", "PATH": os.environ["PATH"]},
                              text=True, capture_output=True, timeout=60, stdin=subprocess.DEVNULL)
        check(done.returncode == 0, f"{argv}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def rayctl(self, *words):
        """By the loader, as the service does it: no shell is needed."""
        p = self.program
        return self.run(f"{p}/ld.so", "--inhibit-cache", "--library-path", p, f"{p}/rayctl", *words)


def works_in(scratch, kind):
    made = bundle(scratch)
    root = Root(scratch, kind, made)
    check(root.rayctl("version") == scratch.run("version").stdout, "another version")
    valid = json.loads(root.rayctl("validate", "/plain.yaml", "--json"))
    check(valid["valid"] and valid["cluster_name"] == "portable", f"{valid}")
    read = json.loads(root.rayctl("autoscaler-bundle", root.bundle, "--json"))
    check(read["bundle"] == made["bundle"] and read["config"] == made["config"], f"made {made}, read {read}")
    return root, made


def in_the_oldest_debian(scratch):
    root, made = works_in(scratch, "oldest")
    release = (root.folder / "etc" / "debian_version").read_text().strip()
    libc = root.run("/usr/bin/ldd", "--version").splitlines()[0]
    print(f"     Debian {release}, {libc}")
    here = subprocess.run(["ldd", "--version"], text=True, capture_output=True, check=True).stdout.splitlines()[0]
    check(libc != here, f"the root has this machine's own C library: {libc}")
    # Not with the machine's own C library: it is a test of the bundle only if that does not work.
    shutil.copy(os.environ["RAYCTL"], root.folder / "bare")
    bare = subprocess.run([ROOTS, "run", root.folder, "/bare", "version"], text=True, capture_output=True, check=False)
    check(bare.returncode != 0, "the program alone runs there too")
    # The C library's own way to ask for users, as older releases are set up.
    (root.folder / "etc" / "nsswitch.conf").write_text("passwd: compat\ngroup: compat\nhosts: files dns\n")
    root.run("/usr/bin/env", "-u", "HOME", f"{root.program}/run", "validate", "/plain.yaml")
    # From a shell, by the script; and what was started so can tell which program it is, to make a bundle again.
    check(root.run(f"{root.program}/run", "version") == scratch.run("version").stdout, "another version")
    again = json.loads(root.run(f"{root.program}/run", "autoscaler-bundle", "/plain.yaml", "--json"))
    check(again["program"] == made["program"], f"a bundle made from a bundle has another program: {again}, {made}")


def in_an_empty_root(scratch):
    root, _ = works_in(scratch, "empty")
    found = sorted(entry.name for entry in root.folder.iterdir())
    check(found == ["opt", "plain.yaml", "proc", "root", "tmp"], f"{found}")


def nothing_of_it_is_readable_by_others(scratch):
    made = bundle(scratch)
    folder = os.path.dirname(made["folder"])
    check(os.stat(folder).st_mode & 0o777 == 0o700, "the folder is open")
    for name in os.listdir(made["folder"]):
        mode = os.lstat(os.path.join(made["folder"], name)).st_mode
        check(mode & 0o077 == 0 or os.path.islink(os.path.join(made["folder"], name)), f"{name}: {mode:o}")


main(in_the_oldest_debian, in_an_empty_root, nothing_of_it_is_readable_by_others)
