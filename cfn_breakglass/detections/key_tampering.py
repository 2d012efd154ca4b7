"""The pattern of changes to the key, denied ones too. Nothing in the ID of a key says whose it is.

The key and its alias are in the main region, and so is the rule: no other template can refer to the key.
https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
"""

from __future__ import annotations

from typing import Any, Final

from troposphere import Ref

from cfn_breakglass.aws.handler_ownership import KEY_OWNER_CALLS
from cfn_breakglass.detections.tampering import ABSENT, KEY_TYPE, PRESENT, WRITING, about, of_key, sources
from cfn_breakglass.names import Names, sub

KMS: Final = "kms.amazonaws.com"
"""The source of what KMS records; no other rule of MonitoringTampered watches its denied calls."""
# What ends the use of a key.
_ENDING_CALLS: Final = (*KEY_OWNER_CALLS, "DeleteImportedKeyMaterial")


def own_key_changes(names: Names, logical_id: str) -> dict[str, Any]:
    """Every writing call, by anybody, about the key of the template and its alias."""
    key = Ref(logical_id)
    by_cloud_control = {"typeName": [KEY_TYPE], "identifier": [{"suffix": key}]}
    changes = about([of_key(key), {"aliasName": [names.key_alias]}, by_cloud_control])
    return _changes(["cloudcontrolapi", "kms"], changes, f"/${{{logical_id}}}", f":{names.key_alias}")


def existing_key_changes(key_id: str) -> dict[str, Any]:
    """The calls by anybody that end the use of an existing key, and every denied writing call about it."""
    return _changes(["kms"], {"eventName": [*_ENDING_CALLS], **about([of_key(key_id)])}, f"/{key_id}")


def _changes(services: list[str], changes: dict[str, Any], *in_messages: str) -> dict[str, Any]:
    messages = [{"wildcard": sub(f"*{part}*")} for part in in_messages]
    denied = {"eventSource": [KMS], "errorCode": PRESENT, "errorMessage": messages}
    return {
        "source": sources(services),
        "detail": {"readOnly": WRITING, "$or": [{"errorCode": ABSENT, **changes}, denied]},
    }
