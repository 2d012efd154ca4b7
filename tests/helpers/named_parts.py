"""Which parameters of which AWS calls can name a part of the monitoring, after the models that ship with botocore.

A part is changed through its own service: an SNS topic by calls of SNS. A call of another service refers to a part at
most, as a rule that sends its events to a topic does, and the policy of that part decides whether it may. So the
parameters of each part's own service are what matters, and a few others (``ELSEWHERE``).

What a parameter names is derived from the noun in its name (``topicArn``, ``logGroupIdentifier``), or, where it has
none (``name``, ``resourceArn``), from the noun in the call's (``DeleteRule``). A call that neither tells is
``undecided``: its meaning has to be put down here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final, NamedTuple

from botocore.loaders import Loader

from cfn_breakglass.analysis.template.reader import Stack

ROLE: Final = "role"
POLICY: Final = "policy"
KEY: Final = "key"
ALIAS: Final = "alias"
TOPIC: Final = "topic"
SUBSCRIPTION: Final = "subscription"
QUEUE: Final = "queue"
LOG_GROUP: Final = "log group"
LOG_POLICY: Final = "log policy"
QUERY: Final = "saved query"
ALARM: Final = "alarm"
BUS: Final = "bus"
RULE: Final = "rule"
SCHEDULE: Final = "schedule"
STACK: Final = "stack"
STACK_SET: Final = "stack set"
TRAIL: Final = "trail"
BUCKET: Final = "bucket"
OTHER: Final = "nothing of ours"
"""What a parameter names that can name no part: no template makes such a thing."""

# The service of each part, by botocore's name, with the first word of CloudTrail's event source.
SERVICES: Final = {
    "cloudformation": "cloudformation",
    "cloudtrail": "cloudtrail",
    "cloudwatch": "monitoring",
    "events": "events",
    "iam": "iam",
    "kms": "kms",
    "logs": "logs",
    "s3": "s3",
    "scheduler": "scheduler",
    "sns": "sns",
    "sqs": "sqs",
}
OWNERS: Final = {
    ROLE: "iam",
    POLICY: "iam",
    KEY: "kms",
    ALIAS: "kms",
    TOPIC: "sns",
    SUBSCRIPTION: "sns",
    QUEUE: "sqs",
    LOG_GROUP: "logs",
    LOG_POLICY: "logs",
    QUERY: "logs",
    ALARM: "cloudwatch",
    BUS: "events",
    RULE: "events",
    SCHEDULE: "scheduler",
    STACK: "cloudformation",
    STACK_SET: "cloudformation",
    TRAIL: "cloudtrail",
    BUCKET: "s3",
}
ELSEWHERE: Final = (
    ("lambda", "CreateEventSourceMapping", ("eventSourceArn",), QUEUE),
    ("pipes", "CreatePipe", ("source",), QUEUE),
    ("schemas", "CreateDiscoverer", ("sourceArn",), BUS),
)
"""Calls of other services that take something out of a part, though it is not theirs."""

# The noun of a parameter, by what its last name ends with; the first that fits.
_NOUNS: Final = (
    (r"(dashboard|metric|stream|muterule|platformapplication|xkskey|accesskey|query|template)(name|arn|id)s?", OTHER),
    (r"topic(arn|name)?", TOPIC),
    (r"subscriptionarn", SUBSCRIPTION),
    (r"queue(url|arn|name)?", QUEUE),
    (r"loggroup(name|identifier|arn)s?(list)?", LOG_GROUP),
    (r"alarmnames?|actionssuppressor", ALARM),
    (r"stacksetname", STACK_SET),
    (r"stack(name|id)s?", STACK),
    (r"trailname", TRAIL),
    (r"bucket(name)?", BUCKET),
    (r"eventbus(name|arn)", BUS),
    (r"role(arn|name)?", ROLE),
    (r"kms\w*key\w*|keyid", KEY),
    (r"aliasname", ALIAS),
    (r"policyarn|permissionsboundary", POLICY),
    (r"\brule", RULE),
)
# Names without a noun of their own.
_GENERIC: Final = re.compile(
    r"names?|arns?|identifiers?|resource(arn|identifier)|(destination|source|target)(resource)?(arn)?|destinations"
    r"|endpoint|eventsourcearn|filterarns|policyname|\w*actions|notificationarns|copysource",
    re.IGNORECASE,
)
# What may be the name of a part in other words.
_OUR_NOUNS: Final = re.compile(
    r"(topic|queue|loggroup|alarm|stack|trail|bucket|eventbus|role|kms|policy|rule|schedule|subscription)\w*(name|arn|id|"
    r"identifier|url)s?$",
    re.IGNORECASE,
)
# What those name, by service: (calls, path, kind), the first that fits. Stars are wildcards.
_MEANINGS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "cloudformation": (
        ("*Type", "arn", OTHER),
        ("SetTypeDefaultVersion", "arn", OTHER),
        ("*", "notificationARNs", TOPIC),
        ("*", "rollbackConfiguration.rollbackTriggers.arn", ALARM),
        ("*", "stack*U[rR][lL]", OTHER),
        ("ExecuteStackRefactor", "stackRefactorId", OTHER),
    ),
    "cloudtrail": (
        ("*Trail", "name", TRAIL),
        ("*Logging", "name", TRAIL),
        ("*EventDataStore", "name", OTHER),
        ("*Channel", "name", OTHER),
        ("*Dashboard", "name", OTHER),
        ("*", "advancedEventSelectors.name", OTHER),
        ("*Channel", "source", OTHER),
        ("StartImport", "destinations", OTHER),
        ("*ResourcePolicy", "resourceArn", OTHER),
    ),
    "cloudwatch": (
        ("*AlarmMuteRule", "name", OTHER),
        ("*MetricStream*", "name*", OTHER),
        ("*InsightRule*", "ruleName*", OTHER),
        ("*", "*imensions.name", OTHER),
        ("Put*Alarm", "*Actions", TOPIC),
        ("PutManagedInsightRules", "managedRules.resourceARN", OTHER),
        ("*ResourceMetricsConfiguration", "resourceArn", OTHER),
        ("AssociateDatasetKmsKey", "datasetIdentifier", OTHER),
    ),
    "events": (
        ("*Rule", "name", RULE),
        ("*EventBus", "name", BUS),
        *((f"*{noun}", "name", OTHER) for noun in ("ApiDestination", "Connection", "Endpoint", "EventSource")),
        ("CreateArchive", "eventSourceArn", BUS),
        ("StartReplay", "eventSourceArn", OTHER),
        ("StartReplay", "destination.arn", BUS),
        ("StartReplay", "destination.filterArns", OTHER),  # rules of the bus that stands beside it
        ("PutTargets", "targets.arn", BUS),
        ("*", "*deadLetterConfig.arn", QUEUE),
        ("Put*Events", "entries.source", OTHER),
        ("PutTargets", "targets.sageMakerPipelineParameters.pipelineParameterList.name", OTHER),
    ),
    "iam": (
        ("CreatePolicy", "policyName", POLICY),
        ("*GroupPolicy", "policyName", OTHER),
        ("*UserPolicy", "policyName", OTHER),
        ("*RolePolicy", "policyName", OTHER),
        ("CreateSAMLProvider", "name", OTHER),
        ("CreateDelegationRequest", "permissions.parameters.name", OTHER),
    ),
    "kms": (
        ("CreateGrant", "name", OTHER),
        ("PutKeyPolicy", "policyName", OTHER),
        ("CreateGrant", "constraints.sourceArn", OTHER),
    ),
    "logs": (
        ("*ResourcePolicy", "policyName", LOG_POLICY),
        ("PutQueryDefinition", "name", QUERY),
        ("*AccountPolicy", "policyName", OTHER),
        ("*ResourcePolicy", "resourceArn", LOG_GROUP),
        ("PutDeliverySource", "resourceArn", LOG_GROUP),
        ("*ssociateKmsKey", "resourceIdentifier", LOG_GROUP),
        ("PutSubscriptionFilter", "destinationArn", OTHER),
        ("PutDeliveryDestination", "deliveryDestinationConfiguration.destinationResourceArn", LOG_GROUP),
        *(
            (calls, "name", OTHER)
            for calls in ("*ScheduledQuery", "*DeliveryDestination", "*DeliverySource", "*Definition")
        ),
        ("PutQueryDefinition", "parameters.name", OTHER),
        ("*ScheduledQuery", "identifier", OTHER),
        ("*S3TableIntegration", "*", OTHER),
        ("CreateExportTask", "destination", BUCKET),
        ("PutDestination", "targetArn", OTHER),
        ("PutTransformer", "transformerConfig.*", OTHER),
    ),
    "s3": (
        ("CreateBucket", "createBucketConfiguration.location.name", OTHER),
        ("*", "*.tableBucketArn", OTHER),
        ("*", "*.bucketAccountId", OTHER),
    ),
    "scheduler": (
        ("*Schedule", "name", SCHEDULE),
        ("*ScheduleGroup", "name", OTHER),
        ("*Schedule", "target.arn", BUS),
        ("*Schedule", "target.deadLetterConfig.arn", QUEUE),
        ("*Schedule", "target.eventBridge*.source", OTHER),
        ("*Schedule", "target.sageMakerPipelineParameters.pipelineParameterList.name", OTHER),
    ),
    "sns": (
        ("CreateTopic", "name", TOPIC),
        ("CreatePlatformApplication", "name", OTHER),
        ("PutDataProtectionPolicy", "resourceArn", TOPIC),
        ("Publish", "targetArn", TOPIC),
        ("Subscribe", "endpoint", QUEUE),
    ),
    "sqs": (("StartMessageMoveTask", "*Arn", QUEUE), ("AddPermission", "actions", OTHER)),
}
_ONLY_READS: Final = re.compile(
    r"(Batch)?(Check|Derive|Describe|Detect|Estimate|Filter|Get|Head|List|Lookup|Receive|Search|Simulate|Test|Validate"
    r"|Verify)([A-Z]|$)|Generate(Credential|Data|Mac|Organizations|Query|Random|Service)|(Dec|Enc)(apsulate|rypt)|ReEncrypt|Sign$"
)
# CloudTrail records what is done with messages, events and objects as data events, if at all.
_DATA_EVENTS: Final = re.compile(
    r"Publish|(Send|Delete)Message|ChangeMessageVisibility|Put(Partner|Log)?Events$|PutMetricData"
)
TAGGING: Final = re.compile(r"(Tag|Untag)[A-Z]|(Add|Remove)Tags$|(Put|Delete)BucketTagging$")
"""The calls that change tags."""


class Parameter(NamedTuple):
    """A parameter of a call that can name a part of a kind; ``path`` is its place, as CloudTrail writes it.

    ``[]`` ends the name of a list. ``accepts`` is the regular expression and ``says`` the text of AWS's model.
    """

    service: str
    call: str
    path: tuple[str, ...]
    kind: str
    accepts: str = ""
    says: str = ""

    @property
    def place(self) -> str:
        return ".".join(self.path).replace("[]", "")

    @property
    def title(self) -> str:
        return f"{self.service}:{self.call} {self.place}"

    def takes(self, value: str) -> bool:
        """Whether a caller can pass ``value``, a name, URL, ID or ARN: as the name, the model and its text say."""
        last = self.path[-1].removesuffix("[]").lower()
        is_arn = value.startswith("arn:")
        if last.endswith(("arn", "arns", "stackid", "stackids", "boundary")) or self.place == "source":
            return is_arn
        if "alias/" in value and self.kind == KEY:
            return "alias" in self.says
        if is_arn and not self.accepts and not _TAKES_ARN.search(self.says):
            return False
        if value.startswith("https:"):
            return last.endswith("url")
        return not self.accepts or re.fullmatch(self.accepts, value) is not None

    def request(self, value: str) -> dict[str, Any]:
        """The request parameters of a call that passes ``value`` here."""
        path = ("bucketName",) if self.path == ("bucket",) else self.path  # S3's records call it so
        held: Any = value
        for name in reversed(path):
            held = {name.removesuffix("[]"): [held] if name.endswith("[]") else held}
        return {**_BESIDE.get(self.call, {}), **held}


_TAKES_ARN: Final = re.compile(r"\bARNs?\b|Amazon Resource Name|unique (stack )?ID")
_BESIDE: Final[dict[str, dict[str, Any]]] = {
    "CreateStackRefactor": {"stackDefinitions": [{"stackName": "something-else"}]},
    "ImportStacksToStackSet": {"stackIds": ["arn:aws:cloudformation:us-east-1:111122223333:stack/something-else/1"]},
}
"""What has to stand in a call beside the parameter."""


class _String(NamedTuple):
    call: str
    path: tuple[str, ...]
    accepts: str
    says: str


def _strings_of(
    shapes: dict[str, Any], member: dict[str, Any], call: str, path: tuple[str, ...], above: frozenset[str]
) -> Iterator[_String]:
    """Every string within a member of a shape; none within maps, whose keys are not of AWS's model."""
    shape = member["shape"]
    model = shapes[shape]
    if model["type"] == "structure" and shape not in above:
        for name, inner in model.get("members", {}).items():
            yield from _strings_of(shapes, inner, call, (*path, name[0].lower() + name[1:]), above | {shape})
    elif model["type"] == "list":
        element = {"documentation": member.get("documentation", ""), **model["member"]}
        yield from _strings_of(shapes, element, call, (*path[:-1], f"{path[-1]}[]"), above)
    elif model["type"] == "string" and "enum" not in model:
        yield _String(call, path, model.get("pattern", ""), member.get("documentation", ""))


@cache
def _strings(service: str) -> tuple[_String, ...]:
    """Every string that a management call of a service takes that writes."""
    model = Loader().load_service_model(service, "service-2")
    shapes = model["shapes"]
    return tuple(
        string
        for call, operation in sorted(model["operations"].items())
        if "input" in operation and not _ONLY_READS.match(call) and not _DATA_EVENTS.match(call)
        # S3's calls about objects are such too.
        if not (service == "s3" and {"Key", "Delete"} & set(shapes[operation["input"]["shape"]]["members"]))
        for string in _strings_of(shapes, operation["input"], call, (), frozenset())
    )


def kind_of(service: str, call: str, path: tuple[str, ...]) -> str | None:
    """The kind of part that a parameter can name, OTHER for none; None where nothing tells."""
    place = ".".join(path).replace("[]", "")
    last = place.rpartition(".")[2]
    for calls, places, kind in _MEANINGS.get(service, ()):
        if fnmatchcase(call, calls) and fnmatchcase(place, places):
            return kind
    for noun, kind in _NOUNS:
        if re.search(f"(?:{noun})$", last, re.IGNORECASE):
            return kind
    return None if _GENERIC.fullmatch(last) or _OUR_NOUNS.search(last) else OTHER


def undecided() -> list[str]:
    """The parameters of which neither their name nor the call's tells what they name."""
    return [
        Parameter(service, call, path, "").title
        for service in SERVICES
        for call, path, _, _ in _strings(service)
        if not TAGGING.match(call) and kind_of(service, call, path) is None
    ]


@cache
def parameters() -> tuple[Parameter, ...]:
    """Every parameter of a call that can name a part of ours, but of those that change tags."""
    own = [
        Parameter(service, call, path, kind, accepts, says)
        for service in SERVICES
        for call, path, accepts, says in _strings(service)
        if not TAGGING.match(call) and (kind := kind_of(service, call, path)) and OWNERS.get(kind) == service
    ]
    return (*own, *(Parameter(*elsewhere) for elsewhere in ELSEWHERE))


def tagging_calls(service: str) -> list[Parameter]:
    """Every text that a call of a service takes that changes tags, whatever it names."""
    return [
        Parameter(service, call, path, OTHER, accepts, says)
        for call, path, accepts, says in _strings(service)
        if TAGGING.match(call)
    ]


class Part(NamedTuple):
    """A part that a template makes: its name, its region, and of a rule the bus, empty for the default one.

    A subscription goes by the name of its topic.
    """

    kind: str
    name: str
    region: str
    bus: str = ""


_TYPES: Final = {
    "AWS::CloudFormation::StackSet": STACK_SET,
    "AWS::CloudTrail::Trail": TRAIL,
    "AWS::CloudWatch::Alarm": ALARM,
    "AWS::Events::EventBus": BUS,
    "AWS::Events::Rule": RULE,
    "AWS::IAM::ManagedPolicy": POLICY,
    "AWS::IAM::Role": ROLE,
    "AWS::KMS::Alias": ALIAS,
    "AWS::KMS::Key": KEY,
    "AWS::Logs::LogGroup": LOG_GROUP,
    "AWS::Logs::QueryDefinition": QUERY,
    "AWS::Logs::ResourcePolicy": LOG_POLICY,
    "AWS::S3::Bucket": BUCKET,
    "AWS::SNS::Subscription": SUBSCRIPTION,
    "AWS::SNS::Topic": TOPIC,
    "AWS::SQS::Queue": QUEUE,
    "AWS::Scheduler::Schedule": SCHEDULE,
}
# What calls name by the part that it belongs to.
_BELONGING_TYPES: Final = {
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}


def parts_of(stack: Stack) -> list[Part]:
    """The parts that a stack makes, and the stack itself."""
    parts = [Part(STACK, "break-glass", stack.region)]
    for resource in stack.resources.values():
        if resource.type in _BELONGING_TYPES:
            continue
        kind, properties = _TYPES[resource.type], resource.properties
        name = resource.name or properties.get("StackSetName") or properties["Name"]
        if kind == SUBSCRIPTION:
            name = properties["TopicArn"].rpartition(":")[2]
        bus = properties.get("EventBusName", "") if kind == RULE else ""
        parts.append(Part(kind, name, stack.region, bus.rpartition("/")[2]))
    return list(dict.fromkeys(parts))


_UUID: Final = "1a2b3c4d-5e6f-7a8b-9c0d-1e2f3a4b5c6d"
SPELLINGS: Final[dict[str, dict[str, str]]] = {
    ROLE: {"name": "{name}", "upper case": "{upper}", "title case": "{title}"},
    POLICY: {
        "ARN": "arn:aws:iam::{account}:policy/{name}",
        "ARN in upper case": "arn:aws:iam::{account}:policy/{upper}",
        "ARN in title case": "arn:aws:iam::{account}:policy/{title}",
        "name": "{name}",
        "upper case": "{upper}",
    },
    KEY: {
        "ID": "{name}",
        "ARN": "arn:aws:kms:{region}:{account}:key/{name}",
        "alias": "alias/break-glass",
        "ARN of the alias": "arn:aws:kms:{region}:{account}:alias/break-glass",
    },
    ALIAS: {"name": "{name}"},
    TOPIC: {"ARN": "arn:aws:sns:{region}:{account}:{name}", "name": "{name}"},
    SUBSCRIPTION: {"ARN": "arn:aws:sns:{region}:{account}:{name}:" + _UUID},
    QUEUE: {
        "URL": "https://sqs.{region}.amazonaws.com/{account}/{name}",
        "URL with a slash": "https://sqs.{region}.amazonaws.com/{account}/{name}/",
        "URL of an old endpoint": "https://{region}.queue.amazonaws.com/{account}/{name}",
        "ARN": "arn:aws:sqs:{region}:{account}:{name}",
        # SQS takes it for the URL: https://github.com/aws/aws-sdk-js-v3/pull/6337
        "name": "{name}",
    },
    LOG_GROUP: {
        "name": "{name}",
        "ARN": "arn:aws:logs:{region}:{account}:log-group:{name}",
        "ARN with a star": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    },
    LOG_POLICY: {"name": "{name}"},
    QUERY: {"name": "{name}"},
    ALARM: {"name": "{name}"},
    BUS: {"name": "{name}", "ARN": "arn:aws:events:{region}:{account}:event-bus/{name}"},
    RULE: {"name": "{name}"},
    SCHEDULE: {"name": "{name}"},
    STACK: {
        "name": "{name}",
        "ID": "arn:aws:cloudformation:{region}:{account}:stack/{name}/" + _UUID,
        "name that a stack set gives": "StackSet-{name}-" + _UUID,
        "ID that a stack set gives": "arn:aws:cloudformation:{region}:{account}:stack/StackSet-{name}-" + f"{_UUID}/1",
    },
    STACK_SET: {"name": "{name}", "ID": "{name}:" + _UUID},
    TRAIL: {"name": "{name}", "ARN": "arn:aws:cloudtrail:{region}:{account}:trail/{name}"},
    BUCKET: {"name": "{name}"},
}
"""How AWS lets callers spell a part of each kind; a parameter takes some of these."""


def spelled(spelling: str, name: str, part: Part, account: str) -> str:
    """A part as a caller spells it, with another ``name`` perhaps."""
    return spelling.format(name=name, upper=name.upper(), title=name.title(), region=part.region, account=account)


def requests(parameter: Parameter, part: Part, value: str, account: str) -> list[dict[str, Any]]:
    """The request parameters of the calls that pass ``value``; beside a rule's stands its bus, as callers spell it."""
    request = parameter.request(value)
    if part.kind != RULE:
        return [request]
    bus = part.bus or "default"
    arn = f"arn:aws:events:{part.region}:{account}:event-bus/{bus}"
    spellings = [{"eventBusName": bus}, {"eventBusName": arn}, *([] if part.bus else [{}])]
    return [{**request, **spelling} for spelling in spellings]


def record_of_call(
    service: str, call: str, request: dict[str, Any] | None, account: str, region: str = "us-east-1"
) -> dict[str, Any]:
    """The CloudTrail record of a writing call that a person makes; ``service`` is the first word of its source."""
    return {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": call,
        "awsRegion": region,
        "recipientAccountId": account,
        "sourceIPAddress": "203.0.113.24",
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{account}:user/mallory", "userName": "mallory"},
        "requestParameters": request,
        "readOnly": False,
        "managementEvent": True,
        "eventType": "AwsApiCall",
    }


def neighbours(part: Part, name: str, beginnings: Iterable[str]) -> list[str]:
    """Names near that of a part of the config ``name``: longer, shorter, and of configs with a name like it.

    What begins with one of ``beginnings`` is ours, whatever follows.
    """
    configs = (f"{name}-2", f"{name}-audit", f"x{name}", name[:-1], f"{name}2")
    others = [part.name.replace(name, config, 1) for config in configs]
    return [other for other in (*others, f"{part.name}2", part.name[:-1]) if not other.startswith(tuple(beginnings))]


_POLICY_DECIDES: Final = "others send to it, and its own policy decides whether they may"
_READS: Final = "it reads what is in the log group"
HARMLESS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("cloudformation", "CreateStackRefactor", "resourceMappings.*", "stackDefinitions names every stack"),
    ("cloudtrail", "CreateTrail", "name", "there can be no second one of the name"),
    ("cloudtrail", "StartLogging", "name", "it is what we want"),
    ("cloudtrail", "PutInsightSelectors", "trailName", "management events arrive as before"),
    ("cloudtrail", "PutEventConfiguration", "trailName", "management events arrive as before"),
    ("cloudwatch", "PutCompositeAlarm", "actionsSuppressor", "it suppresses the alarm of others"),
    ("events", "*Endpoint", "eventBuses.eventBusArn", "what it copies goes to a bus of the same account"),
    ("events", "PutTargets", "targets.arn", _POLICY_DECIDES),
    ("iam", "*", "permissionsBoundary", "it bounds another principal"),
    ("iam", "CreatePolicy", "policyName", "there can be no second one of the name"),
    ("kms", "*Alias", "targetKeyId", "another alias of the key changes nothing about it"),
    ("lambda", "CreateEventSourceMapping", "eventSourceArn", "as ReceiveMessage does, which is a data event"),
    ("logs", "CreateLogAnomalyDetector", "logGroupArnList", _READS),
    ("logs", "CreateLogStream", "logGroupName", "EventBridge does so for every batch"),
    ("logs", "*ScheduledQuery", "logGroupIdentifiers", _READS),
    ("logs", "StartLiveTail", "logGroupIdentifiers", _READS),
    ("logs", "StartQuery", "logGroup*", _READS),
    ("logs", "PutQueryDefinition", "logGroupNames", _READS),
    ("logs", "PutDeliveryDestination", "*.destinationResourceArn", _POLICY_DECIDES),
    ("pipes", "CreatePipe", "source", "as ReceiveMessage does, which is a data event"),
    ("s3", "Put*", "*Destination.bucket", _POLICY_DECIDES),
    ("s3", "PutBucketReplication", "*.destination.bucket", _POLICY_DECIDES),
    ("s3", "PutBucketLogging", "*.targetBucket", _POLICY_DECIDES),
    ("schemas", "CreateDiscoverer", "sourceArn", "it puts a rule on the bus, and that call names the bus"),
    ("sqs", "StartMessageMoveTask", "destinationArn", _POLICY_DECIDES),
)
"""The parameters that may name a part and need not alert, and why: service, calls, path, reason."""


def is_harmless(parameter: Parameter) -> bool:
    """Whether ``HARMLESS`` has the parameter."""
    return any(matches(entry, parameter) for entry in HARMLESS)


def matches(entry: tuple[str, str, str, str], parameter: Parameter) -> bool:
    """Whether an entry of ``HARMLESS`` is about the parameter."""
    service, calls, places, _ = entry
    return service == parameter.service and fnmatchcase(parameter.call, calls) and fnmatchcase(parameter.place, places)
