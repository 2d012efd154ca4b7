"""ARNs as AWS writes them: with and without a region and an account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

import pytest

from cfn_breakglass.aws.arns import parse_arn

ARNS = {
    "arn:aws:iam::111122223333:role/ops/Emergency": ("aws", "iam", "", "111122223333", "role/ops/Emergency"),
    "arn:aws:iam::aws:policy/ReadOnlyAccess": ("aws", "iam", "", "aws", "policy/ReadOnlyAccess"),
    "arn:aws:s3:::audit": ("aws", "s3", "", "", "audit"),
    "arn:aws-cn:sqs:cn-north-1:111122223333:pager": ("aws-cn", "sqs", "cn-north-1", "111122223333", "pager"),
    "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/1234": (
        *("aws-us-gov", "kms", "us-gov-west-1", "111122223333", "key/1234"),
    ),
    "arn:aws:lambda:us-east-1:111122223333:function:page:live": (
        *("aws", "lambda", "us-east-1", "111122223333", "function:page:live"),
    ),
}


@pytest.mark.parametrize("text", ARNS)
def test_the_parts_of_an_arn(text: str) -> None:
    found = parse_arn(text)
    assert found is not None
    assert tuple(found) == ARNS[text]


@pytest.mark.parametrize(
    "text", ["", "Emergency", "arn:aws:iam::11112222333:role/x", "arn:aws:iam::111122223333:", "arn:aws:iam:role/x"]
)
def test_what_is_no_arn(text: str) -> None:
    assert parse_arn(text) is None
