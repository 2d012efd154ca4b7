"""The calls by which a session of the role gets other credentials: of another role, a token or a key."""

from __future__ import annotations

from typing import Any, Final

from cfn_breakglass.detections.tampering import ABSENT
from cfn_breakglass.names import RoleNames, sub

# Tokens and credentials of STS: of a role, of a federated user, for another cloud, for another partition.
_STS_CREDENTIALS: Final = (
    {"prefix": "Assume"},
    *("GetFederationToken", "GetWebIdentityToken", "GetDelegatedAccessToken"),
)
# And those of other services: keys of clusters, tables, buckets and queues, and tokens for what runs with a role.
_SERVICE_CREDENTIALS: Final = (
    *({"wildcard": "Get*Credentials*"}, {"wildcard": "Get*AccessToken"}, {"wildcard": "Create*TokenWith*"}),
    *({"suffix": "AuthToken"}, {"prefix": "GetOpenIdToken"}, {"wildcard": "Get*DataAccess"}, "CreateBearerToken"),
    *({"suffix": "LoginToken"}, "CreateCliToken", "CreateAccessToken", "GetComputeAccess", "GetSessionEndpoint"),
    *({"prefix": "GetInstanceAccess"}, "GetPasswordData", "DownloadDefaultKeyPair", "CreatePresignedNotebookUrl"),
    # A desktop with a role, and the key of a certificate, for which IAM Roles Anywhere gives credentials of a role.
    *({"suffix": "StreamingURL"}, {"suffix": "PresignedURL"}, "ExportCertificate"),
    # Step Functions makes any one call with a role that it is handed, and AWS says that this only reads.
    # https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
    "TestState",
)


def returned_credentials_pattern(role: RoleNames) -> dict[str, Any]:
    """A call that returns credentials, but for those of ``role`` itself."""
    return {
        "source": [{"prefix": "aws."}],
        "detail": {
            **_not_of_itself(role),
            "errorCode": ABSENT,
            "$or": [
                {"eventName": list(_STS_CREDENTIALS)},
                # A service that reads tables for a caller gets credentials of its own.
                {"eventName": list(_SERVICE_CREDENTIALS), "userIdentity": {"invokedBy": ABSENT}},
            ],
        },
    }


def _not_of_itself(role: RoleNames) -> dict[str, Any]:
    """Without a session that assumes its own role again: that is RoleAssumed.

    Where many accounts have a role of that name, nothing here tells it from the role of another account, and of an
    account that is nobody's here: then such a session is both.
    """
    if role.in_any_account:
        return {}
    # Only AssumeRole answers with a role.
    itself = {"wildcard": sub(f"*:${{AWS::AccountId}}:assumed-role/{role.name}{'' if role.name_is_prefix else '/'}*")}
    return {"responseElements": {"assumedRoleUser": {"arn": [{"anything-but": itself}, *ABSENT]}}}
