"""The class secret, from which the inputs of hidden tests are drawn."""

import hashlib
import hmac
import os
import secrets
import tempfile

from autograder.paths import Course

VARIABLE = "STEPWISE_CLASS_SECRET"  # what course.checks.draws reads


def hidden_environment(class_secret: str, hand_in: str) -> dict[str, str]:
    """What hidden tests get for a notebook whose content has the fingerprint `hand_in`.

    It is made from the class's secret, and of use for this very notebook only: a student who reads
    it while the tests run has nothing for a notebook that differs in a single letter.
    """
    own = hmac.new(class_secret.encode(), hand_in.encode(), hashlib.sha256)
    return {VARIABLE: own.hexdigest()}


def class_secret(course: Course) -> str:
    """This class's secret: made once, in grading/class_secret, for its owner's eyes only."""
    path = course.grading / "class_secret"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(name, path)  # whole, and only if no other process was quicker
    except FileExistsError:
        pass
    finally:
        os.unlink(name)
    return path.read_text(encoding="ascii").strip()
