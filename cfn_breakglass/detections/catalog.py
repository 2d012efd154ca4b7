"""What to detect: for each detection the family of edge rules that forward its events, and what tells them apart.

An edge rule says whose an event is (``edges``); the pattern of a detection says what it is, and holds no ARN. Both pin
what nobody can forge with PutEvents: sources that begin with aws.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cfn_breakglass.config.message_fields import (
    ASSUMING,
    BY_A_SESSION,
    BY_A_USER,
    BY_ROOT,
    FAILURE,
    FIELDS,
    OF_AN_ALARM,
    SUCCESS,
    WITH_MESSAGE,
    WITH_SESSION,
    WITHOUT_MFA,
    Field,
    about_one_thing,
    signing_in,
)
from cfn_breakglass.config.model import ALERT, CHAT, OFF, Config
from cfn_breakglass.detections.backdoors import identity_pattern, resource_pattern
from cfn_breakglass.detections.composition import compose
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.detections.edges import (
    ALARM,
    ALARM_CHANGE,
    ASSUME,
    HEARTBEAT,
    OF_A_SESSION,
    ROOT,
    SESSION,
    SIGN_IN,
)
from cfn_breakglass.detections.entrances import ENTRANCE, entrance_changes
from cfn_breakglass.detections.monitoring_tampered import monitoring_tampered
from cfn_breakglass.detections.passed_roles import passed_role_pattern
from cfn_breakglass.detections.returned_credentials import returned_credentials_pattern
from cfn_breakglass.detections.tampering import ABSENT, PRESENT
from cfn_breakglass.names import ACTIONS, Names, RoleNames

_REVOKE: Final = "revoke the active sessions of the role in IAM"
# IAM changes no role of Identity Center, so none gets the policy that revokes its sessions:
# https://docs.aws.amazon.com/singlesignon/latest/userguide/prereqs-revoking-user-permissions.html
_REVOKE_PERMISSION_SET: Final = "end the active sessions of the permission set with an SCP"
_SESSION_SIGN_IN: Final = ["SwitchRole", "ConsoleLogin", "GetSigninToken"]


def detections(config: Config, names: Names) -> list[Detection]:
    """Every detection that the config asks for."""
    catalog = [
        _role_assumed(),
        _role_denied(names.role),
        *_console_sign_in(),
        _role_chained(names.role),
        _role_passed(),
        *_role_actions(config),
        *_backdoor_created(config, names),
        *_entrance_changed(config, names),
        *monitoring_tampered(config),
        _user_sign_in(),
        *_root_used(),
        _delivery_failing(),
    ]
    if config.role.permission_set:
        catalog = [
            replace(detection, next_step=detection.next_step.replace(_REVOKE, _REVOKE_PERMISSION_SET))
            for detection in catalog
        ]
    return [_on_its_bus(detection) for detection in catalog if config.detections[detection.id] != OFF]


def _on_its_bus(detection: Detection) -> Detection:
    """A detection whose kind tells its events from those of other families on the same bus."""
    if detection.family != SESSION:
        return detection
    return replace(detection, kind=compose({"detail": {"userIdentity": OF_A_SESSION}}, detection.kind))


def heartbeat(names: Names) -> Detection:
    """The test event by which a region proves that its events arrive: forwarded like the rest, and no detection."""
    return Detection(
        id=HEARTBEAT,
        summary="A region proves that its events arrive",
        family=HEARTBEAT,
        kind={"source": [names.heartbeat_source]},
    )


def _role_assumed() -> Detection:
    return Detection(
        id="RoleAssumed",
        summary="The break-glass role was assumed",
        severity="HIGH",
        next_step=f"Ask the caller why. If nobody knows: {_REVOKE}, then read the action log.",
        family=ASSUME,
        kind={"source": ["aws.sts"], "detail": {"errorCode": ABSENT}},
        fields=SUCCESS | ASSUMING | WITH_SESSION | about_one_thing(FIELDS["requestedRole"]),
    )


def _role_denied(role: RoleNames) -> Detection:
    wanted = about_one_thing(Field("", constant="<role>"))
    if role.in_any_account:  # the account of the caller records it
        wanted = about_one_thing(Field("", constant=f"{role.name}, in the account that the result names"))
        wanted["role"] = FIELDS["requestedRole"]
    return Detection(
        id="RoleDenied",
        summary="Somebody tried to assume the break-glass role and was denied",
        severity="MEDIUM",
        next_step=(
            "Ask the caller: a colleague may lack MFA or a permission. If nobody knows the caller, find out whose"
            " credentials these are."
        ),
        family=ASSUME,
        kind={"source": ["aws.sts"], "detail": {"errorCode": PRESENT}},
        fields=FAILURE | ASSUMING | wanted,
    )


def _console_sign_in() -> list[Detection]:
    """A rule for the console, where AWS says whether it succeeded, and one for tokens, where it says only errors."""
    return [
        Detection(
            id="ConsoleSignIn",
            summary="A session of the break-glass role opened the console, or failed to",
            severity="MEDIUM",
            next_step=f"Nothing, if you know who assumed the role and why. If not: {_REVOKE}.",
            family=SESSION,
            kind={"source": ["aws.signin"], "detail": {"eventName": _SESSION_SIGN_IN}},
            fields=BY_A_SESSION
            | signing_in(*_SESSION_SIGN_IN)
            | WITHOUT_MFA
            | about_one_thing(Field("", constant="<role>")),
        ),
        Detection(
            id="ConsoleSignIn",
            outcome="Granted",
            summary="A session of the break-glass role gave its credentials to the AWS CLI or to an agent",
            severity="MEDIUM",
            next_step=f"Nothing, if whoever assumed the role says that it was them. If not: {_REVOKE}.",
            family=SESSION,
            kind={
                "source": ["aws.signin"],
                "detail": {
                    "eventName": ["AuthorizeOAuth2Access", "CreateOAuth2Token"],
                    # A token is made anew every 15 minutes.
                    "additionalEventData": {"grant_type": [{"anything-but": ["refresh_token"]}, *ABSENT]},
                    "errorCode": ABSENT,
                },
            },
            fields=BY_A_SESSION | SUCCESS,
        ),
    ]


def _role_chained(role: RoleNames) -> Detection:
    return Detection(
        id="RoleChained",
        summary="A session of the break-glass role got other credentials: of another role, a token or a key",
        severity="HIGH",
        next_step=(
            f"Ask whoever assumed the role. If nobody knows why: {_REVOKE}, and those of the other role. The action log"
            " does not show what these credentials do; CloudTrail does."
        ),
        family=SESSION,
        kind=returned_credentials_pattern(role),
        fields=BY_A_SESSION | SUCCESS,
    )


def _role_passed() -> Detection:
    return Detection(
        id="RolePassed",
        summary="A session of the break-glass role gave a role to a service, or ran something with the role of one",
        severity="HIGH",
        next_step=(
            "Ask whoever assumed the role. If it does not belong to the emergency: stop what it started, because that"
            f" goes on after the session, and {_REVOKE}."
        ),
        family=SESSION,
        kind=passed_role_pattern(),
        fields=BY_A_SESSION | SUCCESS,
    )


def _role_actions(config: Config) -> list[Detection]:
    """What is done in the role; two rules where it alerts, because only the rule knows the result."""
    detail: dict[str, Any] = {}
    if config.actions.services:
        detail["eventSource"] = [f"{service}.amazonaws.com" for service in config.actions.services]
    # readOnly is optional: a call that does not say so counts as a write.
    filters = {"read": [True], "write": [False, *ABSENT]}
    if config.actions.log in filters:
        detail["readOnly"] = filters[config.actions.log]

    def rule(outcome: str, extra: dict[str, Any], result: dict[str, Field]) -> Detection:
        both = detail | extra
        return Detection(
            id=ACTIONS,
            outcome=outcome,
            summary="Something was tried in the break-glass role, and failed"
            if outcome
            else "Something was done in the break-glass role",
            severity="LOW",
            next_step=f"Nothing, if it belongs to the emergency. If not: {_REVOKE}.",
            family=SESSION,
            kind={"source": [{"prefix": "aws."}], **({"detail": both} if both else {})},
            fields=BY_A_SESSION | result,
        )

    if config.detections[ACTIONS] not in (ALERT, CHAT):
        return [rule("", {}, {})]
    # A failed sign-in has no errorCode; it says so in its own words.
    unless = {name: [{"anything-but": ["Failure"]}, *ABSENT] for name in _SESSION_SIGN_IN}
    failures = [{"responseElements": {name: ["Failure"]}} for name in _SESSION_SIGN_IN]
    return [
        rule("", {"errorCode": ABSENT, "responseElements": unless}, SUCCESS),
        rule("Failed", {"$or": [{"errorCode": PRESENT}, *failures]}, FAILURE),
    ]


def _backdoor_created(config: Config, names: Names) -> list[Detection]:
    """A rule for identities and one for resources: an event pattern has no room for both."""
    undo = (
        "Ask whoever assumed the role. If it does not belong to the emergency: undo it, because it outlives the"
        f" session, and {_REVOKE}."
    )
    return [
        Detection(
            id="BackdoorCreated",
            summary="A session of the break-glass role made a way in: a user, a key, a login, a trust or a policy",
            severity="CRITICAL",
            next_step=undo,
            family=SESSION,
            kind=identity_pattern(config, names),
            fields=BY_A_SESSION | SUCCESS,
        ),
        Detection(
            id="BackdoorCreated",
            outcome="Resource",
            summary="A session of the break-glass role changed who may reach a resource, or shared it",
            severity="CRITICAL",
            next_step=undo,
            family=SESSION,
            kind=resource_pattern(),
            fields=BY_A_SESSION | SUCCESS,
        ),
    ]


def _entrance_changed(config: Config, names: Names) -> list[Detection]:
    """Another rule for each pattern more that it takes; what failed changed nothing."""
    return [
        Detection(
            id="EntranceChanged",
            outcome=str(index) if index > 1 else "",
            summary="Somebody changed who can get into the break-glass role, or what it may do",
            severity="HIGH",
            next_step=f"Ask the caller. If nobody knows why: undo the change, and {_REVOKE}.",
            family=ENTRANCE,
            kind=kind,
            fields=SUCCESS,
        )
        for index, kind in enumerate(entrance_changes(config, names), start=1)
    ]


def _user_sign_in() -> Detection:
    return Detection(
        id="UserSignIn",
        summary="A user who may assume the break-glass role signed in to the console, or failed to",
        severity="LOW",
        next_step="Nothing, if it was the user. If not, take away the user's password and access keys.",
        family=SIGN_IN,
        kind={"source": ["aws.signin"], "detail": {"userIdentity": {"type": ["IAMUser"]}}},
        fields=BY_A_USER | signing_in("ConsoleLogin"),
    )


def _root_used() -> list[Detection]:
    """Two rules, because only the rule knows the result."""

    def rule(outcome: str, result: dict[str, Any], fields: dict[str, Field]) -> Detection:
        return Detection(
            id="RootUsed",
            outcome=outcome,
            summary="Root tried something, and failed" if outcome else "Root was used",
            severity="HIGH",
            next_step=(
                "Ask whoever holds the credentials of root. If it was nobody, change its password and MFA device, and"
                " delete its access keys."
            ),
            family=SIGN_IN,
            kind={"source": [{"prefix": "aws."}], "detail": {"userIdentity": {"type": ROOT}, **result}},
            fields=BY_ROOT | fields,
        )

    # A failed sign-in has a message and no code.
    return [
        rule("", {"errorCode": ABSENT, "errorMessage": ABSENT}, SUCCESS),
        rule("Failed", {"$or": [{"errorCode": PRESENT}, {"errorMessage": PRESENT}]}, FAILURE | WITH_MESSAGE),
    ]


def _delivery_failing() -> Detection:
    return Detection(
        id="DeliveryFailing",
        summary="An alarm of the break-glass monitoring went off, so alerts may not arrive",
        severity="HIGH",
        next_step="Do what the alarm says. Until it is OK again, look into CloudTrail yourself.",
        family=ALARM,
        kind={"source": ["aws.cloudwatch"], "detail-type": ALARM_CHANGE},
        fields=OF_AN_ALARM,
    )
