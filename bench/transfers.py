"""Files and commands over SSH: rayctl against rsync and OpenSSH, on machines with real sshd.

Runs itself again inside the host lab (fixtures/hostlab): `transfers.py FOLDER RUNS SMALL_FILES BIG_FILES HOSTS` there
prints the Markdown.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from measuring import RAYCTL, Contestant, Refused, race, table

TITLE = "Files and commands over SSH"
SOURCE = pathlib.Path(__file__).resolve().parents[1]
LAB = SOURCE / "fixtures/hostlab/hostlab.sh"
HEAD = "10.77.0.11"
BIG_FILE = 50_000_000  # bytes

# Ray is not started: nothing here needs it, and fifty of them would not fit on the machine.
FILE = """\
cluster_name: {name}
provider: {{type: local, head_ip: {head}, worker_ips: [{workers}]}}
auth: {{ssh_user: ubuntu, ssh_private_key: {folder}/key}}
file_mounts: {{"~/ours": {mount}}}
head_start_ray_commands: ["false"]
worker_start_ray_commands: ["false"]
"""


def measure(quick, folder):
    runs, small, big, hosts = (1, 50, 1, 3) if quick else (5, 5000, 20, 50)
    done = subprocess.run([LAB, "run", "-n", str(hosts), sys.executable, __file__, folder,
                           *map(str, (runs, small, big, hosts))],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=3000)
    if done.returncode:
        raise Refused(f"the bench of transfers ended with {done.returncode}:\n{done.stdout}")
    return done.stdout.strip()


def small_files(folder, count):
    for number in range(count):
        (folder / f"{number:05}.txt").write_text(f"{number:05} " * 170)


def big_files(folder, count):
    for number in range(count):
        (folder / f"{number:05}.bin").write_bytes(os.urandom(BIG_FILE))


class Bench:
    def __init__(self, folder, runs, hosts):
        self.folder, self.runs, self.hosts, self.change = folder, runs, hosts, 0
        self.env = {**os.environ, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state"), "CI": "true"}
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
        for number in range(1, hosts + 1):
            place = pathlib.Path(os.environ["HOSTLAB"], f"n{number}")
            (place / "authorized_keys").write_text((folder / "key.pub").read_text())
        self.home = pathlib.Path(os.environ["HOSTLAB"], "n1/home/ubuntu")
        self.ssh = ["ssh", "-F", "none", "-i", str(folder / "key"), "-o", "StrictHostKeyChecking=accept-new", "-o",
                    f"UserKnownHostsFile={folder}/known_hosts", "-o", "LogLevel=ERROR"]
        for number in range(1, hosts + 1):
            subprocess.run([*self.ssh, f"ubuntu@10.77.0.{10 + number}", "true"], check=True)

    def cluster(self, name, mount, workers):
        """The hosts taken for a cluster of that name, and its file."""
        yaml = self.folder / f"{name}.yaml"
        addresses = ", ".join(f"10.77.0.{11 + number}" for number in range(1, workers + 1))
        yaml.write_text(FILE.format(name=name, folder=self.folder, head=HEAD, workers=addresses, mount=mount))
        done = subprocess.run([RAYCTL, "apply", yaml, "--yes"], env=self.env, text=True, capture_output=True)
        if done.returncode != 6:  # taken, set up, and nothing started
            raise Refused(f"apply of {name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return yaml

    def give_back(self, yaml):
        subprocess.run([RAYCTL, "down", yaml, "--yes"], env=self.env, check=True, capture_output=True)

    def files(self, what, mount, make, count):
        mount.mkdir()
        make(mount, count)
        yaml = self.cluster(mount.name, mount, 0)

        def contestants(note, before=None):
            rsync = ["rsync", "-a", "-e", " ".join(self.ssh), f"{mount}/", f"ubuntu@{HEAD}:theirs/"]
            more = {"runs": self.runs, "env": self.env}
            return [Contestant(f"`rayctl rsync-up`, {note}", [RAYCTL, "rsync-up", yaml],
                               before=before and (lambda: before("ours")), **more),
                    Contestant(f"`rsync -a`, {note}", rsync, before=before and (lambda: before("theirs")), **more)]

        def empty(name):
            shutil.rmtree(self.home / name, ignore_errors=True)
            if name == "ours":
                shutil.rmtree(self.home / ".rayctl/mounts", ignore_errors=True)

        def edit(_):
            self.change += 1
            first = sorted(mount.iterdir())[0]
            with first.open("r+b") as file:
                file.write(b"change %d" % self.change)

        said = [f"### {what}"]
        for row in (contestants("first", empty), contestants("unchanged"), contestants("1 changed", edit)):
            said.append(table(race(row), row[0].name))
        # Both once more, untimed: only the last to run has seen the last change.
        for contestant in contestants("check"):
            subprocess.run(contestant.words, env=self.env, check=True, capture_output=True)
        for each in mount.iterdir():
            for name in ("ours", "theirs"):
                if (self.home / name / each.name).read_bytes() != each.read_bytes():
                    raise Refused(f"{name}/{each.name} is another one than here")
        self.give_back(yaml)
        shutil.rmtree(mount)
        shutil.rmtree(self.home / "theirs")
        return said

    def commands(self, counts):
        said = ["### A command on many hosts", "`true` on each, once. OpenSSH: `xargs -P 50`, a connection each."]
        (self.folder / "none").mkdir()
        for count in counts:
            yaml = self.cluster("many", self.folder / "none", count - 1)
            addresses = self.folder / "addresses"
            addresses.write_text("".join(f"ubuntu@10.77.0.{10 + number}\n" for number in range(1, count + 1)))
            row = [Contestant(f"`rayctl exec --all`, {count} hosts", [RAYCTL, "exec", yaml, "--all", "true"],
                              runs=self.runs, env=self.env),
                   Contestant(f"`xargs -P 50 ssh`, {count} hosts",
                              ["xargs", "-a", addresses, "-P", "50", "-I{}", *self.ssh, "{}", "true"], runs=self.runs,
                              env=self.env)]
            said.append(table(race(row), row[0].name))
            self.give_back(yaml)
        return said


def main():
    folder = pathlib.Path(sys.argv[1])
    runs, small, big, hosts = map(int, sys.argv[2:])
    bench = Bench(folder, runs, hosts)
    said = ["Whole processes, one connection made in each. rayctl's also read the state and look which of the hosts are "
            "the cluster's. rsync runs as `rsync -a` over OpenSSH. Both ends share the machine's cores. Aim: never "
            "slower than rsync."]
    said += bench.files(f"{small:,} small files", folder / "small", small_files, small)
    said += bench.files(f"{big} files of {BIG_FILE // 1_000_000} MB, random bytes", folder / "big", big_files, big)
    said += bench.commands(sorted({1, min(10, hosts), hosts}))
    print("\n\n".join(said))


if __name__ == "__main__":
    main()
