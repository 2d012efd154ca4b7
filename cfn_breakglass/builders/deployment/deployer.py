"""The deployer: who may deploy the templates, and do nothing else.

The deployer makes no resource. It may call CloudFormation about our stack and our stack set, and hand CloudFormation
one role, which makes the resources; a call without that role is denied, for it would take the caller's own rights.
What that role may do is derived from the resources of the templates; ``identity`` says what bounds the roles that it
makes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import awacs.sts
from awacs import aws
from troposphere import AWSObject, Ref, iam

from cfn_breakglass.aws.cloudformation_handlers import needed
from cfn_breakglass.builders.deployment import deployer_iam
from cfn_breakglass.builders.deployment.deployer_permissions import (
    STACK_SET,
    Resources,
    actions,
    calls_for,
    key_tags,
    of_type,
    parts,
    pass_role,
    passing,
    stack_sets,
)
from cfn_breakglass.builders.iam_policy import CLOUDFORMATION, Conditions, allow, policy, service
from cfn_breakglass.config.model import Config, Deployer
from cfn_breakglass.names import Names, bucket_arn, part_arn, root_arn, sub

_WITH_ROLE: Final = ("CreateChangeSet", "CreateStack", "UpdateStack")
# They go on with the role of the stack if they are given none.
_WITH_THAT_ROLE: Final = ("ContinueUpdateRollback", "DeleteStack", "RollbackStack")
_ABOUT_STACK: Final = (
    *("CancelUpdateStack", "DeleteChangeSet", "DescribeChangeSet", "DescribeStackEvents", "DescribeStackResource"),
    *("DescribeStackResources", "DescribeStacks", "DetectStackDrift", "DescribeStackResourceDrifts"),
    *("ExecuteChangeSet", "GetStackPolicy", "GetTemplate", "ListChangeSets", "ListStackResources"),
)
_ANYWHERE: Final = (
    *("CreateUploadBucket", "DescribeStackDriftDetectionStatus", "GetTemplateSummary", "ListStacks", "ListStackSets"),
    "ValidateTemplate",
)
_ABOUT_STACK_SET: Final = ("DetectStackSetDrift", "ListStackSetOperations", "StopStackSetOperation")


class Deployed(NamedTuple):
    """What there is to deploy: the resources of main-region.yaml and of stackset.yaml."""

    main: Resources
    regional: Resources


def deployer(config: Config, names: Names, deployed: Deployed) -> list[AWSObject]:
    """The deployer, the role that it hands CloudFormation, and the boundary of what that makes."""
    wanted = config.deployer or Deployer()
    may = policy(*_deployer_rights(config, names, deployed))
    made = [] if wanted.existing else [_principal(config, names, wanted)]
    who = made[0].ref() if made else wanted.user or wanted.role
    attached = iam.ManagedPolicy(
        "DeployerPolicy",
        ManagedPolicyName=names.deployer,
        PolicyDocument=may,
        **{"Users" if wanted.user else "Roles": [who]},
    )
    return [*_service_role(names, deployed), *made, attached]


def _principal(config: Config, names: Names, wanted: Deployer) -> AWSObject:
    if wanted.user:
        return iam.User("Deployer", UserName=wanted.user)
    # Whom the account lets take it on by their own policies; pipelines have no MFA and use a role of their own.
    mfa: Conditions = {aws.Bool: {"aws:MultiFactorAuthPresent": "true"}} if config.role.trust.mfa else {}
    trust = allow([awacs.sts.AssumeRole], principal=aws.Principal("AWS", sub(root_arn())), when=mfa)
    return iam.Role(
        "Deployer",
        RoleName=wanted.role or names.deployer,
        Description=f"Deploys {names.prefix}, and nothing else",
        AssumeRolePolicyDocument=policy(trust),
    )


def _deployer_rights(config: Config, names: Names, deployed: Deployed) -> Iterator[aws.Statement]:
    stack = [sub(part_arn("cloudformation", f"stack/{names.prefix}/*", names.main_region))]
    role = {"cloudformation:RoleArn": sub(names.service_role_arn)}
    yield allow(_cloudformation(_WITH_ROLE), stack, when={aws.ArnEquals: role})
    yield allow(_cloudformation(_WITH_THAT_ROLE), stack, when={aws.ArnEqualsIfExists: role})
    yield allow(_cloudformation(_ABOUT_STACK), stack)
    yield allow(_cloudformation(_ANYWHERE), ["*"])
    yield pass_role([sub(names.service_role_arn)], CLOUDFORMATION)
    yield from _uploads(names)
    if deployed.regional and config.secondary_regions and not config.rolls_out:
        calls = needed(STACK_SET, {}) | {f"cloudformation:{call}" for call in _ABOUT_STACK_SET}
        yield from stack_sets(names, deployed.regional, calls - {"cloudformation:GetTemplateSummary"})
        yield pass_role([sub(names.administration_role_arn)], CLOUDFORMATION)


def _uploads(names: Names) -> Iterator[aws.Statement]:
    """What the console takes to hand CloudFormation a file: it puts it in a bucket that it makes for the account."""
    bucket = bucket_arn(f"cf-templates-*-{names.main_region}")
    ours: Conditions = {aws.StringEquals: {"aws:ResourceAccount": Ref("AWS::AccountId")}}
    yield allow(actions(["s3:CreateBucket"]), [sub(bucket)])
    objects = [sub(bucket), sub(f"{bucket}/*")]
    yield allow(actions(["s3:GetObject", "s3:ListBucket", "s3:PutObject"]), objects, when=ours)


def _cloudformation(calls: tuple[str, ...]) -> list[aws.Action]:
    return actions(f"cloudformation:{call}" for call in calls)


def _service_role(names: Names, deployed: Deployed) -> list[AWSObject]:
    stack = part_arn("cloudformation", f"stack/{names.prefix}/*", names.main_region)
    # IfExists: AWS does not say that CloudFormation tells a service role which stack it is for. A role cannot be handed
    # on to another account's stack anyway, and in this one only by who may pass it.
    ours: Conditions = {
        aws.StringEqualsIfExists: {"aws:SourceAccount": Ref("AWS::AccountId")},
        aws.ArnLikeIfExists: {"aws:SourceArn": sub(stack)},
    }
    # Both kinds of policies, for one alone is too small where there are many users.
    over_identity = iam.ManagedPolicy(
        "ServiceRolePolicy",
        ManagedPolicyName=names.service_role,
        Description=f"What {names.service_role} may do in IAM",
        PolicyDocument=policy(*deployer_iam.rights(names, deployed.main)),
    )
    role = iam.Role(
        "ServiceRole",
        RoleName=names.service_role,
        Description=f"Makes what the templates of {names.prefix} hold",
        AssumeRolePolicyDocument=policy(allow([awacs.sts.AssumeRole], principal=service(CLOUDFORMATION), when=ours)),
        ManagedPolicyArns=[over_identity.ref()],
        Policies=[
            iam.Policy(PolicyName=name, PolicyDocument=policy(*statements))
            for name, statements in _service_rights(names, deployed).items()
        ],
    )
    helpers = deployer_iam.helper_roles(names, deployed.main)
    limit = iam.ManagedPolicy(
        "Boundary",
        ManagedPolicyName=names.boundary,
        Description=f"The most that a role may do that {names.service_role} makes for AWS's services",
        PolicyDocument={"Version": "2012-10-17", "Statement": deployer_iam.boundary(helpers)},
    )
    return [*([limit] if helpers else []), over_identity, role]


def _service_rights(names: Names, deployed: Deployed) -> dict[str, list[Any]]:
    main = deployed.main
    rights = {
        "parts": [
            *parts(names, main, names.main_region, dict.fromkeys((names.bus, names.action_bus))),
            *key_tags(main, names.main_region),
            *passing(main),
            *_invocations(main),
        ],
    }
    if of_type(main, STACK_SET):
        rights["rollout"] = list(stack_sets(names, deployed.regional, calls_for(main, STACK_SET)))
    return rights


def _invocations(resources: Resources) -> Iterator[aws.Statement]:
    """To let a service call the functions that are told, and nobody else call them."""
    kind = "AWS::Lambda::Permission"
    if held := of_type(resources, kind):
        functions = list(dict.fromkeys(one["FunctionName"] for one in held))
        callers = sorted({one["Principal"] for one in held})
        reads = {"lambda:GetPolicy"}
        only: Conditions = {aws.StringEquals: {"lambda:Principal": callers}}
        yield allow(actions(calls_for(resources, kind) - reads), functions, when=only)
        yield allow(actions(reads), functions)
