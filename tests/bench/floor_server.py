"""What a browser cannot be quicker than on this stack: PNG bytes from memory, and an empty NiceGUI page.

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
    """The two floors, and `/up` to wait for."""
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

    ui.run_with(app, tailwind=False, show_welcome_message=False)
    return app


if __name__ in {"__main__", "__mp_main__"}:
    uvicorn.run(application(Path(sys.argv[2])), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
