# ---- The wire, the clock, and the loop.

class Wire:
    """Lines from rayctl and to it."""

    def __init__(self, source, target):
        self.source, self.target, self.lock = source, target, threading.Lock()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self):
        """A child that the class forks has no part in this."""
        FORKED.append(True)
        for fd in (self.source, self.target):
            try:
                os.close(fd)
            except OSError:
                pass

    def lines(self):
        parts, size = [], 0
        while True:
            try:
                piece = os.read(self.source, 1 << 20)
            except OSError as error:
                quit_host(1, "rayctl_provider_host: cannot read requests: %s" % error)
            if not piece:
                return
            *whole, rest = piece.split(b"\n")
            for line in whole:
                yield b"".join(parts) + line
                parts, size = [], 0
            parts.append(rest)
            size += len(rest)
            if size > LONGEST_LINE:
                quit_host(1, "rayctl_provider_host: a request is longer than 64 MiB")

    def send(self, line):
        """Writes a line whole."""
        rest = memoryview(line)
        with self.lock:
            while rest:
                try:
                    rest = rest[os.write(self.target, rest):]
                except BlockingIOError:
                    import select
                    select.select([], [self.target], [])
                except OSError:  # nobody listens any more
                    os._exit(1)


class Watchdog:
    """Answers for the requests whose time is over."""

    def __init__(self, answer):
        self.answer, self.heap, self.count, self.changed = answer, [], 0, threading.Condition()

    def watch(self, request):
        with self.changed:
            self.count += 1
            heappush(self.heap, (monotonic() + request.seconds, self.count, request))
            self.changed.notify()

    def run(self):
        while True:
            with self.changed:
                while not self.heap or self.heap[0][0] > monotonic():
                    self.changed.wait(min(self.heap[0][0] - monotonic(), 3600) if self.heap else None)
                request = heappop(self.heap)[2]
            if not request.answered:
                at = request
                while at.behind is not None:
                    at = at.behind
                self.answer(request, failure=Failure("deadline", "still running after %g s" % request.seconds,
                                                     at.method, request.node, stack_of(at.thread)))


class Host:
    """Takes requests, works on each in a thread, answers each once."""

    def __init__(self, source, target):
        self.wire = Wire(source, target)
        self.operations = Operations(self)
        self.watchdog = Watchdog(self.answer)
        self.jobs, self.wanted = collections.deque(), threading.Event()  # for the main thread
        self.answering = threading.Lock()

    def in_main(self, request, method, work):
        """Has the main thread do something, and waits for it."""
        done, box = threading.Event(), []

        def job():
            try:
                if not box and not request.answered:
                    box.append(work())
            except BaseException as error:
                box.append(error)
            finally:
                done.set()
            return done

        here, request.method, request.thread = request.thread, method, MAIN
        self.jobs.append(job)
        self.wanted.set()
        done.wait()
        request.thread = here
        if not box:
            raise Late
        if isinstance(box[0], BaseException):
            raise box[0]
        return box[0]

    def answer(self, request, result=None, failure=None):
        """Sends the answer, if none was sent before."""
        leave_if_forked()
        body = {"id": request.id}
        try:
            line = json.dumps(dict(body, ok=result) if failure is None else dict(body, error=failure.body()),
                              separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"
            if len(line) > LONGEST_LINE:
                failure = Failure("too_large", "the answer has %d bytes, more than 64 MiB" % len(line), request.method)
                line = json.dumps(dict(body, error=failure.body())).encode("ascii") + b"\n"
        except BaseException as error:
            failure = Failure("type", "the answer cannot be sent: " + explain(error), request.method)
            line = json.dumps(dict(body, error=failure.body())).encode("ascii") + b"\n"
        with self.answering:
            if request.answered:
                return
            request.answered = True
        request.message = None
        self.wire.send(line)

    def work(self, request):
        request.thread = threading.get_ident()
        try:
            result, failure = OPERATIONS[request.op](self.operations, request), None
        except Late:
            return
        except Failure as found:
            result, failure = None, found
        except BaseException as error:
            result, failure = None, raised(error, request.method, request.node)
        if failure is not None:
            flush()
        self.answer(request, result, failure)

    def take(self, line):
        """Starts to work on a request."""
        try:
            message = json.loads(line)
        except (ValueError, RecursionError) as error:
            return self.answer(Request({}), failure=Failure("request", "a line is no JSON: " + explain(error)))
        if not isinstance(message, dict):
            return self.answer(Request({}), failure=Failure("request", "a line is no JSON object"))
        request = Request(message)
        if request.op == "close":
            self.answer(request, {})
            quit_host(0)
        if not isinstance(request.op, str) or request.op not in OPERATIONS:
            return self.answer(request, failure=Failure("request", "there is no such operation: %s" % (
                fit(request.op, 100) if isinstance(request.op, str) else type_name(request.op))))
        if request.seconds is not None:
            if not isinstance(request.seconds, (int, float)) or not 0 <= request.seconds < 1e9:
                return self.answer(request, failure=Failure("request", "`seconds` is no number of seconds"))
            self.watchdog.watch(request)
        try:
            threading.Thread(target=self.work, args=(request,), name="rayctl-%s" % request.op, daemon=True).start()
        except RuntimeError as error:
            self.answer(request, failure=Failure("raised", "no thread can be started: " + explain(error)))

    def read(self):
        for line in self.wire.lines():
            if line.strip():
                self.take(line)
        quit_host(0)

    def run(self):
        """The main thread: does the jobs that are for it, for as long as the process lives."""
        for loop in (self.watchdog.run, self.read):
            threading.Thread(target=guarded, args=(loop,), name="rayctl-host", daemon=True).start()
        self.do_jobs()

    def do_jobs(self):
        """A job leaves the line once it is done: a signal handler of the class's may raise anywhere in here."""
        while True:
            try:
                self.wanted.wait(1)  # a second look, in case that what was wanted got lost to a handler
                self.wanted.clear()
                while self.jobs:
                    self.jobs[0]()
                    self.jobs.popleft()
            except BaseException:
                continue


OPERATIONS = {name: value for name, value in vars(Operations).items()
              if name in ("open", "bootstrap", "list", "create", "set_tags", "terminate", "fillout", "prepare_head",
                          "runner", "run", "put", "get", "shell", "call")}


def flush():
    """Out with what the class printed."""
    for stream in PRINTED:
        try:
            stream.flush()
        except BaseException:  # the class may have closed it
            pass


def quit_host(status, words=""):
    """Ends the process now, whatever threads the class has left."""
    if words:
        os.write(2, words.encode() + b"\n")
    flusher = threading.Thread(target=flush, daemon=True)
    try:
        flusher.start()
        flusher.join(0.1)
    finally:
        os._exit(status)


def guarded(loop):
    """Runs a loop that the host cannot do without."""
    try:
        loop()
    except BaseException as error:
        quit_host(1, "rayctl_provider_host: " + explain(error))


if __name__ == "__main__":
    Host(*PIPES).run()
