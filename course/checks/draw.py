"""Inputs of hidden tests, drawn from a secret of the class.

The project is public, and so are its hidden tests. What they draw depends on the secret in the
instructor's configuration, so that knowing the source helps nobody to hard-code answers. The same
secret gives the same draws on every machine.
"""

import hashlib
import os
import random

SECRET_VARIABLE = "STEPWISE_CLASS_SECRET"
SECRET_FOR_SELF_STUDY = "self-study"


def draw_seed(name: str) -> int:
    """A seed below 2**63 for the check called `name` in this class (for numpy or torch)."""
    secret = os.environ.get(SECRET_VARIABLE) or SECRET_FOR_SELF_STUDY
    digest = hashlib.sha256(f"{secret}\0{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def draws(name: str) -> random.Random:
    """A random generator for the check called `name`: same name and secret, same draws."""
    return random.Random(draw_seed(name))
