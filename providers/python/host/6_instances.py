# ---- The object of the class for one cluster, and what is done with it.


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


