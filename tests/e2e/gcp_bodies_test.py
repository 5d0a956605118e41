"""What the GCP provider sends (fixtures/gcp/bodies, written by tests/gcp_configs), held against Google's own description of
its services; and that a wrong field there would be seen."""
import copy
import json
import os
import sys
import urllib.parse

from harness import SOURCE, check, main

GCP_PYTHON = os.environ["RAYCTL_GCP_PYTHON"]
if sys.executable != GCP_PYTHON:
    os.execv(GCP_PYTHON, [GCP_PYTHON, __file__, *sys.argv[1:]])

sys.path.insert(0, str(SOURCE / "fixtures/gcplab"))
from calls import Call  # noqa: E402
from validator import Validator  # noqa: E402

BODIES = SOURCE / "fixtures/gcp/bodies"
judge = Validator().judge


def sent():
    """Each call with where it is from."""
    found = [(f"{path.name}[{index}]", call) for path in sorted(BODIES.glob("*.json"))
             for index, call in enumerate(json.loads(path.read_text()))]
    check(len(found) > 10, f"only {len(found)} calls in {BODIES}")
    return found


def faults(wire):
    """What the description says against a call, and which method it took it for."""
    url = urllib.parse.urlsplit(wire["url"])
    target = url.path + ("?" + urllib.parse.urlencode(wire["query"]) if "query" in wire else "")
    body = json.dumps(wire["body"]).encode() if "body" in wire else b""
    call = Call(wire["verb"], target, {"Host": url.hostname, "Content-Type": "application/json"}, body, None)
    return judge(call), call.id


def places(value, at=()):
    """Every key of every map in a body, outside of labels and metadata, whose keys are the user's."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield (*at, key)
            if key not in ("labels", "metadata"):
                yield from places(below, (*at, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from places(below, (*at, index))


def changed(wire, place, change):
    """The call with one place of its body changed: change(map, key)."""
    other = copy.deepcopy(wire)
    holder = other["body"]
    for step in place[:-1]:
        holder = holder[step]
    change(holder, place[-1])
    return other


def misspell(holder, key):
    holder[key + "Oops"] = holder.pop(key)


def nest(holder, key):
    """A map where there is something else, a list where there is a map."""
    holder[key] = [holder[key]] if isinstance(holder[key], dict) else {"oops": holder[key]}


def every_call_is_as_google_describes_it(_):
    for where, wire in sent():
        found, method = faults(wire)
        check(not found, f"{where} ({wire['id']}): {found}")
        check(method == wire["id"], f"{where} says it is {wire['id']}, and is {method}")


def every_wrong_field_would_be_seen(_):
    tried = 0
    for where, wire in sent():
        for place in places(wire.get("body", {})):
            for change in (misspell, nest):
                found, _ = faults(changed(wire, place, change))
                check(found, f"{where}: {change.__name__} of {'.'.join(map(str, place))} is not seen")
                tried += 1
    check(tried > 100, f"only {tried} wrong fields tried")


def a_wrong_query_or_verb_would_be_seen(_):
    for where, wire in sent():
        check(faults({**wire, "query": {"oops": "1"}})[0], f"{where}: an unknown parameter is not seen")
        check(faults({**wire, "verb": "PUT"})[0], f"{where}: another verb is not seen")


main(every_call_is_as_google_describes_it, every_wrong_field_would_be_seen, a_wrong_query_or_verb_would_be_seen)
