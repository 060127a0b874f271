"""The widgets, as far as they need no browser."""
