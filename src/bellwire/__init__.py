"""Bellwire: a smart-speaker cloud that you run yourself, and the speaker for it."""

__version__ = "0.1.0"
