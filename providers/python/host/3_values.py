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


