"""EventBridge: patterns, input transformers, and CloudTrail records as it shows them."""
