"""What to do next with the generated files, as numbered steps in the console or with the AWS CLI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from textwrap import indent, wrap
from typing import Any

from cfn_breakglass.aws.arns import STACK_SETS_ROLE, parse_arn
from cfn_breakglass.builders.access.access_outputs import access_outputs
from cfn_breakglass.builders.alerts.log_groups import existing_log_policy
from cfn_breakglass.builders.encryption import key_statements_as_json
from cfn_breakglass.config.collection_types import POLICY_VERSION
from cfn_breakglass.config.model import CREATE, Config
from cfn_breakglass.config.trust_settings import ANY_NAME
from cfn_breakglass.config.webhooks import secrets_in
from cfn_breakglass.generation.generate import GeneratedFiles, GeneratedTemplates
from cfn_breakglass.guidance.deployment_steps import (
    administrator_steps,
    arn_to_fill_in,
    main_region_step,
    of_hub,
    rollout_steps,
    stack_account,
)
from cfn_breakglass.guidance.drill_commands import drill_commands
from cfn_breakglass.guidance.session_enders import session_enders
from cfn_breakglass.names import in_every_account, resolve_pseudo_parameters, root_arn
from cfn_breakglass.plan import Plan

_ASSUMED = "RoleAssumed"
_SAML_ROLE_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/Role"
# https://www.rfc-editor.org/rfc/rfc2606 and, of phone numbers, https://nationalnanpa.com/number_resource_info/555_numbers.html
_EXAMPLE = re.compile(r"[@/.]example\.(?:com|net|org)\b|^\+1555")

_READ_SECRETS = "Whoever deploys needs secretsmanager:GetSecretValue on them"


def next_steps(plan: Plan, folder: Path, files: GeneratedFiles) -> str:
    """What to do with the files in ``folder``, in this order."""
    steps = [
        *_before_rollout(plan.config),
        _create_trail(plan) if plan.config.trail == CREATE else _check_trail(plan.config),
        *_prepare(plan),
        *administrator_steps(plan, folder, files.templates),
        *_roles_of_accounts(plan, folder, files.templates),
        main_region_step(plan, folder, files.templates.main_region),
        *_subscribers(plan),
        *_rollout(plan, folder, files.templates),
        *_uncovered_regions(plan),
        *grant_steps(plan),
        *_drill(plan),
        _attach_guard(plan, folder / files.guard_scp.name),
        _be_ready(plan),
    ]
    numbered = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return f"What to do next:\n\n{numbered}\n"


def _before_rollout(config: Config) -> Iterator[str]:
    if config.organization:
        from cfn_breakglass.guidance.organization_steps import steps_before_rollout

        yield from steps_before_rollout(config, config.organization)


def _roles_of_accounts(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    if plan.config.organization:
        from cfn_breakglass.guidance.organization_steps import accounts_step

        yield from accounts_step(plan, folder, templates)


def _rollout(plan: Plan, folder: Path, templates: GeneratedTemplates) -> Iterator[str]:
    if not plan.config.organization:
        return rollout_steps(plan, folder, templates)
    from cfn_breakglass.guidance.organization_steps import regions_steps

    return regions_steps(plan, folder, templates)


def _check_trail(config: Config) -> str:
    trail, flag, place = "CloudTrail trail", "", ""
    if config.organization:
        trail, flag, place = (
            "trail of the organization",
            "IsOrganizationTrail true, ",
            "   In the management account:\n",
        )
    return f"""Check that a {trail} records the read and write management events of every region:
   {flag}IsMultiRegionTrail true, IsLogging true; ReadWriteType All and
   IncludeManagementEvents true, or among the AdvancedEventSelectors one with eventCategory Management and no readOnly.
   Nothing alerts without such a trail.
{place}     aws cloudtrail describe-trails
     aws cloudtrail get-trail-status --name ARN-OF-THE-TRAIL
     aws cloudtrail get-event-selectors --trail-name ARN-OF-THE-TRAIL"""


def _uncovered_regions(plan: Plan) -> Iterator[str]:
    """What it means that a region is not watched."""
    config = plan.config
    uncovered = sorted(config.partition.regions.difference(plan.regions))
    if not uncovered:
        return
    lines = indent("\n".join(wrap(" ".join(uncovered), 88, break_on_hyphens=False)), "       ")
    meaning = "Neither RoleAssumed nor anything else alerts there. Add those to regions"
    if config.role.created and config.role.trust.only_covered_regions:
        meaning = "Nobody can assume the role there, but what a session does there alerts nobody. Add those to regions"
    elif config.role.created:
        meaning += ", or set role.trust.only_covered_regions: true"
    account = "an account of the organization" if config.organization else "the account"
    yield f"""Find out which of these regions {account} has enabled, for they are not watched:
{lines}
     aws account list-regions --region-opt-status-contains ENABLED ENABLED_BY_DEFAULT ENABLING
   {meaning}."""


def _create_trail(plan: Plan) -> str:
    return f"""Check whether a CloudTrail trail records the account already. If so, set trail: existing: the stack
   would create {plan.names.trail}, and AWS charges for every copy of the management events but the first.
     aws cloudtrail describe-trails"""


def _prepare(plan: Plan) -> Iterator[str]:
    """What the stack uses and does not create: a forwarder role, the passwords of subscribers, a key."""
    config = plan.config
    if config.event_bus.forwarder_role and plan.buses:
        buses = "\n".join(f"     event bus {bus.name}" for bus in plan.buses)
        yield f"""Let the role {config.event_bus.forwarder_role} forward events: it has to trust
   events.amazonaws.com, and its policy has to allow events:PutEvents on all of these in {config.main_region}:
{buses}"""
    endpoints = (*config.alerts.endpoints, *config.alerts.fallback_endpoints)
    if secrets := list(dict.fromkeys(secret for _, endpoint in endpoints for secret in secrets_in(endpoint))):
        reader = f"The role {plan.names.service_role} may read them" if config.deployer else _READ_SECRETS
        yield f"""Create the secrets in Secrets Manager{of_hub(config)} in {config.main_region}: {", ".join(secrets)}
   In a password, write %40 for @, and so on for every character that an address cannot have.
   {reader}."""
    yield from _authorize_chats(config)
    if config.alerts.topic and plan.destinations.topic:
        yield _allow_publishing(plan, config.alerts.topic)
    yield from _logs_policy(plan)
    if parse_arn(config.encryption):
        yield f"""Let AWS use the key {config.encryption}:
   in KMS in {config.main_region}, add to the statements of its key policy:
{indent(key_statements_as_json(plan), "     ")}"""


def _logs_policy(plan: Plan) -> Iterator[str]:
    """What the ten resource policies of a region leave room for; AWS does not raise that number.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    """
    config, region = plan.config, plan.config.main_region
    account, hub = stack_account(config), of_hub(config)
    if not (plan.destinations.login_log or plan.destinations.action_log or plan.heartbeat):
        return
    if config.logs_policy == CREATE:
        yield f"""Check that {account} has at most 9 resource policies of CloudWatch Logs in {region}: the stack adds
   one, and AWS takes 10. If there are 10, write logs_policy: existing, and generate prints what one of yours has to
   allow.
     aws logs describe-resource-policies --region {region} --query 'length(resourcePolicies)'"""
        return
    document = arn_to_fill_in(existing_log_policy(plan), config).replace("${AWS::Region}", region)
    yield f"""Let EventBridge write the logs: add this statement to a resource policy of CloudWatch Logs{hub} in
   {region}. Before that, nothing is logged and no heartbeat is counted.
     {json.dumps(json.loads(document)["Statement"][0])}"""


def _allow_publishing(plan: Plan, topic: str) -> str:
    """What the policy of an existing topic has to allow, and that of its key."""
    account, topic_account = plan.config.account, topic.split(":")[4]
    statements = []
    if not account or account == topic_account:
        place = "" if account else f", if the stack is in account {topic_account} too"
        statements.append(f"   for events.amazonaws.com{place}:\n     {_publishing_rules(plan, topic)}")
    if account != topic_account:
        place = "" if account else ", if the stack is in another account"
        statements.append(f"   for the role {plan.names.publisher_role}{place}:\n     {_publishing_role(plan, topic)}")
    lines = "\n".join(statements)
    return f"""Let alerts be published to {topic}.
   The stack changes nothing of it. Add to the statements of its policy,
{lines}
   If it is encrypted, it needs a key of its owner, not AWS's own for SNS, whose policy allows the same caller
   kms:Decrypt and kms:GenerateDataKey*."""


def _publishing_rules(plan: Plan, topic: str) -> str:
    account = topic.split(":")[4]
    arns = [resolve_pseudo_parameters(arn, plan.config, account) for arn in plan.rule_arns(plan.destinations.topic)]
    region = plan.config.main_region
    condition = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": [arn.replace("${AWS::Region}", region) for arn in arns]},
    }
    return _publishing(topic, {"Service": "events.amazonaws.com"}, condition)


def _publishing_role(plan: Plan, topic: str) -> str:
    """The role is named by a condition: SNS refuses a policy with a principal that does not exist yet."""
    role, root = (arn_to_fill_in(arn, plan.config) for arn in (plan.names.publisher_role_arn, root_arn()))
    return _publishing(topic, {"AWS": root}, {"ArnEquals": {"aws:PrincipalArn": role}})


def _publishing(topic: str, principal: dict[str, str], condition: dict[str, Any]) -> str:
    statement = {"Sid": "BreakGlass", "Effect": "Allow", "Principal": principal, "Action": "sns:Publish"}
    return json.dumps({**statement, "Resource": topic, "Condition": condition})


def _authorize_chats(config: Config) -> Iterator[str]:
    """What only a person can do, once for each workspace of Slack and each team of Microsoft Teams.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/setting-up.html
    """
    alerts = config.alerts
    clients = [f"Slack, workspace {slack.workspace}" for slack in alerts.slack]
    clients += [f"Microsoft Teams, team {teams.team}" for teams in alerts.teams]
    if clients:
        lines = "\n".join(f"     {client}" for client in dict.fromkeys(clients))
        hub = " in the hub," if config.organization else ""
        yield f"""Once,{hub} let AWS post in the chat: at https://console.aws.amazon.com/chatbot/ choose Configure new
   client for each of these. Configure no channel there: the stack does that, and cannot before you did this.
{lines}
   In a private channel of Slack, invite the app: /invite @Amazon Q. To a team of Microsoft Teams, add the app
   Amazon Q Developer."""


def _subscribers(plan: Plan) -> Iterator[str]:
    """What subscribers have to do before they are notified."""
    config = plan.config
    topics = {
        plan.names.topic_arn: config.alerts.endpoints if plan.destinations.topic else (),
        plan.names.fallback_topic_arn: config.alerts.fallback_endpoints,
    }
    protocols = {protocol for endpoints in topics.values() for protocol, _ in endpoints}
    if confirming := [name for protocol, name in (("email", "e-mail"), ("https", "https")) if protocol in protocols]:
        subscribed = dict.fromkeys(endpoint for endpoints in topics.values() for _, endpoint in endpoints)
        examples = ", ".join(endpoint for endpoint in subscribed if _EXAMPLE.search(endpoint))
        change = f"\n   Nobody reads these examples; replace them in the config: {examples}" if examples else ""
        kinds = " and ".join(confirming)
        mailboxes = _confirm_mailboxes(
            plan, [topic for topic, endpoints in topics.items() if "email" in dict(endpoints)]
        )
        yield f"Confirm the subscriptions ({kinds}) within two days. Until then nothing arrives.{change}{mailboxes}"
    if "sqs" in protocols:
        senders = " or ".join(
            topic.rpartition(":")[2] for topic, endpoints in topics.items() if "sqs" in dict(endpoints)
        )
        yield (
            "Let SNS send to the queues: their policies have to allow sqs:SendMessage to sns.amazonaws.com\n"
            f"   from the topic {senders}."
        )
        yield from _confirm_queues(plan, topics)
    if "sms" in protocols:
        yield (
            f"For text messages from {config.main_region}: move the account out of the SMS sandbox of SNS, get an\n"
            "   origination number if the country needs one, as the USA does, and raise the monthly spending quota:\n"
            "   it is $1 at first. Send a test. Do not let a phone be the only fallback."
        )


def _confirm_mailboxes(plan: Plan, topics: list[str]) -> str:
    """How to confirm a mailbox so that only the account can unsubscribe it.

    https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    """
    if not topics:
        return ""
    command = f"aws sns confirm-subscription --region {plan.config.main_region} --authenticate-on-unsubscribe true"
    lines = "\n".join(
        f"     {command} \\\n       --topic-arn {arn_to_fill_in(topic, plan.config)} --token TOKEN" for topic in topics
    )
    account = stack_account(plan.config)
    return f"""
   For a mailbox, do not follow the link in the mail: after that, the link in every alert unsubscribes, whoever
   follows it, even a mail scanner. Copy what the link has between Token= and &, and confirm with that, in {account}:
{lines}"""


def _confirm_queues(plan: Plan, topics: dict[str, tuple[tuple[str, str], ...]]) -> Iterator[str]:
    """A step for each queue that is not known to be in the account of the topic: its owner has to confirm.

    https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html
    """
    config = plan.config
    queues = [(topic, parse_arn(value)) for topic, endpoints in topics.items() for _, value in endpoints]
    for topic, queue in queues:
        if not queue or queue.service != "sqs" or queue.account == config.account:
            continue
        place = f"in account {queue.account}"
        condition = f" {place}" if config.account else f", unless the stack is {place} too,"
        url = f"https://sqs.{queue.region}.{config.partition.url_suffix}/{queue.account}/{queue.resource}"
        yield f"""The owner of the queue {queue.resource}{condition} has to confirm its
   subscription within two days. Until then nothing arrives. The Token is in the message of the Type
   SubscriptionConfirmation that SNS has sent to the queue:
     aws sqs receive-message --region {queue.region} --queue-url {url} \\
       --max-number-of-messages 10 --query 'Messages[].Body' --output text
     aws sns confirm-subscription --no-sign-request --region {config.main_region} \\
       --topic-arn {arn_to_fill_in(topic, config)} --token TOKEN"""


def grant_steps(plan: Plan) -> Iterator[str]:
    """A step for each kind of callers whom the stack cannot allow to assume the role.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/howtocmp.html
    """
    config, names, trust = plan.config, plan.names, plan.config.role.trust
    if not config.role.created:
        return
    if config.user_tags and config.grants:
        tags = " and ".join(f"{key}={value}" for key, value in config.user_tags.items())
        yield (
            f"Allow the users with the tag {tags} to assume the role: attach the policy {names.grant} to a group\n"
            "   of theirs. Whoever may tag users (iam:TagUser) decides who can assume the role.\n"
            "     aws iam attach-group-policy --group-name GROUP"
            f" --policy-arn {arn_to_fill_in(names.grant_arn, config)}"
        )
    own_sets = [name for name in trust.permission_sets if "/" not in name]
    if own_sets and config.grants:
        sets = ("permission set " if len(own_sets) == 1 else "permission sets ") + " and ".join(own_sets)
        yield f"""In Identity Center, add the customer managed policy {names.grant} to the {sets}.
   If one is assigned in other accounts as well, AWS refuses to assign a policy that these do not have: write this
   inline policy into it instead.
     {json.dumps({"Version": POLICY_VERSION, "Statement": [_assuming(plan)]})}"""
    others = [principal for principal in trust.principals if not _is_own_principal(principal, config)]
    if foreign := [*others, *(name for name in trust.permission_sets if "/" in name)]:
        yield _allow_in_other_accounts(plan, foreign)
    if trust.account_access.application:
        yield _entitle(plan, trust.account_access.application)
    for provider in trust.saml_providers:
        yield _set_saml_attribute(plan, provider)


def _entitle(plan: Plan, application: str) -> str:
    (role,) = plan.names.role.arns
    entitlement = {
        "principal": {"identityCenter": {"groupId": "GROUP"}},
        "roleArn": arn_to_fill_in(role, plan.config),
    }
    return f"""In account access manager, entitle a group of Identity Center to the role, or a user with userId:
     aws account-access create-entitlement --region {application.split(":")[3]} \\
       --application-arn {application} \\
       --entitlement {quote(json.dumps({"principalRole": entitlement}))}"""


def _is_own_principal(principal: str, config: Config) -> bool:
    """Whether a principal is a user or a role of the account itself, for which the trust policy is enough.

    In an organization, most roles are in another account than any principal.
    """
    arn = parse_arn(principal)
    return bool(arn and arn.account == config.account and arn.resource != "root") and not config.organization


def _allow_in_other_accounts(plan: Plan, principals: list[str]) -> str:
    lines = "\n".join(f"     {principal}" for principal in principals)
    return (
        f"Allow these to assume the role, each in its own account:\n{lines}\n   with the statement\n"
        f"     {json.dumps(_assuming(plan))}"
    )


def _assuming(plan: Plan) -> dict[str, Any]:
    """The statement that allows a caller to assume the role."""
    arns = [arn_to_fill_in(arn, plan.config) for arn in plan.names.role.arns_in_accounts]
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arns}


def _set_saml_attribute(plan: Plan, provider: str) -> str:
    config = plan.config
    names = config.names_of("saml")
    users = "the users who may assume the role" if not names or ANY_NAME in names else "the users in the config"
    pairs = [f"{arn},{in_every_account(provider, config)}" for arn in plan.names.role.arns]
    values = "\n".join(f"     {resolve_pseudo_parameters(pair, config, 'ACCOUNT')}" for pair in pairs)
    each = " for each account" if config.organization else ""
    return f"""At the SAML provider, add for {users} the attribute
   {_SAML_ROLE_ATTRIBUTE} with the value{each}
{values}"""


def _drill(plan: Plan) -> Iterator[str]:
    """How to see that it works, if assuming the role is watched at all."""
    if not plan.watches(_ASSUMED):
        return
    config = plan.config
    effect = "the alert arrives" if plan.alerts_on(_ASSUMED) else f"{plan.names.login_log} has it"
    region = next(iter(config.secondary_regions), config.main_region)
    place, outputs = "", "the outputs of the stack"
    if config.organization:
        place, outputs = " outside the hub", f"the outputs of that account's stack of {plan.names.accounts_stack_set}"
    sentence = f"Test it{place}: assume the role once, with the STS of {region}, and see that {effect}."
    if any(output.is_profile for output in access_outputs(plan).values()):
        yield (
            f"{sentence}\n"
            f"   Use the profile in {outputs}. Before you try again,\n"
            "   delete the session in ~/.aws/cli/cache:\n"
            f"     aws sts get-caller-identity --profile {config.name} --region {region}"
        )
    else:
        yield f"{sentence}\n   Use the command in {outputs}, with --region {region}."


def _be_ready(plan: Plan) -> str:
    drill = next(filter(None, drill_commands(plan)), "")
    prove = ", and each quarter prove that the alerts of every region arrive" if drill else ""
    lines = [f"Be ready: print what to do in an emergency{prove}.", "cfn-breakglass runbook", drill]
    return "\n     ".join(filter(None, lines))


def _responders(plan: Plan) -> str:
    return (
        ", ".join(session_enders(plan)) or "NOBODY:\n   name those who respond to an incident in protection.responders"
    )


def _attach_guard(plan: Plan, guard: Path) -> str:
    """How to attach the guard SCP, and whom to exempt before: the config may not say who deploys."""
    config, organization = plan.config, plan.config.organization
    exemptions = {
        "protection.exempt": config.protection.exempt,
        "the deployer": config.deployer,
        f"the roles {STACK_SETS_ROLE}*": organization,
    }
    exempt = " and ".join(name for name, principals in exemptions.items() if principals)
    missing = [] if config.deployer else ["whoever deploys these templates"]
    if config.secondary_regions and not (config.makes_stackset_roles or organization):
        missing.append(f"the role {plan.names.execution_role}")
    needs = f"\n   To be able to update it, exempt {' and '.join(missing)}." if missing else ""
    head = f"Optional, in an organization: attach {guard} to the account, from the management account."
    target = "ACCOUNT"
    if organization:
        head = f"Optional: attach {guard} to the units, from the management account, which no SCP binds."
        target = organization.units[0] if len(organization.units) == 1 else "UNIT"
    return f"""{head}
   It denies every change of the monitoring, and exempts {exempt or "NOBODY: protection.exempt is empty"}.{needs}
   To end the sessions of the role takes iam:PutRolePolicy on it, which the SCP then leaves to {_responders(plan)}.
     aws organizations create-policy --type SERVICE_CONTROL_POLICY --name {config.name} \\
       --description "Guards the monitoring of {config.name}" --content file://{quote(str(guard))}
     aws organizations attach-policy --policy-id POLICY --target-id {target}"""
