# ---- Failures, and what they say.

class Failure(Exception):
    """An answer of the kind `error`."""

    def __init__(self, kind, message, method="", node="", trace="", **more):
        Exception.__init__(self, message)
        self.kind, self.message, self.trace, self.more = kind, message, trace, more
        self.method, self.node = method, node

    def about(self, method, node):
        """The same with a method and a node, where it names none yet."""
        self.method, self.node = self.method or method, self.node or node
        return self

    def of_node(self, node):
        return Failure(self.kind, self.message, self.method, node, self.trace, **self.more)

    def body(self):
        body = {"kind": self.kind, "method": self.method, "node": fit(self.node, LONGEST_MESSAGE),
                "message": one_line(self.message), "traceback": fit(self.trace, LONGEST_TRACE, end=True)}
        body.update((key, fit(value, LONGEST_MESSAGE)) for key, value in self.more.items())
        return body


class Late(Exception):
    """The request that a call was for has been answered with `deadline`."""


def valid(text):
    """A text with whatever is no valid Unicode in it replaced."""
    text = str.__str__(text)
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def fit(text, most, end=False):
    """A text of at most so many characters: its beginning, or its end."""
    if len(text) > most:
        text = "..." + text[-most:] if end else text[:most] + "..."
    return valid(text)


def one_line(text):
    return fit(" ".join(part.strip() for part in text[:10 * LONGEST_MESSAGE].splitlines() if part.strip()),
               LONGEST_MESSAGE)


def type_name(value):
    """The name of a value's type, for a person. Asks the value itself nothing."""
    try:
        kind = type(value)
        home = "" if kind.__module__ in ("builtins", "__main__") else kind.__module__ + "."
        return "None" if value is None else home + kind.__qualname__
    except BaseException:  # a metaclass can do anything
        return "something without a name"


def explain(error):
    """`ValueError: no such zone`, even of an exception that cannot be printed."""
    try:
        text = str(error)
    except BaseException as second:
        text = "(it cannot be printed: %s)" % type_name(second)
    return type_name(error) + (": " + text if text else "")


def own_frames(frames):
    """The frames from the class's own code on; the import system's are left out."""
    kept = [frame for frame in frames if not frame.filename.startswith("<frozen importlib")
            and not frame.filename.endswith(os.path.join("importlib", "__init__.py"))]
    while kept and kept[0].filename == HERE:
        del kept[0]
    return kept


def trace_of(error):
    """The text of an exception's traceback; empty where the class's code is not in it."""
    try:
        import traceback
        whole = traceback.TracebackException(type(error), error, error.__traceback__)
        parts, seen = [whole], set()
        while parts:
            part = parts.pop()
            if part is None or id(part) in seen:
                continue
            seen.add(id(part))
            part.stack = traceback.StackSummary.from_list(own_frames(part.stack))
            parts += [part.__cause__, part.__context__]
        chained = whole.__cause__ or whole.__context__
        return "".join(whole.format()) if whole.stack or chained or isinstance(error, SyntaxError) else ""
    except BaseException:  # this must not hide the failure itself
        return ""


def stack_of(thread):
    """Where a thread stands now, as a traceback."""
    try:
        import traceback
        frame = sys._current_frames().get(thread)
        frames = traceback.StackSummary.extract(traceback.walk_stack(frame))[::-1] if frame else []
        begin = next((at for at, one in enumerate(frames) if one.filename == HERE), len(frames))
        frames = own_frames(frames[begin:])
        return "Traceback (most recent call last):\n" + "".join(traceback.format_list(frames)) if frames else ""
    except BaseException:
        return ""


def raised(error, method, node=""):
    """The failure that an exception of the class is."""
    kind, more = "raised", {}
    if isinstance(error, NotImplementedError) or method == "set_node_tags" and isinstance(error, AssertionError):
        kind = "unsupported"
    elif method.startswith("create_node") and any(c.__name__ == "NodeLaunchException" for c in type(error).__mro__):
        kind = "launch"
        for key in ("category", "description"):
            value = getattr(error, key, "")
            more[key] = value if isinstance(value, str) else type_name(value)
    return Failure(kind, explain(error), method, node, trace_of(error), **more)


