"""How results are shown: as a page for people, as JUnit XML for machines that build."""
