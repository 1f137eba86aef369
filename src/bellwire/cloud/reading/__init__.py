"""How a piece of a label is read: numbers, times and signs as words, kanji as kana."""
