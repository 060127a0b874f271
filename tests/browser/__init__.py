"""The course as a reader meets it: JupyterLab in a real browser."""
