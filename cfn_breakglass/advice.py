"""What a person should know: what a config leaves unseen or unsaid, and what to do with the templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from textwrap import wrap

from cfn_breakglass.builders.role import ADMINISTRATOR, permissions
from cfn_breakglass.config import ALERT, Config
from cfn_breakglass.names import Names
from cfn_breakglass.regions import GLOBAL_REGION

_ADMINISTRATOR = (
    "role: no permissions given, so the role gets AdministratorAccess; "
    "give role.managed_policies or role.policy_statements to limit it"
)
_GLOBAL = (
    f"regions: {GLOBAL_REGION} is not covered, so what AWS records only there goes unseen: "
    "global sign-in, the global STS endpoint, IAM"
)


def warnings(config: Config) -> Iterator[str]:
    """Sentences about what the templates will do that somebody may not want or expect."""
    if config.role.created and permissions(config) == (ADMINISTRATOR,) and not config.role.managed_policies:
        yield _ADMINISTRATOR
    if config.partition.name == "aws" and GLOBAL_REGION not in (config.main_region, *config.secondary_regions):
        yield _GLOBAL
    yield from _unheard(config)


def _unheard(config: Config) -> Iterator[str]:
    loud = any(level == ALERT for level in config.detections.values())
    told = bool(config.alerts.endpoints) and loud
    logged = config.alerts.log or (config.actions.log != "none" and config.detections["RoleActions"] != "off")
    if not told and not logged:
        yield "alerts: nobody is told of anything: no subscriber, no log; give alerts.emails or alerts.log: true"
    elif not told:
        yield "alerts: nobody is told when something happens, it is only logged; give alerts.emails or the like"


def next_steps(config: Config, main: Path, rest: Path) -> str:
    """What to do with the two files, in the console or with the AWS CLI."""
    steps = [_TRAIL, _main_stack(config, main)]
    if config.secondary_regions:
        steps.append(_roll_out(config, rest))
    confirm = [name for name, held in (("e-mail", config.alerts.emails), ("https", config.alerts.https)) if held]
    if confirm:
        steps.append(
            f"Confirm the subscriptions ({' and '.join(confirm)}) within two days; until then they get nothing."
        )
    if config.alerts.sqs:
        steps.append(
            "Let SNS send to the queues: in their policies, allow sns.amazonaws.com sqs:SendMessage\n"
            f"   from the topic {Names.of(config).topic}."
        )
    if config.event_bus.forwarder_role:
        steps.append(
            f"Let the role {config.event_bus.forwarder_role} forward: it has to trust\n"
            "   events.amazonaws.com and be allowed events:PutEvents on the central bus."
        )
    steps.append("Take the role on once, in a region other than the main one, and see that the alert arrives.")
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return f"What to do next:\n\n{numbered}\n"


_TRAIL = """Check that a CloudTrail trail is logging in every region, read and write management events.
     aws cloudtrail describe-trails"""


def _main_stack(config: Config, main: Path) -> str:
    return f"""Console: CloudFormation in {config.main_region}, Create stack, Upload a template file: {main}
   Stack name: {config.name}. Tick that it may create named IAM resources. Or:
     aws cloudformation deploy --region {config.main_region} --stack-name {config.name} \\
       --template-file {quote(str(main))} --capabilities CAPABILITY_NAMED_IAM"""


def _roll_out(config: Config, rest: Path) -> str:
    lines = wrap(" ".join(config.secondary_regions), 88, break_on_hyphens=False)
    listed = "\n".join(f"       {line}" for line in lines)
    continued = " \\\n".join(f"       {line}" for line in lines)
    at = f"--region {config.main_region} --stack-set-name {config.name}"
    return f"""Console, when that stack is complete: StackSets in {config.main_region}, Create StackSet,
   self-managed permissions, upload {rest}; name: {config.name}; this account; these regions:
{listed}
   Or:
     aws cloudformation create-stack-set {at} \\
       --template-body file://{quote(str(rest))}
     aws cloudformation create-stack-instances {at} \\
       --accounts "$(aws sts get-caller-identity --query Account --output text)" \\
       --operation-preferences RegionConcurrencyType=PARALLEL,FailureTolerancePercentage=100 \\
       --regions \\
{continued}
   To change it later; for regions that are new, create-stack-instances with them as well:
     aws cloudformation update-stack-set {at} \\
       --template-body file://{quote(str(rest))}"""
