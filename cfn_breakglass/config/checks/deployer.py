"""Settings of who deploys, and how, that do not go together."""

from __future__ import annotations

from cfn_breakglass.config.model import CREATE, MANAGED, Config, Deployer
from cfn_breakglass.config.problems import Report


def check(config: Config, report: Report) -> None:
    """Report what the keys about deploying have wrong between them."""
    if config.deployer and report.sound("deployer"):
        _deployer(config, config.deployer, report)
    if report.sound("regions", "main_region") and not config.secondary_regions:
        wanted = {"rollout": config.rollout == MANAGED, "stackset_roles": config.stackset_roles == CREATE}
        for key in (key for key, given in wanted.items() if given):
            report.add(key, f"{key}: regions is empty, so there is nothing to roll out", "leave it out")


def _deployer(config: Config, deployer: Deployer, report: Report) -> None:
    if deployer.role and deployer.user:
        report.add("deployer.user", "deployer.user stands beside deployer.role", "keep one of them")
    if deployer.existing and not (deployer.role or deployer.user):
        report.add("deployer.existing", "deployer.existing needs a name", "add deployer.role or deployer.user")
    if not deployer.role or not report.sound("name", "role"):
        return
    name, prefix = deployer.role.casefold(), config.name.casefold()
    watched = (config.role.existing or config.name).rpartition("/")[2].casefold()
    if name == watched:
        text = f"deployer.role is {deployer.role}, the break-glass role itself"
        report.add("deployer.role", text, "name another role, or leave it out")
    elif name.startswith(f"{prefix}-") and name != f"{prefix}-deployer":
        text = f"deployer.role is {deployer.role}; what begins with {config.name}- are the names of parts"
        report.add("deployer.role", text, "name another role, or leave it out")
