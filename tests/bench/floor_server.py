"""What a browser cannot be quicker than on this stack: PNG bytes from memory, an empty NiceGUI page,
and one that swaps a picture.

Run as ``python -m tests.bench.floor_server PORT FOLDER``: one uvicorn process, as the console is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response
from nicegui import ui


def application(folder: Path) -> FastAPI:
    """The floors, and `/up` to wait for."""
    app = FastAPI()
    pictures = {path.name: path.read_bytes() for path in folder.iterdir()}

    @app.get("/up")
    async def up() -> Response:
        return PlainTextResponse("up")

    @app.get("/png/{name}")
    async def png(name: str) -> Response:
        return Response(pictures[name], media_type="image/png")

    @ui.page("/empty")
    def empty() -> None:
        """Nothing at all."""

    @ui.page("/swap")
    async def swap() -> None:
        """Two pictures that are there; a click asks the server for the other."""
        names = sorted(pictures)[:2]
        picture = ui.element("img").props(f'src="/png/{names[0]}"')

        def other() -> None:
            names.reverse()
            picture.props(f'src="/png/{names[0]}"')

        ui.button("Next", on_click=other)
        await ui.context.client.connected()
        for name in names:
            ui.run_javascript(f"(window.kept ??= []).push(Object.assign(new Image(), {{src: '/png/{name}'}}))")

    ui.run_with(app, tailwind=False, show_welcome_message=False)
    return app


if __name__ in {"__main__", "__mp_main__"}:
    uvicorn.run(application(Path(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
