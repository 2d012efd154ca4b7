"""Contradictions between the settings of the deployer and of the rollout."""

from __future__ import annotations

from cfn_breakglass.config.model import CREATE, MANAGED, Config, Deployer
from cfn_breakglass.config.problems import Problems


def check_deployment(config: Config, problems: Problems) -> None:
    """Report contradictions between the keys about deployment."""
    if config.deployer and problems.is_valid("deployer"):
        _check_deployer(config, config.deployer, problems)
    if problems.is_valid("regions", "main_region") and not config.forwards:
        settings = {"rollout": (config.rollout, MANAGED), "stackset_roles": (config.stackset_roles, CREATE)}
        for key, (value, rollout_value) in settings.items():
            if value == rollout_value:
                text = f"{key} is {value}, but regions is empty, so there is no StackSet"
                problems.add(key, text, "remove it, or add regions")


def _check_deployer(config: Config, deployer: Deployer, problems: Problems) -> None:
    if deployer.role and deployer.user:
        problems.add("deployer.user", "deployer.user and deployer.role are both set", "remove one of them")
    if deployer.existing and not (deployer.role or deployer.user):
        text = "deployer.existing is set, but neither deployer.role nor deployer.user says which one exists"
        problems.add("deployer.existing", text, "add deployer.role or deployer.user")
    if not deployer.role or not problems.is_valid("name", "role"):
        return
    name, prefix = deployer.role.casefold(), config.name.casefold()
    break_glass_role = (config.role.existing or config.name).rpartition("/")[2].casefold()
    if name == break_glass_role:
        text = f"deployer.role is {deployer.role}, which is the break-glass role itself"
        problems.add("deployer.role", text, "write the name of another role, or remove it")
    elif name.startswith(f"{prefix}-") and name != f"{prefix}-deployer":
        text = f"deployer.role is {deployer.role}, but the stack uses the names that begin with {config.name}-"
        problems.add("deployer.role", text, "choose another name, or remove it")
