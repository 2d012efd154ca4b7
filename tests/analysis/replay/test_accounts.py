"""Records of any account: what they set off where the templates are deployed once for all accounts."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from deployments import deploy, template_files
from every_case import assert_every
from organization_samples import HUB, account_of_organization, organization_templates
from samples import ACCOUNT, RAISES, SAMPLES, SETTINGS, cases_of, record_of, templates, text_of, title

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.history.prefilter import ANY_ACCOUNT
from cfn_breakglass.analysis.replay.accounts import Accounts
from cfn_breakglass.analysis.replay.results import ReplayOptions
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.config.model import DETECTIONS

OTHER_ACCOUNT, NAMED_ACCOUNT = "444444444444", "777777777777"
MAIN_REGION, STACKSET = (text.replace(ACCOUNT, NAMED_ACCOUNT) for text in templates(json.dumps(SETTINGS)))
ASSUMED = next(sample for sample in RAISES if title(sample) == "RoleAssumed/raises-user-of-the-same-account")


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    """The accounts of an organization, one of which the templates name: they have a queue in it."""
    return Accounts(ReplayOptions(Path()), template_files(MAIN_REGION, STACKSET))


@pytest.fixture(scope="module")
def accounts_of_organization() -> Accounts:
    """The hub of an organization and its other accounts."""
    return Accounts(ReplayOptions(Path()), organization_templates())


@cache
def simulator(account: str) -> Simulator:
    """An account with its own deployment."""
    return Simulator(deploy(MAIN_REGION, STACKSET, account=account))


def event_in(account: str, sample: Path, **changes: Any) -> dict[str, Any]:
    event = event_from_record(json.loads(text_of(sample).replace(ACCOUNT, account)))
    record_of(event).update(changes)
    return event


@pytest.mark.parametrize("account", [OTHER_ACCOUNT, NAMED_ACCOUNT])
@pytest.mark.parametrize("detection", DETECTIONS)
def test_a_sample_sets_off_the_same_as_in_an_own_deployment(accounts: Accounts, detection: str, account: str) -> None:
    def check(sample: Path) -> None:
        event = event_in(account, sample)
        assert accounts.run(event, account) == simulator(account).run(event)

    assert_every(check, cases_of(detection))


@pytest.mark.parametrize("account", [OTHER_ACCOUNT, HUB], ids=["member", "hub"])
@pytest.mark.parametrize("detection", DETECTIONS)
def test_in_an_organization_too(accounts_of_organization: Accounts, detection: str, account: str) -> None:
    own = account_of_organization(account)
    for sample in (sample for sample in SAMPLES if sample.parent.name == detection):
        event = event_in(account, sample)
        assert accounts_of_organization.run(event, account) == own.run(event), title(sample)


def test_members_of_an_organization_share_their_deployment(accounts_of_organization: Accounts) -> None:
    deployments = [accounts_of_organization.deployment(account) for account in (OTHER_ACCOUNT, "555555555555", HUB)]
    assert [deployment.account for deployment in deployments] == [ANY_ACCOUNT, ANY_ACCOUNT, HUB]
    assert deployments[0] is deployments[1]


@pytest.mark.parametrize(
    "changes",
    [{"userAgent": ANY_ACCOUNT}, {"userAgent": int(OTHER_ACCOUNT)}, {OTHER_ACCOUNT: {ANY_ACCOUNT: 1}}],
    ids=["the stand-in", "a number", "keys"],
)
def test_an_odd_record_comes_back_as_it_was(accounts: Accounts, changes: dict[str, Any]) -> None:
    event = event_in(OTHER_ACCOUNT, ASSUMED, **changes)
    deliveries = accounts.run(event, OTHER_ACCOUNT)
    assert deliveries == simulator(OTHER_ACCOUNT).run(event)
    assert [json.loads(delivery.message) for delivery in deliveries if delivery.kind == "log"] == [event]


def test_an_account_that_no_template_names_shares_its_deployment(accounts: Accounts) -> None:
    deployments = {account: accounts.deployment(account).account for account in (OTHER_ACCOUNT, NAMED_ACCOUNT)}
    assert deployments == {OTHER_ACCOUNT: ANY_ACCOUNT, NAMED_ACCOUNT: NAMED_ACCOUNT}
    assert accounts.deployment(OTHER_ACCOUNT) is accounts.deployment("555555555555")
