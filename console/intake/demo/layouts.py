"""Where each layout prints its fields. Boxes are in inches from the top left corner; the MICR band is left clear."""

from dataclasses import dataclass

from console.intake.demo.paper import Box, LayoutName


@dataclass(frozen=True, slots=True)
class Layout:
    """Size of the check and the boxes of its fields, in inches."""

    width: float
    height: float
    drawer: Box
    number: Box
    fraction: Box
    date: Box
    payee: Box
    figures: Box
    words: Box
    bank: Box
    logo: Box
    memo: Box
    signature: Box
    business: bool = False

    @property
    def whole(self) -> Box:
        return Box(0, 0, self.width, self.height)

    @property
    def micr(self) -> Box:
        return Box(0.2, self.height - 0.45, self.width - 0.4, 0.3)


LAYOUTS: dict[LayoutName, Layout] = {
    LayoutName.PERSONAL_CLASSIC: Layout(
        width=6.0,
        height=2.75,
        drawer=Box(0.35, 0.18, 2.3, 0.5),
        number=Box(5.15, 0.15, 0.6, 0.2),
        fraction=Box(4.4, 0.17, 0.55, 0.22),
        date=Box(3.65, 0.42, 1.55, 0.24),
        payee=Box(0.95, 0.84, 3.5, 0.27),
        figures=Box(4.78, 0.84, 0.97, 0.28),
        words=Box(0.35, 1.19, 4.55, 0.25),
        bank=Box(0.72, 1.5, 2.2, 0.34),
        logo=Box(0.35, 1.5, 0.32, 0.32),
        memo=Box(0.75, 1.86, 1.95, 0.22),
        signature=Box(3.3, 1.66, 2.4, 0.42),
    ),
    LayoutName.PERSONAL_MODERN: Layout(
        width=6.0,
        height=2.75,
        drawer=Box(0.85, 0.2, 2.3, 0.5),
        number=Box(5.1, 0.18, 0.6, 0.2),
        fraction=Box(5.1, 0.44, 0.6, 0.22),
        date=Box(3.35, 0.4, 1.5, 0.25),
        payee=Box(0.85, 0.88, 3.45, 0.27),
        figures=Box(4.68, 0.86, 1.05, 0.3),
        words=Box(0.35, 1.24, 4.6, 0.25),
        bank=Box(0.35, 1.53, 2.4, 0.3),
        logo=Box(0.35, 0.2, 0.42, 0.42),
        memo=Box(0.62, 1.84, 2.1, 0.22),
        signature=Box(3.15, 1.64, 2.55, 0.42),
    ),
    LayoutName.PERSONAL_SCENIC: Layout(
        width=6.0,
        height=2.75,
        drawer=Box(0.3, 0.15, 2.3, 0.5),
        number=Box(5.15, 0.13, 0.6, 0.2),
        fraction=Box(3.0, 0.15, 0.55, 0.22),
        date=Box(4.15, 0.44, 1.5, 0.24),
        payee=Box(1.1, 0.8, 3.3, 0.27),
        figures=Box(4.75, 0.8, 0.95, 0.27),
        words=Box(0.3, 1.15, 4.7, 0.25),
        bank=Box(3.35, 1.43, 2.2, 0.26),
        logo=Box(3.0, 1.43, 0.28, 0.28),
        memo=Box(0.55, 1.85, 2.0, 0.22),
        signature=Box(3.1, 1.7, 2.6, 0.38),
    ),
    LayoutName.BUSINESS_CLASSIC: Layout(
        width=8.5,
        height=3.5,
        drawer=Box(0.45, 0.25, 2.8, 0.62),
        number=Box(7.35, 0.22, 0.8, 0.22),
        fraction=Box(6.35, 0.25, 0.6, 0.24),
        date=Box(6.35, 0.62, 1.75, 0.26),
        payee=Box(1.15, 1.12, 4.9, 0.28),
        figures=Box(6.7, 1.08, 1.4, 0.32),
        words=Box(0.45, 1.56, 6.6, 0.27),
        bank=Box(4.05, 0.28, 2.1, 0.45),
        logo=Box(3.55, 0.26, 0.42, 0.42),
        memo=Box(0.95, 2.45, 2.6, 0.25),
        signature=Box(5.0, 2.2, 3.1, 0.5),
        business=True,
    ),
    LayoutName.BUSINESS_LASER: Layout(
        width=8.5,
        height=3.5,
        drawer=Box(0.95, 0.25, 2.8, 0.62),
        number=Box(7.3, 0.22, 0.8, 0.22),
        fraction=Box(6.2, 0.25, 0.6, 0.24),
        date=Box(5.0, 0.78, 1.4, 0.25),
        payee=Box(0.95, 1.62, 4.6, 0.26),
        figures=Box(6.75, 0.74, 1.35, 0.3),
        words=Box(0.45, 1.18, 7.0, 0.26),
        bank=Box(4.2, 0.26, 1.9, 0.42),
        logo=Box(0.45, 0.25, 0.44, 0.44),
        memo=Box(0.95, 2.48, 2.8, 0.24),
        signature=Box(5.1, 2.2, 3.0, 0.5),
        business=True,
    ),
}

BACK_ENDORSEMENT_WIDTH = 1.5
"""Reg CC keeps the first inch and a half from the trailing edge for the payee's endorsement."""
