"""What a person should know: what a config leaves unseen or unsaid, and what to do with the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from shlex import quote
from textwrap import indent

from cfn_breakglass.aws.arns import parse_arn
from cfn_breakglass.aws.partitions import GLOBAL_REGION
from cfn_breakglass.builders.access.access_outputs import entrances
from cfn_breakglass.builders.access.role import ADMINISTRATOR, permissions
from cfn_breakglass.builders.alerts.sinks import Heard, watched_detections
from cfn_breakglass.builders.encryption import uses_as_json
from cfn_breakglass.builders.forwarding import central_buses
from cfn_breakglass.config.model import CREATE, OFF, Config
from cfn_breakglass.detections.catalog import Detection
from cfn_breakglass.guidance.deployment_steps import deployment, deployment_warnings, rollout
from cfn_breakglass.guidance.lockouts import lockouts, to_allow
from cfn_breakglass.names import Names, plain

_ADMINISTRATOR = (
    "role: no permissions given, so the role gets AdministratorAccess; "
    "give role.managed_policies or role.policy_statements to limit it"
)
_TAKEN_ON = "RoleAssumed"
# https://www.rfc-editor.org/rfc/rfc2606 and, of phone numbers, https://nationalnanpa.com/number_resource_info/555_numbers.html
_EXAMPLE = re.compile(r"[@/.]example\.(?:com|net|org)\b|^\+1555")
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
    if config.trail_lock_days:
        yield (
            f"trail_lock_days: for {config.trail_lock_days} days nobody, root neither, can delete a file of the trail; "
            "what is written keeps its days when you change that"
        )
    yield from _spared(config)
    yield from deployment_warnings(config)
    yield from lockouts(config)
    yield from _unheard(config)


def _spared(config: Config) -> Iterator[str]:
    """Who gets round what protects, or in, more easily than somebody may expect."""
    arns = [plain(arn, config).replace(":*:", ":000000000000:") for arn in Names.of(config).role.arns]
    for exempt in config.protection.exempt:
        if any(fnmatchcase(arn, exempt) for arn in arns):
            yield f"protection.exempt: {exempt} spares the break-glass role itself: the guard SCP does not bind it"
    if config.role.created and not config.role.trust.mfa and (config.users or config.user_tags):
        yield "role.trust.mfa: false lets whoever has a user's access key take the role on; true asks for MFA as well"


def _unheard(config: Config) -> Iterator[str]:
    watched = _watched(config)
    if not watched and set(config.detections.values()) == {OFF}:
        yield "detections: every one is off, so nobody is told of anything, and nothing is logged"
        return
    if not watched:
        yield "alerts: nobody is told of anything: no subscriber, no log; give alerts.emails or alerts.log: true"
        return
    there = {one.id for one in watched}
    if lost := [one for one in config.detections if config.detections[one] != OFF and one not in there]:
        yield f"alerts: no subscriber and no log is told of {', '.join(lost)}, so no rule is made; set alerts.log: true"
    if not any(map(config.alerts_on, there)):
        yield "alerts: nobody is told when something happens, it is only logged; give alerts.emails or the like"
    elif not config.alerts.fallback:
        yield "alerts.fallback: nobody is told when the alerts themselves cannot be delivered; give another mailbox"
    if config.alerts.sms and not config.alerts.message:
        yield "alerts.sms: an alert without alerts.message may be longer than a text message; give a short message"


def _watched(config: Config) -> list[Detection]:
    return watched_detections(config, Names.of(config))


def next_steps(config: Config, main: Path, rest: Path, guard: Path) -> str:
    """What to do with the two templates and the guard SCP, in the console or with the AWS CLI."""
    names, watched = Names.of(config), _watched(config)
    steps = [_new_trail(names) if config.trail == CREATE else _TRAIL]
    if config.event_bus.forwarder_role:
        steps.append(_own_forwarder(config, central_buses(config, names, watched)))
    if parse_arn(config.encryption):
        steps.append(_own_key(config, names))
    steps += [*deployment(config, main), *_subscribers(config, names, watched), *rollout(config, main, rest)]
    steps += [*to_allow(config, names), *_try(config, names), _attach(config, guard)]
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return f"What to do next:\n\n{numbered}\n"


def _subscribers(config: Config, names: Names, watched: list[Detection]) -> Iterator[str]:
    """What those who are to be told have to do first."""
    topics = {
        names.topic: config.alerts.endpoints if Heard.of(config, watched).topic else (),
        names.fallback_topic: config.alerts.fallback_endpoints,
    }
    used = {protocol for told in topics.values() for protocol, _ in told}
    if confirm := [name for protocol, name in (("email", "e-mail"), ("https", "https")) if protocol in used]:
        told = dict.fromkeys(endpoint for each in topics.values() for _, endpoint in each)
        examples = ", ".join(endpoint for endpoint in told if _EXAMPLE.search(endpoint))
        change = f"\n   Nobody reads what goes to an example; change in the config: {examples}" if examples else ""
        kinds = " and ".join(confirm)
        yield f"Confirm the subscriptions ({kinds}) within two days; until then they get nothing.{change}"
    if "sqs" in used:
        sending = " or ".join(topic for topic, told in topics.items() if "sqs" in dict(told))
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


def _new_trail(names: Names) -> str:
    return f"""Look whether a CloudTrail trail records the account already: the stack makes {names.trail},
   and AWS charges for every copy of the management events but the first. If there is one: trail: existing.
     aws cloudtrail describe-trails"""


def _own_key(config: Config, names: Names) -> str:
    return f"""Let AWS use the key {config.encryption}:
   in KMS in {config.main_region}, add to the statements of its key policy:
{indent(uses_as_json(config, names), "     ")}"""


def _own_forwarder(config: Config, central: Iterable[str]) -> str:
    buses = "\n".join(f"     event bus {bus}" for bus in central)
    return f"""Let the role {config.event_bus.forwarder_role} forward: it has to trust
   events.amazonaws.com and be allowed events:PutEvents on all of these in {config.main_region}:
{buses}"""


def _try(config: Config, names: Names) -> Iterator[str]:
    """How to see that it works, if taking the role on is told of at all."""
    if not config.hears_of(_TAKEN_ON):
        return
    seen = "the alert arrives" if config.alerts_on(_TAKEN_ON) else f"{names.login_log} has it"
    region = next(iter(config.secondary_regions), config.main_region)
    once = f"Take the role on once, with the STS of {region}, and see that {seen}. With the"
    if any(way.endswith("Profile") for way in entrances(config, names)):
        yield (
            f"{once} profile\n"
            "   from the outputs of the stack; before another try, the session in ~/.aws/cli/cache has to go:\n"
            f"     aws sts get-caller-identity --profile {config.name} --region {region}"
        )
    else:
        yield f"{once} command\n   from the outputs of the stack, and its --region {region}."


def _attach(config: Config, guard: Path) -> str:
    """How to attach the guard SCP, and whom to exempt first: who deploys is known only where the config names him."""
    named = {"protection.exempt": config.protection.exempt, "the deployer": config.deployer}
    spared = " and ".join(name for name, held in named.items() if held)
    missing = [] if config.deployer else ["whoever deploys these templates"]
    if config.secondary_regions and not config.makes_stackset_roles:
        missing.append(f"the role {Names.of(config).execution_role}")
    needs = f"\n   To update them still, exempt {' and '.join(missing)}." if missing else ""
    return f"""Optional, in an organization: attach {guard} to the account, from the management account.
   It denies everybody to change the monitoring, and spares {spared or "NOBODY: protection.exempt is empty"}.{needs}
     aws organizations create-policy --type SERVICE_CONTROL_POLICY --name {config.name} \\
       --description "Guards the monitoring of {config.name}" --content file://{quote(str(guard))}
     aws organizations attach-policy --policy-id POLICY --target-id ACCOUNT"""
