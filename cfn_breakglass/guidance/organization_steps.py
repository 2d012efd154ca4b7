"""How to roll the templates out to the accounts of an organization, in the console or with the AWS CLI.

By stack sets with service-managed permissions, which the hub manages as delegated administrator.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-associate-stackset-with-org.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Final, NamedTuple

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.config.model import Config, Organization
from cfn_breakglass.generation.generate import GeneratedTemplates
from cfn_breakglass.guidance.deployment_steps import (
    PREFERENCES,
    expected_alerts,
    regions_option,
    self_managed_commands,
)
from cfn_breakglass.plan import Plan

# Without a percentage, stack sets work on a single account at a time.
_PREFERENCES: Final = f"{PREFERENCES},MaxConcurrentPercentage=100"
_AUTO_DEPLOYMENT: Final = "Enabled=true,RetainStacksOnAccountRemoval=false"
_NAMED_IAM: Final = "--capabilities CAPABILITY_NAMED_IAM"


class _StackSet(NamedTuple):
    """A stack set, its template and its regions; ``first`` is the name of the one that it waits for."""

    name: str
    path: Path
    regions: tuple[str, ...]
    has_roles: bool = False
    first: str = ""


def steps_before_rollout(config: Config, organization: Organization) -> Iterator[str]:
    """What only the management account can do, and what every account has to have.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html
    """
    yield f"""Once, in the management account: let stack sets deploy to the accounts, and the hub manage them. The hub,
   {organization.hub}, has to be in one of the units; it cannot be the management account.
     aws cloudformation activate-organizations-access --region {config.main_region}
     aws organizations register-delegated-administrator --account-id {organization.hub} \\
       --service-principal member.org.stacksets.cloudformation.amazonaws.com"""
    if needed := "\n".join(f"     {resource}" for resource in _needed_everywhere(config)):
        yield f"""In every account, and in each new one, make sure that there is what the config names, with the name
   that it has in the hub:
{needed}"""
    if config.opted_in_regions:
        regions = " ".join(config.opted_in_regions)
        yield f"""In every account, enable these regions: a stack set cannot go where one is not enabled.
     {regions}"""


def _needed_everywhere(config: Config) -> Iterator[str]:
    """What of IAM the templates refer to and do not make, without its account."""
    arns = (parse_arn(value) for values in config.same_account_arns.values() for value in values)
    yield from dict.fromkeys(arn.resource for arn in arns if arn and arn.service == "iam" and arn.account.isdecimal())
    if config.role.existing:
        yield f"role/{config.role.existing.lstrip('/')}"


def accounts_step(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    """The step that makes the roles of every account, unless main-region.yaml does. The templates are in ``folder``."""
    accounts, _ = _stack_sets(plan, folder, templates)
    if not plan.config.rolls_out:
        yield f"In the hub, {plan.config.account}, make the roles first, which the other templates name:\n" + _creation(
            plan, accounts
        )


def regions_steps(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    """The steps that deploy to every region of every account, once the hub has its stack, and update what is there."""
    accounts, regions = sets = _stack_sets(plan, folder, templates)
    if plan.config.rolls_out:
        main = folder / templates.main_region.name
        yield f"""{main} contains {accounts.path} and {regions.path}, and rolls them
   out as the stack sets {accounts.name} and {regions.name}: you upload nothing.{expected_alerts(plan)}
{_check(plan, *sets)}"""
    else:
        yield f"When that stack is complete, in the hub:\n{_creation(plan, regions)}"
        yield f"""Later, update in the same order. Before, delete-stack-instances with --no-retain-stacks and the same
   --operation-preferences for units and regions that the config no longer has; after it, create-stack-instances for
   new ones.{expected_alerts(plan)}
{_update(plan, accounts)}
{_update(plan, regions)}"""
    yield _skipped_account(plan, accounts, regions)


def _stack_sets(plan: Plan, folder: Path, templates: GeneratedTemplates) -> tuple[_StackSet, _StackSet]:
    names, main_region = plan.names, plan.config.main_region
    file = templates.accounts or templates.main_region
    accounts = _StackSet(names.accounts_stack_set, folder / file.name, (main_region,), has_roles=True)
    return accounts, _StackSet(
        names.prefix, folder / templates.stackset.name, plan.regions, first=names.accounts_stack_set
    )


def _creation(plan: Plan, stack_set: _StackSet) -> str:
    config = plan.config
    units = ",".join(config.organization.units if config.organization else ())
    roles = ", which may create IAM resources with custom names" if stack_set.has_roles else ""
    order = f"; dependency: the ARN of {stack_set.first}" if stack_set.first else ""
    return f"""   StackSets in {config.main_region}, Create StackSet, service-managed permissions, upload
   {stack_set.path}{roles}; name: {stack_set.name};
   automatic deployment: activated, delete stacks{order};
   the units and regions below; maximum concurrent accounts: 100 percent; failure tolerance: 100 percent;
   region concurrency: parallel.
   Or with the AWS CLI:
     aws cloudformation create-stack-set {_options(plan, stack_set.name)} \\
       --permission-model SERVICE_MANAGED \\
       --auto-deployment {_auto_deployment(plan, stack_set)} \\
       --template-body {_template(stack_set)}
     aws cloudformation create-stack-instances {_options(plan, stack_set.name)} \\
       --deployment-targets OrganizationalUnitIds={units} \\
       --operation-preferences {_PREFERENCES} \\
{regions_option(stack_set.regions)}
{_check(plan, stack_set)}"""


def _auto_deployment(plan: Plan, stack_set: _StackSet) -> str:
    if not stack_set.first:
        return _AUTO_DEPLOYMENT
    return f'''"{_AUTO_DEPLOYMENT},DependsOn=$(aws cloudformation \\
         describe-stack-set {_options(plan, stack_set.first)} \\
         --query StackSet.StackSetARN --output text)"'''


def _update(plan: Plan, stack_set: _StackSet) -> str:
    return f"""     aws cloudformation update-stack-set {_options(plan, stack_set.name)} \\
       --operation-preferences {_PREFERENCES} \\
       --template-body {_template(stack_set)}"""


def _template(stack_set: _StackSet) -> str:
    capabilities = f" {_NAMED_IAM}" if stack_set.has_roles else ""
    return f"file://{quote(str(stack_set.path))}{capabilities}"


def _check(plan: Plan, *stack_sets: _StackSet) -> str:
    commands = "\n".join(
        f"     aws cloudformation list-stack-instances {_options(plan, stack_set.name)} \\\n"
        "       --query \"Summaries[?Status!='CURRENT'].[Account,Region,Status,StatusReason]\" --output table"
        for stack_set in stack_sets
    )
    return f"   Each time, see what is not CURRENT: there, the role does not exist, or nothing is watched.\n{commands}"


def _options(plan: Plan, name: str) -> str:
    return f"--region {plan.config.main_region} --stack-set-name {name} --call-as DELEGATED_ADMIN"


def _skipped_account(plan: Plan, accounts: _StackSet, regions: _StackSet) -> str:
    config, names = plan.config, plan.names
    return f"""Stack sets skip the management account. For the role there, deploy the same two files there by hand, now
   and, with update-stack-set, whenever they change. This StackSet has a name of its own, because those of the hub are
   in that account too; and self-managed permissions, for which the account needs the roles
   {names.administration_role} and {names.execution_role}.
     aws cloudformation deploy --region {config.main_region} --stack-name {config.name} \\
       --template-file {quote(str(accounts.path))} {_NAMED_IAM}
{self_managed_commands(plan, names.management_stack_set, regions.path, regions.regions)}"""
