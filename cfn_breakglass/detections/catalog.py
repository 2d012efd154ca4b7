"""What to watch for; the only place an event pattern is written.

Patterns pin ``source`` to aws.*, which nobody can forge with PutEvents.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from troposphere import Ref

from cfn_breakglass.config.message_fields import (
    ASSUMING,
    BY_A_SESSION,
    BY_PRINCIPAL_ID,
    FAILURE,
    FIELDS,
    OF_AN_ALARM,
    SUCCESS,
    Field,
    signing_in,
)
from cfn_breakglass.config.model import ALERT, OFF, Config
from cfn_breakglass.detections.backdoors import persistence_pattern
from cfn_breakglass.detections.denied_tampering import denied_tampering_patterns
from cfn_breakglass.detections.tampering import Patterns, account_foundation_changes, alert_path_changes
from cfn_breakglass.names import ACTIONS, Names, RoleNames, sub

HEARTBEAT: Final = "Heartbeat"
"""The ID of what is no detection, its rule and its detail-type."""

_ASSUME: Final = ["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]
_PRESENT: Final = [{"exists": True}]
_ABSENT: Final = [{"exists": False}]

_SESSION_SIGN_IN: Final = ["SwitchRole", "ConsoleLogin", "GetSigninToken"]
_ROOT_SIGN_IN: Final = ["ConsoleLogin", "PasswordRecoveryRequested", "PasswordRecoveryCompleted"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Detection:
    """One thing to watch for; ``id`` is its name everywhere.

    ``pattern`` can stand in any template. ``pattern_with_key`` is for the template that makes the key, if the pattern
    watches that key too: no other template can refer to it. ``outcome`` tells apart two rules of one detection.
    ``fields`` are the message fields whose meaning differs from the usual one.
    """

    id: str
    summary: str
    pattern: dict[str, Any]
    pattern_with_key: dict[str, Any] | None = None
    outcome: str = ""
    fields: Mapping[str, Field] = field(default_factory=dict)

    @property
    def logical_id(self) -> str:
        return self.id + self.outcome

    @property
    def rule_id(self) -> str:
        return f"{self.id}.{self.outcome}" if self.outcome else self.id

    def pattern_in(self, *, has_key: bool) -> dict[str, Any]:
        """The pattern in a template that makes the key, or in one that does not."""
        return self.pattern_with_key if has_key and self.pattern_with_key else self.pattern

    def field(self, name: str) -> Field:
        """The message field ``name`` as this detection fills it."""
        if name == "detection":
            return Field("", constant=self.id)
        return self.fields.get(name, FIELDS[name])


def detections(config: Config, names: Names, key_id: str | None = None) -> list[Detection]:
    """Every detection that the config asks for.

    ``key_id`` is the logical ID of the key in the template that makes it.
    """
    role = names.role
    every = [
        _role_assumed(role),
        _role_refused(role),
        _console_sign_in(role),
        _role_chained(role),
        *_role_actions(config, role),
        _backdoor_created(config, names),
        *_monitoring_tampered(config, names, key_id),
        _user_sign_in(config),
        _root_sign_in(),
        _delivery_failing(names),
    ]
    return [detection for detection in every if config.detections[detection.id] != OFF]


def heartbeat(names: Names) -> Detection:
    """The test event by which a region proves that its events arrive: watched for like the rest, and no detection.

    Whoever may put events can forge it, but no other account and for no other region.
    """
    return Detection(
        id=HEARTBEAT,
        summary="A region proves that its events arrive",
        pattern={
            "source": [names.heartbeat_source],
            "detail-type": [HEARTBEAT],
            "account": [Ref("AWS::AccountId")],
        },
    )


def _role_assumed(role: RoleNames) -> Detection:
    return Detection(
        id="RoleAssumed",
        summary="The break-glass role was assumed",
        pattern={
            "source": ["aws.sts"],
            "detail": {
                "eventName": _ASSUME,
                # The ARN as the caller spelled it, or as AWS answered.
                "$or": [
                    {"requestParameters": {"roleArn": _role(role)}},
                    {"responseElements": {"assumedRoleUser": {"arn": _sessions(role)}}},
                ],
                "errorCode": _ABSENT,
            },
        },
        fields=SUCCESS | ASSUMING,
    )


def _role_refused(role: RoleNames) -> Detection:
    return Detection(
        id="RoleRefused",
        summary="Somebody tried to assume the break-glass role and was denied",
        pattern={
            "source": ["aws.sts"],
            "detail": {
                "eventName": _ASSUME,
                "errorCode": _PRESENT,
                # AWS leaves requestParameters out of most refused calls; only the message names the role then.
                "$or": [
                    {"requestParameters": {"roleArn": _role(role)}},
                    {"errorMessage": _role_in_message(role)},
                ],
            },
        },
        fields=FAILURE | ASSUMING,
    )


def _console_sign_in(role: RoleNames) -> Detection:
    return Detection(
        id="ConsoleSignIn",
        summary="A session of the role opened the console",
        pattern={
            "source": ["aws.signin"],
            "detail": {
                "eventName": _SESSION_SIGN_IN,
                "userIdentity": {"arn": _sessions(role)},
            },
        },
        fields=BY_PRINCIPAL_ID | signing_in(*_SESSION_SIGN_IN),
    )


def _role_chained(role: RoleNames) -> Detection:
    return Detection(
        id="RoleChained",
        summary="A session of the role assumed another role",
        pattern={
            "source": ["aws.sts"],
            "detail": {
                # AssumeRoot is a way out as well: into the root of a member account.
                "eventName": [*_ASSUME, "AssumeRoot"],
                "userIdentity": _by_session(role),
                # Taking itself on again is RoleAssumed. AssumeRoot answers with no role.
                "responseElements": {
                    "assumedRoleUser": {"arn": [{"anything-but": {"prefix": sub(role.sessions)}}, *_ABSENT]}
                },
                "errorCode": _ABSENT,
            },
        },
        fields=BY_A_SESSION | SUCCESS,
    )


def _role_actions(config: Config, role: RoleNames) -> list[Detection]:
    """What is done in the role; two rules where it alerts, because only the rule knows the result."""
    detail: dict[str, Any] = {"userIdentity": _by_session(role)}
    if config.actions.services:
        detail["eventSource"] = [f"{service}.amazonaws.com" for service in config.actions.services]
    # readOnly is optional: a call that does not say so counts as a write.
    filters = {"read": [True], "write": [False, {"exists": False}]}
    if config.actions.log in filters:
        detail["readOnly"] = filters[config.actions.log]

    def rule(outcome: str, extra: dict[str, Any], result: dict[str, Field]) -> Detection:
        return Detection(
            id=ACTIONS,
            outcome=outcome,
            summary="Something was done in the role" + (", or tried and denied" if outcome else ""),
            pattern={"source": [{"prefix": "aws."}], "detail": detail | extra},
            fields=BY_A_SESSION | result,
        )

    if config.detections[ACTIONS] != ALERT:
        return [rule("", {}, {})]
    # A failed sign-in has no errorCode; it says so in its own words.
    unless = {name: [{"anything-but": ["Failure"]}, *_ABSENT] for name in _SESSION_SIGN_IN}
    failures = [{"responseElements": {name: ["Failure"]}} for name in _SESSION_SIGN_IN]
    return [
        rule("", {"errorCode": _ABSENT, "responseElements": unless}, SUCCESS),
        rule("Failed", {"$or": [{"errorCode": _PRESENT}, *failures]}, FAILURE),
    ]


def _backdoor_created(config: Config, names: Names) -> Detection:
    return Detection(
        id="BackdoorCreated",
        summary="A session of the role created a user, a key, a role or a login, or changed who may do what",
        pattern=persistence_pattern(config, names, _by_session(names.role)),
        fields=BY_A_SESSION | SUCCESS,
    )


def _monitoring_tampered(config: Config, names: Names, key_id: str | None) -> list[Detection]:
    """Two rules for what was done and one for what was tried, because only the rule knows the result."""
    changed = "Somebody changed or removed a part of this monitoring or the role"
    failed = "Somebody tried to change a part of this monitoring or the role, and failed"
    rules = [
        ("", changed, Patterns(alert_path_changes(config, names)), SUCCESS),
        ("Account", changed, account_foundation_changes(config, names, key_id), SUCCESS),
        ("Failed", failed, denied_tampering_patterns(config, names, key_id), FAILURE),
    ]
    return [
        Detection(
            id="MonitoringTampered",
            outcome=outcome,
            summary=summary,
            pattern=patterns.anywhere,
            pattern_with_key=patterns.with_key,
            fields=result,
        )
        for outcome, summary, patterns, result in rules
    ]


def _user_sign_in(config: Config) -> Detection:
    return Detection(
        id="UserSignIn",
        summary="A user who may assume the role signed in to the console, or failed to",
        pattern={
            "source": ["aws.signin"],
            "account": [Ref("AWS::AccountId")],
            "detail": {
                "eventName": ["ConsoleLogin"],
                "userIdentity": {
                    "type": ["IAMUser"],
                    # A failed login has no ARN.
                    "$or": [
                        {"userName": [{"equals-ignore-case": name} for name in config.users]},
                        {"arn": [{"suffix": {"equals-ignore-case": f"/{name}"}} for name in config.users]},
                    ],
                },
            },
        },
        fields=signing_in("ConsoleLogin"),
    )


def _root_sign_in() -> Detection:
    return Detection(
        id="RootSignIn",
        summary="Root signed in, failed to, or had its password recovered",
        pattern={
            "source": ["aws.signin"],
            "account": [Ref("AWS::AccountId")],
            "detail": {
                "eventName": _ROOT_SIGN_IN,
                "userIdentity": {"type": ["Root"]},
            },
        },
        fields=BY_PRINCIPAL_ID | signing_in(*_ROOT_SIGN_IN),
    )


def _delivery_failing(names: Names) -> Detection:
    return Detection(
        id="DeliveryFailing",
        summary="An alarm went off: something was not delivered, or a region sends no heartbeat",
        pattern={
            "source": ["aws.cloudwatch"],
            # To change an alarm makes an event as well, with the state it is in.
            "detail-type": ["CloudWatch Alarm State Change"],
            "account": [Ref("AWS::AccountId")],
            "detail": {"alarmName": [{"prefix": names.alarms}], "state": {"value": ["ALARM"]}},
        },
        fields=OF_AN_ALARM,
    )


def _role(role: RoleNames) -> list[Any]:
    return [
        *({"equals-ignore-case": sub(arn)} for arn in role.arns),
        *({"wildcard": sub(wildcard)} for wildcard in role.arn_wildcards),
    ]


def _sessions(role: RoleNames) -> list[Any]:
    return [{"prefix": {"equals-ignore-case": sub(role.sessions)}}]


def _by_session(role: RoleNames) -> dict[str, Any]:
    """A userIdentity that is a session of the role; the issuer is missing from some events, the ARN from none."""
    return {"$or": [{"sessionContext": {"sessionIssuer": {"arn": _role(role)}}}, {"arn": _sessions(role)}]}


def _role_in_message(role: RoleNames) -> list[Any]:
    # The ARN ends the message or a blank follows it; without either it may be the beginning of a longer name.
    forms: list[Any] = []
    for arn in role.arns:
        forms += [{"suffix": {"equals-ignore-case": sub(arn)}}, {"wildcard": sub(f"*{arn} *")}]
    for wildcard in role.arn_wildcards:
        if wildcard.endswith("*"):
            forms.append({"wildcard": sub(f"*{wildcard}")})
        else:
            # One wildcard more and the rule is too complex for EventBridge. A suffix is not, and takes the role of
            # that name in another account too.
            end = wildcard.rpartition("*")[2]
            forms += [{"suffix": {"equals-ignore-case": end}}, {"wildcard": sub(f"*{wildcard} *")}]
    return forms
