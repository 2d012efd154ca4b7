"""An organization in moto: the stack sets of the hub's template in its units, and events from every account of these.

moto makes nothing of AWS::CloudFormation::StackSet in a template, so that the tests make the calls of its handler. It
has the organization of whoever makes a stack set, and no delegated administrator: the hub manages the organization.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest
from deployments import template_files
from moto_aws import DEPLOYS, NAME, Aws, account, prepare, readable
from moto_descriptions import differences, lost_properties
from organization_samples import HUB, MAIN, ORGANIZATION
from samples import ACCOUNT, RAISES, recorded, text_of

from cfn_breakglass.analysis.simulator.simulator import AccountStacks, Simulator, deploy
from cfn_breakglass.config.loader import config_of
from cfn_breakglass.generation.generate import template_files as files_of

pytestmark = DEPLOYS

thorough = pytest.mark.thorough("events of an organization on moto's buses, and an account that joins and leaves")
OTHER: Final = "eu-west-1"
REGIONS: Final = (MAIN, OTHER)
OF_EACH: Final = list({sample.parent.name: sample for sample in RAISES}.values())
"""A sample of each detection."""
OF_INSTANCES: Final = ("StackInstancesGroup", "OperationPreferences")
"""Properties of a stack set that are no parameters of CreateStackSet, but of CreateStackInstances."""
# What an event keeps on EventBridge's buses and not on moto's: the log gets no account, and a forward the last region.
NOT_KEPT: Final = {"account"}
NOT_KEPT_ON_THE_WAY: Final = {"account", "region"}
# What an event has of its own, however it is put.
GIVEN: Final = {"id", "time"}


class Organization:
    """Accounts of an organization, in units by name; the config is for two of these."""

    def __init__(self, hub: Aws) -> None:
        self.hub = hub
        self._api = hub.client("organizations")
        self._id = self._api.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        self._units = {name: self._new_unit(name) for name in ("production", "sandbox", "elsewhere")}
        self.move(hub, "production")

    def _new_unit(self, name: str) -> str:
        (root,) = self._api.list_roots()["Roots"]
        unit = self._api.create_organizational_unit(ParentId=root["Id"], Name=name)
        return str(unit["OrganizationalUnit"]["Id"])

    def join(self, name: str, unit: str) -> Aws:
        """A new account in a unit."""
        status = self._api.create_account(AccountName=name, Email=f"{name}@example.com")["CreateAccountStatus"]
        member = Aws(self.hub.main, status["AccountId"])
        self.move(member, unit)
        return member

    def move(self, member: Aws, unit: str) -> None:
        (parent,) = self._api.list_parents(ChildId=member.number)["Parents"]
        self._api.move_account(
            AccountId=member.number, SourceParentId=parent["Id"], DestinationParentId=self._units[unit]
        )

    @cached_property
    def texts(self) -> tuple[str, str, str]:
        """The texts of main-region, stackset and accounts."""
        units = [self._units["production"], self._units["sandbox"]]
        organization = {"id": self._id, "hub": self.hub.number, "units": units}
        settings = {**ORGANIZATION, "organization": organization, "regions": [OTHER], "rollout": "managed"}
        files = files_of(config_of(settings))
        return files["main-region.yaml"], files["stackset.yaml"], files["accounts.yaml"]

    def on_paper(self, member: Aws) -> AccountStacks:
        """What the templates make in an account."""
        return deploy(template_files(*self.texts), member.number)

    def deploy(self) -> None:
        """Create the stack of the hub, and what its stack sets make in the accounts that are in the units by now."""
        self.hub.create_stack(NAME, self.texts[0])
        for stack_set in self._stack_sets():
            properties = {name: value for name, value in stack_set.items() if name not in OF_INSTANCES}
            body = readable(stack_set["TemplateBody"], self.hub.main)
            self._cloudformation.create_stack_set(**properties | {"TemplateBody": body})
        self.roll_out()

    def roll_out(self) -> None:
        """Create the stacks that are not there yet, as auto-deployment does for an account that joins."""
        for stack_set in self._stack_sets():
            options = {name: stack_set[name] for name in ("StackSetName", "CallAs", "OperationPreferences")}
            for group in stack_set["StackInstancesGroup"]:
                self._cloudformation.create_stack_instances(**options, **group)

    def withdraw(self, member: Aws) -> None:
        """Delete the stacks of an account, as auto-deployment does for one that leaves: the last ones first."""
        for stack_set in reversed(self._stack_sets()):
            regions = [region for group in stack_set["StackInstancesGroup"] for region in group["Regions"]]
            self._cloudformation.delete_stack_instances(
                StackSetName=stack_set["StackSetName"], Accounts=[member.number], Regions=regions, RetainStacks=False
            )

    def stacks(self) -> Counter[tuple[str, str, str]]:
        """(stack set, account, region) of every stack."""
        names = [stack_set["StackSetName"] for stack_set in self._stack_sets()]
        instances = {name: self._cloudformation.list_stack_instances(StackSetName=name)["Summaries"] for name in names}
        return Counter((name, each["Account"], each["Region"]) for name in names for each in instances[name])

    @property
    def _cloudformation(self) -> Any:
        return self.hub.client("cloudformation")

    def _stack_sets(self) -> list[Mapping[str, Any]]:
        """The properties of the stack sets in the template of the hub, in the order in which they are made."""
        stack = self.on_paper(self.hub).stacks[self.hub.main]
        return [resource.properties for resource in stack.of_type("AWS::CloudFormation::StackSet")]


@pytest.fixture(scope="module")
def organization() -> Iterator[Organization]:
    with account(MAIN, HUB) as hub:
        yield Organization(hub)


@pytest.fixture(scope="module")
def members(organization: Organization) -> list[Aws]:
    """The accounts that have the role, the hub first; beside them there is another account."""
    others = [organization.join("shop", "production"), organization.join("try-out", "sandbox")]
    organization.join("of-others", "elsewhere")
    prepare(organization.hub, organization.on_paper(organization.hub).stacks[MAIN])
    organization.deploy()
    return [organization.hub, *others]


def stacks_of(members: Iterable[Aws]) -> Counter[tuple[str, str, str]]:
    """The stacks that the two stack sets have to have in these accounts."""
    accounts = [(f"{NAME}-accounts", member.number, MAIN) for member in members]
    return Counter([*accounts, *((NAME, member.number, region) for member in members for region in REGIONS)])


def lacks(organization: Organization, member: Aws) -> set[str]:
    """The properties that are not as the templates have them, but for those that moto loses."""
    stacks = dict(organization.on_paper(member).stacks)
    return differences(member, stacks).keys() - lost_properties(stacks)


def has_role(member: Aws) -> bool:
    return NAME in {role["RoleName"] for role in member.client("iam").list_roles()["Roles"]}


def event_of(sample: Path, member: Aws, region: str) -> dict[str, Any]:
    """The event of a sample that a member records; of an alarm too, the detail says where."""
    event = recorded(text_of(sample).replace(ACCOUNT, member.number), region)
    where = {"awsRegion": region, "recipientAccountId": member.number}
    return {**event, "account": member.number, "resources": [], "detail": {**where, **event["detail"]}}


def known_by(group: str, event: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells an event in a log group from others."""
    detail = event["detail"]
    own_id = detail["eventID"] if "eventID" in detail else detail["alarmName"]
    return group, own_id, detail["recipientAccountId"], detail["awsRegion"]


def test_the_accounts_of_the_units_have_their_stacks_and_no_other_has(
    organization: Organization, members: list[Aws]
) -> None:
    assert organization.stacks() == stacks_of(members)
    for member in members:
        assert lacks(organization, member) == set()
        assert lost_properties(dict(organization.on_paper(member).stacks)) != set()


@thorough
def test_events_of_every_account_arrive_in_the_logs_of_the_hub(organization: Organization, members: list[Aws]) -> None:
    organization.hub.take_topics_off()
    expected: Counter[tuple[str, ...]] = Counter()
    put: dict[tuple[str, ...], dict[str, Any]] = {}
    for member in members:
        simulator = Simulator(*organization.on_paper(member))
        for event in (event_of(sample, member, region) for sample in OF_EACH for region in REGIONS):
            member.put(event)
            logs = [one.target.rpartition(":")[2] for one in simulator.run(event) if one.kind == "log"]
            keys = [known_by(log, event) for log in logs]
            expected.update(keys)
            put |= dict.fromkeys(keys, event)
    logged = list(organization.hub.logged())
    assert Counter(known_by(*entry) for entry in logged) == expected
    for group, event in logged:
        was = put[known_by(group, event)]
        changed = {name for name in was.keys() | event.keys() if was.get(name) != event.get(name)} - GIVEN
        assert changed == (NOT_KEPT if was["region"] == MAIN else NOT_KEPT_ON_THE_WAY), "moto has learned this"


@thorough
def test_an_account_that_joins_and_leaves(organization: Organization, members: list[Aws]) -> None:
    late = organization.join("late", "sandbox")
    assert not has_role(late), "moto has learned to deploy to an account that joins"
    organization.roll_out()
    assert organization.stacks() == stacks_of([*members, late])
    assert lacks(organization, late) == set()
    organization.move(late, "elsewhere")
    assert has_role(late), "moto has learned to delete what an account had that leaves"
    organization.withdraw(late)
    assert organization.stacks() == stacks_of(members)
    assert not has_role(late)
    for region in REGIONS:
        assert late.client("events", region).list_rules()["Rules"] == []
    assert [member.number for member in members[1:] if lacks(organization, member)] == []
