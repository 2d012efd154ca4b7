"""What a person should know: what a config leaves unseen or unsaid, and what to do with the templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from shlex import quote
from textwrap import indent

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.aws.partitions import GLOBAL_REGION
from cfn_breakglass.builders.access.access_outputs import access_outputs
from cfn_breakglass.builders.access.role import ADMINISTRATOR, managed_policies
from cfn_breakglass.builders.encryption import key_statements_as_json
from cfn_breakglass.config.model import CREATE, OFF
from cfn_breakglass.generation.generate import GeneratedFiles
from cfn_breakglass.guidance.deployment_steps import deployment, deployment_warnings, rollout
from cfn_breakglass.guidance.lockouts import grant_steps, lockouts
from cfn_breakglass.names import resolve_pseudo_parameters
from cfn_breakglass.plan import Plan

_ADMINISTRATOR = (
    "role: no permissions given, so the role gets AdministratorAccess; "
    "give role.managed_policies or role.policy_statements to limit it"
)
_ASSUMED = "RoleAssumed"
# https://www.rfc-editor.org/rfc/rfc2606 and, of phone numbers, https://nationalnanpa.com/number_resource_info/555_numbers.html
_EXAMPLE = re.compile(r"[@/.]example\.(?:com|net|org)\b|^\+1555")
_GLOBAL = (
    f"regions: {GLOBAL_REGION} is not covered, so what AWS records only there goes unseen: "
    "global sign-in, the global STS endpoint, IAM"
)


def warnings(plan: Plan) -> Iterator[str]:
    """Sentences about what the templates will do that somebody may not want or expect."""
    config = plan.config
    if config.role.created and managed_policies(config) == (ADMINISTRATOR,) and not config.role.managed_policies:
        yield _ADMINISTRATOR
    if config.partition.name == "aws" and GLOBAL_REGION not in plan.regions:
        yield _GLOBAL
    if config.trail_lock_days:
        yield (
            f"trail_lock_days: for {config.trail_lock_days} days nobody, root neither, can delete a file of the trail; "
            "what is written keeps its days when you change that"
        )
    yield from _spared(plan)
    yield from deployment_warnings(plan)
    yield from lockouts(config)
    yield from _not_alerted(plan)


def _spared(plan: Plan) -> Iterator[str]:
    """Who gets round what protects, or in, more easily than somebody may expect."""
    config = plan.config
    arns = [resolve_pseudo_parameters(arn, config).replace(":*:", ":000000000000:") for arn in plan.names.role.arns]
    for exempt in config.protection.exempt:
        if any(fnmatchcase(arn, exempt) for arn in arns):
            yield f"protection.exempt: {exempt} spares the break-glass role itself: the guard SCP does not bind it"
    if config.role.created and not config.role.trust.mfa and (config.users or config.user_tags):
        yield "role.trust.mfa: false lets whoever has a user's access key take the role on; true asks for MFA as well"


def _not_alerted(plan: Plan) -> Iterator[str]:
    config = plan.config
    if not plan.detections and set(config.detections.values()) == {OFF}:
        yield "detections: every one is off, so nobody is told of anything, and nothing is logged"
        return
    if not plan.detections:
        yield "alerts: nobody is told of anything: no subscriber, no log; give alerts.emails or alerts.log: true"
        return
    if lost := [name for name, level in config.detections.items() if level != OFF and not plan.watches(name)]:
        yield f"alerts: no subscriber and no log is told of {', '.join(lost)}, so no rule is made; set alerts.log: true"
    if not plan.destinations.topic:
        yield "alerts: nobody is told when something happens, it is only logged; give alerts.emails or the like"
    elif not config.alerts.fallback:
        yield "alerts.fallback: nobody is told when the alerts themselves cannot be delivered; give another mailbox"
    if config.alerts.sms and not config.alerts.message:
        yield "alerts.sms: an alert without alerts.message may be longer than a text message; give a short message"


def next_steps(plan: Plan, folder: Path, files: GeneratedFiles) -> str:
    """What to do with the files in ``folder``, in the console or with the AWS CLI."""
    steps = [_new_trail(plan) if plan.config.trail == CREATE else _TRAIL]
    if plan.config.event_bus.forwarder_role:
        steps.append(_own_forwarder(plan))
    if parse_arn(plan.config.encryption):
        steps.append(_own_key(plan))
    steps += [
        *deployment(plan, folder, files.templates),
        *_subscribers(plan),
        *rollout(plan, folder, files.templates),
        *grant_steps(plan),
        *_try(plan),
        _attach(plan, folder / files.guard_scp.name),
    ]
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return f"What to do next:\n\n{numbered}\n"


def _subscribers(plan: Plan) -> Iterator[str]:
    """What subscribers have to do first."""
    config = plan.config
    topics = {
        plan.names.topic: config.alerts.endpoints if plan.destinations.topic else (),
        plan.names.fallback_topic: config.alerts.fallback_endpoints,
    }
    used = {protocol for endpoints in topics.values() for protocol, _ in endpoints}
    if confirm := [name for protocol, name in (("email", "e-mail"), ("https", "https")) if protocol in used]:
        subscribed = dict.fromkeys(endpoint for endpoints in topics.values() for _, endpoint in endpoints)
        examples = ", ".join(endpoint for endpoint in subscribed if _EXAMPLE.search(endpoint))
        change = f"\n   Nobody reads what goes to an example; change in the config: {examples}" if examples else ""
        kinds = " and ".join(confirm)
        yield f"Confirm the subscriptions ({kinds}) within two days; until then they get nothing.{change}"
    if "sqs" in used:
        sending = " or ".join(topic for topic, endpoints in topics.items() if "sqs" in dict(endpoints))
        yield (
            "Let SNS send to the queues: in their policies, allow sns.amazonaws.com sqs:SendMessage\n"
            f"   from the topic {sending}."
        )
    if "sms" in used:
        yield (
            f"Phones: in {config.main_region}, take the account out of the SMS sandbox of SNS, get an origination\n"
            "   number where the country asks for one, as the USA does, and raise the monthly spending quota: it is\n"
            "   $1 at first, which a rollout alone may use up. Send a test. Let a phone not be the only fallback."
        )


_TRAIL = """Check that a CloudTrail trail is logging in every region, read and write management events:
   IsMultiRegionTrail true, IsLogging true; ReadWriteType All and IncludeManagementEvents true, or among the
   AdvancedEventSelectors one with eventCategory Management and no readOnly. Without one nothing arrives.
     aws cloudtrail describe-trails
     aws cloudtrail get-trail-status --name ARN-OF-THE-TRAIL
     aws cloudtrail get-event-selectors --trail-name ARN-OF-THE-TRAIL"""


def _new_trail(plan: Plan) -> str:
    return f"""Look whether a CloudTrail trail records the account already: the stack makes {plan.names.trail},
   and AWS charges for every copy of the management events but the first. If there is one: trail: existing.
     aws cloudtrail describe-trails"""


def _own_key(plan: Plan) -> str:
    return f"""Let AWS use the key {plan.config.encryption}:
   in KMS in {plan.config.main_region}, add to the statements of its key policy:
{indent(key_statements_as_json(plan), "     ")}"""


def _own_forwarder(plan: Plan) -> str:
    config = plan.config
    buses = "\n".join(f"     event bus {bus.name}" for bus in plan.buses)
    return f"""Let the role {config.event_bus.forwarder_role} forward: it has to trust
   events.amazonaws.com and be allowed events:PutEvents on all of these in {config.main_region}:
{buses}"""


def _try(plan: Plan) -> Iterator[str]:
    """How to see that it works, if assuming the role is watched at all."""
    if not plan.watches(_ASSUMED):
        return
    config = plan.config
    effect = "the alert arrives" if plan.alerts_on(_ASSUMED) else f"{plan.names.login_log} has it"
    region = next(iter(config.secondary_regions), config.main_region)
    once = f"Take the role on once, with the STS of {region}, and see that {effect}. With the"
    if any(output.is_profile for output in access_outputs(plan).values()):
        yield (
            f"{once} profile\n"
            "   from the outputs of the stack; before another try, the session in ~/.aws/cli/cache has to go:\n"
            f"     aws sts get-caller-identity --profile {config.name} --region {region}"
        )
    else:
        yield f"{once} command\n   from the outputs of the stack, and its --region {region}."


def _attach(plan: Plan, guard: Path) -> str:
    """How to attach the guard SCP, and whom to exempt first: the config may not say who deploys."""
    config = plan.config
    exemptions = {"protection.exempt": config.protection.exempt, "the deployer": config.deployer}
    spared = " and ".join(name for name, principals in exemptions.items() if principals)
    missing = [] if config.deployer else ["whoever deploys these templates"]
    if config.secondary_regions and not config.makes_stackset_roles:
        missing.append(f"the role {plan.names.execution_role}")
    needs = f"\n   To update them still, exempt {' and '.join(missing)}." if missing else ""
    return f"""Optional, in an organization: attach {guard} to the account, from the management account.
   It denies everybody to change the monitoring, and spares {spared or "NOBODY: protection.exempt is empty"}.{needs}
     aws organizations create-policy --type SERVICE_CONTROL_POLICY --name {config.name} \\
       --description "Guards the monitoring of {config.name}" --content file://{quote(str(guard))}
     aws organizations attach-policy --policy-id POLICY --target-id ACCOUNT"""
