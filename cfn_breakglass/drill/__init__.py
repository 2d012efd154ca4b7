"""Prove in the account that events arrive: the only package that talks to AWS."""
