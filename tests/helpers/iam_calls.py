"""What IAM is asked when a recorded call is made: the action, and the resource that it is on.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple


class Call(NamedTuple):
    """An action on a resource, which is ``*`` where AWS knows none for it.

    ``policy`` is the ARN of the managed policy that it attaches or detaches.
    """

    action: str
    resource: str
    policy: str = ""


_ID: Final = "e5f54eea-d041-44ad-94f8-b8268aca1e59"

# Where a policy does not say the first word of the event source.
_PREFIXES: Final = {"cloudcontrolapi": "cloudformation", "monitoring": "cloudwatch"}

# Calls of S3 whose action has another name: https://docs.aws.amazon.com/AmazonS3/latest/API/.
_ACTIONS: Final = {
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeleteBucketReplication": "s3:PutReplicationConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:PutBucketReplication": "s3:PutReplicationConfiguration",
}
_ATTACHING: Final = re.compile(r"iam:(At|De)tach\w+Policy")
_REFUSED: Final = re.compile(r"is not authorized to perform: (\S+) on resource: (?:(role) |policy )?\"?([^\s\"]+)")


def calls_of(record: Mapping[str, Any], entities: Iterable[str]) -> list[Call]:
    """What a CloudTrail record asks for: once for each resource, and refused if one of them is.

    A record names an IAM role without its path, and roles and policies in any letter case; IAM goes by what it has.
    ``entities`` are the roles and policies that are there, such as ``role/path/name``.
    """
    source = record["eventSource"].partition(".")[0]
    service = _PREFIXES.get(source, source)
    action = f"{service}:{record['eventName']}"
    given = {"eventName": record["eventName"], **(record["requestParameters"] or {})}
    if refused := _REFUSED.search(record.get("errorMessage") or ""):
        # Often nothing else says what it was about.
        action, named = refused[1], [refused[3] if not refused[2] else f"role/{refused[3]}"]
    else:
        found = _RESOURCES[source](given)
        named = [found] if isinstance(found, str) else found
    policy = _stored(given["policyArn"], entities) if _ATTACHING.match(action) and "policyArn" in given else ""
    return [Call(_ACTIONS.get(action, action), _whole(one, service, record, entities), policy) for one in named]


def _whole(named: str, service: str, record: Mapping[str, Any], entities: Iterable[str]) -> str:
    if service == "iam":
        named = _stored(named, entities)
    if named == "*" or named.startswith("arn:"):
        return named
    region = "" if service in ("iam", "s3") else record["awsRegion"]
    return f"arn:aws:{service}:{region}:{'' if service == 's3' else record['recipientAccountId']}:{named}"


def _stored(named: str, entities: Iterable[str]) -> str:
    """An ARN, or a kind and a name, with the path and the letter case that IAM has."""
    arn, _, entity = named.rpartition(":")
    kind, _, name = entity.partition("/")
    known = (one for one in entities if one.startswith(f"{kind}/") and one.lower().endswith(f"/{name.lower()}"))
    stored = next(known, entity)
    return f"{arn}:{stored}" if arn else stored


def _events(given: Mapping[str, Any]) -> str | list[str]:
    if "resourceARN" in given:
        return str(given["resourceARN"])
    if given["eventName"].endswith("Permission"):
        return "*"
    if given["eventName"] == "StartReplay":
        return [given["eventSourceArn"], f"replay/{given['replayName']}", given["destination"]["arn"]]
    if "archiveName" in given:
        return [f"archive/{given['archiveName']}", *([given["eventSourceArn"]] if "eventSourceArn" in given else [])]
    if given["eventName"].endswith("EventBus"):
        return f"event-bus/{given.get('name', 'default')}"
    bus, rule = given.get("eventBusName", "default").rpartition("/")[2], given.get("rule") or given["name"]
    return f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}"


def _sns(given: Mapping[str, Any]) -> str:
    if "subscriptionArn" in given:
        return str(given["subscriptionArn"]).rpartition(":")[0]
    return str(given.get("topicArn") or given.get("resourceArn") or given.get("name") or "*")


def _sqs(given: Mapping[str, Any]) -> str:
    return str(given.get("sourceArn") or given.get("queueName") or given["queueUrl"].rstrip("/").rpartition("/")[2])


def _logs(given: Mapping[str, Any]) -> str:
    if given["eventName"].endswith(("ResourcePolicy", "AccountPolicy")):
        return "*"
    names = (given.get(key) for key in ("logGroupName", "logGroupIdentifier", "resourceIdentifier", "resourceArn"))
    group = next(filter(None, names), "")
    whole = group if group.startswith("arn:") else f"log-group:{group}"
    return f"{whole}:log-stream:{given['logStreamName']}" if "logStreamName" in given else whole


def _iam(given: Mapping[str, Any]) -> str:
    kinds = {"roleName": "role/", "userName": "user/", "policyArn": ""}
    return next((f"{kind}{given[key]}" for key, kind in kinds.items() if key in given), "*")


def _cloudformation(given: Mapping[str, Any]) -> str | list[str]:
    if given["eventName"] == "CreateStackSet":
        return "*"
    if "stackDefinitions" in given:
        return [f"stack/{definition['stackName']}/{_ID}" for definition in given["stackDefinitions"]]
    if "stackSetName" in given:
        name = str(given["stackSetName"])
        return f"stackset/{name}" if ":" in name else f"stackset/{name}:{_ID}"
    stack = str(given["stackName"])
    return stack if stack.startswith("arn:") else f"stack/{stack}/{_ID}"


def _cloudtrail(given: Mapping[str, Any]) -> str:
    trail = str(given.get("name") or given["trailName"])
    return trail if trail.startswith("arn:") else f"trail/{trail}"


def _kms(given: Mapping[str, Any]) -> str:
    named = str(given.get("aliasName") or given["keyId"])
    return named if named.startswith(("arn:", "alias/")) else f"key/{named}"


def _scheduler(given: Mapping[str, Any]) -> str:
    return f"schedule/{given.get('groupName', 'default')}/{given['name']}"


def _cloudwatch(given: Mapping[str, Any]) -> list[str]:
    if given["eventName"] == "PutAlarmMuteRule":
        return [f"alarm-mute-rule:{given['name']}", *(f"alarm:{one}" for one in given["muteTargets"]["alarmNames"])]
    alarms = [given["alarmName"]] if "alarmName" in given else given.get("alarmNames", [])
    return [f"alarm:{one}" for one in alarms] or ["*"]


def _s3(given: Mapping[str, Any]) -> str:
    return f"{given['bucketName']}/{given['key']}" if "key" in given else str(given["bucketName"])


def _sts(given: Mapping[str, Any]) -> str:
    return str(given["roleArn"])


def _no_resource(_: Mapping[str, Any]) -> str:
    return "*"


_RESOURCES: Final[dict[str, Callable[[Mapping[str, Any]], str | list[str]]]] = {
    "account": _no_resource,
    "cloudcontrolapi": _no_resource,
    "cloudformation": _cloudformation,
    "cloudtrail": _cloudtrail,
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "logs": _logs,
    "monitoring": _cloudwatch,
    "organizations": _no_resource,
    "s3": _s3,
    "scheduler": _scheduler,
    "sns": _sns,
    "sqs": _sqs,
    "sts": _sts,
}
