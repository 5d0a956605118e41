"""Who calls GCP, in the GCP lab and without Ray: each kind of credentials that Google's own tools find is found, another
account is acted as, expired tokens are renewed, and what is wrong with credentials is said."""
import json
import os
import pathlib

from cloud_changes import write
from gcp_lab import CLIENT, PROJECT
from gcp_project import cleaned, cluster_file, down, killed, lab, labels
from harness import RAYCTL, check, main

FILES = pathlib.Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"]).parent
PERSON = "person@example.com"
LIST = "compute.instances.aggregatedList"
NOWHERE = {"GOOGLE_APPLICATION_CREDENTIALS": "", "NO_GCE_CHECK": "true"}


def plans_as(scratch, who, *words, file="cluster.yaml", **env):
    lab.reset_calls()
    scratch.run("plan", file, *words, **env)
    check(lab.calls(who).get(LIST, 0) == 1 and lab.calls()[LIST] == 1, f"{who} is not who asked: {lab.calls()}")


def refused(scratch, *words, file="cluster.yaml", **env):
    """The plan fails for want of credentials, and says these words."""
    done = scratch.run("plan", file, status=4, **env)
    for word in words:
        check(word in done.stderr, f"it does not say {word}:\n{done.stderr}")
    return done.stderr


@cleaned
def files_of_every_kind(scratch):
    write(scratch, cluster_file())
    plans_as(scratch, CLIENT)
    plans_as(scratch, PERSON, GOOGLE_APPLICATION_CREDENTIALS=str(FILES / "authorized_user.json"))
    plans_as(scratch, CLIENT, GOOGLE_APPLICATION_CREDENTIALS=str(FILES / "external_account.json"))
    plans_as(scratch, CLIENT, GOOGLE_APPLICATION_CREDENTIALS=str(FILES / "impersonated.json"))
    config = scratch.dir / "gcloud"
    config.mkdir()
    (config / "application_default_credentials.json").write_text((FILES / "authorized_user.json").read_text())
    plans_as(scratch, PERSON, CLOUDSDK_CONFIG=str(config), **NOWHERE)


@cleaned
def credentials_of_the_file(scratch):
    """gcp_credentials goes before all others."""
    text = (FILES / "service_account.json").read_text()
    user = {"GOOGLE_APPLICATION_CREDENTIALS": str(FILES / "authorized_user.json")}
    given = {"type": "service_account", "credentials": text}
    write(scratch, with_credentials(given))
    plans_as(scratch, CLIENT, **user)
    other = f"other@{PROJECT}.iam.gserviceaccount.com"
    write(scratch, with_credentials({"type": "credentials_token", "credentials": lab.token(other)}))
    plans_as(scratch, other, **user)
    write(scratch, with_credentials({"type": "credentials_token", "credentials": "secret://env/LAB_TOKEN"}))
    plans_as(scratch, other, LAB_TOKEN=lab.token(other), **user)


def with_credentials(what):
    text, place = cluster_file(), f"    project_id: {PROJECT}\n"
    check(text.count(place) == 1, text)
    return text.replace(place, f"{place}    gcp_credentials: {json.dumps(what)}\n")


@cleaned
def another_account(scratch):
    """--impersonate: the calls are that account's, who must be there."""
    write(scratch, cluster_file())
    user = {"GOOGLE_APPLICATION_CREDENTIALS": str(FILES / "authorized_user.json")}
    plans_as(scratch, CLIENT, "--impersonate", CLIENT, **user)
    plans_as(scratch, CLIENT, CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT=CLIENT, **user)
    nobody = f"nobody@{PROJECT}.iam.gserviceaccount.com"
    done = scratch.run("plan", "cluster.yaml", "--impersonate", nobody, status=4, **user)
    check(nobody in done.stderr, done.stderr)


@cleaned
def what_is_wrong_is_said(scratch):
    write(scratch, cluster_file())
    said = refused(scratch, "GOOGLE_APPLICATION_CREDENTIALS", "gcloud auth application-default login", **NOWHERE)
    check("169.254" in said or "metadata" in said or "NO_GCE_CHECK" in said, said)
    missing = str(scratch.dir / "missing.json")
    refused(scratch, missing, GOOGLE_APPLICATION_CREDENTIALS=missing)
    bad = scratch.dir / "bad.json"
    bad.write_text("{}")
    refused(scratch, str(bad), GOOGLE_APPLICATION_CREDENTIALS=str(bad))
    account = json.loads((FILES / "service_account.json").read_text())
    bad.write_text(json.dumps(account | {"private_key_id": "0" * 40}))
    said = refused(scratch, "invalid_grant", GOOGLE_APPLICATION_CREDENTIALS=str(bad))
    check(account["private_key"].splitlines()[2] not in said, "the key was printed")
    user = json.loads((FILES / "authorized_user.json").read_text())
    bad.write_text(json.dumps(user | {"refresh_token": "revoked"}))
    refused(scratch, "invalid_grant", "gcloud auth application-default login", GOOGLE_APPLICATION_CREDENTIALS=str(bad))
    write(scratch, with_credentials({"type": "credentials_token", "credentials": "ya29.of-yesterday"}))
    said = refused(scratch, "gcp_credentials")
    check("ya29.of-yesterday" not in said, "the token was printed")


@cleaned
def on_the_head(scratch):
    """There the metadata server says who the machine is: the cluster's own account, whose rights are enough to list."""
    write(scratch, cluster_file())
    killed(scratch)
    lab.until(lambda: [node["ssh"] for node in lab.nodes().values()] == [True] * 3, what="three machines")
    (head,) = [one for one in lab.instances() if labels(one)["ray-node-type"] == "head"]
    (account,) = [one["email"] for one in head["serviceAccounts"]]
    (lab.home(head["name"]) / "cluster.yaml").write_text(cluster_file())
    lab.reset_calls()
    said = lab.run_on(head["name"], f"env -u GOOGLE_APPLICATION_CREDENTIALS XDG_STATE_HOME=/home/ubuntu/state {RAYCTL} "
               "get-head-ip cluster.yaml 2>&1", check=False)
    check(lab.calls(account).get(LIST, 0) >= 1 and set(lab.calls()) >= {LIST}, f"{account}: {lab.calls()}\n{said}")
    down(scratch)


@cleaned
def tokens_that_end(scratch):
    """A token that is refused is looked for once more; one that lives shorter than the run is renewed in time."""
    write(scratch, cluster_file())
    lab.lifetime(2)
    killed(scratch, at="set-up-node:begin:before")
    down(scratch)


main(files_of_every_kind, credentials_of_the_file, another_account, what_is_wrong_is_said, on_the_head, tokens_that_end)
