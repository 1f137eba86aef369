"""A real cloud in the hands of somebody else's tests: its clock, its faults, and all that is said to it.

It stands on the cloud as it is; it must not know who drives it.
"""
