"""How to deploy the templates, in the console or with the AWS CLI: whoever does it, and however it gets everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from textwrap import wrap

from cfn_breakglass.aws import limits
from cfn_breakglass.config.model import OFF
from cfn_breakglass.generation.generate import GeneratedFile, GeneratedTemplates
from cfn_breakglass.names import resolve_pseudo_parameters
from cfn_breakglass.plan import Plan

# A region that fails must not keep the others from being watched.
_PREFERENCES = "RegionConcurrencyType=PARALLEL,FailureTolerancePercentage=100"


def deployment_warnings(plan: Plan) -> Iterator[str]:
    """Sentences about what the deployer can do, where that is more than somebody may expect."""
    config = plan.config
    if not config.deployer:
        return
    if config.role.created and not config.role.permissions_boundary:
        yield (
            "deployer: a template that is deployed says who may take the role on and what it may do; "
            "give role.permissions_boundary to limit the latter, or role.existing"
        )
    if config.secondary_regions and not config.makes_stackset_roles:
        yield (
            f"stackset_roles: the deployer can do by a stack set what {plan.names.execution_role} may do; "
            "leave it out to have roles that can do no more than this takes"
        )


def deployment(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    """What to deploy in the main region, a step each; the templates are in ``folder``."""
    if templates.deployer:
        yield _administrators_stack(plan, folder, templates.deployer)
    if templates.stackset_roles:
        yield _stackset_roles(plan, folder, templates.stackset_roles)
    yield _main_stack(plan, folder, templates.main_region)


def rollout(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    """How every other region gets its part: one step, if there is another region."""
    config, path = plan.config, folder / templates.stackset.name
    if config.rolls_out:
        roles = "" if config.makes_stackset_roles else _by_roles(plan)
        main = folder / templates.main_region.name
        yield f"{main} rolls {path} out by itself: there is nothing to upload.{roles}\n{_check_instances(plan)}"
    elif config.secondary_regions:
        yield _roll_out(plan, path)


def _administrators_stack(plan: Plan, folder: Path, template: GeneratedFile) -> str:
    config, stack, path = plan.config, plan.names.deployer, folder / template.name
    return f"""As an administrator, now and whenever {path} changes, create or update the stack {stack}:
{_deploy(plan, stack, folder, template)}
   Is the stack {config.name} there already, without it? Then update that as an administrator once more: what it
   made before does not have the boundary, and its key does not know the deployer. From there on, be the deployer."""


def _main_stack(plan: Plan, folder: Path, template: GeneratedFile) -> str:
    config, path = plan.config, folder / template.name
    users = "\n   The IAM users have to exist; the stack grants them the role." if config.grants_users else ""
    role = _arn_to_fill_in(plan, plan.names.service_role_arn) if config.deployer else ""
    passed = f"\n   Permissions, IAM role ARN: {role}\n  " if role else ""
    return f"""Console: CloudFormation in {config.main_region}, Create stack, Upload a template file: {path}
   Stack name: {config.name}. Tick that it may create named IAM resources.{users}{passed} Or:
{_deploy(plan, config.name, folder, template, role)}"""


def _stackset_roles(plan: Plan, folder: Path, template: GeneratedFile) -> str:
    name, path = plan.config.name, folder / template.name
    return f"""As an administrator, now and whenever {path} changes, create or update the stack
   {name}-stackset-roles, the roles of the StackSet:
{_deploy(plan, f"{name}-stackset-roles", folder, template)}"""


def _deploy(plan: Plan, stack: str, folder: Path, template: GeneratedFile, role: str = "") -> str:
    region = plan.config.main_region
    is_large = len(template.text.encode()) > limits.TEMPLATE_BODY.maximum
    bucket = f"cf-templates-...-{region}, where the console puts templates" if role else "any of yours there"
    words = [
        f"     aws cloudformation deploy --region {region} --stack-name {stack}",
        f"       --template-file {quote(str(folder / template.name))} --capabilities CAPABILITY_NAMED_IAM",
        *([f"       --role-arn {role}"] if role else []),
        *([f"       --s3-bucket BUCKET  # {bucket}: it is too large to go without"] if is_large else []),
    ]
    return " \\\n".join(words)


def _roll_out(plan: Plan, path: Path) -> str:
    config = plan.config
    lines = wrap(" ".join(config.secondary_regions), 88, break_on_hyphens=False)
    region_lines = "\n".join(f"       {line}" for line in lines)
    continued = " \\\n".join(f"       {line}" for line in lines)
    stack_set, roles = _stack_set_options(plan), _roles(plan)
    return f"""Console, when that stack is complete: StackSets in {config.main_region}, Create StackSet,
   self-managed permissions, upload {path}; name: {config.name}; this account;
   region concurrency parallel, failure tolerance 100 percent; these regions:
{region_lines}{_by_roles(plan)}{_expected(plan)}
   Or:
     aws cloudformation create-stack-set {stack_set} \\
{roles}       --template-body file://{quote(str(path))}
     aws cloudformation create-stack-instances {stack_set} \\
       --accounts "$(aws sts get-caller-identity --query Account --output text)" \\
       --operation-preferences {_PREFERENCES} \\
       --regions \\
{continued}
   To change it later; for regions that are new, create-stack-instances with them as well, and for those that are
   gone from the config, delete-stack-instances with --no-retain-stacks before that:
     aws cloudformation update-stack-set {stack_set} \\
{roles}       --operation-preferences {_PREFERENCES} \\
       --template-body file://{quote(str(path))}
{_check_instances(plan)}"""


def _roles(plan: Plan) -> str:
    if not plan.config.makes_stackset_roles:
        return ""
    return f"""       --administration-role-arn {_arn_to_fill_in(plan, plan.names.administration_role_arn)} \\
       --execution-role-name {plan.names.execution_role} \\
"""


def _arn_to_fill_in(plan: Plan, arn: str) -> str:
    return resolve_pseudo_parameters(arn, plan.config).replace("*", "ACCOUNT")


def _by_roles(plan: Plan) -> str:
    config, names = plan.config, plan.names
    if config.makes_stackset_roles:
        return f"\n   IAM admin role: {names.administration_role}. IAM execution role: {names.execution_role}."
    roles = (
        f"\n   The account has to have the roles {names.administration_role}"
        f"\n   and {names.execution_role}, as AWS describes them; or set stackset_roles: create."
    )
    opted_in = [region for region in config.secondary_regions if region in config.partition.opt_in]
    if not opted_in:
        return roles
    services = "\n".join(f"     cloudformation.{region}.amazonaws.com" for region in opted_in)
    return f"{roles}\n   For opt-in regions, the administration role of the StackSet has to trust as well:\n{services}"


def _expected(plan: Plan) -> str:
    """The alerts of a rollout itself, so that nobody takes them for an incident."""
    expected = {"MonitoringTampered": "hundreds of MonitoringTampered, one for each call of the rollout"}
    if plan.config.heartbeat != OFF:
        expected["DeliveryFailing"] = "a DeliveryFailing for each region, until its heartbeat arrives"
    alerts = [text for detection, text in expected.items() if plan.alerts_on(detection)]
    return "".join(f"\n   Expect alerts: {text}." for text in alerts)


def _check_instances(plan: Plan) -> str:
    return f"""   Each time, check that every region is CURRENT; one that is not is not watched:
     aws cloudformation list-stack-instances {_stack_set_options(plan)} \\
       --query 'Summaries[].[Region,Status,StatusReason]' --output table"""


def _stack_set_options(plan: Plan) -> str:
    return f"--region {plan.config.main_region} --stack-set-name {plan.config.name}"
