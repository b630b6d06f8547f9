"""Parts that only show: what they take, and what a browser makes of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from console.ui.still import node
from tests.ui.screen import Screen


def test_a_node_is_its_tag_its_attributes_and_its_parts() -> None:
    assert node("dd", "100.00", None, data_tone="ok", title=None, class_="crc-strong") == (
        "dd",
        {"data-tone": "ok", "class": "crc-strong"},
        ("100.00",),
    )


@pytest.mark.parametrize("tag", ["script", "style", "iframe", "object", "embed", "IMG", "a b", "", "x><y"])
def test_tags_that_do_more_than_show_are_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="not a tag"):
        node(tag)


@pytest.mark.parametrize("name", ["onclick", "innerHTML", "inner_html", "style", "srcdoc", "data-X", "formaction"])
def test_attributes_that_do_more_than_show_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not an attribute"):
        node("p", **{name: "alert(1)"})


def test_text_stays_text_and_a_click_names_its_act(open_page: Callable[..., Screen]) -> None:
    screen = open_page("review")
    expect(screen.page.locator(".demo-words")).to_have_text("<b>Payee & Sons</b>")
    screen.page.get_by_role("button", name="Say so").click()
    assert screen.wait_for("act") == ["compare-1"]
