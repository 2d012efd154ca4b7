"""How to deploy the templates, in the console or with the AWS CLI: the steps in the main region and in the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from shlex import quote
from textwrap import wrap

from cfn_breakglass.aws import limits
from cfn_breakglass.builders.heartbeat import warm_up_hours
from cfn_breakglass.config.model import OFF, Config
from cfn_breakglass.generation.generate import GeneratedFile, GeneratedTemplates
from cfn_breakglass.names import resolve_pseudo_parameters
from cfn_breakglass.plan import Plan

# A region that fails must not stop the rollout to the others.
PREFERENCES = "RegionConcurrencyType=PARALLEL,FailureTolerancePercentage=100"


def administrator_steps(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    """A step for each stack that only an administrator can deploy. The templates are in ``folder``."""
    if templates.deployer:
        yield _deployer_stack(plan, folder, templates.deployer)
    if templates.stackset_roles:
        yield _stackset_roles_stack(plan, folder, templates.stackset_roles)


def main_region_step(plan: Plan, folder: Path, template: GeneratedFile) -> str:
    """The step that deploys main-region.yaml, which is in ``folder``."""
    config, path = plan.config, folder / template.name
    spelled = ", in the letter case of their names" if config.organization else ""
    users = f"\n   The IAM users have to exist{spelled}: the stack gives them a policy." if config.grants_users else ""
    role = arn_to_fill_in(plan.names.service_role_arn, config) if config.deployer else ""
    role_lines = f"\n   Permissions, IAM role ARN: {role}" if role else ""
    place = f"{_hub_and_when(config)}\n  " if config.organization else "In the console:"
    return f"""{place} CloudFormation in {config.main_region}, Create stack, Upload a template file: {path}
   Stack name: {config.name}. Tick that it may create IAM resources with custom names.{users}{role_lines}
   The first time, Stack failure options: Preserve successfully provisioned resources.
   Or with the AWS CLI; --disable-rollback is for the first time only, as is --on-failure DO_NOTHING of create-stack:
{_deploy(plan, config.name, folder, template, role, is_first=True)}
   If the first creation fails, its events say why. Then delete what it made, and create the stack again:
     aws cloudformation rollback-stack --region {config.main_region} --stack-name {config.name}"""


def rollout_steps(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    """The step that deploys to the other regions, if there are any."""
    config, path = plan.config, folder / templates.stackset.name
    if config.rolls_out:
        roles = "" if config.makes_stackset_roles else _role_lines(plan)
        main = folder / templates.main_region.name
        rollout = f"{main} contains {path} and rolls it out: you upload nothing."
        yield f"{rollout}{roles}{expected_alerts(plan)}\n{_check_instances(plan)}"
    elif config.secondary_regions:
        yield _stackset(plan, path)


def arn_to_fill_in(arn: str, config: Config) -> str:
    """The ARN of a part of main-region.yaml, in which a person writes the account unless the config fixes it."""
    return resolve_pseudo_parameters(arn, config, config.account or "ACCOUNT")


def of_hub(config: Config) -> str:
    """What says whose something is where other accounts might have it too; of one account nothing has to."""
    return " of the hub" if config.organization else ""


def stack_account(config: Config) -> str:
    """What the account of main-region.yaml is called."""
    return "the hub" if config.organization else "the account"


def _hub_and_when(config: Config) -> str:
    if config.rolls_out:
        return f"In the hub, {config.account}, in the console:"
    return "When the roles are in all accounts, in the hub, in the console:"


def _deployer_stack(plan: Plan, folder: Path, template: GeneratedFile) -> str:
    config, stack, path = plan.config, plan.names.deployer, folder / template.name
    return f"""As an administrator{of_hub(config)}, now and whenever {path} changes, create or update the stack {stack}:
{_deploy(plan, stack, folder, template)}
   If the stack {config.name} exists already, update it once more as an administrator: its roles do not have the
   deployer's boundary yet, and its key does not allow the deployer. After that, deploy as the deployer."""


def _stackset_roles_stack(plan: Plan, folder: Path, template: GeneratedFile) -> str:
    name, path = plan.config.name, folder / template.name
    return f"""As an administrator, now and whenever {path} changes, create or update the stack
   {name}-stackset-roles, the roles of the StackSet:
{_deploy(plan, f"{name}-stackset-roles", folder, template)}"""


def _deploy(
    plan: Plan, stack: str, folder: Path, template: GeneratedFile, role: str = "", *, is_first: bool = False
) -> str:
    region = plan.config.main_region
    is_large = len(template.text.encode()) > limits.TEMPLATE_BODY.maximum
    bucket = f"cf-templates-...-{region}, the console's own bucket" if role else f"any bucket of yours in {region}"
    words = [
        f"     aws cloudformation deploy --region {region} --stack-name {stack}",
        f"       --template-file {quote(str(folder / template.name))} --capabilities CAPABILITY_NAMED_IAM",
        *([f"       --role-arn {role}"] if role else []),
        *(["       --disable-rollback"] if is_first else []),
        *([f"       --s3-bucket BUCKET  # {bucket}; the template is too large without one"] if is_large else []),
    ]
    return " \\\n".join(words)


def _stackset(plan: Plan, path: Path) -> str:
    config = plan.config
    region_lines = "\n".join(_lines(config.secondary_regions))
    stack_set, roles = _stack_set_options(plan, config.name), _role_options(plan)
    return f"""When that stack is complete, in the console: StackSets in {config.main_region}, Create StackSet,
   self-managed permissions, upload {path}; name: {config.name}; this account;
   region concurrency: parallel; failure tolerance: 100 percent; these regions:
{region_lines}{_role_lines(plan)}{expected_alerts(plan)}
   Or with the AWS CLI:
{self_managed_commands(plan, config.name, path, config.secondary_regions)}
   To update it later, run the next command; before it, delete-stack-instances with --no-retain-stacks for regions
   that the config no longer has; after it, create-stack-instances for new regions:
     aws cloudformation update-stack-set {stack_set} \\
{roles}       --operation-preferences {PREFERENCES} \\
       --template-body file://{quote(str(path))}
{_check_instances(plan)}"""


def self_managed_commands(plan: Plan, name: str, path: Path, regions: Iterable[str]) -> str:
    """The commands that make the StackSet ``name`` of the template at ``path`` in the account of the caller."""
    stack_set, roles = _stack_set_options(plan, name), _role_options(plan)
    return f"""     aws cloudformation create-stack-set {stack_set} \\
{roles}       --template-body file://{quote(str(path))}
     aws cloudformation create-stack-instances {stack_set} \\
       --accounts "$(aws sts get-caller-identity --query Account --output text)" \\
       --operation-preferences {PREFERENCES} \\
{regions_option(regions)}"""


def regions_option(regions: Iterable[str]) -> str:
    """The regions as the last option of a command."""
    return " \\\n".join(["       --regions", *_lines(regions)])


def _lines(regions: Iterable[str]) -> list[str]:
    return [f"       {line}" for line in wrap(" ".join(regions), 88, break_on_hyphens=False)]


def _role_options(plan: Plan) -> str:
    if not plan.config.makes_stackset_roles:
        return ""
    return f"""       --administration-role-arn {arn_to_fill_in(plan.names.administration_role_arn, plan.config)} \\
       --execution-role-name {plan.names.execution_role} \\
"""


def _role_lines(plan: Plan) -> str:
    config, names = plan.config, plan.names
    if config.makes_stackset_roles:
        return f"\n   IAM admin role: {names.administration_role}. IAM execution role: {names.execution_role}."
    roles = (
        f"\n   The account needs the roles {names.administration_role}"
        f"\n   and {names.execution_role}, as AWS describes them; or set stackset_roles: create."
    )
    opted_in = config.opted_in_regions
    if not opted_in:
        return roles
    services = "\n".join(f"     cloudformation.{region}.amazonaws.com" for region in opted_in)
    return f"{roles}\n   For opt-in regions, the administration role also has to trust:\n{services}"


def expected_alerts(plan: Plan) -> str:
    """The alerts that a rollout causes, so that nobody mistakes them for an incident."""
    expected = ""
    if plan.alerts_on("MonitoringTampered"):
        expected = (
            "\n   Expect a few alerts of MonitoringTampered: about your own calls, and those by which any stack could"
            "\n   change a part of this monitoring. The other calls of CloudFormation are only logged."
        )
    if plan.config.heartbeat != OFF and plan.alerts_on("DeliveryFailing"):
        hours = warm_up_hours(plan.config.heartbeat)
        region = "region of the hub" if plan.config.organization else "region"
        expected += f"\n   A {region} without a heartbeat {hours} hours after the first stack is a DeliveryFailing."
    return expected


def _check_instances(plan: Plan) -> str:
    return f"""   Each time, check that every region is CURRENT; a region that is not CURRENT is not watched:
     aws cloudformation list-stack-instances {_stack_set_options(plan, plan.config.name)} \\
       --query 'Summaries[].[Region,Status,StatusReason]' --output table"""


def _stack_set_options(plan: Plan, name: str) -> str:
    return f"--region {plan.config.main_region} --stack-set-name {name}"
