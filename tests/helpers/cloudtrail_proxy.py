"""Between a drill and a local AWS: it records STS calls as CloudTrail would, and lets regions fail as AWS's can.

It passes each request on to moto in this process, or to LocalStack. It answers AssumeRole itself where STS is off,
throttled or denies, gives each answer a request ID of its own, and hands the event to ``record``: before it answers, so
that nobody has to wait, or late.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import requests
from paths import EVENTS
from samples import ACCOUNT

MOTO: Final = "https://{service}.{region}.amazonaws.com"
ALLOWED: Final = EVENTS / "RoleAssumed" / "raises-user-of-the-same-account.json"
DENIED: Final = EVENTS / "RoleDenied" / "raises-no-role-trust-policy.json"
_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/ops/break-glass"
_SCOPE: Final = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_REQUEST_ID: Final = re.compile(r"(?<=<RequestId>)[^<]*(?=</RequestId>)")
_SECRET: Final = re.compile(r"<(?:SecretAccessKey|SessionToken)>([^<]+)<")
_ERROR: Final = """\
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>
<Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"""

_DENIAL: Final = (
    b'{"__type": "AccessDeniedException", "Message": "You do not have permissions to access this resource."}'
)


class ApiCall(NamedTuple):
    """A call that arrived: the service by the name that it signs with."""

    service: str
    operation: str
    region: str


class Failure(NamedTuple):
    """How AWS fails: a status of HTTP, and an error of STS."""

    status: int
    code: str
    message: str


STS_OFF: Final = Failure(403, "RegionDisabledException", "STS is not activated in this region for account.")
THROTTLED: Final = Failure(400, "Throttling", "Rate exceeded")
EXPIRED: Final = Failure(403, "ExpiredToken", "The security token included in the request is expired")
BAD_CODE: Final = Failure(
    403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. {TokenCode}"
)
NOT_ALLOWED: Final = Failure(
    403,
    "AccessDenied",
    "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on resource: {RoleArn}",
)


@dataclass
class CloudTrailProxy:
    """What happens in which region, what arrived, and every secret that was given out.

    ``failures`` are those of STS operations, by (operation, region) or (operation, ""). Events of regions in ``late``
    come so many seconds after the call, and those of ``lost`` never. ``broken`` regions end each connection, and
    ``slow`` ones answer AssumeRole after a minute.
    ``parameters`` are those of the last call of each STS operation. ``denied`` are operations of services that speak
    JSON. moto knows the regions of every partition and confirms all subscriptions: ``enabled_regions`` are those that
    there are, if any, and ``pending`` is an endpoint that has not confirmed.
    """

    upstream: str
    record: Callable[[str, dict[str, Any]], None]
    failures: dict[tuple[str, str], Failure] = field(default_factory=dict)
    late: dict[str, float] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    enabled_regions: tuple[str, ...] = ()
    pending: str = ""
    denied: set[str] = field(default_factory=set)
    slow: set[str] = field(default_factory=set)
    calls: list[ApiCall] = field(default_factory=list)
    parameters: dict[str, dict[str, str]] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    url: str = ""
    is_over: threading.Event = field(default_factory=threading.Event)
    _timers: list[threading.Timer] = field(default_factory=list)

    def operations(self) -> set[str]:
        return {call.operation for call in self.calls}

    def regions_of(self, operation: str) -> list[str]:
        return sorted(call.region for call in self.calls if call.operation == operation)

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The status, headers and body of an answer."""
        scope = _SCOPE.search(handler.headers.get("Authorization", ""))
        assert scope, handler.path
        key, region, service = scope.groups()
        call = ApiCall(service, _operation(handler, body), region)
        self.calls.append(call)
        request_id, parameters = str(uuid.uuid4()), dict(parse_qsl(body.decode("utf-8", "replace")))
        if call.operation in self.denied:
            return 400, {"Content-Type": "application/x-amz-json-1.1"}, _DENIAL
        if call.operation == "DescribeRegions" and self.enabled_regions:
            return 200, {"Content-Type": "text/xml"}, _regions(self.enabled_regions)
        if service != "sts":
            status, headers, content = self._passed_on(handler, body, call)
            return status, headers, _pending(content, self.pending) if self.pending else content
        self.parameters[call.operation] = parameters
        if call.operation == "AssumeRole" and region in self.slow:
            self.is_over.wait(60)
        failure = self.failures.get((call.operation, region)) or self.failures.get((call.operation, ""))
        if failure:
            token = handler.headers.get("X-Amz-Security-Token", "")
            message = failure.message.format(**parameters, SecurityToken=token)
            text = _ERROR.format(code=failure.code, message=message, request_id=request_id)
            answer = failure.status, {"Content-Type": "text/xml"}, text.encode()
        else:
            status, headers, content = self._passed_on(handler, body, call)
            text = _REQUEST_ID.sub(request_id, content.decode())
            self.secrets |= {*_SECRET.findall(text)}
            if call.operation == "GetSessionToken":  # the local AWS knows the account by that key alone
                text = re.sub("(?<=<AccessKeyId>)[^<]+", key, text)
            answer = status, {"Content-Type": headers["Content-Type"]}, text.encode()
        if call.operation == "AssumeRole" and (
            answer[0] == 200 or failure == NOT_ALLOWED or b"AccessDenied" in answer[2]
        ):
            self._happen(region, self._event(call, parameters, request_id, answer[2].decode()))
        return answer

    def _passed_on(
        self, handler: BaseHTTPRequestHandler, body: bytes, call: ApiCall
    ) -> tuple[int, dict[str, str], bytes]:
        url = self.upstream.format(service=call.service, region=call.region) + handler.path
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "expect"}
        done = requests.request(handler.command, url, headers=headers, data=body, timeout=60)
        kept = {name: value for name, value in done.headers.items() if name.lower().startswith(("content-type", "x-a"))}
        kept |= {name: value for name, value in done.headers.items() if name.lower() == "smithy-protocol"}
        return done.status_code, kept, done.content

    def _event(self, call: ApiCall, parameters: dict[str, str], request_id: str, answer: str) -> dict[str, Any]:
        """The record of CloudTrail, with the token of the session in it: CloudTrail records that too."""
        role = parameters["RoleArn"]
        is_allowed = "AccessDenied" not in answer
        text = (ALLOWED if is_allowed else DENIED).read_text(encoding="utf-8")
        record: dict[str, Any] = json.loads(text.replace(_ROLE, role).replace(ACCOUNT, role.split(":")[4]))
        if is_allowed:
            (token,) = re.findall("<SessionToken>([^<]+)<", answer)
            record["responseElements"]["credentials"]["sessionToken"] = token
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {
            **record,
            "awsRegion": call.region,
            "requestID": request_id,
            "eventID": str(uuid.uuid4()),
            "eventTime": now,
        }

    def _happen(self, region: str, record: dict[str, Any]) -> None:
        if region in self.lost:
            return
        if region not in self.late:
            self.record(region, record)
            return
        timer = threading.Timer(self.late[region], self.record, (region, record))
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def settle(self) -> None:
        """Let no event come any more, and nobody wait."""
        self.is_over.set()
        for timer in self._timers:
            timer.cancel()
            timer.join()


def _regions(names: tuple[str, ...]) -> bytes:
    items = "".join(f"<item><regionName>{name}</regionName></item>" for name in names)
    return f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>".encode()


def _pending(content: bytes, endpoint: str) -> bytes:
    """A list of subscriptions with one that is pending."""
    parts = re.split(rb"(?=<member>)", content)
    arn = rb"(?<=<SubscriptionArn>)[^<]*"
    return b"".join(re.sub(arn, b"PendingConfirmation", part) if endpoint.encode() in part else part for part in parts)


def _operation(handler: BaseHTTPRequestHandler, body: bytes) -> str:
    """The operation of a request in any of AWS's protocols."""
    if target := handler.headers.get("X-Amz-Target"):
        return target.rpartition(".")[2]
    if "/operation/" in handler.path:
        return handler.path.rpartition("/")[2]
    return dict(parse_qsl(body.decode())).get("Action", handler.path)


@contextmanager
def proxy(upstream: str, record: Callable[[str, dict[str, Any]], None]) -> Iterator[CloudTrailProxy]:
    """Listen on an address of this machine for a while."""
    behind = CloudTrailProxy(upstream, record)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            scope = _SCOPE.search(self.headers.get("Authorization", ""))
            if scope and scope[2] in behind.broken:
                self.close_connection = True
                self.connection.close()
                return
            status, headers, content = behind.answer(self, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    behind.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield behind
    finally:
        behind.settle()
        server.shutdown()
        server.server_close()
        thread.join()
