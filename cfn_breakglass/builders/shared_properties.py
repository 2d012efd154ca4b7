"""Properties that many resources share, as keyword arguments of their constructors."""

from __future__ import annotations

from typing import Any

from troposphere import Tags

from cfn_breakglass.names import sub
from cfn_breakglass.plan import Plan


def tags(plan: Plan) -> dict[str, Tags]:
    """``Tags`` of every resource that can have tags, if the config gives any."""
    return {"Tags": Tags(dict(plan.config.tags))} if plan.config.tags else {}


def helper_role_boundary(plan: Plan) -> dict[str, Any]:
    """``PermissionsBoundary`` of the roles that main-region.yaml makes for AWS's services.

    The deployer may not create them without it.
    """
    return {"PermissionsBoundary": sub(plan.names.boundary_arn)} if plan.config.deployer else {}


def forwarding_role_boundary(plan: Plan) -> dict[str, Any]:
    """The same, of the roles that every account has; in those of an organization, no deployer creates them."""
    return {} if plan.config.organization else helper_role_boundary(plan)
