"""An AWS that answers what a test says, where moto has no such answer: botocore takes an answer before it sends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.model import OperationModel

from cfn_breakglass.drill.aws import Aws

Answers = Mapping[str, Callable[[dict[str, Any], str], dict[str, Any]]]
"""Operation -> the answer to its parameters in a region."""
SECRET_KEY: Final = "secret-of-the-test"  # noqa: S105 - of nobody
_NO_BODY: Final[Any] = None


class Refusal(Exception):  # noqa: N818 - AWS's answer, which is no error of the test
    """AWS answers with an error."""

    def __init__(self, code: str, message: str = "no", status: int = 400) -> None:
        self.code, self.message, self.status = code, message, status
        super().__init__(code)


def canned_aws(answers: Answers) -> Aws:
    """The access of somebody to an AWS that knows these operations alone."""
    core = botocore.session.Session()

    def keep(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
        context["parameters of the call"] = params

    def answer(model: OperationModel, context: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        region, metadata = context["client_region"], {"RequestId": "0", "HTTPStatusCode": 200}
        try:
            parsed = answers[model.name](context["parameters of the call"], region)
        except Refusal as refusal:
            metadata["HTTPStatusCode"] = refusal.status
            error = {"Error": {"Code": refusal.code, "Message": refusal.message}, "ResponseMetadata": metadata}
            return AWSResponse("", refusal.status, {}, _NO_BODY), error
        return AWSResponse("", 200, {}, _NO_BODY), {**parsed, "ResponseMetadata": metadata}

    core.register("provide-client-params", keep)
    core.register("before-call", answer)
    session = boto3.Session(botocore_session=core, aws_access_key_id="any", aws_secret_access_key=SECRET_KEY)
    return Aws(session)
