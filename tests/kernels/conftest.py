"""The interpreter is chosen before any test module imports triton."""

import kernels  # noqa: F401
