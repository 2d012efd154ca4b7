"""The pattern of denied changes to the monitoring and to the role.

AWS leaves the parameters out of most denied calls. Only the error message names what such a call was about.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from typing import Any, Final

from cfn_breakglass.aws.limits import COMPLEXITY
from cfn_breakglass.aws.pattern_complexity import complexity
from cfn_breakglass.config.model import CREATE, Config
from cfn_breakglass.detections.key_tampering import KMS
from cfn_breakglass.detections.tampering import (
    API_CALL,
    PRESENT,
    WRITING,
    about,
    account_wide,
    fragment,
    sends_text_messages,
    trail_bucket,
)
from cfn_breakglass.names import Names, sub

# How services say that a call was denied. They fail calls for other reasons too, such as that there is no such trail.
# The last one is for a member account that wants to change a trail of its organization.
_DENIED: Final = [{"prefix": "AccessDenied"}, {"prefix": "OperationNotPermitted"}, {"prefix": "NotOrganizationMaster"}]


def denied_changes(config: Config, names: Names) -> dict[str, Any]:
    """The calls that MonitoringTampered watches, when they fail; those of KMS have a rule with the key."""
    calls: list[dict[str, Any]] = [
        {**account_wide(config), "errorCode": _DENIED},
        # That message says that a call was denied, whatever the code.
        {"errorMessage": _messages(names), "errorCode": PRESENT},
        # The log group is protected from that call, and the message may say no more.
        {
            "eventName": ["DeleteLogGroup"],
            "requestParameters": {"logGroupName": [{"prefix": names.log_groups}]},
            "errorCode": ["ValidationException"],
        },
    ]
    if sends_text_messages(config):
        calls.append({"eventName": ["SetSMSAttributes"], "errorCode": [*_DENIED, {"prefix": "AuthorizationError"}]})
    if config.trail == CREATE:
        calls.append({**about([trail_bucket(names)]), "errorCode": _DENIED})  # S3 leaves the parameters in
    # The message names a part of ours also where another service is denied, such as the role that it should run as.
    detail = {"readOnly": WRITING, "eventSource": [{"anything-but": [KMS]}], "$or": calls}
    return {"source": [{"prefix": "aws."}], "detail-type": API_CALL, "detail": detail}


def _messages(names: Names) -> list[Any]:
    """What AWS answers when it denies a call about a part of ours.

    The caller stands before "to perform: " and may hold the role's name. EventBridge allows few wildcards in one field,
    so these match more than our parts: every name that holds ours, and such a name in another account.
    """
    name, role = names.prefix, names.role
    messages: list[Any] = [{"wildcard": f"*m: *{fragment(name)}*"}, {"prefix": f"Stack [{name}]"}]
    if fragment(name) in role.name:
        return messages
    # IAM calls it "role NAME"; a service that it is handed to is denied by its ARN. Either may end the message.
    end, part = ("*", role.name) if role.name_is_prefix else (" *", fragment(role.name))
    ends = [] if role.name_is_prefix else [{"suffix": sub(f"{before}{role.name}")} for before in (": role ", "/")]
    wildcard = f"*m: *{part}{end}"
    # Names that begin alike are too much for EventBridge; then it is only what IAM calls it.
    if complexity({"errorMessage": [*messages, {"wildcard": wildcard}]}) > COMPLEXITY.maximum:
        wildcard = f"*: role {role.name}{end}"
    return [*messages, {"wildcard": sub(wildcard)}, *ends]
