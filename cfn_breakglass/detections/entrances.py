"""Changes of who gets in and of what the role may do: of whatever the config names for that, by anybody.

Such changes are few, so the edge rule of each region forwards all of them. Which are about something that the config
names, the kind says: in the main region alone, however many users there are.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from troposphere import Ref

from cfn_breakglass.aws import limits
from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.composition import patterns_that_fit
from cfn_breakglass.detections.tampering import ABSENT, PRESENT, of_writes
from cfn_breakglass.names import Names, after_account, sub

ENTRANCE: Final = "Entrance"
"""The family of the edge rule of this module."""

_NO_TAGS: Final = [{"anything-but": {"prefix": ["Tag", "Untag"]}}]
# What a policy says, and not who has it.
_CONTENTS: Final = [{"anything-but": {"prefix": ["Attach", "Detach", "Tag", "Untag"]}}]
# Calls that are about the user who makes them, unless they name another.
_ABOUT_ONESELF: Final = [
    "ChangePassword",
    *({"suffix": noun} for noun in ("AccessKey", "LoginProfile", "MFADevice", "SigningCertificate")),
    {"suffix": "ServiceSpecificCredential"},
]

# Which directory or identity provider Identity Center takes its users from. No model of the AWS SDK has these calls:
# https://github.com/SigmaHQ/sigma/blob/master/rules/cloud/aws/cloudtrail/aws_sso_idp_change.yml
_USER_SOURCE_CALLS: Final = ({"suffix": "ssociateDirectory"}, {"wildcard": "*ExternalIdP*"})

# Where nothing is forwarded, that pattern is in the same rule: readOnly and errorCode.
_ROOM_FOR_EDGE: Final = 80

_Calls = list[dict[str, Any]]


class _Entrance(NamedTuple):
    """What the config names, and the calls about all such names as alternatives of a pattern.

    ``account`` is where it is, if the config does not say whether that is the account of the role.
    """

    calls_about: Callable[[list[str]], _Calls]
    name: str = ""
    account: str = ""


def entrance_pattern(config: Config) -> dict[str, Any]:
    """Every call that may change who gets in."""
    identity_center = ["aws.sso", "aws.sso-directory"] if _permission_sets(config) else []
    return of_writes(["aws.account-access", "aws.iam", "aws.signin", *identity_center], {})


def entrance_changes(config: Config, names: Names) -> list[dict[str, Any]]:
    """Those of these calls that are about what the config names: a pattern, or several if it would be too long."""
    source = entrance_pattern(config)["source"]

    def pattern_of(entrances: list[_Entrance]) -> dict[str, Any]:
        calls = _alternatives(entrances)
        return {"source": source, "detail": {"$or": calls} if len(calls) > 1 else calls[0]}

    return patterns_that_fit(_entrances(config, names), pattern_of, limits.PATTERN.maximum - _ROOM_FOR_EDGE)


def _alternatives(entrances: Iterable[_Entrance]) -> _Calls:
    groups: dict[tuple[Callable[[list[str]], _Calls], str], list[str]] = {}
    for calls_about, name, account in entrances:
        groups.setdefault((calls_about, account), []).append(name)
    return [
        {**calls, **({"recipientAccountId": [account]} if account else {})}
        for (calls_about, account), named in groups.items()
        for calls in calls_about(named)
    ]


def _entrances(config: Config, names: Names) -> Iterator[_Entrance]:
    calls = _CallsAbout(config, names)
    role, trust = config.role, config.role.trust
    hub = names.hub  # the users of an organization are the hub's
    yield _Entrance(calls.sign_in_policies)
    yield _Entrance(calls.entitlements)
    yield from (_Entrance(calls.tags, key, hub) for key in config.user_tags)
    yield from (_Entrance(calls.saml_providers, provider) for provider in trust.saml_providers)
    if trust.oidc_provider:
        yield _Entrance(calls.oidc_providers, trust.oidc_provider)
    policies = [*role.managed_policies, *([role.permissions_boundary] if role.permissions_boundary else [])]
    # Nobody but AWS changes its own policies.
    own_policies = [policy for policy in policies if ":policy/" in policy and "::aws:" not in policy]
    yield from (_Entrance(calls.policies, policy) for policy in own_policies)
    yield from (_Entrance(calls.permission_sets, name) for name in _permission_sets(config))
    yield from (_Entrance(calls.users, name, hub) for name in config.users)
    for kind, calls_about in (("user", calls.users), ("role", calls.roles)):
        yield from (_Entrance(calls_about, *principal) for principal in _principals(config, kind))


def _permission_sets(config: Config) -> list[str]:
    """The permission sets of the config: name, or account/name."""
    own = [config.role.permission_set] if config.role.permission_set else []
    return [*own, *config.role.trust.permission_sets]


def _principals(config: Config, kind: str) -> Iterator[tuple[str, str]]:
    """The users or roles that let people in or may deploy: their names, and their accounts if ours is not known."""
    deployer = config.deployer
    if deployer and deployer.existing and (name := deployer.role if kind == "role" else deployer.user):
        yield name, ""
    for principal in (*config.role.trust.principals, *config.protection.exempt, *config.protection.responders):
        arn, _, resource = principal.rpartition(":")
        account, name = arn.rpartition(":")[2], resource.rpartition("/")[2]
        # In an organization, the rules are in the accounts of others as well.
        own = "" if config.organization else config.account
        if resource.startswith(f"{kind}/") and "*" not in name and account in ("*", own or account):
            yield name, "" if account in ("*", own) else account


class _CallsAbout:
    """The calls about what the config names, by its kind: alternatives of a pattern."""

    def __init__(self, config: Config, names: Names) -> None:
        self._config = config
        self._names = names

    def users(self, names: list[str]) -> _Calls:
        """The password, the keys, the devices, the policies, the groups, the name and all else of users."""
        in_any_case = _in_any_case(names)
        device = [{"suffix": {"equals-ignore-case": f"/{name}"}} for name in names]
        return [
            {"eventName": _NO_TAGS, "requestParameters": {"userName": in_any_case, **self._policy_of_others()}},
            {"requestParameters": {"newUserName": in_any_case}},
            # By default a device is called like its user.
            {"requestParameters": {"virtualMFADeviceName": in_any_case}},
            {"eventName": ["DeleteVirtualMFADevice"], "requestParameters": {"serialNumber": device}},
            {
                "eventName": _ABOUT_ONESELF,
                "userIdentity": {"userName": names},
                "requestParameters": {"userName": ABSENT},
            },
        ]

    def roles(self, names: list[str]) -> _Calls:
        policy = self._policy_of_others() if self._config.deployer else {}
        return [{"eventName": _NO_TAGS, "requestParameters": {"roleName": _in_any_case(names), **policy}}]

    def _policy_of_others(self) -> dict[str, Any]:
        """Who has a policy of ours, our stack changes in each rollout, and MonitoringTampered watches."""
        if not self._config.alerts_or_logs("MonitoringTampered"):
            return {}
        own = [f":policy/{name}" for name in self._names.policies(self._config)]
        return {"policyArn": [{"anything-but": {"suffix": own}}, *ABSENT]}

    def _ends(self, arns: Iterable[str]) -> list[str]:
        """ARNs of IAM from the account on, which is enough to tell them apart; of the template's role the whole ARN.

        In an organization, from the colon after the account, as every account has these.
        """
        if self._config.organization:
            return [after_account(arn) for arn in arns]
        return [arn.partition(":iam:")[2] or arn for arn in arns]

    def tags(self, keys: list[str]) -> _Calls:
        """Users who get or lose a tag."""
        return [
            {"eventName": ["TagUser", "CreateUser"], "requestParameters": {"tags": {"key": _in_any_case(keys)}}},
            {"eventName": ["UntagUser"], "requestParameters": {"tagKeys": _in_any_case(keys)}},
        ]

    def policies(self, arns: list[str]) -> _Calls:
        names = [arn.rpartition("/")[2] for arn in arns]
        return [
            {"eventName": _CONTENTS, "requestParameters": {"policyArn": _that_end_with(self._ends(arns))}},
            {"eventName": ["CreatePolicy"], "requestParameters": {"policyName": _in_any_case(names)}},
        ]

    def saml_providers(self, arns: list[str]) -> _Calls:
        names = [arn.rpartition("/")[2] for arn in arns]
        return [
            {"eventName": _NO_TAGS, "requestParameters": {"sAMLProviderArn": _that_end_with(self._ends(arns))}},
            {"eventName": ["CreateSAMLProvider"], "requestParameters": {"name": _in_any_case(names)}},
        ]

    def oidc_providers(self, arns: list[str]) -> _Calls:
        urls = ["https://" + arn.partition("/")[2] for arn in arns]
        return [
            {
                "eventName": _NO_TAGS,
                "requestParameters": {"openIDConnectProviderArn": _that_end_with(self._ends(arns))},
            },
            {"eventName": ["CreateOpenIDConnectProvider"], "requestParameters": {"url": _in_any_case(urls)}},
        ]

    def permission_sets(self, names: list[str]) -> _Calls:
        """Calls of Identity Center name a permission set by an ID, and its role ends with one.

        The role of ``role.permission_set`` is the watched one, which MonitoringTampered is about.
        """
        accounts = dict.fromkeys(name.partition("/")[0] for name in names if "/" in name)
        target = [Ref("AWS::AccountId"), *accounts, *ABSENT]
        here = [name for name in names if name.partition("/")[0] in (name, self._config.account)]
        trusted = {name.rpartition("/")[2] for name in here if name != self._config.role.permission_set}
        roles = [{"prefix": f"AWSReservedSSO_{name}_"} for name in sorted(trusted)]
        return [
            {"requestParameters": {"permissionSetArn": PRESENT, "targetId": target}},
            # Without any ID: a new permission set, and where the users of all come from.
            {"eventName": ["CreatePermissionSet", "DeleteInstance", "UpdateInstance", *_USER_SOURCE_CALLS]},
            *([{"eventName": _NO_TAGS, "requestParameters": {"roleName": roles}}] if roles else []),
        ]

    def entitlements(self, _: list[str]) -> _Calls:
        """Account access manager: only the call that makes an entitlement names the role that it is for."""
        role = self._names.role
        wildcards = [{"wildcard": sub(f"*{resource}")} for resource in self._ends(role.arn_wildcards)]
        roles = [*_that_end_with(self._ends(role.arns)), *wildcards, *ABSENT]
        return [
            {
                "eventSource": ["account-access.amazonaws.com"],
                "eventName": _NO_TAGS,
                "requestParameters": {"entitlement": {"principalRole": {"roleArn": roles}}},
            }
        ]

    def sign_in_policies(self, _: list[str]) -> _Calls:
        """Who may sign in to the console, and from where."""
        return [{"eventSource": ["signin.amazonaws.com"], "eventName": [{"prefix": "Put"}, {"prefix": "Delete"}]}]


def _in_any_case(names: Iterable[str]) -> list[Any]:
    """IAM ignores the letter case of names."""
    return [{"equals-ignore-case": name} for name in dict.fromkeys(names)]


def _that_end_with(ends: Iterable[str]) -> list[Any]:
    return [{"suffix": {"equals-ignore-case": sub(end)}} for end in dict.fromkeys(ends)]
