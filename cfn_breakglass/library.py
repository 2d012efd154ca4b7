"""The parts one by one, for somebody's own role and troposphere Template.

Each function returns resources for ``Template.add_resource``. The rules stand on the default bus: they see the one
region that the template is deployed in. The topic and the logs are encrypted by ``key``, a resource of the same
template; without it by the key whose ARN the config gives, or by none.
"""

from __future__ import annotations

from troposphere import AWSObject, iam, kms

from cfn_breakglass.builders.access.role import role as role_resources
from cfn_breakglass.builders.access.trust_policy import grant
from cfn_breakglass.builders.alerts.log_groups import event_log_groups
from cfn_breakglass.builders.alerts.sinks import alert_sinks
from cfn_breakglass.builders.encryption import customer_key
from cfn_breakglass.builders.rules import detection_rules
from cfn_breakglass.config.model import DETECTIONS, Config
from cfn_breakglass.names import ACTIONS
from cfn_breakglass.plan import Plan, make_plan, make_standalone_plan
from cfn_breakglass.templates import RolledOut, deployer_resources, make_templates


def break_glass_role(config: Config) -> list[AWSObject]:
    """Just the role (logical ID ``Role``), and the users' right to assume it (``RoleGrant``)."""
    plan = make_plan(config)
    return [*role_resources(plan), *grant(plan)]


def encryption_key(config: Config) -> list[AWSObject]:
    """Just a key (logical ID ``Key``) and its alias, to pass to the other functions, if the config asks for a key."""
    return customer_key(make_plan(config))


def break_glass_deployer(config: Config) -> list[AWSObject]:
    """Just the deployer of what the templates of the config hold: ``config.deployer``, or a role named after it."""
    plan = make_plan(config)
    templates = make_templates(plan)
    return deployer_resources(plan, templates.main_region, RolledOut(templates.stackset, templates.accounts))


def login_alert(config: Config, role: iam.Role | None = None, key: kms.Key | None = None) -> list[AWSObject]:
    """Just the alerts: the topic, its subscriptions, the login log, and the rules of every detection but RoleActions.

    They watch the role of the config, or ``role``, a resource of the same template.
    """
    plan = make_standalone_plan(config, DETECTIONS.keys() - {ACTIONS}, role=role, key=key)
    return _standalone(plan, log_policy_id="LoginLogPolicy", log_policy_name=f"{plan.names.prefix}-login")


def action_log(config: Config, role: iam.Role | None = None, key: kms.Key | None = None) -> list[AWSObject]:
    """Just the log of what is done in the role of the config, or in ``role``, a resource of the same template."""
    plan = make_standalone_plan(config, {ACTIONS}, role=role, key=key)
    return _standalone(plan, log_policy_id="ActionLogPolicy", log_policy_name=f"{plan.names.prefix}-actions")


def watch_role(config: Config, role: iam.Role | None = None, key: kms.Key | None = None) -> list[AWSObject]:
    """Alerts and action log together, with one CloudWatch Logs policy between them."""
    plan = make_standalone_plan(config, DETECTIONS.keys(), role=role, key=key)
    return _standalone(plan, log_policy_id="LogPolicy", log_policy_name=plan.names.prefix)


def _standalone(plan: Plan, *, log_policy_id: str, log_policy_name: str) -> list[AWSObject]:
    sinks = alert_sinks(plan, log_policy_id=log_policy_id, log_policy_name=log_policy_name)
    return [*sinks.resources, *event_log_groups(plan), *detection_rules(plan, sinks.sinks).values()]
