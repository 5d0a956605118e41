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


