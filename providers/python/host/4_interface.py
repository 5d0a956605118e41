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


