"""Facts about AWS: its regions, limits, ARNs, and what CloudFormation calls."""
