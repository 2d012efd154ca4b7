"""A drill of the accounts of an organization on a local AWS, by a user of the hub: all events are in the hub's log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from aws import Account
from cloudtrail_proxy import NOT_ALLOWED, CloudTrailProxy
from drills import Drilled, between, drill
from organization import Organization
from organization_samples import HUB, MAIN, ORGANIZATION

OUR_HUB, MEMBER = "200000000018", "200000000019"
OTHER: Final = "eu-west-1"
PLACES: Final = [(account, region) for account in (OUR_HUB, MEMBER) for region in (MAIN, OTHER)]


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Organization:
    members = tuple(Account(number, MAIN, (OTHER,)) for number in (OUR_HUB, MEMBER))
    made = Organization(members[0], members, tmp_path_factory.mktemp("drill") / "templates")
    settings = json.loads(json.dumps(ORGANIZATION).replace(HUB, OUR_HUB))
    made.generate({**settings, "regions": [OTHER]})
    made.deploy(created=True)
    return made


@pytest.fixture
def proxy() -> Iterator[CloudTrailProxy]:
    with between(OUR_HUB) as made:
        yield made


def drilled(organization: Organization, proxy: CloudTrailProxy, output: Path, *arguments: str) -> Drilled:
    return drill(proxy, OUR_HUB, organization.folder / "breakglass.yaml", output, *arguments)


def test_the_role_of_every_account_is_seen_in_the_hub(
    organization: Organization, proxy: CloudTrailProxy, tmp_path: Path
) -> None:
    done = drilled(organization, proxy, tmp_path, "--account", OUR_HUB, "--account", MEMBER)
    assert done.exit_code == 0, done.output
    assert done.results == dict.fromkeys(PLACES, "seen")
    assert f"It sets off {len(PLACES)} alerts, RoleAssumed." in done.output
    organization.heard.until_count("RoleAssumed", len(PLACES))


def test_a_denied_call_is_seen_where_the_caller_is(
    organization: Organization, proxy: CloudTrailProxy, tmp_path: Path
) -> None:
    proxy.failures["AssumeRole", ""] = NOT_ALLOWED
    done = drilled(organization, proxy, tmp_path, "--knock", "--account", MEMBER)
    assert done.exit_code == 0, done.output
    assert done.results == {(MEMBER, MAIN): "seen", (MEMBER, OTHER): "seen"}
    organization.heard.until_count("RoleDenied", 2)


def test_a_region_of_an_account_that_does_not_forward_is_found(
    organization: Organization, proxy: CloudTrailProxy, tmp_path: Path
) -> None:
    proxy.lost.add(OTHER)
    done = drilled(organization, proxy, tmp_path, "--account", MEMBER, "--timeout", "0.1")
    assert done.exit_code == 1, done.output
    assert done.results == {(MEMBER, MAIN): "seen", (MEMBER, OTHER): "not seen"}
    organization.heard.until_count("RoleAssumed", 1)


def test_the_hub_has_the_rules_of_all_its_stacks(
    organization: Organization, proxy: CloudTrailProxy, tmp_path: Path
) -> None:
    done = drilled(organization, proxy, tmp_path)
    rules = [observation for observation in done.receipt["observations"] if observation["subject"] == "rules"]
    assert {(rule["account"], rule["region"], rule["state"]) for rule in rules} == {
        (OUR_HUB, MAIN, "ok"),
        (OUR_HUB, OTHER, "ok"),
    }
    organization.heard.until_count("RoleAssumed", 2)
