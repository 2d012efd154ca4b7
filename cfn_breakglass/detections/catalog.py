"""What to detect: for each detection the family of edge rules that forward its events, and what tells them apart.

An edge rule says whose an event is (``edges``); the pattern of a detection says what it is, and holds no ARN. Both pin
what nobody can forge with PutEvents: sources that begin with aws.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cfn_breakglass.aws.arns import STACK_SETS_ROLE
from cfn_breakglass.aws.handler_ownership import (
    BUS_OWNER_CALLS,
    CHANNEL_OWNER_CALLS,
    CLOUDFORMATION,
    KEY_OWNER_CALLS,
    OVERWRITING_CALLS,
    ROLE_OWNER_CALLS,
    SET_OWNER_CALLS,
    is_of_services,
)
from cfn_breakglass.config.message_fields import (
    ASSUMING,
    BY_A_SESSION,
    BY_A_USER,
    BY_ROOT,
    FAILURE,
    FIELDS,
    OF_AN_ALARM,
    SUCCESS,
    TEXT_FIELDS,
    WITH_MESSAGE,
    WITH_SESSION,
    WITHOUT_MFA,
    Field,
    about_one_thing,
    signing_in,
)
from cfn_breakglass.config.model import ALERT, CHAT, OFF, Config
from cfn_breakglass.detections.backdoors import identity_pattern, resource_pattern
from cfn_breakglass.detections.composition import Pattern, compose
from cfn_breakglass.detections.edges import (
    ALARM,
    ALARM_CHANGE,
    ASSUME,
    FALLBACK,
    HEARTBEAT,
    OF_A_SESSION,
    ROOT,
    SESSION,
    SIGN_IN,
)
from cfn_breakglass.detections.entrances import ENTRANCE, entrance_changes
from cfn_breakglass.detections.passed_roles import passed_role_pattern
from cfn_breakglass.detections.tampering import (
    ABOUT_ORGANIZATION,
    ABSENT,
    API_CALL,
    IGNORING_TAGS,
    MANAGEMENT,
    PRESENT,
    TAMPERING,
    channel_changes,
    existing_key_id,
    notifies_only_chats,
    silencing_changes,
)
from cfn_breakglass.names import ACTIONS, Names, RoleNames, sub

_TAMPERED: Final = "MonitoringTampered"
_REVOKE: Final = "revoke the active sessions of the role in IAM"
# IAM changes no role of Identity Center, so none gets the policy that revokes its sessions:
# https://docs.aws.amazon.com/singlesignon/latest/userguide/prereqs-revoking-user-permissions.html
_REVOKE_PERMISSION_SET: Final = "end the active sessions of the permission set with an SCP"
_RESTORE: Final = (
    "Ask the caller. If it was no deployment, undo the change or deploy the templates again, and find out what else"
    " these credentials did."
)
# Nobody else can put an event with such a source on a bus.
_API_CALL: Final = {"source": [{"prefix": "aws."}], "detail-type": API_CALL}
# What any stack does as a role of such a name is only logged. So a stack that makes one alerts.
_NEW_STACK_SETS_ROLE: Final = ("CreateRole",)
_SESSION_SIGN_IN: Final = ["SwitchRole", "ConsoleLogin", "GetSigninToken"]
# Tokens and credentials of STS: of a role, of a federated user, for another cloud, for another partition.
_STS_CREDENTIALS: Final = (
    {"prefix": "Assume"},
    *("GetFederationToken", "GetWebIdentityToken", "GetDelegatedAccessToken"),
)
# And those of other services: keys of clusters, tables, buckets and queues, and tokens for what runs with a role.
_SERVICE_CREDENTIALS: Final = (
    *({"wildcard": "Get*Credentials*"}, {"wildcard": "Get*AccessToken"}, {"wildcard": "Create*TokenWith*"}),
    *({"suffix": "AuthToken"}, {"prefix": "GetOpenIdToken"}, {"wildcard": "Get*DataAccess"}, "CreateBearerToken"),
    *({"suffix": "LoginToken"}, "CreateCliToken", "CreateAccessToken", "GetComputeAccess", "GetSessionEndpoint"),
    *({"prefix": "GetInstanceAccess"}, "GetPasswordData", "DownloadDefaultKeyPair", "CreatePresignedNotebookUrl"),
    # A desktop with a role, and the key of a certificate, for which IAM Roles Anywhere gives credentials of a role.
    *({"suffix": "StreamingURL"}, {"suffix": "PresignedURL"}, "ExportCertificate"),
    # Step Functions makes any one call with a role that it is handed, and AWS says that this only reads.
    # https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
    "TestState",
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Detection:
    """One thing to detect; ``id`` is its name everywhere.

    ``summary``, ``severity`` and ``next_step`` tell whoever is woken what happened, how bad it is and what to do now.
    ``family`` is that of the edge rules that forward its events, and ``kind`` the pattern that tells them from the
    other events of the same bus. ``outcome`` tells apart the rules of one detection. ``fields`` are the message fields
    whose meaning differs from the usual one. Where the rules of one detection go different ways, ``notifies`` is
    whether this one may notify subscribers, and ``is_logged`` whether it may log.
    """

    id: str
    summary: str
    family: str
    kind: dict[str, Any]
    severity: str = ""
    next_step: str = ""
    outcome: str = ""
    notifies: bool = True
    is_logged: bool = True
    fields: Mapping[str, Field] = field(default_factory=dict)

    @property
    def logical_id(self) -> str:
        return self.id + self.outcome

    @property
    def rule_id(self) -> str:
        return f"{self.id}.{self.outcome}" if self.outcome else self.id

    def field(self, name: str) -> Field:
        """The message field ``name`` as this detection fills it."""
        of_every_event = {
            "detection": self.id,
            "severity": self.severity,
            "meaning": f"{self.summary}.",
            "nextStep": self.next_step,
        }
        if name in of_every_event:
            return Field("", constant=of_every_event[name])
        return self.fields.get(name) or FIELDS.get(name) or TEXT_FIELDS[name]


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
        *_monitoring_tampered(config),
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


def in_one_rule(edge: Pattern, kind: Pattern) -> dict[str, Any]:
    """The pattern of a rule that has to say whose an event is and what it is.

    It leaves out calls by name that no event of its sources can be.
    """
    composed = compose(edge, kind)
    detail = composed.get("detail", {})
    if "$or" not in detail:
        return composed
    alternatives = [_of_services(alternative, composed["source"]) for alternative in detail["$or"]]
    possible = [alternative for alternative in alternatives if alternative]
    shared = {name: value for name, value in detail.items() if name != "$or"}
    either = {**shared, "$or": possible} if len(possible) > 1 else compose(shared, possible[0])
    return {**composed, "detail": either}


def _of_services(alternative: Pattern, sources: list[Any]) -> Pattern:
    """The alternative with only those of its calls, if it lists any, that are calls of one of these services.

    Nothing if no event of these services can be one.
    """
    if alternative.get("eventSource") == [CLOUDFORMATION] and "aws.cloudformation" not in sources:
        return {}
    calls = alternative.get("eventName")
    if not isinstance(calls, list) or not all(isinstance(name, str) for name in (*calls, *sources)):
        return alternative
    possible = [call for call in calls if is_of_services(call, sources)]
    return {**alternative, "eventName": possible} if possible else {}


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
        kind={
            "source": [{"prefix": "aws."}],
            "detail": {
                **_not_of_itself(role),
                "errorCode": ABSENT,
                "$or": [
                    {"eventName": list(_STS_CREDENTIALS)},
                    # A service that reads tables for a caller gets credentials of its own.
                    {"eventName": list(_SERVICE_CREDENTIALS), "userIdentity": {"invokedBy": ABSENT}},
                ],
            },
        },
        fields=BY_A_SESSION | SUCCESS,
    )


def _not_of_itself(role: RoleNames) -> dict[str, Any]:
    """Without a session that assumes its own role again: that is RoleAssumed.

    Where many accounts have a role of that name, nothing here tells it from the role of another account, and of an
    account that is nobody's here: then such a session is both.
    """
    if role.in_any_account:
        return {}
    # Only AssumeRole answers with a role.
    itself = {"wildcard": sub(f"*:${{AWS::AccountId}}:assumed-role/{role.name}{'' if role.name_is_prefix else '/'}*")}
    return {"responseElements": {"assumedRoleUser": {"arn": [{"anything-but": itself}, *ABSENT]}}}


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


def _monitoring_tampered(config: Config) -> list[Detection]:
    """A rule for what was done and one for what was tried, because only the rule knows the result; and one for the log.

    What CloudFormation does for a stack is only logged: the call that created, changed or deleted the stack alerts.
    """
    of_organization = (*_NEW_STACK_SETS_ROLE, *ABOUT_ORGANIZATION) if config.organization else ()
    return [
        Detection(
            id=_TAMPERED,
            summary="Somebody changed or removed a part of the break-glass monitoring or the role",
            severity="CRITICAL",
            next_step=_RESTORE,
            family=TAMPERING,
            kind=_tampered(config, of_organization),
            is_logged=False,
            fields=SUCCESS,
        ),
        Detection(
            id=_TAMPERED,
            outcome="Failed",
            summary="Somebody tried to change a part of the break-glass monitoring or the role, and was denied",
            severity="HIGH",
            next_step="Ask the caller. If nobody knows why, find out what else was done with these credentials.",
            family=TAMPERING,
            kind={**_API_CALL, "detail": {**MANAGEMENT, "errorCode": PRESENT, "eventName": IGNORING_TAGS}},
            is_logged=False,
            fields=FAILURE,
        ),
        Detection(
            id=_TAMPERED,
            outcome="Log",
            summary="Every change, deployments too",
            family=TAMPERING,
            kind={**_API_CALL, "detail": {**MANAGEMENT, "eventName": IGNORING_TAGS}},
            notifies=False,
        ),
    ]


def _tampered(config: Config, more: Iterable[str] = ()) -> dict[str, Any]:
    """What alerts of these changes; ``more`` are calls that alert whatever makes them for a stack."""
    by_others = {"sourceIPAddress": [_not_cloudformation(config)], "eventName": IGNORING_TAGS}
    # By these a stack of another name could change a part of ours, as could the one that owns what exists already.
    overwriting = {
        *OVERWRITING_CALLS,
        *(BUS_OWNER_CALLS if config.event_bus.existing else ()),
        *(CHANNEL_OWNER_CALLS if config.alerts.chats else ()),
        *(KEY_OWNER_CALLS if existing_key_id(config) else ()),
        *(ROLE_OWNER_CALLS if config.role.existing or config.event_bus.forwarder_role else ()),
        *(SET_OWNER_CALLS if config.forwards and not config.rolls_out else ()),
        *more,
    }
    # What CloudFormation itself does to our main stack, it does for a stack or a stack set that took it in. Without
    # other regions there is no other stack.
    of_main_stack: dict[str, Any] = {"eventSource": [CLOUDFORMATION]}
    if config.forwards:
        of_main_stack["requestParameters"] = {"stackName": [config.name, {"wildcard": f"*stack/{config.name}/*"}]}
    by_whom = [by_others, {"eventName": sorted(overwriting), **_not_by_stack_sets(config)}, of_main_stack]
    return {**_API_CALL, "detail": {**MANAGEMENT, "errorCode": ABSENT, "$or": by_whom}}


def _not_cloudformation(config: Config) -> dict[str, Any]:
    """In an organization, its stack sets have an address of their own, which ends like that of CloudFormation."""
    return {"anything-but": {"suffix": CLOUDFORMATION} if config.organization else [CLOUDFORMATION]}


def _not_by_stack_sets(config: Config) -> dict[str, Any]:
    """In an organization, without what stack sets do in each of its accounts.

    Only the management account and its delegated administrators can make these act. A change of the role by which they
    do alerts.
    """
    if not config.organization:
        return {}
    others = [{"anything-but": {"prefix": STACK_SETS_ROLE}}, *ABSENT]
    # A user can have such a name too, and issue a session to a federated user.
    issuer = {"$or": [{"userName": others}, {"type": [{"anything-but": ["Role"]}]}]}
    return {"userIdentity": {"sessionContext": {"sessionIssuer": issuer}}}


def silenced_alerts(config: Config, names: Names, key_id: str | None = None) -> tuple[Detection, ...]:
    """The calls of MonitoringTampered that can silence their own alert, as rules for the main region's default bus.

    Another rule is for chat channels, where nobody else is notified: both would be too long for one. ``key_id`` is the
    logical ID of the key in the template of the main region.
    """
    patterns = {FALLBACK: silencing_changes(config, names, key_id)}
    if notifies_only_chats(config):
        patterns[f"{FALLBACK}Chat"] = channel_changes(config, names)
    return tuple(
        Detection(
            id=_TAMPERED,
            outcome=outcome,
            summary="Somebody changed what alerts pass through, so later ones may not arrive",
            severity="CRITICAL",
            next_step=_RESTORE,
            family=FALLBACK,
            kind=in_one_rule(pattern, _tampered(config)),
            fields=SUCCESS,
        )
        for outcome, pattern in patterns.items()
    )


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
