"""Measurements: commands to run, each with a test that holds its budget."""
