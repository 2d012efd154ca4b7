"""The CloudTrail records of a deployment: what a person calls, and what CloudFormation calls for that, in order.

A stage is what happens while a certain part of the resources exists: CloudFormation works on what does not depend on
each other at the same time. Tags make no record here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from deployments import deploy
from samples import ACCOUNT
from template_data import resources_of

from cfn_breakglass.analysis.eventbridge.cloudtrail_event import event_from_record
from cfn_breakglass.analysis.simulator.simulator import Simulator
from cfn_breakglass.analysis.template.reader import Resource, Stack

STACK: Final = "break-glass"
CLOUDFORMATION: Final = "cloudformation.amazonaws.com"
_ID: Final = "708e15e2-c31e-54d0-a606-566573747aa5"
_SET: Final = "AWS::CloudFormation::StackSet"
_EVENT_SOURCES: Final = {"cloudwatch": "monitoring"}

_Parameters = dict[str, Any]
_Properties = Mapping[str, Any]


class Call(NamedTuple):
    """A writing call: its service as IAM names it, its event name, its parameters, and where CloudTrail records it."""

    service: str
    name: str
    parameters: _Parameters
    region: str

    def __str__(self) -> str:
        return f"{self.service}:{self.name}"


def _assumed(role: str, session: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    issuer = {"type": "Role", "principalId": "AROAEXAMPLE", "arn": arn, "accountId": ACCOUNT, "userName": role}
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
    }


class Caller(NamedTuple):
    """Who calls: the identity, and whether CloudFormation makes the call with it."""

    identity: dict[str, Any]
    through_cloudformation: bool

    def record(self, call: Call) -> dict[str, Any]:
        """The CloudTrail record of a call that succeeds."""
        address = CLOUDFORMATION if self.through_cloudformation else "203.0.113.7"
        return {
            "eventVersion": "1.11",
            "userIdentity": {**self.identity, **({"invokedBy": CLOUDFORMATION} if self.through_cloudformation else {})},
            "eventTime": "2025-03-14T03:07:12Z",
            "eventSource": f"{_EVENT_SOURCES.get(call.service, call.service)}.amazonaws.com",
            "eventName": call.name,
            "awsRegion": call.region,
            "sourceIPAddress": address,
            "userAgent": address if self.through_cloudformation else "aws-cli/2.32.0",
            "requestParameters": call.parameters,
            "responseElements": None,
            "eventID": "f3a1c2d4-0000-4000-8000-000000000000",
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
        }


PERSON: Final = Caller(_assumed("Deploy", "carol"), through_cloudformation=False)
WITH_RIGHTS_OF_CALLER: Final = Caller(_assumed("Deploy", "carol"), through_cloudformation=True)
WITH_SERVICE_ROLE: Final = Caller(_assumed("Service", "AWSCloudFormation"), through_cloudformation=True)
OF_ROLLOUT: Final = Caller(
    _assumed("AWSCloudFormationStackSetExecutionRole", "38cbc3b2-6ab3-4d6e-9d6c-0f2f2f4d3a11"),
    through_cloudformation=True,
)
EXECUTION_SESSION: Final = OF_ROLLOUT._replace(through_cloudformation=False)
"""A person who assumed the execution role of stack sets."""
OF_ORGANIZATION: Final = Caller(
    _assumed("stacksets-exec-0c1f2e3d6ab34d6e9d6c0f2f2f4d3a11", "38cbc3b2-6ab3-4d6e-9d6c-0f2f2f4d3a11"),
    through_cloudformation=True,
)
"""Stack sets of an organization, in each of its accounts."""
OF_ANOTHER_STACK: Final = Caller(_assumed("Builder", "mallory"), through_cloudformation=True)


class Stage(NamedTuple):
    """Calls with who makes them, and what exists meanwhile: logical IDs, of the main stack and of every other."""

    calls: list[tuple[Caller, Call]]
    main: Collection[str]
    others: Collection[str]


class Deployment:
    """What a config deploys, on paper: the stack of the main region, and one in every other region."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.texts = (files["main-region.yaml"], files["stackset.yaml"])
        self.stacks = deploy(*self.texts, account=ACCOUNT)
        self.main, *others = self.stacks.values()
        self.others: list[Stack] = others
        self._main_entries = resources_of(self.texts[0])
        self._other_entries = resources_of(self.texts[1])
        self._simulators: dict[tuple[frozenset[str], frozenset[str]], Simulator] = {}

    @property
    def is_managed(self) -> bool:
        """Whether the main stack makes the stack set."""
        return bool(self.main.of_type(_SET))

    def alerts(self, stages: Iterable[Stage], *, all_exist: bool = False) -> list[Call]:
        """The calls that notify somebody. What can silence its own alert notifies the fallback topic too: one alert.

        ``all_exist``: as if every rule existed all the time.
        """
        told = []
        for stage in stages:
            simulator = self.simulator() if all_exist else self.simulator(stage.main, stage.others)
            for caller, call in stage.calls:
                topics = notified(simulator, caller, call)
                told += [call] * max((topics.count(topic) for topic in topics), default=0)
        return told

    def simulator(self, main: Collection[str] | None = None, others: Collection[str] | None = None) -> Simulator:
        """The account while only these logical IDs exist of the main stack and of every other; all unless given."""
        key = (
            frozenset(self._main_entries if main is None else main),
            frozenset(self._other_entries if others is None else others),
        )
        if key not in self._simulators:
            kept = [key[0], *[key[1]] * len(self.others)]
            stacks = {
                region: replace(stack, resources={name: one for name, one in stack.resources.items() if name in names})
                for (region, stack), names in zip(self.stacks.items(), kept, strict=True)
            }
            self._simulators[key] = Simulator(stacks)
        return self._simulators[key]

    def creation(self, caller: Caller, *, change_set: bool = False) -> Iterator[Stage]:
        """Create the main stack, then roll out the others."""
        yield Stage([(PERSON, call) for call in _stack_calls(self.main, "Create", change_set=change_set)], (), ())
        others: Collection[str] = ()
        for made, exist in _in_order(self._main_entries):
            for name in made:
                resource = self.main.resources[name]
                yield Stage([(caller, call) for call in created(self.main, resource)], exist, others)
                if resource.type == _SET:
                    yield from self._rollout(exist)
                    others = self._other_entries
        if not self.is_managed and self.others:
            calls = [(PERSON, _set_call(self.main, name)) for name in ("CreateStackSet", "CreateStackInstances")]
            yield Stage(calls, self._main_entries, ())
            yield from self._rollout(self._main_entries)

    def _rollout(self, main: Collection[str]) -> Iterator[Stage]:
        yield Stage([(OF_ROLLOUT, _instance_call(stack, "CreateStack")) for stack in self.others], main, ())
        for made, exist in _in_order(self._other_entries):
            calls = [call for stack in self.others for name in made for call in created(stack, stack.resources[name])]
            yield Stage([(OF_ROLLOUT, call) for call in calls], main, exist)

    def removal(self, caller: Caller) -> Iterator[Stage]:
        """Remove the other stacks, then the main one."""
        if not self.is_managed and self.others:
            call = _set_call(self.main, "DeleteStackInstances")
            yield Stage([(PERSON, call)], self._main_entries, self._other_entries)
            yield from self._withdrawal(self._main_entries)
            call = _set_call(self.main, "DeleteStackSet")
            yield Stage([(PERSON, call)], self._main_entries, _retained(self._other_entries))
        others = self._other_entries if self.is_managed else _retained(self._other_entries)
        yield Stage([(PERSON, call) for call in _stack_calls(self.main, "Delete")], self._main_entries, others)
        for removed, exist in _in_reverse(self._main_entries):
            for name in removed:
                resource = self.main.resources[name]
                if resource.type == _SET:
                    yield from self._withdrawal(exist)
                    others = _retained(self._other_entries)
                calls = deleted(self.main, resource) if not _is_retained(self._main_entries[name]) else []
                yield Stage([(caller, call) for call in calls], exist, others)

    def _withdrawal(self, main: Collection[str]) -> Iterator[Stage]:
        calls = [_instance_call(stack, "DeleteStack") for stack in self.others]
        yield Stage([(OF_ROLLOUT, call) for call in calls], main, self._other_entries)
        for removed, exist in _in_reverse(self._other_entries):
            calls = [
                call
                for stack in self.others
                for name in removed
                if not _is_retained(self._other_entries[name])
                for call in deleted(stack, stack.resources[name])
            ]
            yield Stage([(OF_ROLLOUT, call) for call in calls], main, exist)

    def update(self, new: Deployment, caller: Caller, *, change_set: bool = False) -> Iterator[Stage]:
        """Update both templates to those of ``new``; every rule of the old ones exists all the time."""
        calls: list[tuple[Caller, Call]] = []
        if new.texts[0] != self.texts[0]:
            calls += [(PERSON, call) for call in _stack_calls(self.main, "Update", change_set=change_set)]
            calls += [(caller, call) for call in changed_stack(self.main, self._main_entries, new.main)]
        calls += self._updated_others(new)
        yield Stage(calls, self._main_entries, self._other_entries)

    def _updated_others(self, new: Deployment) -> Iterator[tuple[Caller, Call]]:
        by_region = {stack.region: stack for stack in new.others}
        gone = [stack for stack in self.others if stack.region not in by_region]
        old_regions = {stack.region for stack in self.others}
        more = [stack for stack in new.others if stack.region not in old_regions]
        if new.texts[1] != self.texts[1]:
            if not self.is_managed:
                yield PERSON, _set_call(self.main, "UpdateStackSet")
            for stack in self.others:
                if stack.region in by_region:
                    yield OF_ROLLOUT, _instance_call(stack, "UpdateStack")
                    changes = changed_stack(stack, self._other_entries, by_region[stack.region])
                    yield from ((OF_ROLLOUT, call) for call in changes)
        if more and not self.is_managed:
            yield PERSON, _set_call(self.main, "CreateStackInstances")
        for stack in more:
            yield OF_ROLLOUT, _instance_call(stack, "CreateStack")
            yield from ((OF_ROLLOUT, call) for one in stack.resources.values() for call in created(stack, one))
        if gone and not self.is_managed:
            yield PERSON, _set_call(self.main, "DeleteStackInstances")
        for stack in gone:
            yield OF_ROLLOUT, _instance_call(stack, "DeleteStack")
            yield from ((OF_ROLLOUT, call) for one in stack.resources.values() for call in deleted(stack, one))


def notified(simulator: Simulator, caller: Caller, call: Call) -> list[str]:
    """The topics that are notified of a call, once for each rule that does."""
    return _reached(simulator, caller, call, "topic")


def logged(simulator: Simulator, caller: Caller, call: Call) -> list[str]:
    """The log groups that a call is written to."""
    return _reached(simulator, caller, call, "log")


def _reached(simulator: Simulator, caller: Caller, call: Call, kind: str) -> list[str]:
    attempts = simulator.attempts(event_from_record(caller.record(call)))
    return [one.target.arn for one in attempts if one.target.kind == kind and one.verdict.problem is None]


# ---- the person's calls ----


def _stack_calls(stack: Stack, verb: str, *, change_set: bool = False) -> list[Call]:
    if change_set:
        parameters = {"stackName": STACK, "changeSetName": "release"}
        return [Call("cloudformation", f"{step}ChangeSet", parameters, stack.region) for step in ("Create", "Execute")]
    return [Call("cloudformation", f"{verb}Stack", {"stackName": STACK}, stack.region)]


def _set_call(stack: Stack, name: str) -> Call:
    return Call("cloudformation", name, {"stackSetName": STACK}, stack.region)


def _instance_call(stack: Stack, name: str) -> Call:
    return Call("cloudformation", name, {"stackName": f"StackSet-{STACK}-{_ID}"}, stack.region)


# ---- the order of the emitted dependencies ----

_Entries = Mapping[str, Mapping[str, Any]]


def _references(node: Any) -> Iterator[str]:
    """The words in a node that may be logical IDs: what Ref and Fn::GetAtt name, and all of a Fn::Sub."""
    if isinstance(node, list):
        for held in node:
            yield from _references(held)
    elif isinstance(node, dict):
        for key, held in node.items():
            if key == "Ref":
                yield held
            elif key == "Fn::GetAtt":
                yield held[0] if isinstance(held, list) else held.partition(".")[0]
            elif key == "Fn::Sub":
                text = held if isinstance(held, str) else held[0]
                yield from (part.partition("}")[0].partition(".")[0] for part in text.split("${")[1:])
                yield from _references(held)
            else:
                yield from _references(held)


def dependencies(entries: _Entries) -> dict[str, set[str]]:
    """Logical ID -> those that have to exist before it."""
    found = {}
    for name, entry in entries.items():
        after = entry.get("DependsOn", [])
        named = {*([after] if isinstance(after, str) else after), *_references(entry.get("Properties", {}))}
        found[name] = named & entries.keys() - {name}
    return found


def _steps(before: Mapping[str, set[str]]) -> dict[str, int]:
    """How many others each has to wait for, one after the other."""
    step: dict[str, int] = {}

    def count(name: str) -> int:
        if name not in step:
            step[name] = 1 + max(map(count, before[name]), default=-1)
        return step[name]

    for name in before:
        count(name)
    return step


def _in_order(entries: _Entries) -> Iterator[tuple[list[str], list[str]]]:
    """What is created at the same time, and what exists by the end of that."""
    step = _steps(dependencies(entries))
    for now in range(max(step.values()) + 1):
        yield [name for name in step if step[name] == now], [name for name in step if step[name] <= now]


def _in_reverse(entries: _Entries) -> Iterator[tuple[list[str], list[str]]]:
    """What is removed at the same time, and what exists at the beginning of that."""
    before: dict[str, set[str]] = {name: set() for name in entries}
    for name, needed in dependencies(entries).items():
        for one in needed:
            before[one].add(name)
    step = _steps(before)
    retained = set(_retained(entries))
    for now in range(max(step.values()) + 1):
        exist = [name for name in step if step[name] >= now or name in retained]
        yield [name for name in step if step[name] == now], exist


def _is_retained(entry: Mapping[str, Any]) -> bool:
    return str(entry.get("DeletionPolicy")).startswith("Retain")


def _retained(entries: _Entries) -> list[str]:
    return [name for name, entry in entries.items() if _is_retained(entry)]


# ---- what the handlers call ----

_Calls = Iterator[tuple[str, _Parameters]]
_Handler = Callable[[Resource], _Calls]
_Updater = Callable[[Resource, Resource], _Calls]


def _region(stack: Stack, service: str) -> str:
    return "us-east-1" if service == "iam" else stack.region


def _made_by(stack: Stack, made: _Calls) -> list[Call]:
    calls = []
    for action, parameters in made:
        service, _, name = action.partition(":")
        calls.append(Call(service, name, parameters, _region(stack, service)))
    return calls


def created(stack: Stack, resource: Resource) -> list[Call]:
    """What the create handler of a resource calls for its properties."""
    return _made_by(stack, _HANDLERS[resource.type].create(resource))


def deleted(stack: Stack, resource: Resource) -> list[Call]:
    """What the delete handler of a resource calls."""
    return _made_by(stack, _HANDLERS[resource.type].delete(resource))


def changed_stack(old: Stack, old_entries: _Entries, new: Stack) -> list[Call]:
    """What CloudFormation calls to update a stack: what is new, what changed, and last what is gone."""
    calls = []
    for name, resource in new.resources.items():
        before = old.resources.get(name)
        if before is None:
            calls += created(new, resource)
        elif before.properties != resource.properties:
            handlers = _HANDLERS[resource.type]
            if any(before.properties.get(one) != resource.properties.get(one) for one in handlers.create_only):
                calls += [*created(new, resource), *deleted(old, before)]
            else:
                calls += _made_by(new, handlers.update(before, resource))
    gone = [one for name, one in old.resources.items() if name not in new.resources]
    return calls + [call for one in gone if not _is_retained(old_entries[one.logical_id]) for call in deleted(old, one)]


class _Handlers(NamedTuple):
    create: _Handler
    update: _Updater
    delete: _Handler
    create_only: tuple[str, ...] = ()


def _changed(old: Resource, new: Resource, *names: str) -> bool:
    return any(old.properties.get(name) != new.properties.get(name) for name in names)


def _gone(old: Resource, new: Resource, name: str, key: str = "") -> list[Any]:
    """The items of a list property that are in ``old`` and not in ``new``, by their ``key``."""
    kept = [item[key] if key else item for item in new.properties.get(name, [])]
    return [item for item in old.properties.get(name, []) if (item[key] if key else item) not in kept]


def _once(create: str, update: str, delete: str, *create_only: str, **names: str) -> _Handlers:
    """Handlers of one call each. ``names`` are the parameters, each from a property or from ``name`` or ``arn``."""

    def parameters(resource: Resource) -> _Parameters:
        values = {"name": resource.name, "arn": resource.arn, **resource.properties}
        return {parameter: values[name] for parameter, name in names.items()}

    def called(action: str) -> _Handler:
        return lambda resource: iter([(action, parameters(resource))] if action else [])

    return _Handlers(called(create), lambda _, new: called(update)(new), called(delete), create_only)


def _rule_created(rule: Resource) -> _Calls:
    bus, properties = rule.properties.get("EventBusName", "default"), rule.properties
    yield "events:PutRule", {"name": rule.name, "eventBusName": bus, "state": properties.get("State", "ENABLED")}
    if "Targets" in properties:
        targets = [{"id": target["Id"], "arn": target["Arn"]} for target in properties["Targets"]]
        yield "events:PutTargets", {"rule": rule.name, "eventBusName": bus, "targets": targets}


def _rule_updated(old: Resource, new: Resource) -> _Calls:
    yield from _rule_created(new)
    if gone := _gone(old, new, "Targets", "Id"):
        yield "events:RemoveTargets", _targets(new, gone)


def _rule_deleted(rule: Resource) -> _Calls:
    yield "events:RemoveTargets", _targets(rule, rule.properties.get("Targets", []))
    yield (
        "events:DeleteRule",
        {"name": rule.name, "eventBusName": rule.properties.get("EventBusName", "default"), "force": False},
    )


def _targets(rule: Resource, targets: Iterable[Mapping[str, Any]]) -> _Parameters:
    ids = [target["Id"] for target in targets]
    return {"rule": rule.name, "eventBusName": rule.properties.get("EventBusName", "default"), "ids": ids}


def _put_policies(role: Resource, policies: Iterable[Mapping[str, Any]]) -> _Calls:
    for policy in policies:
        document = json.dumps(policy["PolicyDocument"])
        name = {"roleName": role.name, "policyName": policy["PolicyName"]}
        yield "iam:PutRolePolicy", {**name, "policyDocument": document}


def _role_created(role: Resource) -> _Calls:
    trust = json.dumps(role.properties["AssumeRolePolicyDocument"])
    yield "iam:CreateRole", {"roleName": role.name, "assumeRolePolicyDocument": trust}
    yield from _put_policies(role, role.properties.get("Policies", []))
    for arn in role.properties.get("ManagedPolicyArns", []):
        yield "iam:AttachRolePolicy", {"roleName": role.name, "policyArn": arn}


def _role_updated(old: Resource, new: Resource) -> _Calls:
    name: _Parameters = {"roleName": new.name}
    if _changed(old, new, "Description", "MaxSessionDuration"):
        yield "iam:UpdateRole", name
    if _changed(old, new, "AssumeRolePolicyDocument"):
        trust = json.dumps(new.properties["AssumeRolePolicyDocument"])
        yield "iam:UpdateAssumeRolePolicy", {**name, "policyDocument": trust}
    if _changed(old, new, "PermissionsBoundary"):
        verb = "Put" if "PermissionsBoundary" in new.properties else "Delete"
        yield f"iam:{verb}RolePermissionsBoundary", name
    policies = old.properties.get("Policies", [])
    yield from _put_policies(new, [one for one in new.properties.get("Policies", []) if one not in policies])
    for policy in _gone(old, new, "Policies", "PolicyName"):
        yield "iam:DeleteRolePolicy", {**name, "policyName": policy["PolicyName"]}
    for arn in _gone(new, old, "ManagedPolicyArns"):
        yield "iam:AttachRolePolicy", {**name, "policyArn": arn}
    for arn in _gone(old, new, "ManagedPolicyArns"):
        yield "iam:DetachRolePolicy", {**name, "policyArn": arn}


def _role_deleted(role: Resource) -> _Calls:
    for policy in role.properties.get("Policies", []):
        yield "iam:DeleteRolePolicy", {"roleName": role.name, "policyName": policy["PolicyName"]}
    for arn in role.properties.get("ManagedPolicyArns", []):
        yield "iam:DetachRolePolicy", {"roleName": role.name, "policyArn": arn}
    yield "iam:DeleteRole", {"roleName": role.name}


def _attachments(policy: Resource, verb: str, others: Resource | None = None) -> _Calls:
    """``verb`` the policy to or from all that its properties name and ``others`` do not."""
    for kind in ("Role", "User"):
        names = _gone(policy, others, f"{kind}s") if others else policy.properties.get(f"{kind}s", [])
        for name in names:
            yield f"iam:{verb}{kind}Policy", {f"{kind.lower()}Name": name, "policyArn": policy.arn}


def _policy_created(policy: Resource) -> _Calls:
    document = json.dumps(policy.properties["PolicyDocument"])
    yield "iam:CreatePolicy", {"policyName": policy.name, "policyDocument": document}
    yield from _attachments(policy, "Attach")


def _policy_updated(old: Resource, new: Resource) -> _Calls:
    if _changed(old, new, "PolicyDocument"):
        yield "iam:CreatePolicyVersion", {"policyArn": new.arn, "setAsDefault": True}
        yield "iam:DeletePolicyVersion", {"policyArn": new.arn, "versionId": "v1"}
    yield from _attachments(new, "Attach", old)
    yield from _attachments(old, "Detach", new)


def _policy_deleted(policy: Resource) -> _Calls:
    yield from _attachments(policy, "Detach")
    yield "iam:DeletePolicy", {"policyArn": policy.arn}


def _key_created(key: Resource) -> _Calls:
    yield "kms:CreateKey", {"policy": json.dumps(key.properties["KeyPolicy"])}
    if key.properties.get("EnableKeyRotation"):
        yield "kms:EnableKeyRotation", {"keyId": key.arn}


def _key_updated(old: Resource, new: Resource) -> _Calls:
    if _changed(old, new, "KeyPolicy"):
        yield "kms:PutKeyPolicy", {"keyId": new.arn, "policyName": "default"}
    if _changed(old, new, "EnableKeyRotation"):
        verb = "Enable" if new.properties.get("EnableKeyRotation") else "Disable"
        yield f"kms:{verb}KeyRotation", {"keyId": new.arn}


def _key_deleted(key: Resource) -> _Calls:
    yield "kms:ScheduleKeyDeletion", {"keyId": key.arn, "pendingWindowInDays": 30}


def _group_created(group: Resource) -> _Calls:
    yield "logs:CreateLogGroup", {"logGroupName": group.name, "kmsKeyId": group.properties.get("KmsKeyId")}
    if days := group.properties.get("RetentionInDays"):
        yield "logs:PutRetentionPolicy", {"logGroupName": group.name, "retentionInDays": days}


def _group_updated(old: Resource, new: Resource) -> _Calls:
    name = {"logGroupName": new.name}
    if _changed(old, new, "RetentionInDays"):
        yield f"logs:{'Put' if 'RetentionInDays' in new.properties else 'Delete'}RetentionPolicy", name
    if _changed(old, new, "KmsKeyId"):
        yield f"logs:{'Associate' if 'KmsKeyId' in new.properties else 'Disassociate'}KmsKey", name
    if _changed(old, new, "DeletionProtectionEnabled"):
        yield "logs:PutLogGroupDeletionProtection", {"logGroupIdentifier": new.name}


def _group_deleted(group: Resource) -> _Calls:
    yield "logs:DeleteLogGroup", {"logGroupName": group.name}


_BUCKET_CALLS: Final = {
    "BucketEncryption": "s3:PutBucketEncryption",
    "VersioningConfiguration": "s3:PutBucketVersioning",
    "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
    "OwnershipControls": "s3:PutBucketOwnershipControls",
    "ObjectLockConfiguration": "s3:PutBucketObjectLockConfiguration",
}


def _bucket_created(bucket: Resource) -> _Calls:
    yield "s3:CreateBucket", {"bucketName": bucket.name}
    yield from ((call, {"bucketName": bucket.name}) for one, call in _BUCKET_CALLS.items() if one in bucket.properties)


def _bucket_updated(old: Resource, new: Resource) -> _Calls:
    yield from ((call, {"bucketName": new.name}) for one, call in _BUCKET_CALLS.items() if _changed(old, new, one))


def _bucket_deleted(bucket: Resource) -> _Calls:
    yield "s3:DeleteBucket", {"bucketName": bucket.name}


def _trail_created(trail: Resource) -> _Calls:
    yield "cloudtrail:CreateTrail", {"name": trail.name, "s3BucketName": trail.properties["S3BucketName"]}
    yield from _selectors(trail)
    if trail.properties.get("IsLogging"):
        yield "cloudtrail:StartLogging", {"name": trail.arn}


def _selectors(trail: Resource) -> _Calls:
    if trail.properties.keys() & {"EventSelectors", "AdvancedEventSelectors"}:
        yield "cloudtrail:PutEventSelectors", {"trailName": trail.arn}


def _trail_updated(old: Resource, new: Resource) -> _Calls:
    yield "cloudtrail:UpdateTrail", {"name": new.arn}
    if _changed(old, new, "EventSelectors", "AdvancedEventSelectors"):
        yield from _selectors(new)


def _trail_deleted(trail: Resource) -> _Calls:
    yield "cloudtrail:DeleteTrail", {"name": trail.arn}


_TOPIC_ATTRIBUTES: Final = ("DisplayName", "KmsMasterKeyId")


def _topic_created(topic: Resource) -> _Calls:
    yield "sns:CreateTopic", {"name": topic.name}


def _topic_updated(old: Resource, new: Resource) -> _Calls:
    for attribute in _TOPIC_ATTRIBUTES:
        if _changed(old, new, attribute):
            yield "sns:SetTopicAttributes", {"topicArn": new.arn, "attributeName": attribute}


def _topic_deleted(topic: Resource) -> _Calls:
    yield "sns:DeleteTopic", {"topicArn": topic.arn}


def _topic_policy(policy: Resource) -> _Calls:
    for arn in policy.properties["Topics"]:
        yield "sns:SetTopicAttributes", {"topicArn": arn, "attributeName": "Policy"}


def _subscription(subscription: Resource) -> _Calls:
    properties = subscription.properties
    yield (
        "sns:Subscribe",
        {"topicArn": properties["TopicArn"], "protocol": properties["Protocol"], "endpoint": properties["Endpoint"]},
    )


def _subscription_deleted(subscription: Resource) -> _Calls:
    yield "sns:Unsubscribe", {"subscriptionArn": f"{subscription.properties['TopicArn']}:{_ID}"}


def _queue_policy(policy: Resource) -> _Calls:
    for url in policy.properties["Queues"]:
        yield "sqs:SetQueueAttributes", {"queueUrl": url, "attributes": {"Policy": ""}}


def _queue_created(queue: Resource) -> _Calls:
    yield "sqs:CreateQueue", {"queueName": queue.name}


def _of_queue(action: str) -> _Handler:
    return lambda queue: iter([(action, {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{queue.name}"})])


def _set_regions(stackset: Resource) -> set[str]:
    groups = stackset.properties.get("StackInstancesGroup", [])
    return {region for group in groups for region in group["Regions"]}


def _set_created(stackset: Resource) -> _Calls:
    name = {"stackSetName": stackset.properties["StackSetName"]}
    yield "cloudformation:CreateStackSet", name
    yield "cloudformation:CreateStackInstances", name


def _set_updated(old: Resource, new: Resource) -> _Calls:
    name = {"stackSetName": new.properties["StackSetName"]}
    yield "cloudformation:UpdateStackSet", name
    if _set_regions(new) - _set_regions(old):
        yield "cloudformation:CreateStackInstances", name
    if _set_regions(old) - _set_regions(new):
        yield "cloudformation:DeleteStackInstances", name


def _set_deleted(stackset: Resource) -> _Calls:
    name = {"stackSetName": stackset.properties["StackSetName"]}
    yield "cloudformation:DeleteStackInstances", name
    yield "cloudformation:DeleteStackSet", name


_HANDLERS: Final[Mapping[str, _Handlers]] = {
    _SET: _Handlers(_set_created, _set_updated, _set_deleted, ("StackSetName",)),
    "AWS::CloudTrail::Trail": _Handlers(_trail_created, _trail_updated, _trail_deleted, ("TrailName",)),
    "AWS::CloudWatch::Alarm": _Handlers(
        lambda alarm: iter([("cloudwatch:PutMetricAlarm", {"alarmName": alarm.name})]),
        lambda _, alarm: iter([("cloudwatch:PutMetricAlarm", {"alarmName": alarm.name})]),
        lambda alarm: iter([("cloudwatch:DeleteAlarms", {"alarmNames": [alarm.name]})]),
        ("AlarmName",),
    ),
    "AWS::Events::EventBus": _once(
        "events:CreateEventBus", "events:UpdateEventBus", "events:DeleteEventBus", "Name", name="name"
    ),
    "AWS::Events::Rule": _Handlers(_rule_created, _rule_updated, _rule_deleted, ("Name", "EventBusName")),
    "AWS::IAM::ManagedPolicy": _Handlers(
        _policy_created, _policy_updated, _policy_deleted, ("ManagedPolicyName", "Description", "Path")
    ),
    "AWS::IAM::Role": _Handlers(_role_created, _role_updated, _role_deleted, ("RoleName", "Path")),
    **{
        f"AWS::Chatbot::{kind}": _once(
            *(f"chatbot:{verb}{kind}" for verb in ("Create", "Update", "Delete")),
            "ConfigurationName",
            ChatConfigurationArn="arn",
        )
        for kind in ("MicrosoftTeamsChannelConfiguration", "SlackChannelConfiguration")
    },
    "AWS::IAM::RolePolicy": _once(
        *("iam:PutRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "PolicyName", "RoleName"),
        roleName="RoleName",
        policyName="PolicyName",
    ),
    "AWS::KMS::Alias": _once(
        "kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias", "AliasName", aliasName="AliasName"
    ),
    "AWS::KMS::Key": _Handlers(_key_created, _key_updated, _key_deleted),
    "AWS::Lambda::Permission": _once(
        "lambda:AddPermission", "", "lambda:RemovePermission", "FunctionName", functionName="FunctionName"
    ),
    "AWS::Logs::LogGroup": _Handlers(_group_created, _group_updated, _group_deleted, ("LogGroupName",)),
    "AWS::Logs::MetricFilter": _once(
        *("logs:PutMetricFilter", "logs:PutMetricFilter", "logs:DeleteMetricFilter", "LogGroupName"),
        logGroupName="LogGroupName",
    ),
    "AWS::Logs::QueryDefinition": _once(
        *("logs:PutQueryDefinition", "logs:PutQueryDefinition", "logs:DeleteQueryDefinition", "Name"), name="Name"
    ),
    "AWS::Logs::ResourcePolicy": _once(
        *("logs:PutResourcePolicy", "logs:PutResourcePolicy", "logs:DeleteResourcePolicy", "PolicyName"),
        policyName="PolicyName",
    ),
    "AWS::S3::Bucket": _Handlers(_bucket_created, _bucket_updated, _bucket_deleted, ("BucketName",)),
    "AWS::S3::BucketPolicy": _once(
        "s3:PutBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "Bucket", bucketName="Bucket"
    ),
    "AWS::SNS::Subscription": _Handlers(
        _subscription, lambda *_: iter([]), _subscription_deleted, ("TopicArn", "Protocol", "Endpoint")
    ),
    "AWS::SNS::Topic": _Handlers(_topic_created, _topic_updated, _topic_deleted, ("TopicName",)),
    "AWS::SNS::TopicPolicy": _Handlers(_topic_policy, lambda _, new: _topic_policy(new), _topic_policy),
    "AWS::SQS::Queue": _Handlers(
        _queue_created,
        lambda _, new: _of_queue("sqs:SetQueueAttributes")(new),
        _of_queue("sqs:DeleteQueue"),
        ("QueueName",),
    ),
    "AWS::SQS::QueuePolicy": _Handlers(_queue_policy, lambda _, new: _queue_policy(new), _queue_policy),
    "AWS::Scheduler::Schedule": _once(
        "scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule", "Name", name="Name"
    ),
}

HANDLED_TYPES: Final = frozenset(_HANDLERS)
"""The types of which this knows what their handlers call."""
