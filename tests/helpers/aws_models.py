"""Every call that AWS's models in botocore know: what it is called, what goes in and what comes out.

CloudTrail writes the name of a parameter like the API, with a small first letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import botocore.session
from botocore.loaders import Loader

_ONLY_READS: Final = re.compile(
    r"(Batch)?(Check|Derive|Describe|Detect|Estimate|Filter|Get|Head|Introspect|List|Lookup|Query|Receive|Scan|Search"
    r"|Simulate|Test|Validate|Verify|View)([A-Z]|$)|Generate(Credential|Data|Mac|Organizations|Query|Random|Service)"
    r"|(Dec|Enc)(apsulate|rypt|ode)|ReEncrypt|Sign$|Preview"
)
_TAKES_AWAY: Final = re.compile(
    r"(Batch)?(Cancel|Delete|Deregister|Detach|Disassociate|Remove|Stop|Terminate|Untag)[A-Z]"
)
# The first words of the event sources that are no name of a model.
_SOURCES: Final = {
    "account-access-runtime": "account-access",
    "bedrock-agent": "bedrock",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "cloudcontrol": "cloudcontrolapi",
    "cloudwatch": "monitoring",
    "emr": "elasticmapreduce",
    "s3control": "s3",
    "sso-admin": "sso",
    "sso-oidc": "sso-oauth",
}
_Path = tuple[str, ...]


class Call(NamedTuple):
    """A call of a service, by the names of botocore and of the API."""

    service: str
    name: str

    @property
    def title(self) -> str:
        return f"{self.service}:{self.name}"

    @property
    def only_reads(self) -> bool:
        return _ONLY_READS.match(self.name) is not None

    @property
    def takes_away(self) -> bool:
        return _TAKES_AWAY.match(self.name) is not None

    def record(self, request: dict[str, Any]) -> dict[str, Any]:
        """The CloudTrail record of the call, but for who made it."""
        return {
            "eventSource": f"{_SOURCES.get(self.service, self.service)}.amazonaws.com",
            "eventName": self.name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "203.0.113.24",
            "requestParameters": request,
            "readOnly": self.only_reads,
            "managementEvent": True,
            "eventType": "AwsApiCall",
        }


def request_with(path: _Path, value: str) -> dict[str, Any]:
    """The parameters of a call that has ``value`` at ``path``."""
    node: Any = value
    for name in reversed(path):
        node = {name: node}
    request: dict[str, Any] = node
    return request


def services() -> list[str]:
    """Every service that botocore has a model of."""
    return list(botocore.session.get_session().get_available_services())


def calls_of(service: str) -> list[Call]:
    """The calls of a service."""
    return [Call(service, name) for name in sorted(_model(service)["operations"])]


def paths_in(call: Call, direction: str, wanted: re.Pattern[str]) -> list[_Path]:
    """The paths of the texts in a call's ``input`` or ``output`` whose own names are ``wanted``.

    A path has no place for a list, because EventBridge looks into lists, and a star for the key of a map.
    """
    model = _model(call.service)
    shape = model["operations"][call.name].get(direction, {}).get("shape")
    return list(dict.fromkeys(_Search(model["shapes"], wanted).paths(shape))) if shape else []


@lru_cache(1)  # all calls of a service come one after the other
def _model(service: str) -> dict[str, Any]:
    model: dict[str, Any] = Loader().load_service_model(service, "service-2")
    return model


class _Search:
    """A search for texts with wanted names in the shapes of a service."""

    def __init__(self, shapes: dict[str, Any], wanted: re.Pattern[str]) -> None:
        self.shapes, self.wanted = shapes, wanted
        self.reached: set[str] = set()

    def paths(self, shape: str, path: _Path = ()) -> Iterator[_Path]:
        """Every such path below ``path``, which ends with the name of ``shape``; a shape within itself has no more."""
        model = self.shapes[shape]
        match model["type"]:
            case "structure" if shape not in self.reached:
                self.reached.add(shape)
                for name, member in model.get("members", {}).items():
                    yield from self.paths(member["shape"], (*path, name[0].lower() + name[1:]))
            case "list":
                yield from self.paths(model["member"]["shape"], path)
            case "map":
                yield from self.paths(model["value"]["shape"], (*path, "*"))
            case "string" | "blob":
                if self.wanted.search(next(name for name in reversed(path) if name != "*")):
                    yield path
