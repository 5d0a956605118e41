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


