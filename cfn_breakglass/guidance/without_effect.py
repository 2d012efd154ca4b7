"""Warnings about keys that have no effect beside the others of the config, where the config is no contradiction."""

from __future__ import annotations

from collections.abc import Iterator

from cfn_breakglass.config.model import JSON, OFF, Config
from cfn_breakglass.plan import Plan

_USUAL = Config(main_region="")


def keys_without_effect(plan: Plan) -> Iterator[str]:
    """A sentence for each key whose value changes nothing, and why."""
    config = plan.config
    yield from _about_users(config)
    yield from _about_role(config)
    yield from _about_alerts(plan)
    yield from _about_logs(plan)


def _about_users(config: Config) -> Iterator[str]:
    role = config.role
    if config.users and not role.created and not config.grants:
        watching = [name for name in ("EntranceChanged", "UserSignIn") if config.detections[name] != OFF]
        effect = f"only watched, by {' and '.join(watching)}" if watching else "not even watched"
        yield (
            f"usernames: nothing here lets them assume the role, whose trust policy is not ours; they are {effect}"
            f"{'; to give them the policy for it, write role.grant: users' if role.existing else ''}"
        )


def _about_role(config: Config) -> Iterator[str]:
    role, trust = config.role, config.role.trust
    has_grantees = config.users or config.user_tags or any("/" not in name for name in trust.permission_sets)
    if role.grant and not has_grantees:
        yield f"role.grant: {role.grant} has no effect, because there are no usernames"
    if not config.protection.deny and not (role.created or role.manage):
        yield "protection.deny: false has no effect, because the stack puts no policy on this role"
    asks_for_mfa = config.users or config.user_tags or any(":role/" not in arn for arn in trust.principals)
    if role.created and not trust.mfa and not asks_for_mfa and not config.deployer:
        yield "role.trust.mfa: false has no effect, because only IAM users and accounts are asked for MFA"


def _about_alerts(plan: Plan) -> Iterator[str]:
    alerts = plan.config.alerts
    if plan.destinations.topic or plan.destinations.chat:
        return
    values = {"format": alerts.format != JSON, "runbook": alerts.runbook, "message": alerts.message}
    for name in (name for name, is_set in values.items() if is_set):
        yield f"alerts.{name}: has no effect, because nobody is notified"


def _about_logs(plan: Plan) -> Iterator[str]:
    config = plan.config
    is_logged = bool(plan.destinations.login_log or plan.destinations.action_log)
    if config.actions.services and not plan.destinations.action_log:
        yield "actions.services: has no effect, because nothing is logged of what is done in the role"
    if config.retention_days != _USUAL.retention_days and not is_logged:
        yield "retention_days: has no effect, because there is no log"
    if config.logs_policy != _USUAL.logs_policy and not (is_logged or plan.heartbeat):
        yield "logs_policy: has no effect, because there is no log"
    if config.heartbeat_ and not plan.detections:
        yield f"heartbeat: {config.heartbeat} has no effect, because nothing is watched"
