"""What a runbook says, in the order in which somebody needs it.

The items of SEC03-BP03 beside the headings are counted in docs/well-architected.md.
https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/sec_permissions_emergency_process.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from cfn_breakglass import __version__
from cfn_breakglass.analysis.trust.decision import TrustDescription
from cfn_breakglass.builders.access.role import managed_policies
from cfn_breakglass.documents.blocks import Code, Heading, Paragraph, Steps, Table
from cfn_breakglass.documents.texts import code
from cfn_breakglass.guidance.drill_commands import drill_commands, has_users, to_fill_in
from cfn_breakglass.guidance.lockouts import lockouts
from cfn_breakglass.guidance.runbook.blanks import Blank, RunbookBlock
from cfn_breakglass.guidance.runbook.ending_sessions import ending_sessions
from cfn_breakglass.guidance.runbook.ways_in import ways_in
from cfn_breakglass.guidance.single_provider import single_provider
from cfn_breakglass.names import in_every_account
from cfn_breakglass.plan import Plan

PRACTICE: Final = "SEC03-BP03"
"""The best practice of AWS's Well-Architected Framework that a runbook is about."""
_SECRET: Final = re.compile(r"\{\{[^}]*\}\}")
_KINDS: Final = {
    "email": "e-mail",
    "sms": "text message",
    "https": "web address",
    "sqs": "queue",
    "lambda": "function",
    "application": "mobile push",
}


def contents(plan: Plan, trust: TrustDescription | None, config_file: str) -> Iterator[RunbookBlock]:
    """The blocks of a runbook. ``trust`` is what the templates say of who gets in, None of a role they do not make."""
    yield from _head(plan, config_file)
    yield from _when_to_use()
    yield from _before()
    yield _section("3. Get in", 4, 10, 16)
    yield from ways_in(plan)
    yield from _locked_out(plan, trust)
    yield from _while_in(plan)
    yield from _alerts(plan)
    yield _section("7. End all sessions now", 14)
    yield from ending_sessions(plan)
    yield from _after(plan)
    yield from _every_quarter(plan)
    yield from _custody(plan)


def _section(title: str, *items: int) -> Heading:
    """The heading of a section, and the items of SEC03-BP03 that it is about, as docs/well-architected.md counts."""
    return Heading(2, title, f"{PRACTICE} {', '.join(map(str, items))}")


def _head(plan: Plan, config_file: str) -> Iterator[RunbookBlock]:
    config = plan.config
    yield Heading(1, f"Break-glass runbook: {config.name}")
    organization = config.organization
    account = code(config.account) if config.account else "the account that ACCOUNT stands for below"
    if organization:
        account = f"every account of {', '.join(map(code, organization.units))}; hub {code(organization.hub)}"
    facts = [
        f"Role: {code(to_fill_in(plan, plan.names.role.label))}, in {account}",
        f"Alerts and logs are in {code(config.main_region)}. {_watched(plan)}",
        (
            f"Made from {code(config_file)} by cfn-breakglass {__version__}: change the config or fill in the blanks,"
            " nothing else"
        ),
        "Capitals in commands stand for what is yours",
        (f"{PRACTICE} is what AWS's Well-Architected Framework says of emergency access; the numbers count its points"),
    ]
    if config.role.created:
        own = ["policies of its own"] if config.role.policy_statements else []
        facts.insert(1, f"It may do what these allow: {', '.join([*map(code, _policies(plan)), *own])}")
    yield Steps(tuple(facts), is_numbered=False)
    if organization:
        yield Blank("accounts", ("ACCOUNT is the number of the account that is in trouble. The most likely ones",))
    elif not config.account:
        yield Blank("account", ("ACCOUNT is",))


def _policies(plan: Plan) -> Iterator[str]:
    """The managed policies of the role, of AWS by their names."""
    for name in managed_policies(plan.config):
        yield to_fill_in(plan, in_every_account(name, plan.config))


def _watched(plan: Plan) -> str:
    others = len(plan.config.secondary_regions)
    return f"{others} more region{'s are' if others > 1 else ' is'} watched" if others else "No other region is watched"


def _when_to_use() -> Iterator[RunbookBlock]:
    yield _section("1. Is it an emergency?", 1, 2, 3, 4, 7, 9)
    yield Paragraph("Use the role only if all of this is so:")
    yield Steps(
        (
            "Something is broken or under attack, and to wait does harm.",
            (
                "The usual way does not work: the identity provider, its configuration in AWS, Identity Center or the"
                " pipeline is down, or too slow."
            ),
            "Whoever is named below has declared an emergency.",
        )
    )
    yield Paragraph(
        "Do not use it for a routine change, to save time, to look around, or because you lack a permission: ask for"
        " that permission."
    )
    yield Blank(
        "emergencies",
        (
            "What is an emergency here",
            "How to confirm it, such as both status pages of the identity provider",
            "Who declares it, by day and by night",
            "If it is none, go this way instead",
        ),
    )


def _before() -> Iterator[RunbookBlock]:
    yield _section("2. Before you get in", 11, 12, 13)
    yield Steps(
        (
            "Open a ticket: what is broken, who you are, what you are going to do.",
            "Get the approval of a second person, who stays with you until the end.",
            "Tell those who are alerted (see 6) your name and the ticket. The first alert comes within minutes.",
        )
    )
    yield Blank(
        "contacts",
        ("Tickets", "Approves, and deputies", "Incident channel and phone", "Has to be told: leadership, customers"),
    )


def _locked_out(plan: Plan, trust: TrustDescription | None) -> Iterator[RunbookBlock]:
    config = plan.config
    yield _section("4. If you do not get in", 3, 6, 9)
    if trust:
        yield Paragraph("You get in only like this:")
        yield Steps(tuple(_ways_and_conditions(trust)), is_numbered=False)
    else:
        yield Paragraph("The trust policy of the role says who gets in. It is not in the templates.")
        if not config.role.permission_set:
            query = "--query Role.AssumeRolePolicyDocument"
            yield Code(f"aws iam get-role --role-name {plan.names.role.name} {query}")
    problems = [*single_provider(config), *lockouts(config)]
    if problems:
        yield Paragraph("What the config rules out:")
        yield Steps(tuple(map(_plain, problems)), is_numbered=False)
    yield Paragraph("Then:")
    yield Steps(tuple(_when_denied(plan)))
    yield Blank("last-resort", ("Last resort, such as root of the account; who decides it",))


def _ways_and_conditions(trust: TrustDescription) -> Iterator[str]:
    """A sentence for each statement that lets somebody in or keeps everybody out."""
    for statement in trust.statements:
        calls = [action.removeprefix("sts:") for action in statement.actions if action.startswith("sts:AssumeRole")]
        conditions = f", if {'; '.join(statement.conditions)}" if statement.conditions else ""
        if calls and statement.effect == "Allow":
            yield _plain(f"{', or '.join(statement.principals)} ({' and '.join(calls)}){conditions}")
        elif calls:
            yield _plain(f"nobody{conditions}")


def _plain(text: str) -> str:
    """A sentence that may hold backticks, which are no marks in it."""
    return code(text) if "`" in text else text


def _when_denied(plan: Plan) -> Iterator[str]:
    trust = plan.config.role.trust
    if has_users(plan) and trust.mfa:
        yield "Wait for the next MFA code and try again. Look whether your clock is right."
    yield "Take another way of 3, or another person who may."
    if plan.config.role.created and plan.config.users:
        yield "Ask why, on any machine that has the templates: `cfn-breakglass trust --user YOUR-USER-NAME --mfa`"
    if plan.alerts_on("RoleDenied"):
        yield "Each denial alerts (RoleDenied). Tell those who are alerted that it was you."
    yield "If nothing works, take the last resort:"


def _while_in(plan: Plan) -> Iterator[RunbookBlock]:
    config = plan.config
    yield _section("5. While you are in", 7, 14)
    steps = [
        "Do what the ticket says, and nothing else. The second person writes down what you do, and when.",
        (
            "Make no user, key, role or policy, and pass no role, unless the ticket needs it: each of these alerts, and"
            " has to be undone."
        ),
        "Do not touch the monitoring: it alerts" + (", and is denied." if config.protection.deny else "."),
        "Give nobody your session.",
    ]
    if config.secondary_regions:
        steps.append("Stay in the regions that are watched: " + " ".join(map(code, sorted(plan.regions))))
    if config.role.created:
        hours = config.role.max_session_hours
        length = f"{hours} hours" if hours > 1 else "an hour"
        steps.append(f"A session lasts at most {length}. Assume the role again if you need longer, and say so.")
    yield Steps(tuple(steps), is_numbered=False)


def _alerts(plan: Plan) -> Iterator[RunbookBlock]:
    yield _section("6. Who is alerted, and what each alert asks", 8, 14, 21)
    yield Steps(tuple(_receivers(plan)), is_numbered=False)
    if rows := tuple(_alert_rows(plan)):
        yield Table({"Alert": 0, "What to do (7: how to end the sessions)": 0}, rows)
    if is_unlinked(plan):
        yield Paragraph(
            "No alert links to this runbook. Put it where it can be read while the identity provider is down, and write"
            " its address into `alerts.runbook` of the config."
        )


def is_unlinked(plan: Plan) -> bool:
    """Whether somebody is notified, by alerts that do not say where the runbook is."""
    return bool(plan.destinations.notified and not plan.config.alerts.runbook)


def _alert_rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    """A row for each thing that an alert may ask; the sentence tells rows of one detection apart."""
    notified = plan.destinations.notified
    by_step = {(detection.id, detection.next_step): detection for detection in reversed(plan.detections)}
    several = Counter(detection_id for detection_id, _ in by_step)
    for detection in plan.detections:
        if detection in notified and by_step[detection.id, detection.next_step] is detection:
            summary = f": {detection.summary}" if several[detection.id] > 1 else ""
            yield f"{detection.severity} {detection.id}{summary}", detection.next_step


def _receivers(plan: Plan) -> Iterator[str]:
    config, names, destinations = plan.config, plan.names, plan.destinations
    alerts = config.alerts
    people = [_receiver(*endpoint) for endpoint in alerts.endpoints] if destinations.topic else []
    if alerts.topic and destinations.topic:
        people.append(f"whoever has subscribed to {code(alerts.topic)}")
    chats = [f"Slack channel {code(slack.channel)}" for slack in alerts.slack]
    chats += [f"Microsoft Teams channel {code(teams.channel)}" for teams in alerts.teams]
    if destinations.chat:
        people += chats
    yield f"Alerts go to: {', '.join(people) or 'nobody; they are only logged'}"
    if alerts.fallback_endpoints:
        fallback = ", ".join(_receiver(*endpoint) for endpoint in alerts.fallback_endpoints)
        yield f"If alerts fail: {fallback}"
    logs = [names.login_log] if destinations.login_log else []
    logs += [names.action_log] if destinations.action_log else []
    if logs:
        yield f"Logs in {code(config.main_region)}: {', '.join(map(code, logs))}"


def _receiver(protocol: str, endpoint: str) -> str:
    """A subscriber, without what signs in at a web address."""
    address = urlsplit(_SECRET.sub("", endpoint)).hostname if protocol == "https" else endpoint
    return f"{_KINDS[protocol]} {code(address or endpoint)}"


def _after(plan: Plan) -> Iterator[RunbookBlock]:
    yield _section("8. Afterwards", 11, 14)
    yield Steps(
        (
            "Sign out, delete the files in `~/.aws/cli/cache`, and end all sessions (see 7).",
            f"Write the report{' in the hub' if plan.config.organization else ''}, with the reason and the ticket:",
        )
    )
    yield Code("\n".join(_report_commands(plan)))
    yield Steps(
        (
            "Undo what BackdoorCreated, RoleChained and RolePassed named, unless the ticket needs it.",
            "Rotate what was used: passwords, access keys. Seal them anew (see 10).",
            "Somebody who was not there reviews the report, call by call, and signs it.",
            "File report and ticket, tell those of 2 that it is over, close the ticket, and improve this runbook.",
        ),
        is_numbered=False,
    )
    yield Blank("afterwards", ("Reviews the report, within days", "Reports are filed in"))


def _report_commands(plan: Plan) -> Iterator[str]:
    """How to get the logs of the last week, and a report of them."""
    files = []
    for name, detections in (("login", plan.destinations.login_log), ("actions", plan.destinations.action_log)):
        if detections:
            group = f"{plan.names.log_groups}{name}"
            files.append(f"{name}.txt")
            yield f"aws logs tail {group} --region {plan.config.main_region} --since 7d > {name}.txt"
    yield f"cfn-breakglass report {' '.join(files) or 'FOLDER-OF-THE-TRAIL'} --output report.html"


def _every_quarter(plan: Plan) -> Iterator[RunbookBlock]:
    yield _section("9. Every quarter", 5, 15)
    drills = drill_commands(plan)
    if drills.allowed:
        yield Paragraph(
            "As somebody who may get in, prove that it works and that every region alerts, and file the receipt:"
        )
        yield Code(drills.allowed)
    if drills.knock:
        yield Paragraph("As somebody who may not, prove that every region alerts of denials, and file the receipt:")
        yield Code(drills.knock)
    yield Steps(
        (
            "Each person gets in once by each way of 3. Take everybody who has left out of the config.",
            "Ask those of 6 whether the alerts arrived. Look at the seals (see 10), and call the numbers of 2.",
            "Make this runbook anew, print it, and change the copies: `cfn-breakglass runbook`",
        ),
        is_numbered=False,
    )
    yield Blank("drills", ("Date, who, receipt, what to improve",) * 4)


def _custody(plan: Plan) -> Iterator[RunbookBlock]:
    yield _section("10. Custody: two persons", 13, 16, 17, 22)
    own = (
        "Each user is one person's. Its password is in one sealed envelope, its MFA device in another, in two safes:"
        " nobody alone has access to both."
        if has_users(plan)
        else "What lets people in is at the identity provider: nobody alone may change who gets in."
    )
    yield Steps(
        (
            own,
            (
                "To open a seal takes two persons, who write down when and why. A seal that is broken without a ticket"
                " is an incident."
            ),
            "The password of root is in a vault, its MFA devices are in several places. It is the last resort.",
        ),
        is_numbered=False,
    )
    yield Blank(
        "custody",
        (
            "Passwords are in, and are opened by",
            "MFA devices are in, and are opened by",
            "Numbers of the seals",
            "Printed copies of this runbook are in",
        ),
    )
