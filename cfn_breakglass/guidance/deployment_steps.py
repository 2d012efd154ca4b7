"""How to deploy the templates, in the console or with the AWS CLI: whoever does it, and however it gets everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from textwrap import wrap

from cfn_breakglass.aws import limits
from cfn_breakglass.config.model import OFF, Config
from cfn_breakglass.names import Names, plain

# A region that fails must not keep the others from being watched.
_PREFERENCES = "RegionConcurrencyType=PARALLEL,FailureTolerancePercentage=100"


def deployment_warnings(config: Config) -> Iterator[str]:
    """Sentences about what who deploys can do, where that is more than somebody may expect."""
    if not config.deployer:
        return
    if config.role.created and not config.role.permissions_boundary:
        yield (
            "deployer: a template that is deployed says who may take the role on and what it may do; "
            "give role.permissions_boundary to limit the latter, or role.existing"
        )
    if config.secondary_regions and not config.makes_stackset_roles:
        yield (
            f"stackset_roles: the deployer can do by a stack set what {Names.of(config).execution_role} may do; "
            "leave it out to have roles that can do no more than this takes"
        )


def deployment(config: Config, main: Path) -> Iterator[str]:
    """What to deploy in the main region, a step each; the other templates are beside ``main``."""
    names = Names.of(config)
    if config.deployer:
        yield _administrators(config, names, main.with_name(f"deployer{main.suffix}"))
    if config.makes_stackset_roles and not config.rolls_out:
        yield _stackset_roles(config, main.with_name(f"stackset-roles{main.suffix}"))
    yield _main_stack(config, names, main)


def rollout(config: Config, main: Path, rest: Path) -> Iterator[str]:
    """How every other region gets its part: a step, if there is any."""
    names = Names.of(config)
    if config.rolls_out:
        roles = "" if config.makes_stackset_roles else _by_roles(config, names)
        yield f"{main} rolls {rest} out by itself: there is nothing to upload.{roles}\n{_watched(config)}"
    elif config.secondary_regions:
        yield _roll_out(config, names, rest)


def _administrators(config: Config, names: Names, path: Path) -> str:
    return f"""As an administrator, now and whenever {path} changes, create or update the stack {names.deployer}:
{_deploy(config, names.deployer, path)}
   Is the stack {config.name} there already, without it? Then update that as an administrator once more: what it
   made before does not have the boundary, and its key does not know the deployer. From there on, be the deployer."""


def _main_stack(config: Config, names: Names, main: Path) -> str:
    users = "\n   The IAM users have to exist; the stack grants them the role." if config.grants_users else ""
    role = plain(names.service_role_arn, config).replace("*", "ACCOUNT") if config.deployer else ""
    passed = f"\n   Permissions, IAM role ARN: {role}\n  " if role else ""
    return f"""Console: CloudFormation in {config.main_region}, Create stack, Upload a template file: {main}
   Stack name: {config.name}. Tick that it may create named IAM resources.{users}{passed} Or:
{_deploy(config, config.name, main, role)}"""


def _stackset_roles(config: Config, path: Path) -> str:
    return f"""As an administrator, now and whenever {path} changes, create or update the stack
   {config.name}-stackset-roles, the roles of the StackSet:
{_deploy(config, f"{config.name}-stackset-roles", path)}"""


def _deploy(config: Config, stack: str, path: Path, role: str = "") -> str:
    large = path.exists() and path.stat().st_size > limits.TEMPLATE_BODY.maximum
    bucket = (
        f"cf-templates-...-{config.main_region}, where the console puts templates" if role else "any of yours there"
    )
    words = [
        f"     aws cloudformation deploy --region {config.main_region} --stack-name {stack}",
        f"       --template-file {quote(str(path))} --capabilities CAPABILITY_NAMED_IAM",
        *([f"       --role-arn {role}"] if role else []),
        *([f"       --s3-bucket BUCKET  # {bucket}: it is too large to go without"] if large else []),
    ]
    return " \\\n".join(words)


def _roll_out(config: Config, names: Names, rest: Path) -> str:
    lines = wrap(" ".join(config.secondary_regions), 88, break_on_hyphens=False)
    listed = "\n".join(f"       {line}" for line in lines)
    continued = " \\\n".join(f"       {line}" for line in lines)
    at, roles = _at(config), _roles(config, names)
    return f"""Console, when that stack is complete: StackSets in {config.main_region}, Create StackSet,
   self-managed permissions, upload {rest}; name: {config.name}; this account;
   region concurrency parallel, failure tolerance 100 percent; these regions:
{listed}{_by_roles(config, names)}{_expected(config)}
   Or:
     aws cloudformation create-stack-set {at} \\
{roles}       --template-body file://{quote(str(rest))}
     aws cloudformation create-stack-instances {at} \\
       --accounts "$(aws sts get-caller-identity --query Account --output text)" \\
       --operation-preferences {_PREFERENCES} \\
       --regions \\
{continued}
   To change it later; for regions that are new, create-stack-instances with them as well, and for those that are
   gone from the config, delete-stack-instances with --no-retain-stacks before that:
     aws cloudformation update-stack-set {at} \\
{roles}       --operation-preferences {_PREFERENCES} \\
       --template-body file://{quote(str(rest))}
{_watched(config)}"""


def _roles(config: Config, names: Names) -> str:
    if not config.makes_stackset_roles:
        return ""
    administration = plain(names.administration_role_arn, config).replace("*", "ACCOUNT")
    return f"""       --administration-role-arn {administration} \\
       --execution-role-name {names.execution_role} \\
"""


def _by_roles(config: Config, names: Names) -> str:
    if config.makes_stackset_roles:
        return f"\n   IAM admin role: {names.administration_role}. IAM execution role: {names.execution_role}."
    roles = (
        f"\n   The account has to have the roles {names.administration_role}"
        f"\n   and {names.execution_role}, as AWS describes them; or set stackset_roles: create."
    )
    named = [region for region in config.secondary_regions if region in config.partition.opt_in]
    if not named:
        return roles
    services = "\n".join(f"     cloudformation.{region}.amazonaws.com" for region in named)
    return f"{roles}\n   For opt-in regions, the administration role of the StackSet has to trust as well:\n{services}"


def _expected(config: Config) -> str:
    """What a rollout tells of itself, so that nobody takes it for an incident."""
    expected = {"MonitoringTampered": "hundreds of MonitoringTampered, one for each call of the rollout"}
    if config.heartbeat != OFF:
        expected["DeliveryFailing"] = "a DeliveryFailing for each region, until its heartbeat arrives"
    told = [what for detection, what in expected.items() if config.alerts_on(detection)]
    return "".join(f"\n   Expect alerts: {what}." for what in told)


def _watched(config: Config) -> str:
    return f"""   Each time, check that every region is CURRENT; one that is not is not watched:
     aws cloudformation list-stack-instances {_at(config)} \\
       --query 'Summaries[].[Region,Status,StatusReason]' --output table"""


def _at(config: Config) -> str:
    return f"--region {config.main_region} --stack-set-name {config.name}"
