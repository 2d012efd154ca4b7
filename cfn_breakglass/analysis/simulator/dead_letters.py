"""Whether an event that a rule cannot deliver is kept in a dead-letter queue.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

from cfn_breakglass.analysis.eventbridge.stack_rules import Rule, Target
from cfn_breakglass.analysis.simulator.delivery_permissions import can_send, rule_sender
from cfn_breakglass.analysis.simulator.delivery_problem import DeliveryProblem
from cfn_breakglass.analysis.template.reader import Stack


def dead_letter_problem(stack: Stack, rule: Rule, target: Target) -> DeliveryProblem | None:
    """Why what the rule cannot deliver to its target is lost, or None if a dead-letter queue keeps it."""
    if not target.dead_letter_arn:
        message = f"the rule {rule.name} has no dead-letter queue for {target.arn}"
        return DeliveryProblem("dead-letter-queue-missing", message)
    return can_send(stack, "queue", target.dead_letter_arn, rule_sender(rule)).problem
