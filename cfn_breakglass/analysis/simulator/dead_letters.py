"""Whether an event that a rule cannot deliver is kept, and an alarm goes off.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from collections.abc import Iterable

from cfn_breakglass.analysis.eventbridge.rules import Rule, Target
from cfn_breakglass.analysis.simulator.delivery_permissions import can_send, find_by_arn, rule_sender
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.simulator.metrics import metric_alarms
from cfn_breakglass.analysis.template.reader import Stack


def dead_letter_problem(stack: Stack, rule: Rule, target: Target) -> DeliveryProblem | None:
    """Why what the rule cannot deliver to its target is lost, or None if a dead-letter queue keeps it."""
    if not target.dead_letter_arn:
        message = f"the rule {rule.name} has no dead-letter queue for {target.arn}"
        return DeliveryProblem("dead-letter-queue-missing", message)
    return can_send(stack, "queue", target.dead_letter_arn, rule_sender(rule)).problem


def unwatched_queues(stack: Stack, queues: Iterable[str]) -> list[DeliveryProblem]:
    """The dead-letter queues, given by their ARNs, that no alarm of the stack watches."""
    watched = {
        value for alarm in metric_alarms(stack) for name, value in alarm.metric.dimensions if name == "QueueName"
    }
    problems = []
    for arn in sorted(queues):
        queue = find_by_arn(stack, "AWS::SQS::Queue", arn)
        if queue and queue.name not in watched:
            message = f"no alarm watches the dead-letter queue {arn}"
            problems.append(DeliveryProblem("queue-without-alarm", message, stack.region, queue.logical_id))
    return problems
