"""The cloud: holds what should ring, and brings every device to it."""
