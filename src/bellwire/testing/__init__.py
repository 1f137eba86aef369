"""The cloud in a test of somebody else's: fixtures for pytest, found by themselves where bellwire is installed.

It knows the control of an emulated cloud, from outside; it must not know how that does anything.
"""
