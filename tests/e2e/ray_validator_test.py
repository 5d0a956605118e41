"""Ray's own validator (2.60) accepts a file whose rayctl settings stand under `provider`, and what `rayctl migrate` writes."""
import os
import pathlib

import jsonschema
import yaml
from harness import SOURCE, check, main
from ray.autoscaler._private.util import prepare_config, validate_config

GOOD = SOURCE / "fixtures" / "config" / "good"


def accepted_by_ray(text):
    """None, or what Ray's validator says against the file as Ray itself completes it."""
    try:
        validate_config(prepare_config(yaml.safe_load(text)))
    except (jsonschema.ValidationError, ValueError) as refused:
        return str(refused).splitlines()[0]
    return None


def settings_under_provider(scratch):
    path = GOOD / "provider-rayctl.yaml"
    check("rayctl" in yaml.safe_load(path.read_text())["provider"], "the fixture has no provider.rayctl")
    refusal = accepted_by_ray(path.read_text())
    check(refusal is None, f"Ray refuses it: {refusal}")
    scratch.run("validate", str(path))


def settings_at_the_top_are_refused_by_ray(scratch):
    """Why there are two places."""
    text = (GOOD / "provider-rayctl.yaml").read_text() + "rayctl: {max_unavailable: 2}\n"
    check(accepted_by_ray(text) is not None, "Ray takes `rayctl` at the top level")


def what_ray_accepts_we_accept(scratch):
    tried = 0
    for path in sorted(GOOD.glob("*.yaml")):
        file = yaml.safe_load(path.read_text())
        if file["provider"]["type"] not in ("aws", "gcp", "azure", "local") or "initial_workers" in file:
            continue  # Ray 2.60 does not know the others, nor the older form's counts
        refusal = accepted_by_ray(path.read_text())
        check(refusal is None, f"{path.name}: Ray refuses it: {refusal}")
        scratch.run("validate", str(path))
        tried += 1
    check(tried >= 6, f"only {tried} files")


def migrated_examples(scratch):
    wheels = pathlib.Path(os.environ["RAYCTL_RAY_WHEELS"])
    for provider in ("aws", "gcp", "azure", "local"):
        old = wheels / "0.8.7" / "ray" / "autoscaler" / provider / "example-full.yaml"
        check(old.is_file(), f"{old} is not there. Run ./dev setup")
        done = scratch.run("migrate", str(old))
        refusal = accepted_by_ray(done.stdout)
        check(refusal is None, f"{provider}: Ray refuses what migrate wrote: {refusal}\n{done.stdout}")
        check("target_utilization_fraction" in done.stderr, f"{provider}: migrate does not say what it dropped")


main(settings_under_provider, settings_at_the_top_are_refused_by_ray, what_ray_accepts_we_accept, migrated_examples)
