"""The process that a Python NodeProvider class runs in, for rayctl. Standard library only; Python 3.8 or newer.

Its parts, 1_ to 8_, are one text, in that order, which rayctl sends over standard input; then it speaks
docs/formats/provider_host.md with it. Every request has a thread of its own; only loading the class, its
bootstrap_config and its constructor run in the main thread, as in Ray, because some libraries insist on it. A class
may hang, print, exit and lie: the answers stay well-formed.
"""
import sys

if __name__ == "__main__" and sys.path and sys.path[0] == "":
    del sys.path[0]  # a json.py in the working folder is not the library's

import os

VERSION = 1
LONGEST_LINE = 64 << 20
LARGEST_VALUE = 64 << 10
MOST_NODES = 1000000
DEEPEST = 60
LONGEST_MESSAGE = 2000
LONGEST_TRACE = 32 << 10


# ---- The pipes, and the greeting: before all else, so that rayctl waits as little as may be.

def high_copy(fd):
    """A copy of a file descriptor out of the way of a class that closes 0, 1 and 2; children do not get it."""
    import fcntl
    for lowest in (200, 3):
        try:
            return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, lowest)
        except OSError:
            continue
    raise OSError("no file descriptor is free")


def take_pipes():
    """Takes standard input and output for the protocol. The class reads nothing, and prints to standard error."""
    source, target = high_copy(0), high_copy(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    return source, target


PIPES = None
if __name__ == "__main__":
    PIPES = take_pipes()
    os.write(PIPES[1], b'{"rayctl_provider_host": %d, "python": "%d.%d.%d", "pid": %d}\n' % (
        (VERSION,) + sys.version_info[:3] + (os.getpid(),)))

import collections
import json
import threading
from collections.abc import Mapping
from heapq import heappop, heappush
from time import monotonic

HERE = high_copy.__code__.co_filename
PRINTED = (sys.stdout, sys.stderr)
MAIN = threading.main_thread().ident
FORKED = []


