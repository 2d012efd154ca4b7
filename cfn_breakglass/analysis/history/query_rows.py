"""A row of a query of Athena or CloudTrail Lake as a CloudTrail record.

Such a row has names in lower case, and text where a record has an object: JSON for some columns, and this for others::

    >>> row = dict.fromkeys(REQUIRED_COLUMNS, "") | {"requestparameters": '{"roleArn": "r"}'}
    >>> row |= {"useridentity": "{type=AssumedRole, username=null, sessioncontext={sessionissuer={username=ci}}}"}
    >>> record = record_of_row(row)
    >>> record["userIdentity"]
    {'type': 'AssumedRole', 'sessionContext': {'sessionIssuer': {'userName': 'ci'}}}
    >>> record["requestParameters"]
    {'roleArn': 'r'}

https://docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import OBJECT_FIELDS
from cfn_breakglass.analysis.history.decoding import DECODE_ERRORS, decode_json

REQUIRED_COLUMNS = (
    *("eventname", "eventsource", "awsregion", "recipientaccountid", "errorcode"),
    *map(str.lower, OBJECT_FIELDS),
)
"""Without one of these a row is no record: a call without its error, for example, would be one that succeeded.

A column without a value is in the row too, as null or as an empty text.
"""

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html and
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
_NAMES = {
    name.lower(): name
    for name in (
        *("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress"),
        *("userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData"),
        *("requestID", "eventID", "readOnly", "eventType", "apiVersion", "managementEvent", "recipientAccountId"),
        *("serviceEventDetails", "sharedEventID", "vpcEndpointId", "vpcEndpointAccountId", "eventCategory"),
        *("sessionCredentialFromConsole", "edgeDeviceDetails", "tlsDetails", "resources"),
        *("principalId", "accountId", "accessKeyId", "userName", "sessionContext", "mfaAuthenticated", "creationDate"),
        *("sessionIssuer", "webIdFederationData", "federatedProvider", "sourceIdentity", "ec2RoleDelivery"),
        *("ec2IssuedInVpc", "assumedRoot", "onBehalfOf", "userId", "identityStoreArn", "inScopeOf", "sourceArn"),
        *("sourceAccount", "issuerType", "credentialsIssuedTo", "invokedBy", "identityProvider", "credentialId"),
    )
}
_TEXTS_OF_OBJECTS = {*OBJECT_FIELDS, "additionalEventData", "serviceEventDetails", "tlsDetails", "resources"}
_TEXTS_OF_BOOLEANS = {"readOnly", "managementEvent"}
_KEY = re.compile(r"(?:\{|, )([^\s,={}]+)=")
# A value ends before the next key, or with the object that it is in.
_VALUE = re.compile(r"[^{}]*?(?=, [^\s,={}]+=|\})")


def is_row(value: Mapping[str, Any]) -> bool:
    """Whether it has the columns that say which call was made, and by whom."""
    return {"eventsource", "awsregion", "useridentity"} <= set(map(str.lower, value))


def rows_of_answer(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of an answer of Athena; None for anything else.

    Its first row has the names of the columns:
    https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
    """
    try:
        names = [str(column["Name"]) for column in value["ResultSetMetadata"]["ColumnInfo"]]
        texts = [[cell.get("VarCharValue") for cell in row["Data"]] for row in value["Rows"]]
        return [dict(zip(names, row, strict=True)) for row in texts if row != names]
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def record_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The record in a row, or the row itself if a column is missing. What is no clear object stays a text."""
    if not set(REQUIRED_COLUMNS) <= set(map(str.lower, row)):
        return dict(row)
    record = _with_names_of_records(row)
    for name in _TEXTS_OF_OBJECTS & record.keys():
        record[name] = _decode_json(record[name])
    for name in _TEXTS_OF_BOOLEANS & record.keys():
        record[name] = {"true": True, "false": False}.get(record[name], record[name])
    record["userIdentity"] = _with_names_of_user_identity(_decode_struct(record["userIdentity"]))
    return {name: value for name, value in record.items() if name in OBJECT_FIELDS or value not in (None, "")}


def _with_names_of_records(row: Mapping[str, Any]) -> dict[str, Any]:
    return {_NAMES.get(name.lower(), name): value for name, value in row.items()}


def _with_names_of_user_identity(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        name: _with_names_of_user_identity(member)
        for name, member in _with_names_of_records(value).items()
        if member is not None
    }


def _decode_json(value: Any) -> Any:
    """What a text stands for; the value itself if it is no JSON."""
    if not isinstance(value, str):
        return value
    try:
        return decode_json(value.encode("utf-8", "surrogatepass")) if value else None
    except DECODE_ERRORS:
        return value


def _decode_struct(value: Any) -> Any:
    """``{type=Root, arn=null}`` as an object; the value itself if it is none."""
    if not isinstance(value, str):
        return value
    try:
        members, end = _decode_members(value, 0)
    except (ValueError, RecursionError):
        return value
    return members if end == len(value) else value


def _decode_members(text: str, start: int) -> tuple[dict[str, Any], int]:
    """The members of the object at a position, and where it ends; ValueError if it is not clear what they are."""
    members: dict[str, Any] = {}
    position = start
    while key := _KEY.match(text, position):
        # A value that looks like the keys after it, such as a name with a comma, would give them a second value.
        if key[1] in members:
            raise ValueError
        if text.startswith("{", key.end()):
            members[key[1]], position = _decode_members(text, key.end())
        else:
            value = _VALUE.match(text, key.end())
            if not value:
                raise ValueError
            members[key[1]], position = (None if value[0] == "null" else value[0]), value.end()
    if text[position : position + 1] != "}":
        raise ValueError
    return members, position + 1
