"""Who may end the sessions of the role where the guard SCP is attached."""

from __future__ import annotations

from cfn_breakglass.plan import Plan


def session_enders(plan: Plan) -> list[str]:
    """The principals that the guard SCP lets put an inline policy on the role, as the config names them."""
    protection = plan.config.protection
    return [*protection.responders, *protection.exempt, *(["the deployer"] if plan.config.deployer else [])]
