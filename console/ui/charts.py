"""Charts in the theme's colours. What a chart shows is beside it as a table, for who cannot see or point at it.

They are drawn as SVG, so that colours are the style sheet's own roles and follow the theme without being drawn anew.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.ui.pieces import Text
from console.ui.still import Still, node

_AXIS: Final = {
    "axisLine": {"lineStyle": {"color": "var(--line-strong)"}},
    "axisTick": {"show": False},
    "axisLabel": {"color": "var(--ink-soft)", "fontSize": 11},
    "splitLine": {"lineStyle": {"color": "var(--line)"}},
    "nameTextStyle": {"color": "var(--ink-soft)", "fontSize": 11},
}


def axis(**given: Any) -> dict[str, Any]:
    """An axis in the theme's colours."""
    return {**_AXIS, **given}


def line(name: str, data: Sequence[Any], colour: str, **given: Any) -> dict[str, Any]:
    """A curve in the colour of a role."""
    look = {"lineStyle": {"color": f"var(--{colour})", "width": 2}, "itemStyle": {"color": f"var(--{colour})"}}
    return {"name": name, "type": "line", "data": list(data), "symbolSize": 6, **look, **_STILL, **given}


def bars(name: str, data: Sequence[Any], colour: str, **given: Any) -> dict[str, Any]:
    """Bars in the colour of a role."""
    look = {"itemStyle": {"color": f"var(--{colour})"}}
    return {"name": name, "type": "bar", "data": list(data), "barGap": "0%", **look, **_STILL, **given}


# A colour that is lifted under the pointer would have to be known here.
_STILL: Final = {"emphasis": {"disabled": True}}


def draw_chart(
    label: str, options: dict[str, Any], height: int, *, on_point: Callable[[int], Any] | None = None
) -> Element:
    """Draw a chart; `label` says what it shows, `on_point(index)` hears of a click on a point."""
    common: dict[str, Any] = {
        "animation": False,
        "grid": {"left": 6, "right": 14, "top": 30, "bottom": 22, "containLabel": True},
        "legend": {"top": 0, "left": 0, "itemWidth": 14, "itemHeight": 8,
                   "textStyle": {"color": "var(--ink-soft)", "fontSize": 11.5}},
        "tooltip": {"trigger": "axis", "backgroundColor": "var(--panel)", "borderColor": "var(--line-strong)",
                    "textStyle": {"color": "var(--ink)", "fontSize": 12}},
    }  # fmt: skip
    click = (lambda event: on_point(event.data_index)) if on_point else None
    chart = ui.echart({**common, **options}, renderer="svg", on_point_click=click)
    chart.style(f"height: {height}px").classes("crc-chart")
    chart.props["role"] = "img"
    chart.props["aria-label"] = label
    return chart


def draw_table(summary: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The same in figures, folded until somebody asks for it."""
    with Element("details").classes("crc-chart-table"):
        Text(summary, tag="summary")
        head = node("tr", *(node("th", one, scope="col") for one in headings))
        body = [
            node("tr", node("th", row[0], scope="row"), *(node("td", one) for one in row[1:]), data_at=str(at))
            for at, row in enumerate(rows)
        ]
        Still().show([node("table", node("thead", head), node("tbody", *body))])
