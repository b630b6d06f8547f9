"""Puts the cursor where a page wants it, once what is there has been drawn."""

from __future__ import annotations

import json
from typing import Final

from nicegui import Client

# What was just sent is drawn within a few frames; a page that is busy may take longer.
_SCRIPT: Final = """
(() => {
  const name = %s, near = %s, began = Date.now();
  const look = () => {
    const field = "input, textarea, select, button";
    const of = (one) => document.querySelector(`[data-focus="${CSS.escape(one)}"], [data-act="${CSS.escape(one)}"]`);
    let found = of(name);
    // A part may have no input of its own: then the nearest one around it has.
    for (let around = name; near && !found && Date.now() > began + 600 && around.includes("."); found = of(around))
      around = around.slice(0, around.lastIndexOf("."));
    const target = found?.matches(field) ? found : found?.querySelector(field);
    if (target) { target.focus(); target.scrollIntoView({ block: "nearest" }); }
    else if (Date.now() < began + 4000) setTimeout(look, 30);
  };
  setTimeout(look, 30);
})()
"""


def focus(client: Client, name: str, *, near: bool = False) -> None:
    """Focus the field or button whose `data-focus` or `data-act` is `name`, or that is inside of it.

    `near`: where there is none, the one whose name is the longest beginning of it, up to a dot.
    """
    if client.id in Client.instances:
        client.run_javascript(_SCRIPT % (json.dumps(name), json.dumps(near)))
