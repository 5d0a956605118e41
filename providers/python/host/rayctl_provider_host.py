"""The process that a Python NodeProvider class runs in, for rayctl. Standard library only; Python 3.8 or newer.

rayctl sends this text over standard input and then speaks docs/formats/provider_host.md with it. Every request has a
thread of its own; only loading the class, its bootstrap_config and its constructor run in the main thread, as in Ray,
because some libraries insist on it. A class may hang, print, exit and lie: the answers stay well-formed.
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


# ---- What the methods may return. Each check gives the value as it goes into the answer.

def is_a(value, kinds):
    """isinstance by the type alone: the value is not asked, as it may lie or raise."""
    return issubclass(type(value), kinds)


def wrong(value, wanted):
    return Failure("type", "returned %s, not %s" % (type_name(value), wanted))


def unwrapped(value):
    """The plain number or text in a scalar such as numpy's."""
    kind = type(value)
    return value.item() if hasattr(kind, "item") and hasattr(kind, "dtype") else value


def small(text):
    """A text as rayctl takes it."""
    text = valid(text)
    size = len(text) if text.isascii() else len(text.encode())
    if size > LARGEST_VALUE:
        raise Failure("too_large", "returned a text of %d bytes, more than 64 KiB" % size)
    return text


def node_id(value):
    if not is_a(value, str):
        raise wrong(value, "a node id (a text)")
    text = small(value)
    if not text or text != str.__str__(value):
        raise Failure("type", "returned a node id that is %s" % ("no valid Unicode" if text else "an empty text"))
    return text


def node_ids(value):
    """Every iterable of texts but a text and a mapping; an id that comes twice counts once."""
    if is_a(value, (str, bytes, bytearray, Mapping)):
        raise wrong(value, "a list of node ids")
    try:
        several = iter(value)
    except TypeError:
        raise wrong(value, "a list of node ids") from None
    found = {}
    for one in several:
        if not is_a(one, str):
            raise Failure("type", "returned %s in its list of node ids, which are texts" % type_name(one))
        found[node_id(one)] = None
        if len(found) > MOST_NODES:
            raise Failure("too_large", "returned more than %d node ids" % MOST_NODES)
    return list(found)


def boolean(value):
    if value is True or value is False:
        return value
    plainly = unwrapped(value)
    if is_a(plainly, int) and plainly in (0, 1):
        return bool(plainly)
    raise wrong(value, "True or False")


def address(value):
    """A text or None; an empty text is no address."""
    if value is not None and not is_a(value, str):
        raise wrong(value, "an address (a text or None)")
    return small(value) if value else None


def tags_of(value):
    if not is_a(value, Mapping):
        raise wrong(value, "a mapping of tags")
    tags = {}
    for key, item in value.items():
        if type(key) is str and type(item) is str and key.isascii() and item.isascii() and len(item) < 9999 > len(key):
            tags[key] = item  # the usual case, without calls
            continue
        if not is_a(key, str):
            raise Failure("type", "returned a tag whose name is %s, not a text" % type_name(key))
        plainly = unwrapped(item)
        if is_a(plainly, (bool, int, float)):
            plainly = str(plainly)
        if not is_a(plainly, str):
            raise Failure("type", "returned the tag `%s` as %s, not a text" % (fit(key, 100), type_name(item)))
        tags[small(key)] = small(plainly)
    return tags


def limit(value):
    if value is not None and (not is_a(value, int) or is_a(value, bool)):
        raise wrong(value, "a number of nodes or None")
    if value is not None and value < 1:
        raise Failure("type", "returned %d, not a positive number of nodes" % max(value, -1 << 63))
    return value


def nothing(value):
    if value is not None:
        raise wrong(value, "None")


def shell_command(value):
    if not is_a(value, str) or not value.strip():
        raise wrong(value, "a command (a text)")
    return small(value).strip()


def created(value):
    """The ids of a mapping of new nodes, or of a list of them; None where the class does not say."""
    return None if value is None else node_ids(list(value) if is_a(value, Mapping) else value)


def nodes_told(value):
    """None, or new or ended nodes with what the class says of each, as far as it is plain data."""
    if value is not None and not is_a(value, Mapping):
        raise wrong(value, "a mapping of nodes or None")
    told = None if value is None else {}
    for key, item in () if value is None else value.items():
        try:
            told[node_id(key)] = plain(item)
        except Failure:
            told[node_id(key)] = None
    return told


def plain(value, text=small, depth=0):
    """A value as JSON holds it."""
    if value is None or value is True or value is False:
        return value
    if is_a(value, str):
        return text(value)
    if depth > DEEPEST:
        raise Failure("type", "returned something that is nested more than %d deep" % DEEPEST)
    if is_a(value, Mapping):
        return {plain_key(key, text): plain(item, text, depth + 1) for key, item in value.items()}
    if is_a(value, (list, tuple)):
        return [plain(item, text, depth + 1) for item in value]
    return number(value)


def plain_key(key, text):
    if is_a(key, str):
        return text(key)
    if is_a(key, int):
        return str(number(key))
    raise Failure("type", "returned a mapping with a key that is %s, not a text" % type_name(key))


def number(value):
    plainly = unwrapped(value)
    if is_a(plainly, bool):
        return plainly
    if is_a(plainly, int) and -1 << 63 <= plainly < 1 << 64:
        return int(plainly)
    if is_a(plainly, float) and plainly - plainly == 0:
        return float(plainly)
    kind = "a number that is too large or none at all" if is_a(plainly, (int, float)) else type_name(value)
    raise Failure("type", "returned %s, where only texts, numbers, lists and mappings may be" % kind)


def config_of(value):
    """A whole configuration. It holds the user's own texts, of any length."""
    if not is_a(value, Mapping):
        raise wrong(value, "a configuration (a mapping)")
    return plain(value, valid)


def resources_of(value):
    types = config_of(value).get("available_node_types") or {}
    if not is_a(types, dict):
        raise Failure("type", "returned available_node_types as %s, not a mapping" % type_name(types))
    found = {}
    for name, settings in types.items():
        resources = settings.get("resources") if is_a(settings, dict) else None
        if not is_a(resources, (dict, type(None))):
            raise Failure("type", "returned the resources of `%s` as %s, not a mapping" % (name, type_name(resources)))
        found[name] = resources or {}
        for key, amount in found[name].items():
            if not is_a(amount, (int, float)) or is_a(amount, bool):
                raise Failure("type", "returned the resource `%s` of `%s` as %s, not a number" % (
                    key, name, type_name(amount)))
    return found


def canonical(value):
    """A text that is the same for the same JSON."""
    return json.dumps(value, sort_keys=True)


def copied(value):
    """A deep copy of what came from JSON: the class may do with it as it likes."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


# The methods of the interface, of all Ray versions, and what each may return.
INTERFACE = {
    "is_readonly": boolean, "non_terminated_nodes": node_ids, "nodes_for_teardown": node_ids, "is_running": boolean,
    "is_terminated": boolean, "node_tags": tags_of, "external_ip": address, "internal_ip": address,
    "get_node_id": node_id, "create_node": nodes_told, "create_node_with_resources": nodes_told,
    "create_node_with_resources_and_labels": nodes_told, "set_node_tags": nothing, "terminate_node": nodes_told,
    "terminate_nodes": nodes_told, "max_terminate_nodes": limit, "bootstrap_config": config_of,
    "get_command_runner": None, "prepare_for_head_node": config_of,
    "fillout_available_node_types_resources": config_of, "safe_to_scale": boolean, "post_process": nothing,
}
# Without one of each group a class is of no use.
NEEDED = (("non_terminated_nodes",), ("is_running",), ("node_tags",), ("internal_ip",),
          ("create_node", "create_node_with_resources", "create_node_with_resources_and_labels"),
          ("terminate_node", "terminate_nodes"))


# ---- The interface itself, where Python finds no Ray: made only then.

TAGS = dict(
    TAG_RAY_NODE_NAME="ray-node-name", TAG_RAY_NODE_KIND="ray-node-type", TAG_RAY_NODE_TYPE="ray-node-type",
    NODE_KIND_HEAD="head", NODE_KIND_WORKER="worker", NODE_KIND_UNMANAGED="unmanaged", NODE_TYPE_HEAD="head",
    NODE_TYPE_WORKER="worker", TAG_RAY_INSTANCE_TYPE="ray-instance-type", TAG_RAY_USER_NODE_TYPE="ray-user-node-type",
    TAG_RAY_REPLICA_INDEX="ray-replica-index", NODE_TYPE_LEGACY_HEAD="ray-legacy-head-node-type",
    NODE_TYPE_LEGACY_WORKER="ray-legacy-worker-node-type", TAG_RAY_NODE_STATUS="ray-node-status",
    STATUS_UNINITIALIZED="uninitialized", STATUS_WAITING_FOR_SSH="waiting-for-ssh",
    STATUS_SYNCING_FILES="syncing-files", STATUS_SETTING_UP="setting-up", STATUS_UPDATE_FAILED="update-failed",
    STATUS_UP_TO_DATE="up-to-date", TAG_RAY_CLUSTER_NAME="ray-cluster-name",
    TAG_RAY_LAUNCH_CONFIG="ray-launch-config", TAG_RAY_RUNTIME_CONFIG="ray-runtime-config",
    TAG_RAY_FILE_MOUNTS_CONTENTS="ray-file-mounts-contents", TAG_RAY_LAUNCH_REQUEST="ray-launch-request")


def bundled_runners():
    """The interface of command runners, and what stands for Ray's own, which rayctl does not need."""

    class CommandRunnerInterface:
        """Runs commands on one node and copies files to it and from it."""

        def run(self, cmd=None, timeout=120, exit_on_fail=False, port_forward=None, with_output=False,
                environment_variables=None, run_env="auto", ssh_options_override_ssh_key="", shutdown_after_run=False):
            raise NotImplementedError

        def run_rsync_up(self, source, target, options=None):
            raise NotImplementedError

        def run_rsync_down(self, source, target, options=None):
            raise NotImplementedError

        def remote_shell_command_str(self):
            raise NotImplementedError

        def run_init(self, *, as_head, file_mounts, sync_run_yet):
            return None

    class SSHCommandRunner(CommandRunnerInterface):
        """Stands for Ray's runner over SSH: rayctl reaches such nodes by itself."""

        def __init__(self, *_, **settings):
            self.__dict__.update(settings)

    class DockerCommandRunner(SSHCommandRunner):
        """Stands for Ray's runner in a container."""

    return dict(CommandRunnerInterface=CommandRunnerInterface, SSHCommandRunner=SSHCommandRunner,
                DockerCommandRunner=DockerCommandRunner)


def bundled_exception():

    class NodeLaunchException(Exception):
        """What create_node raises to say in a word and in a sentence why there is no node."""

        def __init__(self, category, description, src_exc_info=None):
            Exception.__init__(self, "%s: %s" % (category, description))
            self.category, self.description, self.src_exc_info = category, description, src_exc_info

        def __reduce__(self):
            return self.__class__, (self.category, self.description, None)

    return dict(NodeLaunchException=NodeLaunchException)


def bundled_provider(runners):

    class NodeProvider:
        """The nodes of one cluster at one provider. A class of the user's fills in the methods that raise here."""

        def __init__(self, provider_config, cluster_name):
            self.provider_config = provider_config
            self.cluster_name = cluster_name
            self._internal_ip_cache = {}
            self._external_ip_cache = {}

        def is_readonly(self):
            return False

        def non_terminated_nodes(self, tag_filters):
            raise NotImplementedError

        def nodes_for_teardown(self, tag_filters):
            return self.non_terminated_nodes(tag_filters)

        def is_running(self, node_id):
            raise NotImplementedError

        def is_terminated(self, node_id):
            raise NotImplementedError

        def node_tags(self, node_id):
            raise NotImplementedError

        def external_ip(self, node_id):
            raise NotImplementedError

        def internal_ip(self, node_id):
            raise NotImplementedError

        def get_node_id(self, ip_address, use_internal_ip=False):
            known = self._internal_ip_cache if use_internal_ip else self._external_ip_cache
            if not known.get(ip_address):
                ask = self.internal_ip if use_internal_ip else self.external_ip
                known.update((ask(node), node) for node in self.non_terminated_nodes({}))
            if not known.get(ip_address):
                raise ValueError("no node has the address %s; known are: %s" % (ip_address, list(known)))
            return known[ip_address]

        def create_node(self, node_config, tags, count):
            raise NotImplementedError

        def create_node_with_resources(self, node_config, tags, count, resources):
            return self.create_node(node_config, tags, count)

        def create_node_with_resources_and_labels(self, node_config, tags, count, resources, labels):
            return self.create_node(node_config, tags, count)

        def set_node_tags(self, node_id, tags):
            raise NotImplementedError

        def terminate_node(self, node_id):
            raise NotImplementedError

        def terminate_nodes(self, node_ids):
            for one in node_ids:
                self.terminate_node(one)

        @property
        def max_terminate_nodes(self):
            return None

        @staticmethod
        def bootstrap_config(cluster_config):
            return cluster_config

        def get_command_runner(self, log_prefix, node_id, auth_config, cluster_name, process_runner, use_internal_ip,
                               docker_config=None):
            settings = dict(log_prefix=log_prefix, node_id=node_id, provider=self, auth_config=auth_config,
                            cluster_name=cluster_name, process_runner=process_runner, use_internal_ip=use_internal_ip)
            if docker_config and docker_config["container_name"]:
                return runners["DockerCommandRunner"](docker_config=docker_config, **settings)
            return runners["SSHCommandRunner"](**settings)

        def prepare_for_head_node(self, cluster_config):
            return cluster_config

        @staticmethod
        def fillout_available_node_types_resources(cluster_config):
            return cluster_config

        def safe_to_scale(self):
            return True

        def post_process(self):
            pass

        def cleanup(self):
            pass

    return dict(NodeProvider=NodeProvider, **runners)


def install_interface():
    """Puts the bundled interface into sys.modules if Python finds no Ray that is whole. Whether it stands there now."""
    import importlib.machinery
    import importlib.util
    if "ray" in sys.modules:
        return hasattr(sys.modules["ray"], "rayctl_bundled")
    spec = importlib.util.find_spec("ray")
    if spec is not None and spec.has_location and spec.submodule_search_locations is not None:
        return False
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    runners = bundled_runners()
    contents = {
        "ray": dict(rayctl_bundled=True), "ray.autoscaler": {}, "ray.autoscaler._private": {},
        "ray.autoscaler.tags": TAGS, "ray.autoscaler.command_runner": runners,
        "ray.autoscaler._private.command_runner": runners, "ray.autoscaler.node_provider": bundled_provider(runners),
        "ray.autoscaler.node_launch_exception": bundled_exception(),
    }
    for name, names in contents.items():
        parent, _, last = name.rpartition(".")
        package = last in ("ray", "autoscaler", "_private")
        module = type(sys)(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None, is_package=package)
        if package:
            below = name.split(".")[1:]
            module.__path__ = [path for path in (os.path.join(f, *below) for f in folders) if os.path.isdir(path)]
        for key, value in names.items():
            if isinstance(value, type) and value.__module__ == __name__:
                value.__module__, value.__qualname__ = name, key
            setattr(module, key, value)
        sys.modules[name] = module
        if parent:
            setattr(sys.modules[parent], last, module)
    return True


# ---- The class, and calls of it.

def call(request, target, method, *args, node="", check=None, shown=""):
    """Calls a method of the class (or reads a property, with `args` None); whatever goes wrong is a Failure."""
    if request.answered:
        raise Late
    request.method, request.node = shown or method, node
    try:
        value = getattr(target, method)
        if args != (None,):
            value = value(*args)
        leave_if_forked()
        return check(value) if check else value
    except Failure as failure:
        raise failure.about(shown or method, node) from None
    except BaseException as error:
        leave_if_forked()
        raise raised(error, shown or method, node) from None


def leave_if_forked():
    """Ends a child that the class has forked and that comes back from its method."""
    if FORKED:
        os._exit(1)


def load_class(provider, bundled):
    """The class that a provider section names."""
    from importlib import import_module
    if provider.get("type") == "external":
        module, _, name = str(provider.get("module") or "").rpartition(".")
        if not module or not name:
            raise Failure("import", "provider.module must name a module and a class in it: package.module.Class")
        loaded = import_module(module)
        if not hasattr(loaded, name):
            raise Failure("import", "the module `%s` has no `%s` (%s)" % (
                module, name, getattr(loaded, "__file__", None) or "without a file"))
        return getattr(loaded, name)
    if bundled:
        raise Failure("import", "the type `%s` is Ray's own, and this Python (%s) has no Ray" % (
            provider.get("type"), sys.executable))
    try:
        table = import_module("ray.autoscaler._private.providers")
    except ModuleNotFoundError:  # before Ray 1.0
        maker = import_module("ray.autoscaler.node_provider").NODE_PROVIDERS.get(provider.get("type"))
        if maker is None:
            raise Failure("import", "this Ray knows no type `%s`" % provider.get("type")) from None
        return maker(provider)
    return table._get_node_provider_cls(copied(provider))


def definer(kind, name):
    """The class that a method comes from, or None."""
    return next((one for one in kind.__mro__ if name in vars(one)), None)


def own_methods(kind):
    base = getattr(sys.modules.get("ray.autoscaler.node_provider"), "NodeProvider", None)
    return [name for name in INTERFACE if definer(kind, name) not in (None, object, base)]


def checked_class(found):
    """Refuses what is no class with the interface's methods."""
    if not isinstance(found, type):
        raise Failure("import", "provider.module names %s, not a class" % type_name(found))
    missing = [" or ".join(group) for group in NEEDED if not any(hasattr(found, name) for name in group)]
    if missing:
        raise Failure("import", "the class %s has no method %s" % (found.__qualname__, ", ".join(missing)))
    return found


def told_without_instance(kind, own, name, read):
    """What a method of the class's own says that needs no instance, such as `return True`; else None."""
    if name not in own or hasattr(kind, "__del__"):
        return None
    try:
        return INTERFACE[name](read(object.__new__(kind)))
    except BaseException:
        return None


class Opened:
    """A class, its configuration, and its instances by cluster."""

    def __init__(self, provider, config, known, paths):
        """Loads the class. In the main thread."""
        for path in paths:
            path = os.path.abspath(path)
            if path not in sys.path:
                sys.path.append(path)
        try:
            self.bundled = install_interface()
            self.kind = checked_class(load_class(provider, self.bundled))
        except Failure:
            raise
        except BaseException as error:
            raise Failure("import", explain(error), trace=trace_of(error)) from None
        self.own = own_methods(self.kind)
        self.given = dict(config, provider=config.get("provider") or provider)
        self.config = copied(self.given)
        for section in ("auth", "provider"):
            self.config[section] = dict(self.config.get(section) or {}, **(known or {}).get(section) or {})
        self.bootstrapped = None
        self.instances = {}

    def describe(self):
        kind, ray = self.kind, sys.modules.get("ray")
        file = getattr(sys.modules.get(kind.__module__), "__file__", None)
        version = "" if self.bundled else getattr(ray, "__version__", "")
        return {"class": valid(kind.__module__ + "." + kind.__qualname__),
                "file": valid(os.path.abspath(file)) if isinstance(file, str) else "",
                "ray": version if isinstance(version, str) else "", "own": self.own,
                "max_terminate_nodes": told_without_instance(
                    kind, self.own, "max_terminate_nodes", lambda bare: bare.max_terminate_nodes),
                "readonly": bool(told_without_instance(kind, self.own, "is_readonly", lambda bare: bare.is_readonly()))}

    def bootstrap(self, request):
        """Calls bootstrap_config, the first time. In the main thread."""
        if self.bootstrapped is not None:
            return self.bootstrapped
        result = copied(self.given)
        if hasattr(self.kind, "bootstrap_config"):
            result = call(request, self.kind, "bootstrap_config", result, check=config_of)
        changed = {}
        for section in ("auth", "provider"):
            new, old = result.get(section) or {}, self.given.get(section) or {}
            if not isinstance(new, dict) or section == "provider" and not new:
                raise Failure("type", "returned a configuration whose `%s` is %s" % (
                    section, type_name(new) if new else "empty"), "bootstrap_config")
            changed[section] = {key: plain(value) for key, value in new.items()
                                if key not in old or canonical(old[key]) != canonical(value)}
        if result["provider"] != self.config["provider"]:
            self.instances = {}  # they were made from another section
        self.config, self.bootstrapped = result, changed
        return changed

    def instance(self, request, cluster):
        """Makes the instance of a cluster if it is not there yet. In the main thread."""
        if cluster not in self.instances:
            made = call(request, self, "kind", copied(self.config["provider"]), cluster, shown="__init__")
            self.instances[cluster] = Instance(self, cluster, made)
        return self.instances[cluster]

    def node_config(self, node_type, tags, otherwise):
        """What a node is made from: the type's own settings over those of all workers, or of the head, as Ray does."""
        types = self.config.get("available_node_types") or {}
        if node_type not in types:
            return copied(otherwise)
        shared = self.config.get("head_node" if tags.get(TAGS["TAG_RAY_NODE_KIND"]) == "head" else "worker_nodes")
        return copied(dict(shared or {}, **(types[node_type] or {}).get("node_config") or {}))


class Ticket:
    """A node that is to be terminated, and the request that waits for it."""

    def __init__(self, request, node):
        self.request, self.node, self.failure, self.done, self.turn = request, node, None, False, threading.Event()


class Instance:
    """The object of the class for one cluster."""

    def __init__(self, opened, cluster, target):
        self.opened, self.cluster, self.target = opened, cluster, target
        # Ray's BatchingNodeProvider and all that collect work for post_process lose it when they are listed meanwhile.
        self.collects = "post_process" in opened.own
        self.batching = any(c.__module__ == "ray.autoscaler.batching_node_provider" for c in opened.kind.__mro__)
        self.lock, self.busy_with = threading.Lock(), None
        self.listed = False
        self.mutex, self.waiting, self.busy = threading.Lock(), [], False
        self.stand_ins = {name: self.stand_in(name) for name in ("is_terminated", "external_ip")
                          if not hasattr(target, name)}

    # What every node says of itself.

    def refresh(self, request):
        ids = call(request, self.target, "non_terminated_nodes", {}, check=node_ids)
        self.listed = True
        return ids

    def refresh_once(self, request):
        """A class may know of single nodes only what its last list said."""
        if not self.listed:
            self.refresh(request)

    def stand_in(self, name):
        """What is said for a method that the class does not have, or None."""
        if name == "is_terminated":
            return lambda node: False  # it was among the non-terminated ones
        if name == "external_ip":
            return lambda node: None
        if name == "is_running" and self.batching:
            return lambda node: self.target.node_tags(node).get(TAGS["TAG_RAY_NODE_STATUS"]) == "up-to-date"
        return None

    def node(self, request, node):
        """One node of the list. Written out, as there may be thousands."""
        target, instead = self.target, self.stand_ins
        request.node = node
        try:
            request.method = "is_running"
            running = (instead.get("is_running") or target.is_running)(node)
            running = running if running is True or running is False else boolean(running)
            request.method = "is_terminated"
            terminated = (instead.get("is_terminated") or target.is_terminated)(node)
            terminated = terminated if terminated is True or terminated is False else boolean(terminated)
            request.method = "node_tags"
            tags = tags_of(target.node_tags(node))
            request.method = "internal_ip"
            internal = address(target.internal_ip(node))
            request.method = "external_ip"
            external = address((instead.get("external_ip") or target.external_ip)(node))
        except Failure as failure:
            raise failure.about(request.method, node) from None
        except BaseException as error:
            method = request.method
            other = self.stand_in(method) if isinstance(error, NotImplementedError) else None
            if other is None or method in instead:
                raise raised(error, method, node) from None
            instead[method] = other
            return self.node(request, node)
        return {"id": node, "tags": tags, "running": running, "terminated": terminated, "internal_ip": internal,
                "external_ip": external}

    def nodes(self, request):
        found, failures = [], {}
        for node in self.refresh(request):
            if request.answered:
                raise Late
            leave_if_forked()
            try:
                found.append(self.node(request, node))
            except Failure as failure:
                failures[node] = failure
        if failures:
            self.forgive_gone(request, failures)
        for failure in failures.values():
            if len(failures) > 1:
                others = len(failures) - 1
                failure.message = "%s (and %d other node%s)" % (one_line(failure.message), others, "s"[:others > 1])
            raise failure
        return found

    def forgive_gone(self, request, failures):
        """Takes out the failures of nodes that are no longer listed."""
        try:
            listed = set(self.refresh(request))
        except Failure:
            return
        for node in [node for node in failures if node not in listed]:
            del failures[node]

    # Making nodes.

    def safe(self, request):
        return not hasattr(self.target, "safe_to_scale") or call(request, self.target, "safe_to_scale", check=boolean)

    def create(self, request, config, tags, count, resources, labels):
        own, full, older = self.opened.own, "create_node_with_resources_and_labels", "create_node_with_resources"
        plainly = "create_node"
        if hasattr(self.target, full) and (full in own or plainly in own or older not in own):
            shown = full if full in own else plainly
            return call(request, self.target, full, config, tags, count, resources, labels, shown=shown, check=created)
        if hasattr(self.target, older):
            shown = older if older in own else plainly
            return call(request, self.target, older, config, tags, count, resources, shown=shown, check=created)
        return call(request, self.target, plainly, config, tags, count, check=created)

    def post_process(self, request):
        if hasattr(self.target, "post_process"):
            call(request, self.target, "post_process")

    # Ending nodes.

    def terminate(self, request, node):
        """Ends a node, together with those that other requests bring meanwhile: one thread works for all of them."""
        ticket = Ticket(request, node)
        with self.mutex:
            self.waiting.append(ticket)
            leads, self.busy = not self.busy, True
        if not leads:
            ticket.turn.wait()
        if not ticket.done:
            self.lead(request, ticket)
        if ticket.failure is not None:
            raise ticket.failure

    def lead(self, request, ticket):
        """Ends the nodes that wait, as many as one call may take, and has the next in line see to the others."""
        batch = [ticket]
        try:
            most = None
            if hasattr(self.target, "max_terminate_nodes"):
                most = call(request, self.target, "max_terminate_nodes", None, check=limit)
            with self.mutex:
                batch = self.waiting[:most]
                for one in batch[1:]:
                    one.request.behind, one.request.node = request, one.node
            self.end_all(request, batch)
        except Failure as failure:
            for one in batch:
                one.failure = failure.of_node(one.node)
        except Late:
            for one in batch:
                one.failure = Failure("deadline", "the call for several nodes came to no end", request.method, one.node)
        finally:
            with self.mutex:
                self.waiting = [one for one in self.waiting if one not in batch]
                if self.waiting:
                    self.waiting[0].turn.set()
                self.busy = bool(self.waiting)
            for one in batch:
                one.done = True
                one.turn.set()

    def end_all(self, request, batch):
        nodes, failures = list({one.node: None for one in batch}), {}
        with Turn(self, request):
            if self.collects:
                self.refresh(request)
            else:
                self.refresh_once(request)
            if "terminate_nodes" in self.opened.own and self.end(request, nodes, failures) and len(nodes) > 1:
                failures.clear()  # one bad node must not stop the others
                for node in nodes:
                    self.end(request, [node], failures)
            elif "terminate_nodes" not in self.opened.own:
                for node in nodes:
                    self.end(request, [node], failures)
            try:
                self.post_process(request)
            except Failure as failure:
                for node in nodes:
                    failures.setdefault(node, failure.of_node(node))
            if failures:
                self.forgive_gone(request, failures)
        for one in batch:
            one.failure = failures.get(one.node)

    def end(self, request, nodes, failures):
        """One call; whether it failed."""
        try:
            about = nodes[0] if len(nodes) == 1 else ""
            if "terminate_nodes" in self.opened.own:
                call(request, self.target, "terminate_nodes", list(nodes), node=about)
            else:
                call(request, self.target, "terminate_node", nodes[0], node=about)
        except Failure as failure:
            failures.update((node, failure.of_node(node)) for node in nodes)
        return nodes[0] in failures

    # Tags and command runners.

    def shows(self, request, node, tags):
        shown = call(request, self.target, "node_tags", node, node=node, check=tags_of)
        return all(shown.get(key) == value for key, value in tags.items())

    def runner(self, request, node):
        """The command runner of a node, as Ray's updater would ask for it."""
        import subprocess
        config, provider = self.opened.config, self.opened.config["provider"]
        internal = bool(provider.get("use_internal_ips", False))
        if internal and provider.get("use_external_head_ip", False):
            tags = call(request, self.target, "node_tags", node, node=node, check=tags_of)
            internal = tags.get(TAGS["TAG_RAY_NODE_KIND"]) != "head"
        runner = call(request, self.target, "get_command_runner", "rayctl: %s: " % node, node,
                      copied(config.get("auth") or {}), self.cluster, subprocess, internal,
                      copied(config.get("docker") or None), node=node)
        if not callable(getattr(runner, "run", None)):
            raise wrong(runner, "a command runner").about("get_command_runner", node)
        return runner


class Turn:
    """Lets one request at a time at an instance that needs it."""

    def __init__(self, instance, request):
        self.instance, self.request = instance, request

    def __enter__(self):
        if self.instance is not None and self.instance.collects:
            self.request.behind = self.instance.busy_with
            self.instance.lock.acquire()
            self.instance.busy_with, self.request.behind = self.request, None

    def __exit__(self, *_):
        if self.instance is not None and self.instance.collects:
            self.instance.busy_with = None
            self.instance.lock.release()


def exit_of(error):
    """The exit status that an exception of a command runner tells of, or None."""
    status = getattr(error, "returncode", None)
    if status is None and type(error).__name__ == "ProcessRunnerError":
        status = getattr(error, "code", None)
    if not isinstance(status, int) or isinstance(error, SystemExit):
        return None
    return 128 - status if status < 0 else status


def output_of(value):
    """What a command printed, as bytes."""
    if is_a(value, str):
        try:
            return value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return valid(value).encode()
    if is_a(value, (bytes, bytearray)):
        return bytes(value)
    if value is None:
        return b""
    raise wrong(value, "what the command printed (a text)")


# ---- Requests.

class Request:
    """A request while it is worked on, and what the class is doing for it."""

    def __init__(self, message):
        self.message, self.id, self.op = message, message.get("id"), message.get("op")
        self.seconds = message.get("seconds")
        self.method = self.node = ""
        self.thread = 0  # the one that calls the class for it
        self.behind = None  # the request that it waits for
        self.answered = False

    def take(self, name, kind, otherwise=None):
        """A field of the request."""
        value = self.message.get(name)
        if value is None and otherwise is not None:
            return otherwise
        if not isinstance(value, kind) or isinstance(value, bool) and kind is int:
            raise Failure("request", "`%s` of `%s` is %s, not %s" % (name, self.op, type_name(value), kind.__name__))
        return value


class Operations:
    """What each operation of the protocol does; `host` runs things in the main thread."""

    def __init__(self, host):
        self.host = host
        self.opened = None

    def class_opened(self):
        if self.opened is None:
            raise Failure("request", "no class has been opened")
        return self.opened

    def instance(self, request):
        opened, cluster = self.class_opened(), request.take("cluster", str)
        found = opened.instances.get(cluster)
        return found or self.host.in_main(request, "__init__", lambda: opened.instance(request, cluster))

    def open(self, request):
        fields = (request.take("provider", dict), request.take("config", dict, {}), request.take("known", dict, {}),
                  [path for path in request.take("paths", list, []) if isinstance(path, str)])

        def load():
            opened = Opened(*fields)
            return opened, opened.describe()

        self.opened, said = self.host.in_main(request, "", load)
        return said

    def bootstrap(self, request):
        opened = self.class_opened()
        return self.host.in_main(request, "bootstrap_config", lambda: opened.bootstrap(request))

    def list(self, request):
        instance = self.instance(request)
        with Turn(instance, request):
            return {"nodes": instance.nodes(request)}

    def create(self, request):
        instance, tags = self.instance(request), request.take("tags", dict)
        kind, given = request.take("node_type", str), request.take("node_config", dict, {})
        count, resources = request.take("count", int), request.take("resources", dict, {})
        config = instance.opened.node_config(kind, tags, given)
        with Turn(instance, request):
            instance.refresh(request)
            if not instance.safe(request):
                raise Failure("not_safe", "safe_to_scale says that it is not safe to change the cluster now",
                              "safe_to_scale")
            nodes = instance.create(request, config, copied(tags), count, resources, request.take("labels", dict, {}))
            instance.post_process(request)
        return {"nodes": nodes}

    def set_tags(self, request):
        instance, node, tags = self.instance(request), request.take("node", str), request.take("tags", dict)
        with Turn(instance, request):
            instance.refresh_once(request)
            call(request, instance.target, "set_node_tags", node, copied(tags), node=node)
            kept = instance.shows(request, node, tags)
            if not kept:  # it may show what its last list said
                kept = node in instance.refresh(request) and instance.shows(request, node, tags)
        return {"kept": kept}

    def terminate(self, request):
        self.instance(request).terminate(request, request.take("node", str))
        return {}

    def fillout(self, request):
        opened, name = self.class_opened(), "fillout_available_node_types_resources"
        if not hasattr(opened.kind, name):
            return {"resources": resources_of(opened.config)}
        return {"resources": call(request, opened.kind, name, copied(opened.config), check=resources_of)}

    def prepare_head(self, request):
        instance, config = self.instance(request), request.take("config", dict)
        opened = self.class_opened()
        if opened.bootstrapped is not None:
            if "provider" in config:
                config["provider"].update(opened.bootstrapped["provider"])
            for name, completed in (opened.config.get("available_node_types") or {}).items():
                if name in config.get("available_node_types", {}) and "node_config" in completed:
                    config["available_node_types"][name]["node_config"] = plain(completed["node_config"])
        if not hasattr(instance.target, "prepare_for_head_node"):
            return {"config": config}
        return {"config": call(request, instance.target, "prepare_for_head_node", config, check=config_of)}

    def command_runner(self, request):
        instance, node = self.instance(request), request.take("node", str)
        with Turn(instance, request):
            instance.refresh_once(request)
        return node, instance.runner(request, node)

    def runner(self, request):
        if "get_command_runner" not in self.class_opened().own:
            return {"own": False}
        kind = type(self.command_runner(request)[1])
        of_ray = kind.__module__.startswith("ray.autoscaler.") and kind.__name__ in (
            "SSHCommandRunner", "DockerCommandRunner")
        return {"own": not of_ray}

    def run(self, request):
        import base64
        command, (node, runner) = request.take("command", str), self.command_runner(request)
        request.method, request.node, status = "run", node, 0
        if request.answered:
            raise Late
        try:
            options = {"with_output": True}
            if request.seconds:
                options["timeout"] = max(int(request.seconds), 1)
            out = output_of(runner.run("{ %s\n} 2>&1" % command, **options))
        except Failure as failure:
            raise failure.about("run", node) from None
        except BaseException as error:
            status = exit_of(error)
            if status is None:
                raise raised(error, "run", node) from None
            out = getattr(error, "output", None)
            out = output_of(out) if isinstance(out, (str, bytes)) else b""
        return {"exit": status, "out": base64.b64encode(out).decode()}

    def put(self, request):
        node, runner = self.command_runner(request)
        call(request, runner, "run_rsync_up", request.take("source", str), request.take("target", str), node=node)
        return {}

    def get(self, request):
        node, runner = self.command_runner(request)
        call(request, runner, "run_rsync_down", request.take("source", str), request.take("target", str), node=node)
        return {}

    def shell(self, request):
        node, runner = self.command_runner(request)
        return {"command": call(request, runner, "remote_shell_command_str", node=node, check=shell_command)}

    def call(self, request):
        """Any method of the interface, by itself."""
        method, args, opened = request.take("method", str), request.take("args", list, []), self.class_opened()
        check = INTERFACE.get(method)
        if check is None:
            raise Failure("request", "the interface has no `%s` that can be called by itself" % fit(method, 100))
        if not hasattr(opened.kind, method):
            raise Failure("unsupported", "the class has no such method", method)
        of_class = method in ("bootstrap_config", "fillout_available_node_types_resources")
        instance = None if of_class else self.instance(request)
        with Turn(instance, request):
            begun = monotonic()
            value = call(request, opened.kind if of_class else instance.target, method,
                         *([None] if method == "max_terminate_nodes" else args), check=check,
                         node=args[0] if args and isinstance(args[0], str) else "")
            seconds = monotonic() - begun
        return {"value": value, "seconds": round(seconds, 6)}


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
