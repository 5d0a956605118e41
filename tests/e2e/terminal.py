"""rayctl in a pseudo-terminal, for the end-to-end tests."""
import os
import pty
import select
import time

from harness import RAYCTL, Failure


def wait_for(true, message, seconds=20):
    end = time.time() + seconds
    while not true():
        if time.time() > end:
            raise Failure(message() if callable(message) else message)
        time.sleep(0.1)


class Terminal:
    """rayctl in a pseudo-terminal."""

    def __init__(self, scratch, *words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(scratch.dir)
            env = {**scratch.env, "TERM": "xterm", "PS1": "$ "}
            env.pop("CI")
            os.execve(RAYCTL, [RAYCTL, *words], env)
        self.text = ""

    def until(self, word, seconds=30):
        end = time.time() + seconds
        while word not in self.text:
            if time.time() > end:
                raise Failure(f"`{word}` did not come: {self.text!r}")
            if select.select([self.fd], [], [], 0.2)[0]:
                try:
                    piece = os.read(self.fd, 65536)
                except OSError:
                    piece = b""
                if not piece:
                    raise Failure(f"it ended before `{word}`: {self.text!r}")
                self.text += piece.decode(errors="replace")

    def type(self, line):
        os.write(self.fd, line.encode())

    def status(self, seconds=30):
        end = time.time() + seconds
        while time.time() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode(errors="replace")
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        raise Failure(f"it did not end: {self.text!r}")
