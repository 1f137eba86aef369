"""Alerts, and all that is decided about them without a wire, a clock or a disk."""
