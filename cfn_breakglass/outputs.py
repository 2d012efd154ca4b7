"""What a stack tells the people who deployed it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from troposphere import AWSObject, Output

from cfn_breakglass.config import Config
from cfn_breakglass.names import Names, mfa_arn, sub

_OF_RESOURCES = {
    "ActionBus": ("ActionBusArn", "The event bus for what is done in the role", "Arn"),
    "AlertTopic": ("AlertTopicArn", "The topic that alerts go to", None),
    "LoginLog": ("LoginLogGroup", "The log group of everything that alerts", None),
    "ActionLog": ("ActionLogGroup", "The log group of what is done in the role", None),
    "DeadLetterQueue": ("DeadLetterQueueArn", "What could not be delivered from this region", "Arn"),
}
"""Outputs by the logical ID they are about: key, description, and the attribute (None: Ref)."""


def main_region_outputs(config: Config, names: Names, resources: Iterable[AWSObject]) -> list[Output]:
    """The outputs of the main stack."""
    given = {
        "RoleArn": ("The role that is watched", next(iter(names.role.arns), "")),
        "SwitchRoleLink": ("Switch to the role in the console", _switch_link(config, names)),
        "CliProfile": ("A profile for the AWS CLI, for its file ~/.aws/config", _profile(config, names)),
        "CentralBusArn": ("The event bus that every region forwards to", names.bus_arn(names.bus)),
        "ForwarderRoleArn": ("The role that forwards", names.forwarder_role_arn),
        "RegionsCovered": (
            "What is watched once stackset.yaml is rolled out",
            ", ".join([config.main_region, *config.secondary_regions]),
        ),
    }
    outputs = [Output(key, Description=about, Value=sub(value)) for key, (about, value) in given.items() if value]
    return [*outputs, *stackset_outputs(resources)]


def stackset_outputs(resources: Iterable[AWSObject]) -> list[Output]:
    """The outputs that go with a resource, for those that are there."""
    there = {resource.title: resource for resource in resources}
    return [
        Output(key, Description=about, Value=there[title].get_att(attribute) if attribute else there[title].ref())
        for title, (key, about, attribute) in _OF_RESOURCES.items()
        if title in there
    ]


def _switch_link(config: Config, names: Names) -> str:
    if not names.role.path_and_name or not _by_hand(config):
        return ""
    role = quote(names.role.path_and_name, safe="")
    host = config.partition.signin_host
    return f"https://{host}/switchrole?account=${{AWS::AccountId}}&roleName={role}&displayName={config.name}"


def _by_hand(config: Config) -> bool:
    """Whether somebody can take the role on by a switch or a profile, which carry no source identity and no token."""
    trust = config.role.trust
    federated = trust.saml_provider or trust.oidc_provider
    return bool(trust.principals) or not (federated or trust.source_identity)


def _profile(config: Config, names: Names) -> str:
    trust = config.role.trust
    if not names.role.arns or not _by_hand(config):
        return ""
    lines = [
        f"[profile {config.name}]",
        f"role_arn = {names.role.arns[0]}",
        "source_profile = default",
        f"region = {config.main_region}",
    ]
    if config.role.created and trust.mfa:
        lines.append(f"mfa_serial = {mfa_arn('YOUR-MFA-DEVICE')}")
    if config.role.created and trust.session_name == "username":
        lines.append("role_session_name = YOUR-USER-NAME")
    return "\n".join(lines)
