"""The fourteen E-13B characters on their standard grid, for drawing MICR lines and for reading them.

The geometry is that of the E-13B standard (ISO 1004-1, ANSI X9.100-20): a character is nine modules of 0.013 inch
high and sits on a pitch of 0.125 inch, its right edge on the pitch line. Positions are counted from the right edge
of the check.
"""

from typing import Final

MODULE_IN: Final = 0.013
"""Side of one module in inches."""
PITCH_IN: Final = 0.125
"""Distance between the right edges of neighbouring characters in inches."""
HEIGHT_MODULES: Final = 9
FIRST_RIGHT_EDGE_IN: Final = 0.3125
"""From the right edge of the check to the right edge of the character in position 1, in inches."""
BASELINE_IN: Final = 0.254
"""From the bottom edge of the check to the foot of the characters in inches: the quarter-inch band is centred on it."""
CLEAR_BAND_IN: Final = 0.625
"""Height of the band along the bottom edge in which nothing else may be printed, in inches."""

TRANSIT: Final = "T"
ON_US: Final = "U"
AMOUNT: Final = "A"
DASH: Final = "D"

GLYPHS: Final[dict[str, tuple[str, ...]]] = {
    "0": (
        ".#####.",
        "#.....#",
        "#.....#",
        "#.....#",
        "#.....#",
        "#.....#",
        "#.....#",
        "#.....#",
        ".#####.",
    ),
    "1": (
        "##..",
        ".#..",
        ".#..",
        ".#..",
        ".#..",
        "####",
        "####",
        "####",
        "####",
    ),
    "2": (
        "####",
        "...#",
        "...#",
        "...#",
        "####",
        "#...",
        "#...",
        "#...",
        "####",
    ),
    "3": (
        "####.",
        "...#.",
        "...#.",
        "...#.",
        "#####",
        "...##",
        "...##",
        "...##",
        "#####",
    ),
    "4": (
        "##....",
        "##....",
        "##....",
        "##....",
        "##....",
        "##..##",
        "######",
        "....##",
        "....##",
    ),
    "5": (
        "#####",
        "#....",
        "#....",
        "#....",
        "#####",
        "....#",
        "....#",
        "....#",
        "#####",
    ),
    "6": (
        "####..",
        "#..#..",
        "#.....",
        "#.....",
        "#.....",
        "######",
        "#....#",
        "#....#",
        "######",
    ),
    "7": (
        "#####",
        "#...#",
        "#...#",
        "....#",
        "..##.",
        "..#..",
        "..#..",
        "..#..",
        "..#..",
    ),
    "8": (
        ".#####.",
        ".#...#.",
        ".#...#.",
        ".#...#.",
        "#######",
        "##...##",
        "##...##",
        "##...##",
        "#######",
    ),
    "9": (
        "######",
        "#....#",
        "#....#",
        "#....#",
        "######",
        "....##",
        "....##",
        "....##",
        "....##",
    ),
    "T": (
        "....###",
        "....###",
        "##..###",
        "##.....",
        "##.....",
        "##.....",
        "##..###",
        "....###",
        "....###",
    ),
    "A": (
        ".....##",
        ".....##",
        "...#.##",
        "...#.##",
        "...#...",
        "##.#...",
        "##.....",
        "##.....",
        "##.....",
    ),
    "U": (
        ".....##",
        "....###",
        "#.#.###",
        "#.#.###",
        "#.#....",
        "#.#....",
        "#.#....",
        ".......",
        ".......",
    ),
    "D": (
        ".......",
        ".......",
        ".......",
        "##.##.#",
        "##.##.#",
        "##.##.#",
        ".......",
        ".......",
        ".......",
    ),
}
"""Character to rows from top to bottom; `#` is a module with ink. Symbols are named by their letters above."""
