"""clang-tidy on what changed, on all processors. A file's verdict is kept for as long as it cannot have changed: its
key is the digest of the file, of every header of the tree and the build that it includes, of its compile flags, of
.clang-tidy and of clang-tidy's version. The plugin of tools/build_tidy_plugin.sh keeps it to the tree's own code.

clang_tidy.py BUILD [FILE...]   BUILD is a folder that has been built (for compile_commands.json and the headers that
                                ninja recorded); without files, every one of the tree that it compiles
"""

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(os.environ["RAYCTL_CACHE"], "clang-tidy")
TIDY = "clang-tidy-16"
PLUGIN_SCRIPT = os.path.join(ROOT, "tools/build_tidy_plugin.sh")


def recorded_headers(build):
    """object file -> the files it was made of, as ninja saw them."""
    headers, current = {}, None
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, text=True, stdout=subprocess.PIPE).stdout
    for line in text.splitlines():
        if line.startswith("    "):
            current.append(os.path.normpath(os.path.join(build, line.strip())))
        elif ": #deps" in line:
            current = headers.setdefault(line.split(": #deps")[0], [])
    return headers


def flags_of(command):
    """The part of a compile command that says how the code is to be read: no launcher, output or warnings."""
    words = shlex.split(command)
    start = next(i for i, word in enumerate(words) if re.search(r"(\+\+|clang|gcc|/cc)[-0-9.]*$", word)) + 1
    flags, skip = [], False
    for word in words[start:]:
        if skip:
            skip = False
        elif word in ("-o", "-c", "-MF", "-MT", "-MQ", "-include"):  # clang cannot read g++'s compiled header
            skip = True
        elif not word.startswith(("-W", "-M", "-w", "-ffile-prefix-map", "-fpch-preprocess")):
            flags.append(word)
    return flags


def read(path):
    with open(path, "rb") as file:
        return file.read()


def key_of(source, flags, headers, common):
    digest = hashlib.sha256(common)
    digest.update(" ".join(flags).replace(ROOT, "").encode())
    for path in [source] + sorted(h for h in headers if h.startswith(ROOT + "/") and "/cmake_pch." not in h):
        content = read(path) if os.path.exists(path) else b"gone"
        digest.update(f"\n{os.path.relpath(path, ROOT)} {hashlib.sha256(content).hexdigest()}".encode())
    return digest.hexdigest()


def tidy(source, flags, key, plugin):
    """What clang-tidy says of a file; the empty string when it has nothing to say."""
    kept = os.path.join(CACHE, key)
    if os.path.exists(kept):
        os.utime(kept)
        return read(kept).decode(), 0.0
    start = time.monotonic()
    run = subprocess.run([TIDY, f"--load={plugin}", "--checks=rayctl-own-code-only", "--quiet", source, "--", *flags],
                         text=True, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = run.stdout.replace(ROOT + "/", "") if run.returncode else ""
    if run.returncode < 0:
        return f"{source}: clang-tidy died of signal {-run.returncode}\n{said}", time.monotonic() - start
    if run.returncode and not said.strip():
        said = f"{source}: clang-tidy exited with {run.returncode}\n"
    with open(f"{kept}.{os.getpid()}", "w", encoding="utf-8") as file:
        file.write(said)
    os.replace(f"{kept}.{os.getpid()}", kept)
    return said, time.monotonic() - start


def forget_old_verdicts():
    limit = time.time() - 30 * 24 * 3600
    for entry in os.scandir(CACHE):
        if entry.stat().st_mtime < limit:
            os.remove(entry.path)


def main():
    build = os.path.abspath(sys.argv[1])
    only = {os.path.abspath(f) for f in sys.argv[2:]}
    os.makedirs(CACHE, exist_ok=True)
    forget_old_verdicts()
    common = read(os.path.join(ROOT, ".clang-tidy")) + subprocess.check_output([TIDY, "--version"])
    commands = os.path.join(build, "compile_commands.json")
    if not os.path.exists(commands):
        return f"clang-tidy: {build} compiles nothing"
    headers = recorded_headers(build)
    subprocess.run([PLUGIN_SCRIPT], check=True)
    plugin = subprocess.check_output([PLUGIN_SCRIPT, "--where"], text=True).strip()

    work, said = {}, []
    for entry in json.loads(read(commands)):
        source = os.path.normpath(os.path.join(entry["directory"], entry["file"]))
        if source.startswith((build + "/", os.path.join(ROOT, "build") + "/")) or (only and source not in only):
            continue
        flags = flags_of(entry["command"])
        output = re.search(r" -o (\S+)", entry["command"])[1]
        if output in headers:
            work[source] = (flags, key_of(source, flags, headers[output], common))
        else:
            said.append(f"{os.path.relpath(source, ROOT)}: not read, because it does not compile\n")

    seconds, fresh = 0.0, 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for text, took in pool.map(lambda item: tidy(item[0], *item[1], plugin), sorted(work.items())):
            seconds += took
            fresh += took > 0
            if text:
                said.append(text)
    # A header's fault shows up once for every file that includes it: print each message once.
    shown = set()
    for text in said:
        for message in re.split(r"(?m)^(?=\S+:\d+:\d+: (?:warning|error))", text):
            if message.strip() and message not in shown and not re.match(r"^\d+ warnings? ", message):
                shown.add(message)
                print(message, end="" if message.endswith("\n") else "\n")
    print(f"clang-tidy: {len(work)} files, {fresh} read anew in {seconds:.0f} s, {len(said)} with faults")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
