"""The rights over our roles and policies, for the role that deploys them, and the boundary of those rights.

The deployer can upload any template. A list of allowed calls would therefore not stop a template with a role that has
one of our names, all rights, and trusts the deployer. The boundary stops it: a role of ours can be created and changed
only while it has the boundary, nobody here may remove that, and it allows no more than all those roles together need.
No condition key examines a trust policy, nor a policy that is put on the watched role. There a template decides, up to
the boundary that the config may give that role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from awacs import aws

from cfn_breakglass.aws.cloudformation_handlers import calls_to_deploy
from cfn_breakglass.builders.deployment.deployer_permissions import Properties, Resources, actions, calls_for, of_type
from cfn_breakglass.builders.iam_policy import Conditions, allow
from cfn_breakglass.names import Names, entity_arns, part_arn, sub

_ROLE: Final = "AWS::IAM::Role"
_REMOVE_BOUNDARY: Final = "iam:DeleteRolePermissionsBoundary"
_ATTACH: Final = "iam:AttachRolePolicy"
_WIDENING: Final = frozenset({"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"})
_ENTITY_KINDS: Final = {"Groups": "group", "Roles": "role", "Users": "user"}


def iam_statements(names: Names, resources: Resources) -> Iterator[aws.Statement]:
    """The right to create and change our roles, the grant, and what is put on a role that exists already."""
    watched = [role for role in of_type(resources, _ROLE) if _is_watched(names, role)]
    helpers = helper_roles(names, resources)
    yield from _role_statements(
        "Helpers", [sub(part_arn("iam", f"role/{role['RoleName']}", "")) for role in helpers], helpers
    )
    yield from _role_statements("Role", [sub(arn) for arn in names.role.arns], watched)
    if calls := calls_for(resources, "AWS::IAM::RolePolicy"):
        yield allow("RolePolicies", actions(calls), [sub(arn) for arn in names.role.arns + names.role.arn_wildcards])
    for managed_policy in of_type(resources, "AWS::IAM::ManagedPolicy"):
        yield from _grant_statements(names, managed_policy)


def helper_roles(names: Names, resources: Resources) -> list[Properties]:
    """The roles that AWS's services assume: all but the watched one."""
    return [role for role in of_type(resources, _ROLE) if not _is_watched(names, role)]


def boundary_statements(helpers: Iterable[Properties]) -> list[Any]:
    """Every statement of the policies of ``helpers``, which is the most that each of them may do."""
    return [
        statement
        for role in helpers
        for inline in role.get("Policies", [])
        for statement in inline["PolicyDocument"]["Statement"]
    ] or [{"Sid": "Nothing", "Effect": "Deny", "Action": "*", "Resource": "*"}]


def _is_watched(names: Names, role: Properties) -> bool:
    return bool(role["RoleName"] == names.role.name)


def _role_statements(whose: str, arns: list[Any], roles: list[Properties]) -> Iterator[aws.Statement]:
    """Roles with a boundary stay within it, and get no managed policy but those that they have in the template."""
    if not roles:
        return
    calls = {call for role in roles for call in calls_to_deploy(_ROLE, role)} - {_REMOVE_BOUNDARY}
    boundaries = [role["PermissionsBoundary"] for role in roles if "PermissionsBoundary" in role][:1]
    bounded = {"iam:PermissionsBoundary": boundaries[0]} if boundaries else {}
    yield allow(f"{whose}Change", actions(calls - _WIDENING - {_ATTACH}), arns)
    yield allow(f"{whose}Widen", actions(calls & _WIDENING), arns, when={aws.ArnEquals: bounded} if bounded else None)
    if attached := [arn for role in roles for arn in role.get("ManagedPolicyArns", [])]:
        yield allow(
            f"{whose}Attach", actions([_ATTACH]), arns, when={aws.ArnEquals: {**bounded, "iam:PolicyARN": attached}}
        )


def _grant_statements(names: Names, managed_policy: Properties) -> Iterator[aws.Statement]:
    """The right to change the grant, to attach it to those who have it in the template, to detach it from anybody."""
    calls = calls_to_deploy("AWS::IAM::ManagedPolicy", managed_policy)
    our_grant: Conditions = {aws.ArnEquals: {"iam:PolicyARN": sub(names.grant_arn)}}
    entities = {
        f"iam:{verb}{kind.capitalize()}Policy" for kind in _ENTITY_KINDS.values() for verb in ("Attach", "Detach")
    }
    yield allow("Grant", actions(calls - entities), [sub(names.grant_arn)])
    for key, kind in _ENTITY_KINDS.items():
        if entity_names := managed_policy.get(key):
            arns = [sub(arn) for name in entity_names for arn in entity_arns(kind, name)]
            yield allow(f"AttachTo{key}", actions([f"iam:Attach{kind.capitalize()}Policy"]), arns, when=our_grant)
    # A policy is deleted only when nobody has it any more, and people attach it to groups and roles themselves.
    anybody = [sub(part_arn("iam", f"{kind}/*", "")) for kind in _ENTITY_KINDS.values()]
    detaching = [f"iam:Detach{kind.capitalize()}Policy" for kind in _ENTITY_KINDS.values()]
    yield allow("DetachGrant", actions(detaching), anybody, when=our_grant)
