"""Every rule of ``validate`` that is not cfn-lint's: its ID, what it finds, the sentence for people, and what to do.

In a sentence, ``{resource}`` is the logical ID to change, ``{subjects}`` are the resources that it keeps from working,
``{regions}`` where it does, ``{about}`` and ``{message}`` what the problem itself says.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from cfn_breakglass.analysis.validation.finding import Finding, Level

_ENABLE: Final = "Set State: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS."


class FindingRule(NamedTuple):
    """A rule: what it finds in a few words, the sentence of a finding, and what to do about it."""

    summary: str
    sentence: str
    remedy: str
    level: Level = "error"


FINDING_RULES: Final = {
    # Rules and their targets.
    "rule-disabled": FindingRule(
        "A rule is disabled",
        "{resource} is DISABLED: it matches no event in {regions}, and nobody is notified.",
        _ENABLE,
    ),
    "rule-misses-read-events": FindingRule(
        "A rule does not receive read-only calls",
        "{resource} has State ENABLED: in {regions} it does not receive read-only calls such as AssumeRole.",
        _ENABLE,
    ),
    "rule-without-target": FindingRule(
        "A rule has no target",
        "{resource} has no target: what it matches in {regions} is lost.",
        "Give it the targets that a rule of its kind has.",
    ),
    "forward-without-role": FindingRule(
        "A rule forwards, or publishes in another account, without a role",
        "{subjects}: the target {about} has no role, so EventBridge forwards nothing from {regions}.",
        "Set the RoleArn of the target to the ARN of the forwarder role, or of one that may publish.",
    ),
    "forward-unmatched": FindingRule(
        "Nothing matches what a rule forwards",
        "No rule on {about} matches events of {subjects} from {regions}: they are lost there.",
        "Give that bus a rule that says what such events are, or remove the rule that forwards.",
    ),
    "rule-unreached": FindingRule(
        "A rule receives nothing from a region",
        "{resource} receives nothing for {subjects} from {regions}: no rule there forwards such events.",
        "Give these regions a rule on the default bus that forwards such events.",
    ),
    "forwarded-again": FindingRule(
        "A rule forwards an event for the second time",
        "{resource} forwards to {about} what was forwarded already: EventBridge drops it.",
        "Put the rule on the default bus, or let it notify a topic.",
    ),
    "bus-missing": FindingRule(
        "A rule forwards to a bus that does not exist",
        "No template makes the bus {about}: events of {subjects} from {regions} are lost.",
        "Correct the Arn of the target, or the name of the bus.",
    ),
    "role-missing": FindingRule(
        "A rule forwards with a role that does not exist",
        "No template makes the role {about}: events of {subjects} from {regions} are lost.",
        "Correct the RoleArn of the target, or the name of the role.",
    ),
    "role-trust-denies": FindingRule(
        "A role cannot be assumed by the service that needs it",
        "{resource} does not let {about} assume it for {subjects}: events from {regions} are lost.",
        "Allow the service in its AssumeRolePolicyDocument, for these sources.",
    ),
    "role-policy-denies": FindingRule(
        "A role is denied events:PutEvents",
        "{resource} may not put events on {about} for {subjects}: events from {regions} are lost.",
        "Allow events:PutEvents on that bus in its policy.",
    ),
    "bus-policy-denies": FindingRule(
        "The policy of a bus denies an account of the organization",
        "{resource} does not let {about} put events: events of {subjects} from {regions} are lost.",
        "Allow events:PutEvents in its Policy, by aws:PrincipalOrgID and the aws:PrincipalArn of the forwarder role.",
    ),
    "topic-missing": FindingRule(
        "A topic does not exist",
        "No template makes the topic {about}: events of {subjects} notify nobody.",
        "Correct the ARN, or make the topic.",
    ),
    "queue-missing": FindingRule(
        "A queue does not exist",
        "No template makes the queue {about}: what {subjects} should send there is lost.",
        "Correct the ARN, or make the queue.",
    ),
    "log-group-missing": FindingRule(
        "A log group does not exist",
        "No template makes the log group {about}: what {subjects} should write there is lost.",
        "Correct the Arn of the target, which does not end in :*, or make the log group.",
    ),
    "topic-policy-denies": FindingRule(
        "The policy of a topic denies a rule or an alarm",
        "{resource} does not let {about} publish for {subjects}: nobody is notified.",
        "Allow sns:Publish in the policy of the topic, for these sources.",
    ),
    "topic-without-subscribers": FindingRule(
        "A topic has no subscriber",
        "{resource} has no subscriber: events of {subjects} notify nobody.",
        "Add a subscription to the topic.",
    ),
    "lambda-permission-denies": FindingRule(
        "The permission of a Lambda function denies a topic",
        "{resource} does not let the topic invoke {about}: events of {subjects} do not notify it.",
        "Allow lambda:InvokeFunction to sns.amazonaws.com, with the ARN of the topic as SourceArn.",
    ),
    "queue-policy-denies": FindingRule(
        "The policy of a queue denies a rule",
        "{resource} does not let {about} send for {subjects}: what they cannot deliver in {regions} is lost.",
        "Allow sqs:SendMessage in the policy of the queue, for these rules.",
    ),
    "log-policy-denies": FindingRule(
        "The resource policy of CloudWatch Logs denies a rule",
        "{resource}: EventBridge may not write to the log group of {subjects}, and these events are not logged.",
        "Allow logs:CreateLogStream and logs:PutLogEvents to events.amazonaws.com and delivery.logs.amazonaws.com.",
    ),
    "log-target-with-role": FindingRule(
        "A log group as target has a role",
        "{subjects}: the target {about} is a log group and has a role, so EventBridge writes nothing there.",
        "Remove the RoleArn of the target.",
    ),
    "key-policy-denies": FindingRule(
        "The policy of a key denies a service",
        "{resource} does not let {about} use it: deliveries of {subjects} fail.",
        "Allow kms:Decrypt and kms:GenerateDataKey to the service in the KeyPolicy.",
    ),
    "key-disabled": FindingRule(
        "A key is disabled",
        "{resource} is disabled: deliveries of {subjects} fail.",
        "Set Enabled: true.",
    ),
    "key-of-aws": FindingRule(
        "A topic or queue is encrypted with a key of AWS",
        "{resource} is encrypted with a key that {about} cannot use: deliveries of {subjects} fail.",
        "Encrypt it with a customer key, or not at all.",
    ),
    # Dead letters.
    "dead-letter-queue-missing": FindingRule(
        "A target has no dead-letter queue",
        "A target of {subjects} has no dead-letter queue: what cannot be delivered in {regions} is lost.",
        "Give the target a DeadLetterConfig with the ARN of the dead-letter queue.",
    ),
    "queue-without-alarm": FindingRule(
        "No alarm watches a dead-letter queue",
        "No alarm watches {resource}: nobody is notified of what could not be delivered in {regions}.",
        "Add an alarm on ApproximateNumberOfMessagesVisible of the queue.",
    ),
    # Alarms.
    "topic-without-alarm": FindingRule(
        "No alarm watches a topic",
        "No alarm watches {resource}: nobody notices when a subscriber cannot be notified.",
        "Add an alarm on NumberOfNotificationsFailed of the topic.",
    ),
    "bus-without-alarm": FindingRule(
        "No alarm watches a bus",
        "No alarm watches {resource}: nobody notices when a rule on the bus fails.",
        "Add an alarm on FailedInvocations of the rules of the bus.",
    ),
    "alarm-actions-disabled": FindingRule(
        "The actions of an alarm are disabled",
        "{resource} has ActionsEnabled: false: when it goes off in {regions}, it notifies nobody itself.",
        "Set ActionsEnabled: true, or remove the line.",
    ),
    "alarm-metric-missing": FindingRule(
        "An alarm watches a metric that nothing emits",
        "{resource} watches {about}, which nothing in {regions} emits: it never goes off.",
        "Correct the namespace, the name and the dimensions of the metric, or the query.",
    ),
    "alarm-misses-failure": FindingRule(
        "An alarm does not go off at a failure",
        "{resource} does not go off at a failure in {regions}: one failure does not breach its threshold.",
        "Set Threshold: 0 and ComparisonOperator: GreaterThanThreshold.",
    ),
    "alarm-misses-single-failure": FindingRule(
        "An alarm does not go off at a failure that comes once",
        "{resource} does not go off at a failure that comes once in {regions}: it waits for more periods.",
        "Set EvaluationPeriods: 1.",
    ),
    "alarm-without-failure": FindingRule(
        "An alarm goes off while nothing fails",
        "{resource} goes off in {regions} while nothing fails: no failure can be told from it.",
        "Let zero and missing data not breach: GreaterThanThreshold, Threshold: 0, TreatMissingData: notBreaching.",
    ),
    "alarm-event-unmatched": FindingRule(
        "No rule matches the event of an alarm",
        "No rule in {regions} matches the event of {subjects}: no subscriber is notified when it goes off.",
        "Give the region a rule for CloudWatch Alarm State Change that matches the name of the alarm.",
    ),
    # The heartbeat.
    "schedule-missing": FindingRule(
        "A region has no schedule for its heartbeat",
        "No schedule sends a heartbeat from {regions}: the alarm that waits for it goes off, {resource} for one.",
        "Add the schedule to the template of the region, or remove the alarm.",
    ),
    "schedule-disabled": FindingRule(
        "The schedule of the heartbeat is disabled",
        "{resource} is DISABLED: no heartbeat arrives from {regions}, and the alarm on it goes off.",
        "Set State: ENABLED, or remove the line.",
    ),
    "schedule-event-invalid": FindingRule(
        "EventBridge does not take the event of a schedule",
        "{resource} puts an event that EventBridge does not take: no heartbeat arrives from {regions}.",
        "Give its target an Input that is a JSON object, and a Source that does not begin with aws.",
    ),
    "schedule-role-missing": FindingRule(
        "A schedule has a role that does not exist",
        "No template makes the role {about} of {resource}: no heartbeat arrives from {regions}.",
        "Correct the RoleArn of the schedule, or the name of the role.",
    ),
    "heartbeat-unmatched": FindingRule(
        "No rule matches the heartbeat",
        "No rule takes the event of {resource} to a log group: no heartbeat arrives from {regions}.",
        "Give the region and the central bus a rule that matches the source and the detail-type of the schedule.",
    ),
    "heartbeat-uncounted": FindingRule(
        "No metric filter counts the heartbeat",
        "{resource}: no metric filter counts heartbeats from {regions} in {about}, and the alarm on them goes off.",
        "Give the log group a metric filter that matches the source of the heartbeat, with the region as dimension.",
    ),
    "heartbeat-without-alarm": FindingRule(
        "No alarm watches the heartbeat of a region",
        "{resource}: no alarm watches {about}, so nobody notices when no heartbeat arrives from {regions}.",
        "Add an alarm on this metric, or correct the dimension of the alarm or of the metric filter.",
    ),
    "heartbeat-alarm-shared": FindingRule(
        "An alarm watches the heartbeats of several regions",
        "{resource} counts heartbeats from {regions} together: it does not go off when those of one region stop.",
        "Give the metric filter and the alarm the region as dimension.",
    ),
    "heartbeat-accounts-together": FindingRule(
        "The heartbeats of other accounts are counted as those of the hub",
        "{resource} counts heartbeats of every account together: no alarm goes off when those of the hub stop.",
        "Add the account of the hub to its FilterPattern.",
    ),
    "heartbeat-alarm-ignores-missing": FindingRule(
        "An alarm ignores that the heartbeat is missing",
        "{resource} does not go off when no heartbeat arrives from {regions}: missing data does not breach it.",
        "Set TreatMissingData: breaching.",
    ),
    "heartbeat-alarm-always-on": FindingRule(
        "An alarm goes off at the heartbeat itself",
        "{resource} goes off while heartbeats arrive from {regions}: nobody notices when they stop.",
        "Set Threshold: 1 and ComparisonOperator: LessThanThreshold.",
    ),
    "heartbeat-alarm-too-early": FindingRule(
        "An alarm goes off between two heartbeats",
        "{resource} goes off between two heartbeats from {regions}: {about}.",
        "Let Period times EvaluationPeriods be more than twice the time between two heartbeats.",
    ),
    # The trail.
    "trail-off": FindingRule(
        "The trail does not log",
        "{resource} does not log: EventBridge receives no call of CloudTrail from it.",
        "Set IsLogging: true.",
    ),
    "trail-single-region": FindingRule(
        "The trail records one region",
        "{resource} records one region only: the calls of all others are missing.",
        "Set IsMultiRegionTrail: true.",
    ),
    "bucket-policy-denies": FindingRule(
        "The policy of a bucket denies CloudTrail",
        "{resource} does not let CloudTrail call {about}: the trail cannot write its files.",
        "Allow it to cloudtrail.amazonaws.com in the policy of the bucket, with the ARN of the trail.",
    ),
    # What AWS refuses.
    "limit-exceeded": FindingRule(
        "Something is larger than AWS allows", "{message}.", "Make it smaller; {about} has the limit."
    ),
    "event-pattern-invalid": FindingRule(
        "EventBridge does not take an event pattern",
        "{resource}: EventBridge does not take its event pattern: {message}.",
        "Correct the EventPattern.",
    ),
    "input-transformer-invalid": FindingRule(
        "EventBridge does not take an input transformer",
        "{resource}: {message}.",
        "Correct the InputTransformer of the target.",
    ),
    "stackset-template-differs": FindingRule(
        "A stack set deploys another template than stackset, or accounts in an organization",
        "{resource} deploys another template than the file {about} holds.",
        "Generate both files again, from the same config.",
    ),
    "stackset-regions-differ": FindingRule(
        "A stack set deploys to other regions than the Metadata say",
        "{resource} deploys to {about}; the Metadata of the template say otherwise.",
        "Generate both files again, from the same config.",
    ),
    "name-taken": FindingRule(
        "Two templates of the same account and region have a resource of the same name",
        "{resource} has the name {about}, as {subjects} of another template in {regions}: AWS makes only one of them.",
        "Give one of them another name.",
    ),
    "organization-differs": FindingRule(
        "A template is for another organization, hub or units than main-region",
        "{message}.",
        "Generate all files again, from the same config, and delete those that generate does not name.",
    ),
    "scp-invalid": FindingRule(
        "AWS Organizations does not take the SCP",
        "{message}.",
        "Correct the policy, or generate it again.",
    ),
    "cannot-tell": FindingRule(
        "Something is not known here",
        "This cannot be judged: {message}.",
        "Check by hand whether it works.",
        "note",
    ),
}


def make_finding(
    rule_id: str,
    file: str,
    *,
    line: int = 1,
    resource: str = "",
    subjects: str = "",
    regions: str = "",
    about: str = "",
    message: str = "",
) -> Finding:
    """The finding of a rule, with its sentence filled in; ``resource`` is the logical ID to change."""
    rule = FINDING_RULES[rule_id]
    values = {"resource": resource, "subjects": subjects, "regions": regions, "about": about, "message": message}
    sentence, remedy = rule.sentence.format(**values), rule.remedy.format(**values)
    return Finding(rule_id, file, line, resource, sentence, remedy, rule.level)
