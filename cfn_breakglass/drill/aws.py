"""A caller's access to AWS by boto3: the calls of ``calls``, and one error for everything that fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from threading import Lock
from typing import Any, Final, NamedTuple

from cfn_breakglass.drill.calls import GET_CALLER_IDENTITY, Call
from cfn_breakglass.errors import BreakglassError, CredentialsError, MissingLibraryError

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = 15
_ATTEMPTS: Final = 4
_DENIALS: Final = frozenset(("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"))
_TEMPORARY: Final = frozenset(("RequestLimitExceeded", "TooManyRequestsException"))
STS_OFF: Final = "RegionDisabledException"
"""What STS answers in a region in which the account has deactivated it.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""


class Failure(NamedTuple):
    """Why a call failed. ``code`` is AWS's, or the name of botocore's error; it may have no request ID.

    ``is_temporary``: the same call may be answered later.
    """

    code: str
    message: str
    request_id: str = ""
    is_temporary: bool = False


class CallFailedError(BreakglassError):
    """AWS said no, or did not answer."""

    def __init__(self, call: Call, region: str, failure: Failure) -> None:
        self.call, self.region, self.failure = call, region, failure
        super().__init__(call, region, failure)

    def __str__(self) -> str:
        return f"{self.call.action} in {self.region}: {self.failure.code}: {self.failure.message}"

    @property
    def is_denial(self) -> bool:
        """Whether AWS answered, and denied the call."""
        return self.failure.code in _DENIALS


class Aws:
    """The calls of one caller, from any thread."""

    def __init__(self, session: Any, profile: str | None = None) -> None:
        from botocore.config import Config

        self._session, self._profile = session, profile
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()
        self._config = Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        )

    def call(self, call: Call, region: str, **parameters: Any) -> Mapping[str, Any]:
        """AWS's answer to a call; CallFailedError if there is none."""
        from botocore import xform_name

        with self._failures(call, region):
            client = self._client(call.service, region)
            answer: Mapping[str, Any] = getattr(client, xform_name(call.operation))(**parameters)
            return answer

    def entries(self, call: Call, region: str, key: str, **parameters: Any) -> Iterator[Any]:
        """What AWS lists under ``key``, page by page; CallFailedError if a page fails."""
        from botocore import xform_name

        with self._failures(call, region):
            client = self._client(call.service, region)
            for page in client.get_paginator(xform_name(call.operation)).paginate(**parameters):
                yield from page[key]

    def caller(self, region: str) -> tuple[str, str]:
        """The account of the caller, and its ARN; CredentialsError if AWS does not take the credentials."""
        try:
            identity = self.call(GET_CALLER_IDENTITY, region)
        except CallFailedError as error:
            if error.failure.is_temporary:
                raise
            raise CredentialsError(str(error)) from None
        return identity["Account"], identity["Arn"]

    def with_credentials(self, credentials: Mapping[str, str]) -> Aws:
        """The same for the session that ``credentials`` of STS are for."""
        import boto3

        session = boto3.Session(
            botocore_session=_regional_session(self._profile),
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )
        return Aws(session, self._profile)

    @contextmanager
    def _failures(self, call: Call, region: str) -> Iterator[None]:
        """Turns what botocore raises into CallFailedError, without the caller's credentials.

        Where a signature does not match, AWS answers with what it signed, the session token included.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except ClientError as error:
            details = _answered(error.response)
        except (BotoCoreError, ResponseParserError) as error:
            details = _not_answered(error)
        else:
            return
        raise CallFailedError(call, region, details._replace(message=self._without_secrets(details.message)))

    def _without_secrets(self, text: str) -> str:
        """A text in one line, and without the credentials of the caller, if there are any."""
        from botocore.exceptions import BotoCoreError

        with suppress(BotoCoreError):
            credentials = self._session.get_credentials()
            for secret in filter(None, credentials.get_frozen_credentials() if credentials else ()):
                text = text.replace(secret, "******")
        return " ".join(text.split())

    def _client(self, service: str, region: str) -> Any:
        with self._lock:  # a session may make one client at a time
            if (service, region) not in self._clients:
                self._clients[service, region] = self._session.client(service, region, config=self._config)
            return self._clients[service, region]


def open_aws(profile: str | None) -> Aws:
    """The access of a profile, or of whatever boto3 finds: environment, files, a role of the machine."""
    try:
        import boto3
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise MissingLibraryError("boto3", "aws") from None
    try:
        return Aws(boto3.Session(botocore_session=_regional_session(profile)), profile)
    except BotoCoreError as error:
        raise BreakglassError(f"AWS: {error}") from None


def _regional_session(profile: str | None) -> Any:
    """A session whose STS calls are recorded in their region, whatever the user's own settings say.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
    """
    import botocore.session

    session = botocore.session.Session(profile=profile)
    session.set_config_variable("sts_regional_endpoints", "regional")
    return session


def _not_answered(error: Exception) -> Failure:
    from botocore.exceptions import ConnectionError as NoConnectionError, HTTPClientError
    from botocore.parsers import ResponseParserError

    is_temporary = isinstance(error, NoConnectionError | HTTPClientError | ResponseParserError)
    return Failure(type(error).__name__, str(error), is_temporary=is_temporary)


def _answered(answer: Mapping[str, Any]) -> Failure:
    details, metadata = answer.get("Error", {}), answer.get("ResponseMetadata", {})
    code = details.get("Code", "Unknown")
    is_server_error = metadata.get("HTTPStatusCode", 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Failure(
        code,
        details.get("Message", ""),
        metadata.get("RequestId", ""),
        is_temporary=is_server_error or code in _TEMPORARY or "Throttl" in code,
    )
