"""The role: who may assume it, what it may do, and how they do it."""
