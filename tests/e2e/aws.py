"""An account of the local AWS, and the templates deployed in it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, Final, TypeVar

import boto3
from botocore.config import Config as ClientConfig

from cfn_breakglass.analysis.template.reader import parse

STACK: Final = "break-glass"
KEY_ON_PAPER: Final = f"{STACK}-Key"
ENDPOINT: Final = os.environ.get("AWS_ENDPOINT_URL", "")
"""Of the local AWS. It is read once, since the environment of a drill has that of its stand-in."""
_PATIENCE: Final = 180
_Answer = TypeVar("_Answer")


@cache
def client(service: str, region: str, account: str, endpoint: str = ENDPOINT) -> Any:
    """A client of the local AWS, which takes twelve digits as access key for the account they name.

    It keeps no connection: LocalStack closes one that nobody used for 60 seconds, and a call on it just then is lost.
    """
    made = boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=account,
        aws_secret_access_key="local",  # noqa: S106 - nobody checks it
        config=ClientConfig(retries={"total_max_attempts": 1}, read_timeout=_PATIENCE),
    )
    made.meta.events.register("before-send", _close_afterwards)
    return made


def _close_afterwards(request: Any, **_: Any) -> None:
    request.headers["Connection"] = "close"


def eventually(what: str, ask: Callable[[], _Answer | None]) -> _Answer:
    """Ask until there is an answer; an AssertionError that says ``what`` was waited for if there is none in time."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if answer := ask():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {_PATIENCE} seconds for {what}")


@dataclass(frozen=True)
class Account:
    """An account whose stack is in the main region ``main``, and its stack set in ``others``."""

    number: str
    main: str
    others: tuple[str, ...]

    @property
    def regions(self) -> tuple[str, ...]:
        return (self.main, *self.others)

    def client(self, service: str, region: str | None = None) -> Any:
        return client(service, region or self.main, self.number)

    @cached_property
    def key(self) -> str:
        """The ID of the customer key; the name it has on paper where there is none."""
        keys = self.client("kms").list_aliases()["Aliases"]
        return next((each["TargetKeyId"] for each in keys if each["AliasName"] == f"alias/{STACK}"), KEY_ON_PAPER)

    def with_key(self, template: str) -> str:
        """Put the ID of the key into the patterns of a template, which on paper are about one named after the stack."""
        read = parse(template, "template")
        for rule in read["Resources"].values():
            if rule["Type"] == "AWS::Events::Rule":
                pattern = json.dumps(rule["Properties"]["EventPattern"])
                named = pattern.replace('{"Ref": "Key"}', json.dumps(self.key)).replace("${Key}", self.key)
                rule["Properties"]["EventPattern"] = json.loads(named)
        return json.dumps(read)

    def deploy(self, template: str) -> None:
        """Create or update the main stack."""
        self.start(STACK, self.main, template)()
        self.__dict__.pop("key", None)  # there may be another now

    def start(self, stack: str, region: str, template: str) -> Callable[[], None]:
        """Create or update a stack, as a console user does; what is returned waits until that is done."""
        formation, update = self.client("cloudformation", region), self.resources_of(stack, region) != {}
        step = formation.update_stack if update else formation.create_stack
        step(StackName=stack, TemplateURL=self._uploaded(stack, template), Capabilities=["CAPABILITY_NAMED_IAM"])
        return partial(self._await, "update" if update else "create", stack, region)

    def start_removal(self, stack: str, region: str) -> Callable[[], None]:
        """Delete a stack; what is returned waits until that is done."""
        self.client("cloudformation", region).delete_stack(StackName=stack)
        return partial(self._await, "delete", stack, region)

    def _uploaded(self, stack: str, template: str) -> str:
        bucket, s3 = f"cf-templates-{self.number}-{self.main}", self.client("s3")
        # Like the console, which puts the file in a bucket first, and keeps one for each region.
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key=stack, Body=template.encode())
        return f"{ENDPOINT}/{bucket}/{stack}"

    def roll_out(self, template: str) -> None:
        """Create the stack set and its instances: no parameters, no capabilities, nothing asked."""
        formation = self.client("cloudformation")
        formation.create_stack_set(StackSetName=STACK, TemplateBody=template)
        self._operate(formation.create_stack_instances, self.others)

    def update_instances(self, template: str) -> None:
        """Update the stack of each instance, which is what UpdateStackSet does."""
        for region in self.others:
            name = self.stack(region)
            self.client("cloudformation", region).update_stack(StackName=name, TemplateBody=template)
            self._await("update", name, region)

    def remove(self) -> None:
        """Delete everything, in the order of the README."""
        formation = self.client("cloudformation")
        self._operate(formation.delete_stack_instances, self.others, RetainStacks=False)
        formation.delete_stack_set(StackSetName=STACK)
        self.start_removal(STACK, self.main)()

    def stack(self, region: str) -> str:
        """The name of the stack in a region; that of an instance is AWS's choice."""
        if region == self.main:
            return STACK
        found = self.client("cloudformation", region).describe_stacks()["Stacks"]
        (name,) = (stack["StackName"] for stack in found if stack["StackStatus"] != "DELETE_COMPLETE")
        return str(name)

    def resources(self, region: str) -> dict[str, str]:
        """Logical ID -> physical ID of the stack in a region; empty where there is none."""
        return self.resources_of(self.stack(region), region)

    def resources_of(self, stack: str, region: str) -> dict[str, str]:
        """Logical ID -> physical ID of a stack; empty if there is none of the name."""
        formation = self.client("cloudformation", region)
        try:
            found = formation.describe_stack_resources(StackName=stack)["StackResources"]
        except formation.exceptions.ClientError:
            return {}
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def _operate(self, operation: Callable[..., Any], regions: Iterable[str], **options: Any) -> None:
        asked = operation(StackSetName=STACK, Accounts=[self.number], Regions=list(regions), **options)
        describe = self.client("cloudformation").describe_stack_set_operation

        def outcome() -> str | None:
            found = describe(StackSetName=STACK, OperationId=asked["OperationId"])["StackSetOperation"]["Status"]
            return None if found in ("QUEUED", "RUNNING") else found

        assert eventually(f"{operation.__name__} in {regions}", outcome) == "SUCCEEDED"

    def _await(self, what: str, stack: str, region: str) -> None:
        waiter = self.client("cloudformation", region).get_waiter(f"stack_{what}_complete")
        waiter.wait(StackName=stack, WaiterConfig={"Delay": 0.2, "MaxAttempts": _PATIENCE * 5})
