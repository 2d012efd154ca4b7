"""Whose an event is: the patterns of the edge rules on the default bus of every region.

A family of edge rules forwards to one central bus. Families that can match the same event forward to different buses,
so that an event arrives once on each bus. An edge rule holds the ARNs and names; what an event is, the detections say.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, Final, NamedTuple

from troposphere import Ref

from cfn_breakglass.config.model import OFF, Config
from cfn_breakglass.detections.composition import patterns_that_fit
from cfn_breakglass.detections.denied_tampering import denied_changes
from cfn_breakglass.detections.entrances import ENTRANCE, entrance_pattern
from cfn_breakglass.detections.key_tampering import existing_key_changes, own_key_changes
from cfn_breakglass.detections.tampering import (
    ABSENT,
    PRESENT,
    TAMPERING,
    account_changes,
    channel_changes,
    delivery_changes,
    existing_key_id,
    forwarder_changes,
    part_changes,
    rule_changes,
    subscriber_changes,
)
from cfn_breakglass.names import Names, RoleNames, after_account, sub

ASSUME: Final = "Assume"
SESSION: Final = "Session"
SIGN_IN: Final = "SignIn"
ALARM: Final = "Alarm"
HEARTBEAT: Final = "Heartbeat"
"""The family and the detail-type of the test event of a region."""
HEALTH: Final = "Health"
"""The rule of the families ``ALARM`` and ``HEARTBEAT``."""
FALLBACK: Final = "Fallback"
"""The family of the calls that silence their own alert. Nothing forwards their events."""

ALARM_CHANGE: Final = ["CloudWatch Alarm State Change"]
ROOT: Final = ["Root"]
OF_A_SESSION: Final = {"type": ["AssumedRole"]}
"""What tells a session from root and the users, whose events go to the same bus."""


# Characters of a pattern: the others are for root and, in one rule with what an event is, for that.
_ROOM_FOR_USERS: Final = 1_600
# What ends the name of the rule that watches the key.
_KEY: Final = "Key"
# And that of the rule that watches the forwarder role, in each account of an organization.
_FORWARDER: Final = "Forwarder"


class EdgeRule(NamedTuple):
    """A rule on the default bus of every region; ``id`` ends its name. It forwards the events of ``families``.

    ``is_main_region_only``: it watches what is in the main region alone. ``by_second_forwarder``: it watches the role
    of all other rules, and has another.
    """

    families: tuple[str, ...]
    id: str
    description: str
    pattern: dict[str, Any]
    is_main_region_only: bool = False
    by_second_forwarder: bool = False


def edge_rules(
    config: Config, names: Names, families: Container[str], watcher: str, key_id: str | None = None
) -> list[EdgeRule]:
    """The edge rules of ``families``.

    ``watcher`` is the ID of the rule that watches the others, and ``key_id`` the logical ID of the key, if the template
    of the main region makes one.
    """
    rules = []
    if ASSUME in families:
        rules.append(EdgeRule((ASSUME,), ASSUME, "STS calls about the break-glass role", _assume(config, names.role)))
    if SESSION in families:
        rules.append(EdgeRule((SESSION,), SESSION, "Everything done in the break-glass role", _session(names.role)))
    if ENTRANCE in families:
        about = "Changes of users, roles, policies, providers and sign-in policies"
        rules.append(EdgeRule((ENTRANCE,), ENTRANCE, about, entrance_pattern(config)))
    if TAMPERING in families:
        rules += _tampering(config, names, watcher, key_id)
    if SIGN_IN in families:
        rules += _sign_in(config)
    health = {ALARM: _alarm(names), HEARTBEAT: _heartbeat(names)}
    signals = {family: pattern for family, pattern in health.items() if family in families}
    if signals:
        either = {"$or": list(signals.values())} if len(signals) > 1 else next(iter(signals.values()))
        pattern = {"account": [Ref("AWS::AccountId")], **either}
        rules.append(EdgeRule(tuple(signals), HEALTH, "Alarms that go off, and the heartbeat", pattern))
    return rules


def _assume(config: Config, role: RoleNames) -> dict[str, Any]:
    denied_elsewhere = []
    if role.in_any_account and config.detections["RoleDenied"] != OFF:
        # Of two accounts, that of a denied caller alone records the call.
        denied_elsewhere = [{"requestParameters": {"roleArn": _role_arns_anywhere(role)}, "errorCode": PRESENT}]
    return {
        "source": ["aws.sts"],
        "detail": {
            "eventName": [{"prefix": "AssumeRole"}],
            # The ARN as the caller spelled it, or as AWS answered. AWS leaves requestParameters out of most denied
            # calls; only the message names the role then.
            "$or": [
                {"requestParameters": {"roleArn": _role_arns(role)}},
                {"responseElements": {"assumedRoleUser": {"arn": _sessions(role)}}},
                {"errorMessage": _role_in_message(role)},
                *denied_elsewhere,
            ],
        },
    }


def _session(role: RoleNames) -> dict[str, Any]:
    """The issuer is missing from some events of a session, the ARN from none."""
    caller = {"$or": [{"sessionContext": {"sessionIssuer": {"arn": _role_arns(role)}}}, {"arn": _sessions(role)}]}
    return {"source": [{"prefix": "aws."}], "detail": {"userIdentity": {**OF_A_SESSION, **caller}}}


def _tampering(config: Config, names: Names, watcher: str, key_id: str | None) -> list[EdgeRule]:
    """Changes of the monitoring by what they are about, and denied attempts: no event matches two of these.

    The first of these rules watches every rule but itself, and the second one watches the first.
    """
    rules = {
        "Rules": ("Changes of the rules, buses, logs and alarms", rule_changes(config, names)),
        "Delivery": ("Changes of the topics, queues and heartbeat", delivery_changes(config, names, watcher)),
        "Parts": ("Changes of the roles, policies, stacks and saved queries", part_changes(config, names)),
        "Account": ("Changes of the account that alerts depend on", account_changes(config, names)),
        "Tried": ("Denied changes of this monitoring", denied_changes(config, names)),
    }
    if existing := existing_key_id(config):
        rules[_KEY] = ("What ends the use of the key, and denied changes of it", existing_key_changes(existing))
    elif key_id:
        rules[_KEY] = ("Changes of the key, denied ones too", own_key_changes(names, key_id))
    if config.organization:
        rules[_FORWARDER] = ("Changes of the role that forwards all other events", forwarder_changes(names))
    if config.alerts.chats:
        rules["Chat"] = ("Changes of the chat channels", channel_changes(config, names))
    for index, pattern in enumerate(subscriber_changes(config), start=1):
        rules[f"Subscribers{index if index > 1 else ''}"] = ("Changes of who is notified", pattern)
    return [
        EdgeRule(
            (TAMPERING,),
            f"{TAMPERING}{suffix}",
            description,
            pattern,
            is_main_region_only=suffix == _KEY,
            by_second_forwarder=suffix == _FORWARDER,
        )
        for suffix, (description, pattern) in rules.items()
    ]


def _sign_in(config: Config) -> list[EdgeRule]:
    """What root does, and console sign-ins of the users: as many rules as these need."""
    alternatives: list[list[dict[str, Any]]] = [[]]
    if config.detections["UserSignIn"] != OFF:
        # They are users of the hub. Another account may have a user of the same name.
        where = {"recipientAccountId": [config.organization.hub]} if config.organization else {}
        logins = patterns_that_fit(config.users, _console_login, _ROOM_FOR_USERS)
        alternatives = [[{**login, **where}] for login in logins]
    if config.detections["RootUsed"] != OFF:
        # Neither what a service does for root, such as CloudFormation, nor what AWS does by itself.
        by_root = {"type": ROOT, "invokedBy": ABSENT}
        alternatives[0].append({"userIdentity": by_root, "eventType": [{"anything-but": ["AwsServiceEvent"]}]})
    about = "What root does, and sign-ins of the users"
    return [
        EdgeRule((SIGN_IN,), f"{SIGN_IN}{number if number > 1 else ''}", about, _in_account(either))
        for number, either in enumerate(alternatives, start=1)
    ]


def _in_account(alternatives: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "source": [{"prefix": "aws."}],
        "account": [Ref("AWS::AccountId")],
        "detail": {"$or": alternatives} if len(alternatives) > 1 else alternatives[0],
    }


def _console_login(users: Sequence[str]) -> dict[str, Any]:
    # A failed login has no ARN.
    by_name = [
        {"userName": [{"equals-ignore-case": name} for name in users]},
        {"arn": [{"suffix": {"equals-ignore-case": f"/{name}"}} for name in users]},
    ]
    return {"eventName": ["ConsoleLogin"], "userIdentity": {"type": ["IAMUser"], "$or": by_name}}


def _alarm(names: Names) -> dict[str, Any]:
    return {
        "source": ["aws.cloudwatch"],
        # To change an alarm makes an event as well, with the state it is in.
        "detail-type": ALARM_CHANGE,
        "detail": {"alarmName": [{"prefix": names.alarms}], "state": {"value": ["ALARM"]}},
    }


def _heartbeat(names: Names) -> dict[str, Any]:
    """Whoever may put events can forge it, but for no other account and no other region."""
    return {"source": [names.heartbeat_source], "detail-type": [HEARTBEAT]}


def _role_arns(role: RoleNames) -> list[Any]:
    return [
        *({"equals-ignore-case": sub(arn)} for arn in role.arns),
        *({"wildcard": sub(wildcard)} for wildcard in role.arn_wildcards),
    ]


def _sessions(role: RoleNames) -> list[Any]:
    return [{"prefix": {"equals-ignore-case": sub(role.sessions)}}]


def _role_arns_anywhere(role: RoleNames) -> list[Any]:
    """The ARNs of the roles of that name, whatever their account."""
    return [
        *({"suffix": {"equals-ignore-case": sub(after_account(arn))}} for arn in role.arns),
        *({"wildcard": sub(f"*{after_account(wildcard)}")} for wildcard in role.arn_wildcards),
    ]


def _role_in_message(role: RoleNames) -> list[Any]:
    # The ARN ends the message or a blank follows it; without either it may be the beginning of a longer name.
    forms: list[Any] = []
    # In an organization, the account of the caller records who was denied the role of another account.
    for arn in map(after_account, role.arns) if role.in_any_account else role.arns:
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
