"""What is measured, beside what in the same run: `make bench`."""
