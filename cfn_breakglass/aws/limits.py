"""AWS's limits as named numbers, each with the page that has it.

The config is checked against some of them, with the key to change; ``validate`` checks the resolved templates against
all of them.
"""

from __future__ import annotations

from typing import NamedTuple

_DOCS = "https://docs.aws.amazon.com/"
_EVENTBRIDGE = _DOCS + "eventbridge/latest/userguide/eb-quota.html"
_IAM = _DOCS + "IAM/latest/UserGuide/reference_iam-quotas.html"
_CLOUDFORMATION = _DOCS + "AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"


class Limit(NamedTuple):
    """A maximum that AWS sets: what is counted, how many of which unit, and the page that says so."""

    subject: str
    maximum: int
    unit: str
    source: str


PATTERN = Limit("event pattern", 2_048, "characters", _EVENTBRIDGE)
TARGETS = Limit("targets of a rule", 5, "targets", _EVENTBRIDGE)
RULES = Limit("rules of an event bus", 300, "rules", _EVENTBRIDGE)
WILDCARD_RULES = Limit("rules of an event bus with a wildcard", 30, "rules", _EVENTBRIDGE)
COMPLEXITY = Limit(
    "wildcards of an event pattern",
    9,  # AWS gives no number; it accepted rules with 9 and rejected rules with 12
    "places to be in at once",
    _DOCS + "eventbridge/latest/userguide/eb-create-pattern-operators.html",
)
RULE_NAME = Limit("rule name", 64, "characters", _EVENTBRIDGE)
BUS_NAME = Limit("event bus name", 256, "characters", _EVENTBRIDGE)
INPUT_PATHS = Limit("input paths of a target", 100, "paths", _EVENTBRIDGE)
INPUT_PATH = Limit("input path", 256, "characters", _EVENTBRIDGE)
INPUT_TEMPLATE = Limit("input template", 8_192, "characters", _EVENTBRIDGE)
EVENT = Limit("event", 262_144, "bytes", _DOCS + "eventbridge/latest/userguide/eb-service-event.html")
"""A larger event of an AWS service never reaches EventBridge. This is a limit of events, not of templates."""

TEXT_MESSAGE = Limit("text message", 1_600, "characters", _DOCS + "sns/latest/dg/sms_publish-to-topic.html")

TRUST_POLICY = Limit("trust policy", 2_048, "characters", _IAM)
INLINE_POLICIES = Limit("inline policies of a role", 10_240, "characters without spaces", _IAM)
MANAGED_POLICY = Limit("managed policy", 6_144, "characters without spaces", _IAM)
ATTACHED_POLICIES = Limit("managed policies attached to a role", 10, "policies", _IAM)
ROLE_NAME = Limit("role name", 64, "characters", _IAM)
ROLE_PATH = Limit("path", 512, "characters", _IAM)
SWITCH_ROLE_NAME = Limit(
    "role path and name together, for switching in the console",
    64,
    "characters",
    _DOCS + "IAM/latest/UserGuide/id_roles_use_switch-role-console.html",
)
SESSION_HOURS = (1, 12)

UNITS_OF_STACK_SET = Limit("organizational units of a stack set's operation", 50, "units", _CLOUDFORMATION)

SCP = Limit(
    "service control policy",
    5_120,
    "characters",
    _DOCS + "organizations/latest/userguide/orgs_reference_limits.html",
)
"""White space counts too, except in a policy that is saved in the console."""

LOGS_RESOURCE_POLICY = Limit(
    "CloudWatch Logs resource policy",
    5_120,
    "characters",
    _DOCS + "AWSCloudFormation/latest/TemplateReference/aws-resource-logs-resourcepolicy.html",
)
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

TEMPLATE = Limit("template", 1_048_576, "bytes", _CLOUDFORMATION)
TEMPLATE_BODY = Limit("template in a request, which is not in a bucket", 51_200, "bytes", _CLOUDFORMATION)
"""A larger template has to be in a bucket. The console creates one; the AWS CLI needs the name of one."""

RESOURCES = Limit("resources of a template", 500, "resources", _CLOUDFORMATION)
OUTPUTS = Limit("outputs of a template", 200, "outputs", _CLOUDFORMATION)
DESCRIPTION = Limit("description of a template", 1_024, "bytes", _CLOUDFORMATION)
