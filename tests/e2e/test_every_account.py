"""An organization, from its first stack to its last: whatever happens in any account and region alerts at the hub."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from aws import STACK, Account, eventually
from differences import left_behind
from happenings import Happening, beat, logged
from inventory import inventory
from organization import Organization, Place
from organization_samples import HUB, MAIN, ORGANIZATION, about_role_in, raises_in
from samples import RAISES, SAMPLES, title
from scene import ONE_OF_EACH, template_text
from surroundings import QUEUE

from cfn_breakglass.analysis.template.reader import parse
from cfn_breakglass.names import ACTIONS

MEMBERS: Final = (HUB, "200000000001", "200000000002")
"""The accounts that have the role: the hub is one of them."""
OTHERS: Final = ("af-south-1", "eu-west-1")
# A text with few fields and no log: the story shows these, and LocalStack is several times as fast.
FIRST: Final[dict[str, Any]] = {
    **ORGANIZATION,
    "regions": list(OTHERS),
    "alerts": {
        "sqs": ORGANIZATION["alerts"]["sqs"],
        "fallback": ORGANIZATION["alerts"]["fallback"],
        "message": "<detection> <account> <region> <eventId> <error>",
        "log": False,
    },
    "actions": {"log": "none"},
    # It would nearly double the alerts.
    "detections": {**ORGANIZATION["detections"], ACTIONS: "off"},
}
CHANGED: Final[dict[str, Any]] = {
    **FIRST,
    "usernames": ["alice", "bob", "carol"],
    "alerts": {**FIRST["alerts"], "log": True},
    "detections": ORGANIZATION["detections"],
}
STRANGER: Final = "444455556666"
"""The other account of the samples."""
BEFORE: Final = {f"{MAIN} queue {QUEUE}", *(f"{region} bus default" for region in (MAIN, *OTHERS))}
LOGIN: Final = "/aws/events/break-glass/login"
BEATS: Final = "/aws/events/break-glass/heartbeat"
DENIED: Final = [sample for sample in RAISES if sample.parent.name == "RoleDenied"]
OF_ANOTHER_ACCOUNT: Final = [
    sample for sample in RAISES if title(sample) == "RoleAssumed/raises-user-of-another-account"
]
ASSUMED: Final = [sample for sample in RAISES if title(sample) == "RoleAssumed/raises-user-of-the-same-account"]
SIGN_IN: Final = [sample for sample in RAISES if title(sample) == "UserSignIn/raises-with-mfa"]


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Organization:
    members = tuple(Account(number, MAIN, OTHERS) for number in MEMBERS)
    return Organization(members[0], members, tmp_path_factory.mktemp("organization") / "templates")


class Alert(NamedTuple):
    """What tells an alert from others; ``id`` is that of its event."""

    detection: str
    account: str
    region: str
    id: str


def own_alert(happened: Happening) -> Alert:
    """The alert of the detection that the sample is about."""
    sample, event, own_id = happened
    return Alert(sample.parent.name, event["account"], event["region"], own_id)


def arrived(organization: Organization, happened: Iterable[Happening]) -> Counter[Alert]:
    """The alerts at the queue that are about these happenings, of whatever detection."""
    ids = {each.id for each in happened}
    alerts: Counter[Alert] = Counter()
    for text, count in organization.heard.alerts.items():
        detection, account, region, event_id, error = json.loads(text).split(" ", 4)
        # The reason of an alarm ends with what tells it from others.
        alerts[Alert(detection, account, region, event_id or error.rpartition(" ")[2])] += count
    return Counter({alert: count for alert, count in alerts.items() if alert.id in ids})


def names(resources: Mapping[str, str], template: str) -> list[tuple[str, str]]:
    """Type and physical ID of the resources of a stack."""
    entries = parse(template, "template")["Resources"]
    return [(entries[logical_id]["Type"], physical_id) for logical_id, physical_id in resources.items()]


def check_resources(organization: Organization) -> None:
    """Every stack has the resources of its template."""
    for (template, *place), resources in organization.resources().items():
        text = template_text(organization.folder, template)
        assert resources.keys() == parse(text, template)["Resources"].keys(), place


def carol(text: str) -> str:
    return text.replace("alice", "carol")


def by_hub(text: str) -> str:
    return text.replace(STRANGER, HUB)


def test_every_account_gets_its_stacks(organization: Organization) -> None:
    assert set().union(*map(inventory, organization.members)) == BEFORE
    organization.generate(FIRST)
    organization.deploy(created=True)
    check_resources(organization)


def test_no_two_stacks_of_the_hub_make_the_same(organization: Organization) -> None:
    made = Counter(
        name
        for (template, account, region), resources in organization.resources().items()
        if (account, region) == (HUB, MAIN)
        for name in names(resources, template_text(organization.folder, template))
    )
    assert {kind for kind, _ in made} >= {"AWS::Events::Rule", "AWS::IAM::Role", "AWS::SQS::Queue"}
    assert set(made.values()) == {1}


def check_alerts(organization: Organization, samples: Iterable[Path]) -> None:
    """Every sample alerts once from every region of every account where it means something, and nowhere else."""
    happened = organization.happen(samples, organization.places)
    # A stray alert would be heard with these.
    organization.happen(ONE_OF_EACH, organization.places)
    alerts = arrived(organization, happened)
    assert set(alerts.values()) == {1}
    assert {alert[1:] for alert in alerts} <= {own_alert(each)[1:] for each in happened}
    wrong = [each for each in happened if raises_in(each.sample, each.event["account"]) != (own_alert(each) in alerts)]
    assert [title(each.sample) for each in wrong] == []


def test_every_sample_alerts_once_from_every_region_of_every_account(organization: Organization) -> None:
    # A few first: LocalStack makes what it delivers with at the first event, and again for each that comes meanwhile.
    organization.happen(ONE_OF_EACH, organization.places)
    check_alerts(organization, [sample for sample in SAMPLES if sample.parent.name != ACTIONS])


def test_a_user_of_the_hub_who_is_denied_a_role_anywhere_alerts_once(organization: Organization) -> None:
    for member in organization.members:
        of_hub = [Place(organization.hub, region) for region in organization.hub.regions]
        denied = organization.happen(DENIED, of_hub, about_role_in(member.number))
        assert arrived(organization, denied) == Counter(map(own_alert, denied))


def test_a_user_of_the_hub_who_assumes_a_role_alerts_once(organization: Organization) -> None:
    """Both accounts record it."""
    for member in organization.members[1:]:
        there = organization.happen(OF_ANOTHER_ACCOUNT, [Place(member, MAIN)], by_hub)
        here = organization.happen(ASSUMED, [Place(organization.hub, MAIN)], about_role_in(member.number))
        organization.happen(ONE_OF_EACH, [Place(organization.hub, MAIN)])
        assert arrived(organization, [*there, *here]) == Counter(map(own_alert, there))


def test_a_beat_of_every_region_of_every_account_is_logged(organization: Organization) -> None:
    for place in organization.places:
        beat(*place)
    eventually("the beats", lambda: logged(organization.hub, BEATS).total() == len(organization.places))
    beats = [json.loads(event) for event in logged(organization.hub, BEATS)]
    assert {(each["account"], each["region"]) for each in beats} == {
        (member.number, region) for member, region in organization.places
    }


def test_an_update_of_the_organization_replaces_nothing(organization: Organization) -> None:
    before = organization.resources()
    organization.generate(CHANGED)
    organization.deploy()
    after = organization.resources()
    assert [stack for stack in before if not before[stack].items() <= after[stack].items()] == []
    assert "LoginLog" in after["main-region", HUB, MAIN]
    check_resources(organization)


def test_the_changed_config_is_in_force_everywhere(organization: Organization) -> None:
    for member in organization.members:
        role = member.client("iam").get_role(RoleName=STACK)["Role"]
        assert f"{HUB}:user/carol" in json.dumps(role["AssumeRolePolicyDocument"]).replace("*", "")
    granted = organization.hub.client("iam").list_attached_user_policies(UserName="carol")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in granted] == [f"{STACK}-grant"]
    signed_in = organization.happen(SIGN_IN, organization.places, carol)
    organization.happen(ONE_OF_EACH, organization.places)
    of_hub = [each for each in signed_in if each.event["account"] == HUB]
    assert arrived(organization, signed_in) == Counter(map(own_alert, of_hub))
    check_alerts(organization, [sample for sample in SAMPLES if sample.parent.name == ACTIONS])
    organization.foretold.check_logs(organization.hub)


def test_nothing_of_the_organization_stays_behind_but_the_evidence(organization: Organization) -> None:
    hub = organization.hub
    kept = {f"{MAIN} log group {LOGIN}", f"{MAIN} key {hub.key}"}
    organization.remove()
    assert {thing for thing in inventory(hub) if not left_behind(thing)} == BEFORE | kept
    for member in organization.members[1:]:
        assert inventory(member) == {f"{region} bus default" for region in member.regions}
