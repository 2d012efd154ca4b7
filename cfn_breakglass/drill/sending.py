"""Send the calls: AssumeRole at the STS endpoint of every region. No credential leaves this module."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from cfn_breakglass.drill.aws import Aws, CallFailedError
from cfn_breakglass.drill.calls import ASSUME_ROLE, GET_SESSION_TOKEN
from cfn_breakglass.drill.drill_plan import ALLOWED, DENIED, ERROR, DrillPlan, DrillTarget
from cfn_breakglass.drill.parallel import in_parallel
from cfn_breakglass.errors import BreakglassError

_SESSION_SECONDS: Final = 3_600
"""Long enough to send, to wait and to look; a session of a user lasts at least 900 seconds."""


class MfaCode(NamedTuple):
    """An MFA device and its current code, which is nobody else's business: it is in no text that this makes."""

    serial: str
    code: str

    def __repr__(self) -> str:
        return f"MfaCode({self.serial!r})"


class SignInError(BreakglassError):
    """There is no session with MFA, so nothing was sent."""


class Answer(NamedTuple):
    """What STS answered to a call of a target: ``ALLOWED``, ``DENIED`` or ``ERROR``, with the request ID if it has one.

    ``code`` and ``message`` are empty if it was allowed.
    """

    target: DrillTarget
    sent: datetime
    result: str
    request_id: str
    code: str = ""
    message: str = ""


def with_mfa(aws: Aws, region: str, mfa: MfaCode) -> Aws:
    """The access of the same user in a session with MFA; SignInError if AWS makes none.

    The token of a regional endpoint is valid in all regions, and a code is good for one call.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html
    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """
    parameters = {"DurationSeconds": _SESSION_SECONDS, "SerialNumber": mfa.serial, "TokenCode": mfa.code}
    try:
        return aws.with_credentials(aws.call(GET_SESSION_TOKEN, region, **parameters)["Credentials"])
    except CallFailedError as error:
        reason = str(error).replace(mfa.code, "******")
    raise SignInError(f"no session with MFA, so nothing was sent: {reason}")


def send(aws: Aws, plan: DrillPlan) -> Iterator[Answer]:
    """Call AssumeRole of every target, several at a time; the answers as they come."""
    yield from in_parallel(partial(_assume, aws, plan), plan.targets)


def _assume(aws: Aws, plan: DrillPlan, target: DrillTarget) -> Answer:
    """The credentials in AWS's answer are dropped with it."""
    sent = datetime.now(UTC)
    try:
        metadata = aws.call(ASSUME_ROLE, target.region, RoleArn=target.role_arn, **plan.parameters)["ResponseMetadata"]
    except CallFailedError as error:
        result, failure = DENIED if error.is_denial else ERROR, error.failure
        return Answer(target, sent, result, failure.request_id, failure.code, failure.message)
    return Answer(target, sent, ALLOWED, metadata["RequestId"])
