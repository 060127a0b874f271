"""Stepwise: the lessons, in numbered folders, and what they import (`widgets`, `checks`)."""
