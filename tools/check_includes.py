"""Who may include whom. An edge that is not in the tables below is an error.

check_includes.py [FILE...]   checks these C++ files of the tree, or all of them
check_includes.py --self-test
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# folder -> what its files may include besides the folder itself: folders, or single headers.
PROJECT = {
    "base": [],
    "model": ["base"],
    "config": ["model", "base"],
    "planner": ["model", "base"],
    "autoscaler": ["model", "base"],
    "state": ["model", "base", "net"],
    "transport": ["model", "base"],
    "net": ["base"],
    "gcs": ["model", "base"],
    "providers": ["model", "base", "net", "transport/command_runner.h", "transport/child_process.h"],
    "applier": [
        "model", "base",
        "state/store.h", "providers/provider.h", "transport/*.h", "gcs/ray_cluster.h",
    ],
    "cli": ["model", "base", "config", "planner", "autoscaler", "applier", "state", "transport", "net", "gcs",
            "providers"],
    "cmake": [],  # what is precompiled
    "tests": ["*"],
    "bench": ["*"],
    "tools": [],  # a plugin of clang-tidy
    "fixtures": ["*"],
}

# A provider knows what all providers share, and never another provider.
SUBFOLDERS_APART = "providers"

# library -> how its headers begin, and the folders that may use it. tests/ and bench/ may use everything.
LIBRARIES = {
    "nlohmann_json": (["nlohmann/"], ["model", "config", "planner", "autoscaler", "state", "transport", "gcs",
                                      "providers", "applier", "cli"]),
    "yaml-cpp": (["yaml-cpp/"], ["config"]),
    "SQLite": (["SQLiteCpp/", "sqlite3.h"], ["state"]),
    "libssh2": (["libssh2"], ["transport"]),
    "libcurl": (["curl/"], ["net"]),
    "OpenSSL": (["openssl/"], ["net", "base/digest"]),
    "gRPC and protobuf": (["grpc", "google/", "*.pb.h"], ["gcs"]),
    "CLI11": (["CLI/"], ["cli"]),
    "pugixml": (["pugixml.hpp"], ["providers"]),
    "GoogleTest": (["gtest/", "gmock/"], []),
    "RapidCheck": (["rapidcheck"], []),
    "Google Benchmark": (["benchmark/"], []),
}
ANY_LIBRARY = ["tests", "bench", "fixtures", "cmake", "tools"]

# Folders that compute and do nothing else: neither the system's headers nor these of the standard library.
PURE = ["model", "planner", "autoscaler"]
IMPURE = {"fstream", "iostream", "thread", "mutex", "random", "future", "condition_variable", "cstdio"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def below(path, place):
    """Whether a path is the place (a folder, a file without its ending, or FOLDER/*.h) or lies below it."""
    if place == "*":
        return True
    if place.endswith("/*.h"):
        return os.path.dirname(path) == place[:-4] and path.endswith(".h")
    return path == place or path.startswith(place + "/") or os.path.splitext(path)[0] == place


def library_of(header):
    for library, (beginnings, _) in LIBRARIES.items():
        for beginning in beginnings:
            if header.endswith(beginning[1:]) if beginning[0] == "*" else header.startswith(beginning):
                return library
    return None


def objection(root, path, header, quoted):
    """Why this file may not include this header, or None."""
    folder = path.split("/")[0]
    if folder not in PROJECT:
        return f"folder {folder}/ is not in the tables of tools/check_includes.py"
    target = header.split("/")[0]

    library = library_of(header)
    if library and not os.path.exists(os.path.join(root, header)):
        allowed = LIBRARIES[library][1] + ANY_LIBRARY
        if not any(below(path, place) for place in allowed):
            return f"{library} may not be used here, only in: {', '.join(allowed)}"
        return None
    if not quoted:
        if target in PROJECT:
            return 'a header of the project is included as "..."'
        # The standard library has neither a folder nor an ending; the C library and the system have .h.
        system = header.endswith(".h")
        if "/" in header and not system or header.endswith(".hpp"):
            return "unknown library; add it to LIBRARIES in tools/check_includes.py"
        if folder in PURE and (system or header in IMPURE):
            return f"{folder}/ is pure: no I/O, no threads, no randomness"
        return None
    if not os.path.isfile(os.path.join(root, header)):
        return "no such header; the path starts at the top of the tree"
    if target == folder:
        mine, other = path.split("/"), header.split("/")
        if folder == SUBFOLDERS_APART and len(other) > 2 and len(mine) > 2 and mine[1] != other[1]:
            return f"{folder}/{mine[1]} may not know {folder}/{other[1]}"
        return None
    if not any(below(header, place) for place in PROJECT[folder]):
        return f"{folder}/ may include only: {', '.join(PROJECT[folder]) or 'itself'}"
    return None


def check(root, paths):
    errors = []
    for path in paths:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                why = objection(root, path, found[1] or found[2], found[1] is not None)
                if why:
                    errors.append(f"{path}:{number}: {line.strip()}: {why}")
    return errors


def self_test():
    """Every line below is a file, an include of it, and whether it must be refused."""
    cases = [
        ("planner/a.cc", '"model/m.h"', False),
        ("planner/a.cc", "<vector>", False),
        ("planner/a.cc", "<nlohmann/json.hpp>", False),
        ("planner/a.cc", '"state/store.h"', True),
        ("planner/a.cc", '"config/c.h"', True),
        ("planner/a.cc", "<fstream>", True),
        ("planner/a.cc", "<unistd.h>", True),
        ("base/a.cc", '"model/m.h"', True),
        ("base/a.cc", "<nlohmann/json.hpp>", True),
        ("base/digest.cc", "<openssl/evp.h>", False),
        ("base/a.cc", "<openssl/evp.h>", True),
        ("base/a.cc", "<sys/stat.h>", False),
        ("config/a.cc", "<yaml-cpp/yaml.h>", False),
        ("model/a.cc", "<yaml-cpp/yaml.h>", True),
        ("state/a.cc", "<SQLiteCpp/SQLiteCpp.h>", False),
        ("applier/a.cc", "<sqlite3.h>", True),
        ("applier/a.cc", '"state/store.h"', False),
        ("applier/a.cc", '"state/sqlite.h"', True),
        ("applier/a.cc", '"transport/command_runner.h"', False),
        ("applier/a.cc", '"gcs/ray_cluster.h"', False),
        ("applier/a.cc", '"gcs/client.h"', True),
        ("providers/aws/a.cc", '"providers/provider.h"', False),
        ("providers/aws/a.cc", '"providers/aws/ec2.h"', False),
        ("providers/gcp/a.cc", '"providers/aws/ec2.h"', True),
        ("providers/aws/a.cc", '"transport/command_runner.h"', False),
        ("providers/aws/a.cc", '"transport/ssh.h"', True),
        ("gcs/a.cc", '"protobuf/gcs.pb.h"', False),
        ("applier/a.cc", '"protobuf/gcs.pb.h"', True),
        ("cli/a.cc", "<CLI/CLI.hpp>", False),
        ("cli/a.cc", '"gcs/client.h"', False),
        ("cli/a.cc", "<grpcpp/grpcpp.h>", True),
        ("cli/a.cc", "<gtest/gtest.h>", True),
        ("tests/unit/a.cc", "<gtest/gtest.h>", False),
        ("tests/unit/a.cc", '"state/sqlite.h"', False),
        ("cli/a.cc", '"sibling.h"', True),
        ("cli/a.cc", '"tests/support/fake.h"', True),
        ("tests/unit/a.cc", '"tests/support/fake.h"', False),
        ("cli/a.cc", "<model/m.h>", True),
        ("cli/a.cc", "<boost/any.hpp>", True),
        ("attic/a.cc", "<vector>", True),
    ]
    headers = ["model/m.h", "config/c.h", "state/store.h", "state/sqlite.h", "transport/command_runner.h",
               "transport/ssh.h", "gcs/ray_cluster.h", "gcs/client.h", "providers/provider.h",
               "providers/aws/ec2.h", "tests/support/fake.h"]
    wrong = []
    with tempfile.TemporaryDirectory() as root:
        for header in headers:
            os.makedirs(os.path.join(root, os.path.dirname(header)), exist_ok=True)
            open(os.path.join(root, header), "w").close()
        for path, include, refused in cases:
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w") as file:
                file.write(f"#include {include}\n")
            if bool(check(root, [path])) != refused:
                wrong.append(f"self-test: {path} including {include} must be {'refused' if refused else 'accepted'}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    paths = args.files or subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "*.h", "*.cc"],
        check=True, text=True, stdout=subprocess.PIPE).stdout.split()
    paths = [p for p in paths if os.path.exists(os.path.join(ROOT, p))]
    errors = self_test() if args.self_test else check(ROOT, paths)
    print("\n".join(errors), end="\n" if errors else "")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
