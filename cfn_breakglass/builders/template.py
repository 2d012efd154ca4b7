"""Resources -> a template: what it covers, where it may be deployed, and its outputs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from troposphere import AWSHelperFn, AWSObject, Equals, Output, Ref, Template

from cfn_breakglass.config.model import EXISTING, Config
from cfn_breakglass.plan import Plan

METADATA = "cfn-breakglass"
"""Where a template says what it covers, for those who read it back."""
_REFERENCE = re.compile(r"\$\{(?!!)")
DOLLAR_BRACE = re.compile(r"(?<=\$)(?=\{)")


def assemble(
    plan: Plan,
    description: str,
    rules: dict[str, tuple[AWSHelperFn, str]],
    resources: Iterable[AWSObject],
    outputs: Iterable[Output],
    *,
    mappings: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType({}),
    conditions: Mapping[str, AWSHelperFn] = MappingProxyType({}),
    in_every_account: bool = False,
) -> Template:
    """A template of ``resources`` that refuses to be deployed where one of ``rules`` does not hold.

    ``rules`` are a condition and what to say without it, by name. ``in_every_account``: it goes to every account of an
    organization, if the config has one.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
    """
    config = plan.config
    template = Template(Description=description)
    template.set_version()
    covered = {"Name": config.name, "MainRegion": config.main_region, "Regions": list(config.secondary_regions)}
    logs_policy = config.logs_policy if config.logs_policy == EXISTING else None
    account = None if in_every_account and config.organization else config.account
    known = {
        "Account": account,
        "Organization": _organization(config),
        "Topic": config.alerts.topic,
        "LogsPolicy": logs_policy,
    }
    template.set_metadata({METADATA: covered | {name: value for name, value in known.items() if value}})
    for name, (condition, otherwise) in (rules | _right_account(account)).items():
        template.add_rule(name, {"Assertions": [{"Assert": condition, "AssertDescription": otherwise}]})
    for name, mapping in mappings.items():
        template.add_mapping(name, dict(mapping))
    for name, condition in conditions.items():
        template.add_condition(name, condition)
    template.add_resource(list(resources))
    template.add_output(list(outputs))
    return template


def with_known_values(node: Any, config: Config, region: str | None = None) -> Any:
    """Plain data of a template, in which every Fn::Sub has the values that the config fixes.

    These are the partition and, if all stacks of the template are in one, the ``region``: an ARN is then shorter and
    easier to read. What has no reference left is a text.
    """
    known = {"${AWS::Partition}": config.partition.name, "${AWS::URLSuffix}": config.partition.url_suffix}
    if region:
        known["${AWS::Region}"] = region

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(element) for element in node]
        if not isinstance(node, dict):
            return node
        if not isinstance(text := node.get("Fn::Sub"), str):
            return {key: resolved(value) for key, value in node.items()}
        for placeholder, value in known.items():
            text = text.replace(placeholder, value)
        if _REFERENCE.search(text):
            return {"Fn::Sub": text}
        # Cut in two, ${ cannot be mistaken for a reference that somebody forgot to resolve.
        pieces = DOLLAR_BRACE.split(text.replace("${!", "${"))
        return pieces[0] if len(pieces) == 1 else {"Fn::Join": ["", pieces]}

    return resolved(node)


def main_region_only(config: Config) -> dict[str, tuple[AWSHelperFn, str]]:
    advice = f"Create this stack in {config.main_region}, the main region."
    return {"MainRegionOnly": (Equals(Ref("AWS::Region"), config.main_region), advice)}


def _organization(config: Config) -> dict[str, Any]:
    if not config.organization:
        return {}
    return {"Id": config.organization.id, "Hub": config.organization.hub, "Units": list(config.organization.units)}


def _right_account(account: str | None) -> dict[str, tuple[AWSHelperFn, str]]:
    """In another account than that of the config the templates would watch nothing."""
    if not account:
        return {}
    advice = f"The config is for account {account}; create this stack there."
    return {"RightAccount": (Equals(Ref("AWS::AccountId"), account), advice)}
