"""Stepwise: lessons (in numbered folders), and what they import (`course.widgets`, `course.checks`)."""
