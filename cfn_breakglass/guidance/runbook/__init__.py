"""The runbook of a config: what somebody reads before, during and after an emergency, on paper too."""
