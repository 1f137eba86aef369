"""The simulation: both cores as they are, under virtual time, with everything that can go wrong, from one seed.

What is played here is what stands around the cores elsewhere: network, clocks, disks, people. A seed and a commit
reproduce any failure.
"""
