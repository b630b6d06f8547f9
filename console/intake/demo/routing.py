"""Routing numbers of banks that do not exist.

ABA prefixes 61 to 72 were set aside for electronic transactions, so no printed check of a real bank carries one; with
institution digits at the very end of that range they cannot be taken for anybody's.
"""


def check_digit(first_eight: str) -> str:
    """The ABA check digit of eight digits: 3, 7, 1 weights, sum divisible by ten."""
    total = sum(int(digit) * weight for digit, weight in zip(first_eight, (3, 7, 1, 3, 7, 1, 3, 7), strict=True))
    return str(-total % 10)


def routing_number(first_eight: str) -> str:
    """Nine digits: the eight given and their check digit."""
    return first_eight + check_digit(first_eight)


def fraction(routing: str) -> tuple[str, str]:
    """Numerator and denominator of the fraction printed at the top right of a check."""
    return f"99-{int(routing[4:8])}", routing[:4]
