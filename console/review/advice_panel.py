"""What an upstream system advises, above the flags; and the reason of who decides against it."""

from __future__ import annotations

from typing import Any, Final

from nicegui import ui
from nicegui.element import Element

from console.review.draft import Draft
from console.review.item_view import AdviceShown
from console.review.overrides import MAX_OVERRIDE, OVERRIDE_WORDS, Override, OverrideCategory
from console.ui.still import Node, node

_ACTS: Final = {"pay": "pay", "return": "return", "reject": "reject", "hold": "hold", "escalate": "escalate"}


def advice_card(advice: AdviceShown) -> Node:
    """The advice as a card: a recommendation to weigh, and nothing that is chosen by itself."""
    lead = "Weak hint" if advice.weak else "Advice"
    said = " · ".join((*advice.reasons, advice.explanation) if advice.explanation else advice.reasons)
    source = f"{advice.model} {advice.model_version}, {advice.given_by}"
    confidence = node("span", f"{advice.confidence:.2f}", class_="crc-soft", title="Confidence, from 0 to 1")
    return node(
        "article",
        node("div", node("h3", f"{lead}: {_ACTS.get(advice.act, advice.act)}"), confidence, class_="crc-flag-head"),
        node("p", said, class_="crc-soft crc-two-lines", title=said) if said else None,
        node("p", source, class_="crc-soft crc-cut", title=source),
        class_="crc-advice",
        aria_label="Advice",
        data_weak="true" if advice.weak else "false",
    )


class OverridePanel:
    """Category and words; what is chosen goes into the draft."""

    def __init__(self, draft: Draft, *, against: bool = True) -> None:
        self._draft = draft
        with Element("div").classes("crc-override") as box:
            box.props["role"] = "group"
            box.props["aria-label"] = "Why against the advice" if against else "Why, as a rule of the policy asks"
            self._category = ui.select(
                {one.value: words for one, words in OVERRIDE_WORDS.items()},
                label="Why not as advised" if against else "Why (a rule asks)",
                value=draft.override.value if draft.override else None,
                on_change=self._chosen,
            ).props("dense outlined options-dense data-focus=override")
            words = ui.input("In a few words", value=draft.override_text, on_change=self._typed)
            words.props(f"dense outlined maxlength={MAX_OVERRIDE} autocomplete=off")

    def focus(self) -> None:
        """Put the cursor where something is missing."""
        self._category.run_method("focus")

    def _chosen(self, event: Any) -> None:
        self._draft.override = OverrideCategory(event.value) if event.value else None

    def _typed(self, event: Any) -> None:
        self._draft.override_text = str(event.value or "")


def override_of(draft: Draft) -> Override | None:
    """The reason so far; None where no category is chosen."""
    return Override(draft.override, draft.override_text.strip()) if draft.override else None
