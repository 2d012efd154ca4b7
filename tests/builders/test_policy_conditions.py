"""Every condition of every policy: a call that the policy allows, and the calls that its conditions keep out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import pytest
from fresh_stacks import ACCOUNT, stack
from golden_cases import CASES

from cfn_breakglass.analysis.iam.policy import allowed
from cfn_breakglass.analysis.template.reader import Resource, Stack, parse, resolve

OTHER = "444455556666"
IAM = f"arn:aws:iam::{ACCOUNT}"
ROLE = f"{IAM}:role/break-glass"
EVENTS, CLOUDWATCH, SNS = "events.amazonaws.com", "cloudwatch.amazonaws.com", "sns.amazonaws.com"
CHATBOT = "chatbot.amazonaws.com"
CLOUDFORMATION, TRAIL, SCHEDULER = "cloudformation.amazonaws.com", "cloudtrail.amazonaws.com", "scheduler.amazonaws.com"
ADMINISTRATOR: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

Keys = dict[str, str | None]
Document = dict[str, Any]


class Allowed(NamedTuple):
    """A call that a policy of a golden case allows, and what denies it.

    ``denied`` names other calls by what they change of ``keys``, None for a key that the call does not bring, and of
    the ``resource``. ``others`` are policies that count together with it.
    """

    case: str
    logical_id: str
    action: str
    resource: str
    keys: Keys
    denied: dict[str, Keys]
    service: str | None = None
    file: str = "main-region.yaml"
    region: str | None = None
    others: tuple[Mapping[str, Any], ...] = ()


def arn(service: str, resource: str, region: str = "us-east-1", account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{region}:{account}:{resource}"


def by_service(source: str, account: str | None = ACCOUNT) -> Keys:
    """What a service of AWS brings: for whom it calls."""
    return {"aws:SourceArn": source, "aws:SourceAccount": account}


def user(name: str = "alice", account: str = ACCOUNT) -> Keys:
    """What an IAM user brings who gave an MFA code a minute ago."""
    return {
        "aws:PrincipalArn": f"arn:aws:iam::{account}:user/{name}",
        "aws:PrincipalType": "User",
        "aws:username": name,
        "aws:MultiFactorAuthPresent": "true",
        "aws:MultiFactorAuthAge": "60",
        "sts:RoleSessionName": name,
    }


def session(role: str, account: str = ACCOUNT) -> Keys:
    """What a session of a role brings."""
    return {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/{role}", "aws:PrincipalType": "AssumedRole"}


def saml(name: str, audience: str) -> Keys:
    """What somebody brings whom the SAML provider sends under this session name."""
    return {
        "aws:FederatedProvider": f"{IAM}:saml-provider/Corp",
        "sts:RoleSessionName": name,
        "SAML:aud": audience,
    }


def oidc(provider: str, subject: str) -> Keys:
    """What a token of an OIDC provider brings."""
    return {"aws:FederatedProvider": f"{IAM}:oidc-provider/{provider}", f"{provider}:sub": subject}


def sso(permission_set: str) -> str:
    return f"aws-reserved/sso.amazonaws.com/AWSReservedSSO_{permission_set}_0123456789abcdef"


NO_MFA: Keys = {"aws:MultiFactorAuthPresent": None, "aws:MultiFactorAuthAge": None}
MFA_DENIED: dict[str, Keys] = {
    "long-term keys, which carry no MFA": NO_MFA,
    "a session without MFA": {"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": None},
}
HOUR_OLD: Keys = {"aws:MultiFactorAuthAge": "3600"}
TOO_OLD: dict[str, Keys] = {
    "MFA given an hour and a second ago": {"aws:MultiFactorAuthAge": "3601"},
    "MFA without its age": {"aws:MultiFactorAuthAge": None},
}
AT_THE_END: Keys = {"aws:CurrentTime": "2031-03-10T00:00:00Z"}
AFTER_THE_END: dict[str, Keys] = {"a second too late": {"aws:CurrentTime": "2031-03-10T00:00:01Z"}}
NAMED: Keys = {"sts:RoleSessionName": "mallory"}
AS_ALICE: Keys = {"sts:SourceIdentity": "alice"}

ANOTHERS_ACCOUNT: Keys = {"aws:SourceAccount": OTHER}
NO_SOURCE: dict[str, Keys] = {
    "no source": {"aws:SourceArn": None},
    "no account of the source": {"aws:SourceAccount": None},
    "another account's": ANOTHERS_ACCOUNT,
}
APPLICATION = f"arn:aws:account-access:us-east-1:{ACCOUNT}:application/app-1234567890abcdef"
GITHUB = "token.actions.githubusercontent.com"
SIGN_IN = "https://signin.aws.amazon.com/saml"


def of_trust(case: str, keys: Keys, denied: dict[str, Keys], action: str = "sts:AssumeRole") -> Allowed:
    return Allowed(case, "Role", action, "*", keys, denied)


TRUST = {
    "a user with fresh MFA": of_trust(
        "everything",
        user() | HOUR_OLD,
        {
            **MFA_DENIED,
            **TOO_OLD,
            "a session by another name": NAMED,
            "a user who is not listed": user("carol"),
        },
    ),
    "a user, in another letter case": of_trust("everything", user("ALICE"), {"nearly the name": user("alice2")}),
    "a user of a trusted account": of_trust(
        "everything", user("ann", OTHER) | HOUR_OLD, {**MFA_DENIED, **TOO_OLD, "no such account": user("ann", "1" * 12)}
    ),
    "a trusted role, which has no MFA": of_trust(
        "everything", session("ops/Chief", OTHER), {"another role there": session("ops/Clerk", OTHER)}
    ),
    "a user with the tag": of_trust(
        "users-by-tag",
        user("carol") | {"aws:PrincipalTag/on-call": "yes"},
        {
            **MFA_DENIED,
            "another value of the tag": {"aws:PrincipalTag/on-call": "no"},
            "without the tag": {"aws:PrincipalTag/on-call": None},
            "a session by another name": NAMED,
            # Whoever starts a session of a role may choose its tags.
            "a session that bears the tag": {"aws:PrincipalType": "AssumedRole"},
        },
    ),
    "a user during the incident": of_trust(
        "one-incident",
        user() | AT_THE_END | {"aws:SourceIp": "203.0.113.255"},
        {
            **AFTER_THE_END,
            **MFA_DENIED,
            "not listed": user("bob"),
            "the address after the network": {"aws:SourceIp": "203.0.114.0"},
            "from the console, without an address of ours": {"aws:SourceIp": None},
        },
    ),
    "a user as soon as the incident begins": of_trust(
        "one-incident",
        user() | {"aws:CurrentTime": "2031-03-03T00:00:00Z", "aws:SourceIp": "2001:db8:1::1"},
        {"a second too early": {"aws:CurrentTime": "2031-03-02T23:59:59Z"}},
    ),
    "a user with his source identity": of_trust(
        "source-identity",
        user() | AS_ALICE,
        {
            **MFA_DENIED,
            "somebody else's": {"sts:SourceIdentity": "bob"},
            "none": {"sts:SourceIdentity": None},
            "not listed": user("bob") | {"sts:SourceIdentity": "bob"},
        },
    ),
    "a user among many ways in": of_trust(
        "every-way-in",
        user() | AS_ALICE | AT_THE_END,
        {
            **MFA_DENIED,
            **AFTER_THE_END,
            "a session by another name": NAMED,
            "somebody else's source identity": {"sts:SourceIdentity": "bob"},
            "not listed": user("bob") | {"sts:SourceIdentity": "bob"},
        },
    ),
    "the source identity of its user": of_trust(
        "every-way-in",
        user() | AS_ALICE,
        {"somebody else's": {"sts:SourceIdentity": "bob"}},
        "sts:SetSourceIdentity",
    ),
    "whom SAML sends": of_trust(
        "every-way-in",
        saml("alice", SIGN_IN) | AT_THE_END,
        {
            **AFTER_THE_END,
            "another name": NAMED,
            "an assertion for somebody else": {"SAML:aud": "https://example.com/saml"},
            "another provider": {"aws:FederatedProvider": f"{IAM}:saml-provider/Corp2"},
        },
        "sts:AssumeRoleWithSAML",
    ),
    "whom SAML sends by a region's endpoint": of_trust(
        "saml",
        saml("ALICE", "https://eu-west-1.signin.aws.amazon.com/saml"),
        {"another name": NAMED, "an assertion for somebody else": {"SAML:aud": "https://signin.example.com/saml"}},
        "sts:AssumeRoleWithSAML",
    ),
    "a user of an account beside SAML": of_trust("saml", user("ann", OTHER), MFA_DENIED),
    "whom OIDC sends": of_trust(
        "every-way-in",
        oidc("idp.example.com", "alice") | AT_THE_END,
        {**AFTER_THE_END, "another subject": {"idp.example.com:sub": "alice2"}},
        "sts:AssumeRoleWithWebIdentity",
    ),
    "a branch of the repository": of_trust(
        "two-providers",
        oidc(GITHUB, "repo:example/ops:ref:refs/heads/main") | {f"{GITHUB}:aud": "sts.amazonaws.com"},
        {
            "another repository": {f"{GITHUB}:sub": "repo:example/ops2:ref:refs/heads/main"},
            "a token for somebody else": {f"{GITHUB}:aud": "https://github.com/example"},
        },
        "sts:AssumeRoleWithWebIdentity",
    ),
    "an environment of the repository": of_trust(
        "account-access",
        oidc(GITHUB, "repo:example@1234/ops@5678:environment:production")
        | {f"{GITHUB}:environment": "production", "aws:RequestedRegion": "eu-west-1"},
        {
            "another environment": {f"{GITHUB}:environment": "staging"},
            "another repository": {f"{GITHUB}:sub": "repo:example@1234/ops@9999:environment:production"},
            "a region that is not watched": {"aws:RequestedRegion": "af-south-1"},
        },
        "sts:AssumeRoleWithWebIdentity",
    ),
    "somebody by account access manager": Allowed(
        "account-access",
        "Role",
        "sts:AssumeRole",
        "*",
        {"aws:SourceArn": APPLICATION, "aws:RequestedRegion": "us-east-1"},
        {
            "another application": {"aws:SourceArn": f"{APPLICATION}0"},
            "a region that is not watched": {"aws:RequestedRegion": "af-south-1"},
        },
        "account-access.amazonaws.com",
    ),
    "SAML beside OIDC": of_trust(
        "two-providers",
        saml("alice@example.com", SIGN_IN),
        {"another name": NAMED, "an assertion for somebody else": {"SAML:aud": "https://example.com/saml"}},
        "sts:AssumeRoleWithSAML",
    ),
    "one branch": of_trust(
        "oidc",
        oidc(GITHUB, "repo:example/ops:ref:refs/heads/main"),
        {"another branch": {f"{GITHUB}:sub": "repo:example/ops:ref:refs/heads/main2"}},
        "sts:AssumeRoleWithWebIdentity",
    ),
    "a user of the hub": of_trust(
        "hub-account",
        user("ann", OTHER) | {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "sts:ExternalId": "break-glass/42"},
        {
            **MFA_DENIED,
            "another organization": {"aws:PrincipalOrgID": "o-a1b2c3d4e6"},
            "another external ID": {"sts:ExternalId": "break-glass/43"},
        },
    ),
    "a role of the hub": of_trust(
        "hub-account",
        session("ops/Chief", OTHER) | {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "sts:ExternalId": "break-glass/42"},
        {"no organization": {"aws:PrincipalOrgID": None}, "no external ID": {"sts:ExternalId": None}},
    ),
    **{
        f"a permission set of {where}": of_trust(
            "permission-sets",
            session(sso(name), account),
            {
                "another set": session(sso("Other"), account),
                "a set whose name goes on": session(sso(f"{name}_All"), account),
                "a set whose name goes on, without the path": session(f"AWSReservedSSO_{name}_All_0123", account),
            },
        )
        for name, account, where in (("OnCall", ACCOUNT, "the account"), ("Platform", OTHER, "the hub"))
    },
    "a permission set until the end": of_trust(
        "every-way-in",
        session(sso("OnCall")) | AT_THE_END,
        {**AFTER_THE_END, "a set whose name goes on": session(sso("OnCall_All")), "another": session(sso("Other"))},
    ),
    "a role until the end": of_trust("every-way-in", session("Chief", OTHER) | AT_THE_END, AFTER_THE_END),
}

RULE = arn("events", "rule/break-glass.Assume")
CENTRAL_RULE = arn("events", "rule/emergency/break-glass-RoleAssumed")
QUEUE = arn("sqs", "break-glass-dead-letters")
TOPIC = arn("sns", "break-glass-alerts")
FALLBACK = arn("sns", "break-glass-fallback")
ALARM = arn("cloudwatch", "alarm:break-glass-failing-dead-letters")
OUR_TRAIL = arn("cloudtrail", "trail/break-glass-trail")
BUCKET = f"arn:aws:s3:::break-glass-{ACCOUNT}-us-east-1"
GROUP = arn("scheduler", "schedule-group/default")
BEAT: Keys = {"events:source": "cfn-breakglass.break-glass", "events:detail-type": "Heartbeat"}
KEY = arn("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab")
TLS: Keys = {"aws:SecureTransport": "true"}
WITHOUT_TLS: dict[str, Keys] = {"without TLS": {"aws:SecureTransport": "false"}}
OTHERS_RULE: dict[str, Keys] = {
    "another rule": {"aws:SourceArn": arn("events", "rule/other.Assume")},
    "a rule of a config whose name begins with ours": {"aws:SourceArn": arn("events", "rule/break-glass2.Assume")},
    "a rule of another account": {"aws:SourceArn": arn("events", "rule/break-glass.Assume", account=OTHER)},
}
OTHERS_TRAIL: dict[str, Keys] = {
    "another trail": {"aws:SourceArn": arn("cloudtrail", "trail/other")},
    "a trail of another account": {"aws:SourceArn": arn("cloudtrail", "trail/break-glass-trail", account=OTHER)},
    "no trail": {"aws:SourceArn": None},
}
LAMBDA = arn("lambda", "function:alerts")

SERVICES = {
    "a rule of any region assumes the forwarder role": Allowed(
        "everything",
        "ForwarderRole",
        "sts:AssumeRole",
        "*",
        by_service(arn("events", "rule/break-glass.Assume", "eu-west-1")),
        {**NO_SOURCE, **OTHERS_RULE},
        EVENTS,
    ),
    "a schedule of any region assumes the heartbeat role": Allowed(
        "everything",
        "HeartbeatRole",
        "sts:AssumeRole",
        "*",
        by_service(arn("scheduler", "schedule-group/default", "eu-west-1")),
        {**NO_SOURCE, "another group": {"aws:SourceArn": arn("scheduler", "schedule-group/other")}},
        SCHEDULER,
    ),
    "the heartbeat is put on a default bus": Allowed(
        "everything",
        "HeartbeatRole",
        "events:PutEvents",
        arn("events", "event-bus/default", "eu-west-1"),
        {"aws:PrincipalArn": f"{IAM}:role/break-glass-heartbeat", **BEAT},
        {
            "another source": {"events:source": "aws.sts"},
            "another kind of event": {"events:detail-type": "AWS API Call via CloudTrail"},
            "on another bus": {"resource": arn("events", "event-bus/emergency")},
        },
    ),
    "a rule publishes alerts": Allowed(
        "everything",
        "AlertTopicPolicy",
        "sns:Publish",
        TOPIC,
        by_service(CENTRAL_RULE),
        {**NO_SOURCE, **OTHERS_RULE, "a rule of the default bus": {"aws:SourceArn": RULE}},
        EVENTS,
    ),
    "a rule publishes to chat channels": Allowed(
        "everything",
        "ChatTopicPolicy",
        "sns:Publish",
        arn("sns", "break-glass-chat"),
        by_service(CENTRAL_RULE),
        {**NO_SOURCE, **OTHERS_RULE, "a rule of the default bus": {"aws:SourceArn": RULE}},
        EVENTS,
    ),
    "the chat service assumes the role of the channels": Allowed(
        "everything",
        "ChatRole",
        "sts:AssumeRole",
        "*",
        {"aws:SourceAccount": ACCOUNT},
        {"for another account": ANOTHERS_ACCOUNT, "for no account": {"aws:SourceAccount": None}},
        CHATBOT,
    ),
    "a rule assumes the role that publishes in another account": Allowed(
        "existing-topic",
        "PublisherRole",
        "sts:AssumeRole",
        "*",
        by_service(arn("events", "rule/break-glass/break-glass-RoleAssumed")),
        {**NO_SOURCE, **OTHERS_RULE, "a rule of the default bus": {"aws:SourceArn": RULE}},
        EVENTS,
    ),
    **{
        f"{file} allows the key of a topic of another account": Allowed(
            "existing-topic",
            logical_id,
            "kms:GenerateDataKey",
            arn("kms", "key/0b5e", account="999999999999"),
            {"kms:ViaService": "sns.us-east-1.amazonaws.com"},
            {
                "for another service": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
                "without a service": {"kms:ViaService": None},
                "a key of this account": {"resource": KEY},
            },
            file=file,
        )
        for file, logical_id in (("main-region.yaml", "PublisherRole"), ("deployer.yaml", "Boundary"))
    },
    "an alarm notifies the fallback topic": Allowed(
        "everything",
        "FallbackTopicPolicy",
        "sns:Publish",
        FALLBACK,
        by_service(ALARM),
        {**NO_SOURCE, "another alarm": {"aws:SourceArn": arn("cloudwatch", "alarm:other")}},
        CLOUDWATCH,
    ),
    "a rule on the default bus notifies the fallback topic": Allowed(
        "everything",
        "FallbackTopicPolicy",
        "sns:Publish",
        FALLBACK,
        by_service(arn("events", "rule/break-glass.MonitoringTampered.Fallback")),
        {**NO_SOURCE, **OTHERS_RULE, "a rule of a central bus": {"aws:SourceArn": CENTRAL_RULE}},
        EVENTS,
    ),
    **{
        f"a rule sends to the dead-letter queue in {region}": Allowed(
            "everything",
            "DeadLetterQueuePolicy",
            "sqs:SendMessage",
            arn("sqs", "break-glass-dead-letters", region),
            TLS | {"aws:SourceArn": arn("events", "rule/break-glass.Assume", region)},
            {**WITHOUT_TLS, "no rule": {"aws:SourceArn": None}, **OTHERS_RULE},
            EVENTS,
            file,
            region,
        )
        for file, region in (("main-region.yaml", "us-east-1"), ("stackset.yaml", "eu-west-1"))
    },
    "a rule on a central bus sends to the dead-letter queue": Allowed(
        "everything",
        "DeadLetterQueuePolicy",
        "sqs:SendMessage",
        QUEUE,
        TLS | {"aws:SourceArn": CENTRAL_RULE},
        WITHOUT_TLS | {"another bus": {"aws:SourceArn": arn("events", "rule/emergency/other")}},
        EVENTS,
    ),
    "CloudWatch Logs encrypts our log groups": Allowed(
        "everything",
        "Key",
        "kms:Encrypt",
        KEY,
        {"kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:/aws/events/break-glass/login")},
        {
            "another log group": {"kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:/aws/events/other/x")},
            "no log group": {"kms:EncryptionContext:aws:logs:arn": None},
        },
        "logs.us-east-1.amazonaws.com",
    ),
    # What the account's own callers may do, the first statement leaves to IAM; so this one is of another.
    "a reader of our logs by way of CloudWatch Logs": Allowed(
        "everything",
        "Key",
        "kms:Decrypt",
        KEY,
        session("Reader", OTHER)
        | {
            "kms:CallerAccount": ACCOUNT,
            "kms:ViaService": "logs.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:/aws/events/break-glass/login"),
        },
        {
            "of another account": {"kms:CallerAccount": OTHER},
            "by way of another service": {"kms:ViaService": "s3.us-east-1.amazonaws.com"},
            "with the key itself": {"kms:ViaService": None},
            "another log group": {"kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:/aws/events/other/x")},
        },
    ),
    "the trail encrypts its files": Allowed(
        "everything", "Key", "kms:GenerateDataKey", KEY, {"aws:SourceArn": OUR_TRAIL}, OTHERS_TRAIL, TRAIL
    ),
    # An alarm of somebody's own may notify the topic that the key encrypts.
    "CloudWatch uses the key": Allowed("everything", "Key", "kms:Decrypt", KEY, {}, {}, CLOUDWATCH),
    "EventBridge uses the key": Allowed("everything", "Key", "kms:GenerateDataKey", KEY, {}, {}, EVENTS),
    "the trail asks whose bucket it is": Allowed(
        "everything",
        "TrailBucketPolicy",
        "s3:GetBucketAcl",
        BUCKET,
        TLS | {"aws:SourceArn": OUR_TRAIL},
        OTHERS_TRAIL | WITHOUT_TLS,
        TRAIL,
    ),
    "the trail writes a file": Allowed(
        "everything",
        "TrailBucketPolicy",
        "s3:PutObject",
        f"{BUCKET}/AWSLogs/{ACCOUNT}/CloudTrail/file",
        TLS | {"aws:SourceArn": OUR_TRAIL, "s3:x-amz-acl": "bucket-owner-full-control"},
        {
            **OTHERS_TRAIL,
            **WITHOUT_TLS,
            "a file that the owner of the bucket cannot read": {"s3:x-amz-acl": "private"},
            "a file of another account": {"resource": f"{BUCKET}/AWSLogs/{OTHER}/CloudTrail/file"},
        },
        TRAIL,
    ),
    "the topic calls the function": Allowed(
        "everything",
        "SubscriptionPermissionLambda111122223333FunctionAlertsc096fe53",
        "lambda:InvokeFunction",
        LAMBDA,
        {"aws:SourceArn": TOPIC},
        {"a topic of another account": {"aws:SourceArn": arn("sns", "break-glass-alerts", account=OTHER)}},
        SNS,
    ),
}

SERVICE_ROLE = f"{IAM}:role/break-glass-cloudformation"
STACK = arn("cloudformation", "stack/break-glass/0b5e", "eu-west-1")
STACK_SET = arn("cloudformation", "stackset/break-glass:0b5e", "eu-west-1")
ADMINISTRATION = f"{IAM}:role/break-glass-stackset-administration"
BOUNDARY = f"{IAM}:policy/break-glass-boundary"
GRANT = f"{IAM}:policy/break-glass-grant"
ALICE = f"{IAM}:user/ops/alice"
FORWARDER = f"{IAM}:role/break-glass-forwarder"
OTHER_ROLE: dict[str, Keys] = {
    "with a role that may do more": {"cloudformation:RoleArn": f"{IAM}:role/Admin"},
    "without a role, and so with the rights of the caller": {"cloudformation:RoleArn": None},
}


def passes(case: str, logical_id: str, role: str, service: str, file: str) -> Allowed:
    """The right to pass a role to one service of AWS."""
    denied: dict[str, Keys] = {
        "to run code with": {"iam:PassedToService": "lambda.amazonaws.com"},
        "another role": {"resource": f"{IAM}:role/Admin"},
    }
    return Allowed(case, logical_id, "iam:PassRole", role, {"iam:PassedToService": service}, denied, file=file)


def deploys(logical_id: str, action: str, resource: str, keys: Keys, denied: dict[str, Keys]) -> Allowed:
    return Allowed("deployer", logical_id, action, resource, keys, denied, file="deployer.yaml")


WITH_ADMINISTRATION: Keys = {"cloudformation:RoleArn": ADMINISTRATION}
DEPLOYER = {
    "a person with MFA becomes the deployer": deploys("Deployer", "sts:AssumeRole", "*", user(), MFA_DENIED),
    "the deployer updates the stack": deploys(
        "DeployerPolicy",
        "cloudformation:UpdateStack",
        STACK,
        {"cloudformation:RoleArn": SERVICE_ROLE},
        {**OTHER_ROLE, "another stack": {"resource": arn("cloudformation", "stack/other/0b5e", "eu-west-1")}},
    ),
    "the deployer deletes the stack, which has its role": deploys(
        "DeployerPolicy",
        "cloudformation:DeleteStack",
        STACK,
        {},
        {"with a role that may do more": {"cloudformation:RoleArn": f"{IAM}:role/Admin"}},
    ),
    "the deployer makes the stack set": deploys(
        "DeployerPolicy", "cloudformation:CreateStackSet", "*", WITH_ADMINISTRATION, OTHER_ROLE
    ),
    "the deployer updates the stack set": deploys(
        "DeployerPolicy",
        "cloudformation:UpdateStackSet",
        STACK_SET,
        WITH_ADMINISTRATION,
        {**OTHER_ROLE, "another": {"resource": arn("cloudformation", "stackset/other:0b5e", "eu-west-1")}},
    ),
    "the deployer hands CloudFormation its role": passes(
        "deployer", "DeployerPolicy", SERVICE_ROLE, CLOUDFORMATION, "deployer.yaml"
    ),
    "the deployer hands StackSets its role": passes(
        "deployer", "DeployerPolicy", ADMINISTRATION, CLOUDFORMATION, "deployer.yaml"
    ),
    "the deployer reads what it uploaded": deploys(
        "DeployerPolicy",
        "s3:GetObject",
        "arn:aws:s3:::cf-templates-0b5e-eu-west-1/main-region.yaml",
        {"aws:ResourceAccount": ACCOUNT},
        {"a bucket of another account": {"aws:ResourceAccount": OTHER}},
    ),
    "CloudFormation assumes its role for the stack": Allowed(
        "deployer",
        "ServiceRole",
        "sts:AssumeRole",
        "*",
        by_service(STACK),
        {
            "for another account": ANOTHERS_ACCOUNT,
            "for another stack": {"aws:SourceArn": arn("cloudformation", "stack/other/0b5e", "eu-west-1")},
        },
        CLOUDFORMATION,
        "deployer.yaml",
    ),
    "the service role makes a key, in the main region": deploys(
        "ServiceRole",
        "kms:CreateKey",
        "*",
        {"aws:RequestedRegion": "eu-west-1"},
        {"elsewhere": {"aws:RequestedRegion": "us-east-1"}},
    ),
    "the service role makes a key with our tags": deploys(
        "ServiceRole",
        "kms:TagResource",
        arn("kms", "key/0b5e", "eu-west-1"),
        {"aws:RequestTag/team": "security", "aws:TagKeys": "team"},
        {"another value": {"aws:RequestTag/team": "ops"}, "another tag": {"aws:TagKeys": "owner"}},
    ),
    "the service role hands on the forwarder role": passes(
        "deployer", "ServiceRole", FORWARDER, EVENTS, "deployer.yaml"
    ),
    "the service role hands on the heartbeat role": passes(
        "deployer", "ServiceRole", f"{IAM}:role/break-glass-heartbeat", SCHEDULER, "deployer.yaml"
    ),
    "the service role hands on the role of the channels": passes(
        "deployer", "ServiceRole", f"{IAM}:role/break-glass-chat", CHATBOT, "deployer.yaml"
    ),
    "the service role lets the chat service have its own role": deploys(
        "ServiceRole",
        "iam:CreateServiceLinkedRole",
        f"{IAM}:role/aws-service-role/management.chatbot.amazonaws.com/AWSServiceRoleForAWSChatbot",
        {"iam:AWSServiceName": "management.chatbot.amazonaws.com"},
        {"another service": {"iam:AWSServiceName": "support.amazonaws.com"}},
    ),
    "the service role lets SNS call the function": deploys(
        "ServiceRole",
        "lambda:AddPermission",
        f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:page",
        {"lambda:Principal": SNS},
        {"anybody": {"lambda:Principal": "*"}, "another service": {"lambda:Principal": "s3.amazonaws.com"}},
    ),
    **{
        f"the service role makes {role}": deploys(
            "ServiceRolePolicy",
            action,
            f"{IAM}:role/{role}",
            {"iam:PermissionsBoundary": boundary},
            {
                "without a boundary": {"iam:PermissionsBoundary": None},
                "with another boundary": {"iam:PermissionsBoundary": f"{IAM}:policy/Other"},
                "another role": {"resource": f"{IAM}:role/Admin"},
            },
        )
        for role, action, boundary in (
            ("break-glass-forwarder", "iam:CreateRole", BOUNDARY),
            ("break-glass", "iam:PutRolePolicy", f"{IAM}:policy/Emergency"),
        )
    },
    "the service role attaches the policy of the template": deploys(
        "ServiceRolePolicy",
        "iam:AttachRolePolicy",
        ROLE,
        {
            "iam:PermissionsBoundary": f"{IAM}:policy/Emergency",
            "iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess",
        },
        {
            "another policy": {"iam:PolicyARN": "arn:aws:iam::aws:policy/PowerUserAccess"},
            "without the boundary": {"iam:PermissionsBoundary": None},
        },
    ),
    "the service role attaches the grant": deploys(
        "ServiceRolePolicy",
        "iam:AttachUserPolicy",
        ALICE,
        {"iam:PolicyARN": GRANT},
        {
            "another policy": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess"},
            "to somebody else": {"resource": f"{IAM}:user/carol"},
        },
    ),
    "the service role detaches the grant, from anybody": deploys(
        "ServiceRolePolicy",
        "iam:DetachUserPolicy",
        f"{IAM}:user/carol",
        {"iam:PolicyARN": GRANT},
        {
            "another policy": {"iam:PolicyARN": f"{IAM}:policy/Deny"},
            # IAM asks for this call on the user: on the policy, the right would be for nothing.
            "on the policy": {"resource": GRANT},
        },
    ),
    **{
        f"the boundary in {case} allows the heartbeat": Allowed(
            case,
            "Boundary",
            "events:PutEvents",
            arn("events", "event-bus/default"),
            BEAT,
            {key: {key: "other"} for key in BEAT},
            file="deployer.yaml",
        )
        for case in ("deployer", "deployer-existing", "existing-topic")
    },
    **{
        f"the boundary allows to hand {role} on": passes(
            "deployer-existing", "Boundary", f"{IAM}:role/break-glass-{role}", service, "deployer.yaml"
        )
        for role, service in (("forwarder", EVENTS), ("heartbeat", SCHEDULER))
    },
    **{
        f"StackSets assumes its role, in {file}": Allowed(
            case,
            "AdministrationRole",
            "sts:AssumeRole",
            "*",
            by_service(arn("cloudformation", "stackset/break-glass:0b5e", region)),
            {**NO_SOURCE, "another": {"aws:SourceArn": arn("cloudformation", "stackset/other:0b5e", region)}},
            CLOUDFORMATION,
            file,
        )
        for case, file, region in (
            ("deployer", "stackset-roles.yaml", "eu-west-1"),
            ("managed-rollout", "main-region.yaml", "us-east-1"),
        )
    },
    **{
        f"the execution role in {file} hands {role} on": passes(
            case, "ExecutionRole", f"{IAM}:role/break-glass-{role}", service, file
        )
        for case, file in (("deployer", "stackset-roles.yaml"), ("managed-rollout", "main-region.yaml"))
        for role, service in (("forwarder", EVENTS), ("heartbeat", SCHEDULER))
    },
    **{
        f"the service role {verb} the stack set": Allowed(
            "deployer-existing",
            "ServiceRole",
            f"cloudformation:{verb}StackSet",
            on,
            WITH_ADMINISTRATION,
            OTHER_ROLE,
            file="deployer.yaml",
        )
        for verb, on in (("Create", "*"), ("Update", arn("cloudformation", "stackset/break-glass:0b5e")))
    },
    "the service role, in its region": Allowed(
        "deployer-existing",
        "ServiceRole",
        "logs:PutResourcePolicy",
        "*",
        {"aws:RequestedRegion": "us-east-1"},
        {"elsewhere": {"aws:RequestedRegion": "eu-west-1"}},
        file="deployer.yaml",
    ),
    **{
        f"the service role hands {role} on": passes(
            "deployer-existing", "ServiceRole", f"{IAM}:role/break-glass-{role}", service, "deployer.yaml"
        )
        for role, service in (
            ("forwarder", EVENTS),
            ("heartbeat", SCHEDULER),
            ("stackset-administration", CLOUDFORMATION),
        )
    },
}


HUB = "999999999999"
WATCHED: Keys = {"aws:RequestedRegion": "eu-west-1"}
NOT_WATCHED: dict[str, Keys] = {"a region that is not watched": {"aws:RequestedRegion": "ap-south-1"}}
BY_FORWARDER: Keys = {
    "aws:PrincipalOrgID": "o-a1b2c3d4e5",
    "aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/break-glass-forwarder",
}
NO_FORWARDER: dict[str, Keys] = {
    "of another organization": {"aws:PrincipalOrgID": "o-a1b2c3d4e6"},
    "of no organization": {"aws:PrincipalOrgID": None},
    "another role": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/forwarder"},
    "a role whose name goes on": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/break-glass-forwarder-3"},
    "a user": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:user/break-glass-forwarder"},
}
BY_STACK_SET: dict[str, Keys] = {"with a role of ours": {"cloudformation:RoleArn": f"{IAM}:role/Admin"}}


def in_account(
    logical_id: str,
    action: str,
    keys: Keys,
    denied: dict[str, Keys],
    service: str | None = None,
    *,
    resource: str = "*",
    case: str = "organization-everything",
) -> Allowed:
    """What a policy in an account of an organization allows."""
    return Allowed(case, logical_id, action, resource, keys, denied, service, "accounts.yaml")


def in_hub(call: Allowed, case: str = "organization-everything") -> Allowed:
    """The same call in the hub of an organization, whose config has other tags and another function."""
    words = {ACCOUNT: HUB, '"security"': '"ops security"', "function:page": "function:alerts"}
    text = json.dumps(call._replace(case=case, others=())._asdict())
    for before, after in words.items():
        text = text.replace(before, after)
    return Allowed(**json.loads(text))


AS_IN_ONE_ACCOUNT = (
    *("the deployer updates the stack", "the deployer deletes the stack, which has its role"),
    *("the deployer hands CloudFormation its role", "the deployer reads what it uploaded"),
    *("the service role makes a key with our tags", "the service role hands on the forwarder role"),
    *("the service role hands on the role of the channels", "the service role lets SNS call the function"),
    *("the service role lets the chat service have its own role", "the service role attaches the grant"),
    "the service role detaches the grant, from anybody",
)
ORGANIZATION: dict[str, Allowed] = {
    **{f"{name}, in a hub": in_hub(DEPLOYER[name]) for name in AS_IN_ONE_ACCOUNT},
    "the service role that rolls out hands on the forwarder role": in_hub(
        DEPLOYER["the service role hands on the forwarder role"], "organization-managed"
    ),
    "a user of the hub of an organization": in_account(
        "Role",
        "sts:AssumeRole",
        user(account=HUB) | HOUR_OLD | WATCHED,
        {
            **MFA_DENIED,
            **TOO_OLD,
            **NOT_WATCHED,
            "a session by another name": NAMED,
            "a user who is not listed": user("carol", HUB),
            "a user of that name in the account": user(),
        },
    ),
    "a user of the hub with MFA of any age": in_account(
        "Role",
        "sts:AssumeRole",
        user(account=HUB) | {"aws:MultiFactorAuthAge": None},
        {**MFA_DENIED, "a user who is not listed": user("carol", HUB)},
        case="organization",
    ),
    "a permission set of the hub of an organization": in_account(
        "Role",
        "sts:AssumeRole",
        session(sso("OnCall"), HUB) | WATCHED,
        {
            **NOT_WATCHED,
            "another set": session(sso("Other"), HUB),
            "a set whose name goes on": session(sso("OnCall_All"), HUB),
            "the same set in the account": session(sso("OnCall")),
        },
    ),
    "whom SAML sends to an account": in_account(
        "Role",
        "sts:AssumeRoleWithSAML",
        saml("carol", SIGN_IN) | WATCHED,
        {
            **NOT_WATCHED,
            "another name": NAMED,
            "an assertion for somebody else": {"SAML:aud": "https://example.com/saml"},
            "the provider of the hub": {"aws:FederatedProvider": f"arn:aws:iam::{HUB}:saml-provider/Corp"},
        },
    ),
    "whom OIDC sends to an account": in_account(
        "Role",
        "sts:AssumeRoleWithWebIdentity",
        oidc(GITHUB, "repo:example@1234/ops@5678:environment:break-glass") | WATCHED,
        {
            **NOT_WATCHED,
            "another environment": {f"{GITHUB}:sub": "repo:example@1234/ops@5678:environment:staging"},
            "the provider of the hub": {"aws:FederatedProvider": f"arn:aws:iam::{HUB}:oidc-provider/{GITHUB}"},
        },
    ),
    **{
        f"a rule of an account assumes the {role}": in_account(
            role, "sts:AssumeRole", by_service(arn("events", f"rule/{rule}")), {**NO_SOURCE, **OTHERS_RULE}, EVENTS
        )
        for role, rule in (
            ("ForwarderRole", "break-glass.Assume"),
            ("SecondForwarderRole", "break-glass.TamperingForwarder"),
        )
    },
    "a schedule of an account assumes the heartbeat role": in_account(
        "HeartbeatRole",
        "sts:AssumeRole",
        by_service(arn("scheduler", "schedule-group/default")),
        {**NO_SOURCE, "another group": {"aws:SourceArn": arn("scheduler", "schedule-group/other")}},
        SCHEDULER,
    ),
    "the heartbeat of an account is put on its default bus": in_account(
        "HeartbeatRole",
        "events:PutEvents",
        BEAT,
        {
            "another source": {"events:source": "aws.sts"},
            "another kind of event": {"events:detail-type": "AWS API Call via CloudTrail"},
            "on a bus of the hub": {"resource": arn("events", "event-bus/emergency", "eu-west-1", HUB)},
        },
        resource=arn("events", "event-bus/default", "eu-west-1"),
    ),
    **{
        f"an account forwards to the {bus}": Allowed(
            "organization-everything",
            bus,
            "events:PutEvents",
            arn("events", f"event-bus/{name}", "eu-west-1", HUB),
            BY_FORWARDER,
            NO_FORWARDER,
        )
        for bus, name in (
            ("CentralBus", "emergency"),
            ("ActionBus", "break-glass-actions"),
            ("MonitoringBus", "break-glass-monitoring"),
        )
    },
    **{
        f"the {logical_id} of {case} {verb} the stack set of an organization": Allowed(
            case, logical_id, f"cloudformation:{verb}StackSet", on, {}, BY_STACK_SET, file="deployer.yaml"
        )
        for case, logical_id, region in (
            ("organization-everything", "DeployerPolicy", "eu-west-1"),
            ("organization-managed", "ServiceRole", "us-east-1"),
        )
        for verb, on in (
            ("Create", "*"),
            ("Update", arn("cloudformation", "stackset/break-glass-accounts:0b5e", region, HUB)),
        )
    },
    **{
        f"the service role of {case}, in its region": Allowed(
            case,
            "ServiceRole",
            "logs:PutResourcePolicy",
            "*",
            {"aws:RequestedRegion": region},
            {"elsewhere": {"aws:RequestedRegion": "us-west-2"}},
            file="deployer.yaml",
        )
        for case, region in (("organization-everything", "eu-west-1"), ("organization-managed", "us-east-1"))
    },
    "the service role of a hub makes the role of the channels": Allowed(
        "organization-everything",
        "ServiceRolePolicy",
        "iam:CreateRole",
        f"arn:aws:iam::{HUB}:role/break-glass-chat",
        {"iam:PermissionsBoundary": f"arn:aws:iam::{HUB}:policy/break-glass-boundary"},
        {"without a boundary": {"iam:PermissionsBoundary": None}},
        file="deployer.yaml",
    ),
}


def protects(case: str, logical_id: str, file: str = "main-region.yaml") -> dict[str, Allowed]:
    """What the deny on the role leaves to an administrator, and what it takes away."""
    others = (ADMINISTRATOR,)
    named: Keys = {"iam:PolicyARN": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    ours: Keys = {"iam:PolicyARN": GRANT}
    aliases: Keys = {"kms:ResourceAliases": "alias/other"}
    our_key: Keys = {"kms:ResourceAliases": "alias/break-glass"}
    return {
        f"the role in {case} attaches a policy": Allowed(
            case,
            logical_id,
            "iam:AttachUserPolicy",
            f"{IAM}:user/carol",
            named,
            {"the grant": ours},
            file=file,
            others=others,
        ),
        f"the role in {case} disables a key": Allowed(
            case, logical_id, "kms:DisableKey", KEY, aliases, {"our key": our_key}, file=file, others=others
        ),
    }


PROTECTION = {
    **protects("everything", "Role"),
    **protects("existing-role-managed", "RoleProtection"),
    **protects("organization-everything", "Role", "accounts.yaml"),
}

CALLS: dict[str, Allowed] = {**TRUST, **SERVICES, **DEPLOYER, **ORGANIZATION, **PROTECTION}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def documents(resource: Resource, action: str = "") -> list[Document]:
    """The policies of a resource: its trust policy for an action of STS, what it may do for another."""
    given = resource.properties
    if resource.type == "AWS::Lambda::Permission":
        return [{"Version": "2012-10-17", "Statement": [_permission(given)]}]
    trust = [given["AssumeRolePolicyDocument"]] if "AssumeRolePolicyDocument" in given else []
    if trust and action.startswith("sts:"):
        return trust
    own = [_read(given[key]) for key in ("PolicyDocument", "KeyPolicy", "Policy") if key in given]
    inline = [policy["PolicyDocument"] for policy in given.get("Policies", [])]
    return [*own, *inline, *([] if action else trust)]


def _read(document: Any) -> Document:
    read: Document = json.loads(document) if isinstance(document, str) else document
    return read


def _permission(given: Mapping[str, Any]) -> Document:
    """A permission of a function as the statement that Lambda makes of it.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    return {
        "Effect": "Allow",
        "Principal": {"Service": given["Principal"]},
        "Action": given["Action"],
        "Resource": given["FunctionName"],
        **({"Condition": {"ArnLike": {"aws:SourceArn": given["SourceArn"]}}} if "SourceArn" in given else {}),
    }


def deployed(call: Allowed) -> Stack:
    return stack(call.case, call.file, call.region)


def answers(call: Allowed, policies: list[Document]) -> dict[str, bool]:
    """What the policies say to the call itself, whose name is empty, and to those that are to be denied."""
    found = {}
    for name, changes in {"": Keys(), **call.denied}.items():
        asked = {"resource": call.resource, **call.keys, **changes}
        keys = {key: value for key, value in asked.items() if value is not None and key != "resource"}
        found[name] = allowed(
            [*policies, *call.others],
            action=call.action,
            resource=str(asked["resource"]),
            principal_service=call.service,
            context=keys,
        )
    return found


@every_call
def test_a_policy_allows_a_call_and_its_conditions_deny_others(call: Allowed) -> None:
    policies = documents(deployed(call).resources[call.logical_id], call.action)
    assert answers(call, policies) == {"": True, **dict.fromkeys(call.denied, False)}


class Condition(NamedTuple):
    """A condition of a statement, which the statement's actions tell apart from others of its policy."""

    file: str
    owner: str
    actions: str
    operator: str
    key: str


class Dropped(NamedTuple):
    """A condition, where it stands, and the policies of its resource as they would be without it."""

    condition: Condition
    policy: int
    statement: int
    policies: list[Document]


def each_dropped(file: str, resource: Resource, action: str = "") -> Iterator[Dropped]:
    """Every condition of the policies of a resource that say something about ``action``."""
    owner = resource.logical_id.partition("Lambda")[0]  # the function's name follows
    policies = documents(resource, action)
    for number, policy in enumerate(policies):
        for index, statement in enumerate(policy["Statement"]):
            actions = json.dumps(statement.get("Action", "all others"))
            for operator, keys in statement.get("Condition", {}).items():
                for key in keys:
                    without = deepcopy(policies)
                    del without[number]["Statement"][index]["Condition"][operator][key]
                    yield Dropped(Condition(file, owner, actions, operator, key), number, index, without)


ONLY_IN_WORDS = "aws:MultiFactorAuthPresent"
"""Where the age of the MFA is limited, a call without MFA is denied for its age already."""


def test_every_condition_keeps_a_call_out() -> None:
    """Without any one condition of these policies, one of the calls above would have another answer."""
    matters: dict[tuple[str, int, int, Condition], bool] = {}
    for call in CALLS.values():
        resource = deployed(call).resources[call.logical_id]
        right = {"": True, **dict.fromkeys(call.denied, False)}
        for condition, policy, statement, policies in each_dropped(call.file, resource, call.action):
            place = (call.case, policy, statement, condition)
            matters[place] = matters.get(place, False) or answers(call, policies) != right
    idle = [place for place, does in matters.items() if not does]
    limited = {(case, ONLY_IN_WORDS) for case in ("everything", "organization-everything")}
    assert {(case, condition.key) for case, _, _, condition in idle} == limited, idle


def committed(file: str) -> Iterator[Stack]:
    """Every template of this name among the goldens."""
    for case in (case for case in CASES if (case / file).exists()):
        template = parse((case / file).read_text(encoding="utf-8"), file)
        coverage = template["Metadata"]["cfn-breakglass"]
        account = coverage["Account"] if "Organization" in coverage and "Account" in coverage else ACCOUNT
        region = coverage["MainRegion"] if file != "stackset.yaml" else "eu-west-3"
        yield resolve(template, account=account, region=region)


FILES = ("main-region.yaml", "accounts.yaml", "stackset.yaml", "deployer.yaml", "stackset-roles.yaml")


@pytest.mark.parametrize("file", FILES)
def test_no_condition_of_the_goldens_is_left_out(file: str) -> None:
    tested = {
        dropped.condition
        for call in CALLS.values()
        if call.file == file
        for dropped in each_dropped(file, deployed(call).resources[call.logical_id], call.action)
    }
    found = {
        dropped.condition
        for each in committed(file)
        for resource in each.resources.values()
        for dropped in each_dropped(file, resource)
    }
    assert found <= tested, found - tested
