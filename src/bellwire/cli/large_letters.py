"""Letters, digits and the colon of a clock that can be read from across a room, three lines of a terminal high.

It knows shapes; it must not know what is written with them.
"""

_SHAPES = {
    "A": " ### |#   #|#####|#   #|#   #",
    "B": "#### |#   #|#### |#   #|#### ",
    "C": " ####|#    |#    |#    | ####",
    "D": "#### |#   #|#   #|#   #|#### ",
    "E": "#####|#    |#### |#    |#####",
    "F": "#####|#    |#### |#    |#    ",
    "G": " ####|#    |#  ##|#   #| ####",
    "H": "#   #|#   #|#####|#   #|#   #",
    "I": "#####|  #  |  #  |  #  |#####",
    "J": "#####|   # |   # |#  # | ##  ",
    "K": "#   #|#  # |###  |#  # |#   #",
    "L": "#    |#    |#    |#    |#####",
    "M": "#   #|## ##|# # #|#   #|#   #",
    "N": "#   #|##  #|# # #|#  ##|#   #",
    "O": " ### |#   #|#   #|#   #| ### ",
    "P": "#### |#   #|#### |#    |#    ",
    "Q": " ### |#   #|# # #|#  # | ## #",
    "R": "#### |#   #|#### |#  # |#   #",
    "S": " ####|#    | ### |    #|#### ",
    "T": "#####|  #  |  #  |  #  |  #  ",
    "U": "#   #|#   #|#   #|#   #| ### ",
    "V": "#   #|#   #|#   #| # # |  #  ",
    "W": "#   #|#   #|# # #|## ##|#   #",
    "X": "#   #| # # |  #  | # # |#   #",
    "Y": "#   #| # # |  #  |  #  |  #  ",
    "Z": "#####|   # |  #  | #   |#####",
    "0": " ### |#  ##|# # #|##  #| ### ",
    "1": "  #  | ##  |  #  |  #  |#####",
    "2": "#### |    #| ### |#    |#####",
    "3": "#### |    #| ### |    #|#### ",
    "4": "#   #|#   #|#####|    #|    #",
    "5": "#####|#    |#### |    #|#### ",
    "6": " ####|#    |#### |#   #| ### ",
    "7": "#####|   # |  #  | #   |#    ",
    "8": " ### |#   #| ### |#   #| ### ",
    "9": " ### |#   #| ####|    #|#### ",
    ":": " |#| |#| ",
}

_HALVES = {("#", "#"): "█", ("#", " "): "▀", (" ", "#"): "▄", (" ", " "): " "}


def large(word: str) -> list[str]:
    """The word in three lines; nothing when it has a character that has no shape here."""
    if not word or not all(letter in _SHAPES for letter in word):
        return []
    rows = [" ".join(parts) for parts in zip(*(_SHAPES[letter].split("|") for letter in word), strict=True)]
    rows.append(" " * len(rows[0]))
    return ["".join(_HALVES[pair] for pair in zip(*rows[line : line + 2], strict=True)).rstrip() for line in (0, 2, 4)]
