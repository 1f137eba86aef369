"""The speaker: its connection, what it does about its alerts, and its sound."""
