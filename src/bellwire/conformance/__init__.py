"""The conformance kit: does a cloud, or a device, do what the documents say?

It stands on top of protocol, cloud and device, and speaks to what it checks over the wire alone.
"""
