"""JupyterLab's Assignment List reads its configuration here, where assignments are fetched to."""

load_subconfig("../nbgrader_config.py")  # noqa: F821  (traitlets gives load_subconfig)
