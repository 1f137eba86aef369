"""The wire: what cloud and device say to each other, and nothing of how it travels or what it leads to."""
