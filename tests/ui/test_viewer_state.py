"""What a browser may say of its viewer, and where regions lie."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ui.check_viewer import ImageSide, Region
from console.ui.viewer_state import clean_sides, clean_state

PARTS = {"front", "back", "shown", "boxes", "loupe", "compare"}
LOOK = {"invert", "brightness", "contrast", "threshold", "sharpen"}
VIEW = {"scale", "x", "y", "turn", "mirror", "mode", *LOOK}
NAMES = st.sampled_from(sorted(PARTS | VIEW | {"note", "key", "way", "pace"}))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)


@given(ANYTHING)
def test_whatever_comes_is_stored_as_a_known_state_or_not_at_all(said: object) -> None:
    state = clean_state(said)
    assert set(state) <= PARTS
    for side in ("front", "back"):
        view = state.get(side, {})
        assert set(view) <= VIEW
        assert 0.02 <= view.get("scale", 1) <= 16
        assert view.get("turn", 0) in (0, 1, 2, 3)
    json.dumps(state, allow_nan=False)
    assert clean_state(state) == state


@given(ANYTHING)
def test_time_on_a_side_is_whole_and_bounded(said: object) -> None:
    ms = clean_sides(said)
    assert set(ms) == {"front", "back"}
    assert all(isinstance(value, int) and 0 <= value <= 86_400_000 for value in ms.values())


def test_a_real_state_passes_unchanged() -> None:
    view = {"scale": 1.5, "x": -20, "y": 3.25, "turn": 1, "brightness": 100, "contrast": 130, "threshold": 128}
    front = {**view, "sharpen": 50, "mirror": True, "invert": False, "mode": "free"}
    compare = {"key": "0b0e6d6e-3f5c-4a7a-8a5e-0c0ffee00000", "way": "blink", "pace": 700}
    state = {"shown": "both", "boxes": False, "loupe": True, "front": front, "compare": compare}
    assert clean_state(state) == state
    assert clean_sides({"front": 1200, "back": 0}) == {"front": 1200, "back": 0}


def test_inches_become_fractions_by_the_resolution_of_the_image() -> None:
    image = ImageSide("/image", width=1200, height=600, dpi=200)
    box = Region("k", "label", "front", 3.0, 1.5, 0.6, 0.3, unit="inch").on(image)
    assert (box.x, box.y, box.w, box.h) == pytest.approx((0.5, 0.5, 0.1, 0.1))
    assert box.unit == "fraction"
    assert box.on(image) is box


def test_a_comparison_names_one_thing_one_way_and_never_flashes() -> None:
    assert clean_state({"compare": {"key": "a", "way": "blink", "pace": 10}})["compare"]["pace"] == 400
    for bad in ({"key": "<b>", "way": "blink"}, {"key": "a" * 65, "way": "blink"}, {"key": "a", "way": "melt"}, 3):
        assert "compare" not in clean_state({"compare": bad})
