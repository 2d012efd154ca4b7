"""MonitoringTampered: who did what to the monitoring, and which of it alerts.

An edge rule says that a call is about a part of ours (``tampering``). These patterns leave out what CloudFormation does
for our own stacks, and nothing by which another stack could change a part of ours (``aws.handler_ownership``).
"""

from __future__ import annotations

from collections.abc import Iterable
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
)
from cfn_breakglass.config.message_fields import FAILURE, SUCCESS
from cfn_breakglass.config.model import Config
from cfn_breakglass.detections.composition import in_one_rule
from cfn_breakglass.detections.detection import Detection
from cfn_breakglass.detections.edges import FALLBACK
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
from cfn_breakglass.names import Names

_TAMPERED: Final = "MonitoringTampered"
_RESTORE: Final = (
    "Ask the caller. If it was no deployment, undo the change or deploy the templates again, and find out what else"
    " these credentials did."
)
# Nobody else can put an event with such a source on a bus.
_API_CALL: Final = {"source": [{"prefix": "aws."}], "detail-type": API_CALL}
# What any stack does as a role of such a name is only logged. So a stack that makes one alerts.
_NEW_STACK_SETS_ROLE: Final = ("CreateRole",)


def monitoring_tampered(config: Config) -> list[Detection]:
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
