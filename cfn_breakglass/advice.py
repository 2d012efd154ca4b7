"""What a person should know: what a config leaves unseen or unsaid, and what to do with the templates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from textwrap import wrap

from cfn_breakglass.builders.forwarding import central_buses
from cfn_breakglass.builders.role import ADMINISTRATOR, permissions
from cfn_breakglass.config import ALERT, OFF, Config
from cfn_breakglass.detections import Detection
from cfn_breakglass.names import Names
from cfn_breakglass.regions import GLOBAL_REGION
from cfn_breakglass.templates import watched_detections

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
    watched = _watched(config)
    if not watched:
        yield "alerts: nobody is told of anything: no subscriber, no log; give alerts.emails or alerts.log: true"
        return
    there = {one.id for one in watched}
    if lost := [one for one in config.detections if config.detections[one] != OFF and one not in there]:
        yield f"alerts: no subscriber and no log is told of {', '.join(lost)}, so no rule is made; set alerts.log: true"
    if not config.alerts.endpoints or not any(config.detections[one] == ALERT for one in there):
        yield "alerts: nobody is told when something happens, it is only logged; give alerts.emails or the like"
    if config.alerts.sms and not config.alerts.message:
        yield "alerts.sms: an alert without alerts.message may be longer than a text message; give a short message"


def _watched(config: Config) -> list[Detection]:
    return watched_detections(config, Names.of(config))


def next_steps(config: Config, main: Path, rest: Path) -> str:
    """What to do with the two files, in the console or with the AWS CLI."""
    names = Names.of(config)
    steps = [_TRAIL, _main_stack(config, main)]
    if config.event_bus.forwarder_role:
        steps.insert(1, _own_forwarder(config, names))
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
            f"   from the topic {names.topic}."
        )
    steps.append(_try(config))
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return f"What to do next:\n\n{numbered}\n"


_TRAIL = """Check that a CloudTrail trail is logging in every region, read and write management events:
   IsMultiRegionTrail true, IsLogging true, ReadWriteType All.
     aws cloudtrail describe-trails
     aws cloudtrail get-trail-status --name TRAIL
     aws cloudtrail get-event-selectors --trail-name TRAIL"""


def _own_forwarder(config: Config, names: Names) -> str:
    buses = "\n".join(f"     event bus {bus}" for bus in central_buses(config, names, _watched(config)))
    return f"""Let the role {config.event_bus.forwarder_role} forward: it has to trust
   events.amazonaws.com and be allowed events:PutEvents on all of these in {config.main_region}:
{buses}"""


def _main_stack(config: Config, main: Path) -> str:
    users = "\n   The IAM users have to exist; the stack grants them the role." if config.grants_users else ""
    return f"""Console: CloudFormation in {config.main_region}, Create stack, Upload a template file: {main}
   Stack name: {config.name}. Tick that it may create named IAM resources.{users} Or:
     aws cloudformation deploy --region {config.main_region} --stack-name {config.name} \\
       --template-file {quote(str(main))} --capabilities CAPABILITY_NAMED_IAM"""


def _roll_out(config: Config, rest: Path) -> str:
    lines = wrap(" ".join(config.secondary_regions), 88, break_on_hyphens=False)
    listed = "\n".join(f"       {line}" for line in lines)
    continued = " \\\n".join(f"       {line}" for line in lines)
    at = f"--region {config.main_region} --stack-set-name {config.name}"
    return f"""Console, when that stack is complete: StackSets in {config.main_region}, Create StackSet,
   self-managed permissions, upload {rest}; name: {config.name}; this account; these regions:
{listed}{_opt_in(config)}
   Or:
     aws cloudformation create-stack-set {at} \\
       --template-body file://{quote(str(rest))}
     aws cloudformation create-stack-instances {at} \\
       --accounts "$(aws sts get-caller-identity --query Account --output text)" \\
       --operation-preferences {_PREFERENCES} \\
       --regions \\
{continued}
   To change it later; for regions that are new, create-stack-instances with them as well:
     aws cloudformation update-stack-set {at} \\
       --operation-preferences {_PREFERENCES} \\
       --template-body file://{quote(str(rest))}
   Each time, check that every region is CURRENT; one that is not is not watched:
     aws cloudformation list-stack-instances {at} \\
       --query 'Summaries[].[Region,Status,StatusReason]' --output table"""


# A region that fails must not keep the others from being watched.
_PREFERENCES = "RegionConcurrencyType=PARALLEL,FailureTolerancePercentage=100"


def _opt_in(config: Config) -> str:
    named = [region for region in config.secondary_regions if region in config.partition.opt_in]
    if not named:
        return ""
    services = "\n".join(f"     cloudformation.{region}.amazonaws.com" for region in named)
    return f"\n   For opt-in regions, the administration role of the StackSet has to trust as well:\n{services}"


def _try(config: Config) -> str:
    where = f"in {config.secondary_regions[0]}, say" if config.secondary_regions else f"in {config.main_region}"
    seen = "the alert arrives" if config.alerts.endpoints else "the log has it"
    return f"Take the role on once, {where}, and see that {seen}."
