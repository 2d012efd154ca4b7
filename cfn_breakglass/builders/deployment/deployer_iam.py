"""The rights over what IAM has of ours, for the role that deploys it, and what bounds them.

A template is what the deployer uploads, so a list of calls would not keep a wider template out: a role by one of our
names with every right, which trusts the deployer. The boundary does: a role of ours can be made and changed only while
it has that, nobody here may take it off, and it allows no more than all those roles together need. No condition key
looks at a trust policy, nor into a policy that is put on the watched role: what a template says of those counts, up to
the boundary that the config may give that role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from awacs import aws

from cfn_breakglass.aws.cloudformation_handlers import needed
from cfn_breakglass.builders.deployment.deployer_permissions import Resources, actions, calls_for, of_type
from cfn_breakglass.builders.iam_policy import Conditions, allow
from cfn_breakglass.names import Names, entity_arns, part_arn, sub

_ROLE: Final = "AWS::IAM::Role"
_NEVER: Final = "iam:DeleteRolePermissionsBoundary"
_ATTACH: Final = "iam:AttachRolePolicy"
_WIDENING: Final = frozenset({"iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"})
_ENTITIES: Final = {"Groups": "group", "Roles": "role", "Users": "user"}


def rights(names: Names, resources: Resources) -> Iterator[aws.Statement]:
    """The right to make and keep our roles, the grant, and what is put on a role that is there already."""
    watched = [held for held in of_type(resources, _ROLE) if _is_watched(names, held)]
    helpers = helper_roles(names, resources)
    yield from _over_roles([sub(part_arn("iam", f"role/{held['RoleName']}", "")) for held in helpers], helpers)
    yield from _over_roles([sub(arn) for arn in names.role.arns], watched)
    if added := calls_for(resources, "AWS::IAM::RolePolicy"):
        yield allow(actions(added), [sub(arn) for arn in names.role.arns + names.role.arn_wildcards])
    for held in of_type(resources, "AWS::IAM::ManagedPolicy"):
        yield from _over_grant(names, held)


def helper_roles(names: Names, resources: Resources) -> list[Mapping[str, Any]]:
    """The roles that AWS's services take on: all but the watched one."""
    return [held for held in of_type(resources, _ROLE) if not _is_watched(names, held)]


def boundary(helpers: Iterable[Mapping[str, Any]]) -> list[Any]:
    """Every statement that the policies of ``helpers`` have, which is the most that each of them may do."""
    return [
        statement
        for held in helpers
        for inline in held.get("Policies", [])
        for statement in inline["PolicyDocument"]["Statement"]
    ]


def _is_watched(names: Names, held: Mapping[str, Any]) -> bool:
    return bool(held["RoleName"] == names.role.name)


def _over_roles(arns: list[Any], roles: list[Mapping[str, Any]]) -> Iterator[aws.Statement]:
    """Roles with a boundary stay within it, and get no managed policy but those they have in the template."""
    if not roles:
        return
    wanted = {call for held in roles for call in needed(_ROLE, held)} - {_NEVER}
    limits = [held["PermissionsBoundary"] for held in roles if "PermissionsBoundary" in held][:1]
    bounded = {"iam:PermissionsBoundary": limits[0]} if limits else {}
    yield allow(actions(wanted - _WIDENING - {_ATTACH}), arns)
    yield allow(actions(wanted & _WIDENING), arns, when={aws.ArnEquals: bounded} if bounded else None)
    if attached := [arn for held in roles for arn in held.get("ManagedPolicyArns", [])]:
        yield allow(actions([_ATTACH]), arns, when={aws.ArnEquals: {**bounded, "iam:PolicyARN": attached}})


def _over_grant(names: Names, held: Mapping[str, Any]) -> Iterator[aws.Statement]:
    """The policy, and to put it on those who have it in the template; to take it off, on anybody."""
    wanted = needed("AWS::IAM::ManagedPolicy", held)
    ours: Conditions = {aws.ArnEquals: {"iam:PolicyARN": sub(names.grant_arn)}}
    entities = {f"iam:{verb}{kind.capitalize()}Policy" for kind in _ENTITIES.values() for verb in ("Attach", "Detach")}
    yield allow(actions(wanted - entities), [sub(names.grant_arn)])
    for key, kind in _ENTITIES.items():
        if given := held.get(key):
            on = [sub(arn) for name in given for arn in entity_arns(kind, name)]
            yield allow(actions([f"iam:Attach{kind.capitalize()}Policy"]), on, when=ours)
            anybody = [sub(part_arn("iam", f"{kind}/*", ""))]
            yield allow(actions([f"iam:Detach{kind.capitalize()}Policy"]), anybody, when=ours)
