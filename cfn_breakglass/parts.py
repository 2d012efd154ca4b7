"""The parts one by one, for somebody's own role and troposphere Template.

Each function returns resources for ``Template.add_resource``. The rules stand on the default bus: they see the one
region that the template is deployed in.
"""

from __future__ import annotations

from troposphere import AWSObject, iam

from cfn_breakglass.builders.role import role as built_role
from cfn_breakglass.builders.watch import watch
from cfn_breakglass.config import Config
from cfn_breakglass.detections import Detection, detections
from cfn_breakglass.names import ACTIONS, Names, RoleNames
from cfn_breakglass.templates import log_policies, sinks


def break_glass_role(config: Config) -> list[AWSObject]:
    """Just the role (logical ID ``Role``), and the users' right to take it on (``RoleGrant``)."""
    return built_role(config, Names.of(config))


def login_alert(config: Config, role: iam.Role | None = None) -> list[AWSObject]:
    """Just the alerts: the topic, its subscriptions, the login log, and the rules of every detection but RoleActions.

    They watch the role of the config, or ``role``, a resource of the same template.
    """
    names = _names(config, role)
    logins = [one for one in detections(config, names.role) if one.id != ACTIONS]
    return _listening(config, names, logins, "LoginLogPolicy", f"{names.prefix}-login")


def action_log(config: Config, role: iam.Role | None = None) -> list[AWSObject]:
    """Just the log of what is done in the role of the config, or in ``role``, a resource of the same template."""
    names = _names(config, role)
    actions = [one for one in detections(config, names.role) if one.id == ACTIONS]
    return _listening(config, names, actions, "ActionLogPolicy", f"{names.prefix}-actions")


def watch_role(config: Config, role: iam.Role | None = None) -> list[AWSObject]:
    """Alerts and action log together, with one CloudWatch Logs policy between them."""
    names = _names(config, role)
    return _listening(config, names, detections(config, names.role), "LogPolicy", names.prefix)


def _names(config: Config, role: iam.Role | None) -> Names:
    return Names.of(config, RoleNames.of_resource(role) if role else None)


def _listening(config: Config, names: Names, wanted: list[Detection], policy: str, policy_name: str) -> list[AWSObject]:
    told = sinks(config, names, wanted, central=False)
    resources = [resource for sink in told for resource in sink.resources]
    return [*resources, *log_policies(told, policy, policy_name), *watch(names, wanted, *told)]
