"""The parts one by one, for somebody's own role and troposphere Template.

Each function returns resources for ``Template.add_resource``. The rules stand on the default bus: they see the one
region that the template is deployed in. What they say is encrypted by ``key``, a resource of the same template; without
it by the key whose ARN the config gives, or by none.
"""

from __future__ import annotations

from troposphere import AWSObject, iam, kms

from cfn_breakglass.builders.access.role import role as built_role
from cfn_breakglass.builders.alerts.sinks import log_policies, sinks
from cfn_breakglass.builders.encryption import NOT_ENCRYPTED, Encryption, encryption
from cfn_breakglass.builders.rules import watch
from cfn_breakglass.config.model import CUSTOMER_KEY, Config
from cfn_breakglass.detections.catalog import Detection, detections
from cfn_breakglass.names import ACTIONS, Names, RoleNames
from cfn_breakglass.templates import deploying


def break_glass_role(config: Config) -> list[AWSObject]:
    """Just the role (logical ID ``Role``), and the users' right to take it on (``RoleGrant``)."""
    return built_role(config, Names.of(config))


def encryption_key(config: Config) -> list[AWSObject]:
    """Just a key (logical ID ``Key``) and its alias, for the parts that take one, if the config asks for it."""
    return list(encryption(config, Names.of(config)).resources)


def break_glass_deployer(config: Config) -> list[AWSObject]:
    """Just the deployer of what the templates of the config hold: ``config.deployer``, or a role named after it."""
    return deploying(config)


def login_alert(config: Config, role: iam.Role | None = None, key: kms.Key | None = None) -> list[AWSObject]:
    """Just the alerts: the topic, its subscriptions, the login log, and the rules of every detection but RoleActions.

    They watch the role of the config, or ``role``, a resource of the same template.
    """
    names, encrypted = _names(config, role), _encryption(config, key)
    logins = [one for one in detections(config, names, key) if one.id != ACTIONS]
    return _listening(config, names, logins, encrypted, ("LoginLogPolicy", f"{names.prefix}-login"))


def action_log(config: Config, role: iam.Role | None = None, key: kms.Key | None = None) -> list[AWSObject]:
    """Just the log of what is done in the role of the config, or in ``role``, a resource of the same template."""
    names, encrypted = _names(config, role), _encryption(config, key)
    actions = [one for one in detections(config, names) if one.id == ACTIONS]
    return _listening(config, names, actions, encrypted, ("ActionLogPolicy", f"{names.prefix}-actions"))


def watch_role(config: Config, role: iam.Role | None = None, key: kms.Key | None = None) -> list[AWSObject]:
    """Alerts and action log together, with one CloudWatch Logs policy between them."""
    names, encrypted = _names(config, role), _encryption(config, key)
    return _listening(config, names, detections(config, names, key), encrypted, ("LogPolicy", names.prefix))


def _names(config: Config, role: iam.Role | None) -> Names:
    return Names.of(config, RoleNames.of_resource(role) if role else None)


def _encryption(config: Config, key: kms.Key | None) -> Encryption:
    if key:
        return Encryption.by(key)
    return NOT_ENCRYPTED if config.encryption == CUSTOMER_KEY else encryption(config, Names.of(config))


def _listening(
    config: Config, names: Names, wanted: list[Detection], encrypted: Encryption, log_policy: tuple[str, str]
) -> list[AWSObject]:
    told = sinks(config, names, wanted, central=False, key=encrypted.named)
    resources = [resource for sink in told for resource in sink.resources]
    return [*resources, *log_policies(told, *log_policy), *watch(names, wanted, *told)]
