"""Building, releasing, collecting and grading the assignments of the course."""
