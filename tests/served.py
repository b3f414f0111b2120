"""A server of this machine that speaks as KoboToolbox and ODK Central do, with the faults of real ones."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pandas as pd

from helpers import paths

TOKEN, PASSWORD, SESSION = "kobo-secret-4711", "odk-secret-4712", "session-secret-4713"
ASSET, FORM, PROJECT = "aXyZ123", "upap_digital_quarterly", "7"
VERSION = pd.read_csv(paths.questionnaire() / "settings.csv", dtype=str)["version"][0]
FULL = {"lang": "_xml", "type": "xls", "fields": [], "fields_from_all_versions": True, "multiple_select": "both"}


@dataclass(frozen=True)
class Answer:
    """What is sent for one request. `cut` sends so many bytes fewer than announced, `slowly` waits before each byte."""

    body: bytes = b""
    code: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    slowly: float = 0
    announced: bool = True


def as_json(data: object, code: int = 200) -> Answer:
    return Answer(json.dumps(data).encode(), code, {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    authorization: str
    body: bytes


class Served:
    """A server under way: what it answers by path (the last answer again and again), and what it was asked."""

    def __init__(self, port: int) -> None:
        self.url, self.requests = f"http://127.0.0.1:{port}", []
        self.answers: dict[str, list[Answer | Callable[[Request], Answer]]] = {}
        self.needs: Callable[[Request], str] = lambda request: ""

    def on(self, path: str, *answers: Answer | Callable[[Request], Answer]) -> None:
        self.answers[path] = list(answers)

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.authorization != (needed := self.needs(request)) and needed:
            return as_json({"detail": "Invalid token."}, 401)
        if not (answers := self.answers.get(request.path)):
            return as_json({"detail": "Not found."}, 404)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return answer(request) if callable(answer) else answer

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


@contextlib.contextmanager
def serve() -> Iterator[Served]:
    """Yield a server that is under way until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            parts, length = urlsplit(self.path), int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            asked = parse_qs(parts.query), self.headers.get("Authorization", ""), body
            answer = served.answer(Request(self.command, parts.path, *asked))
            with contextlib.suppress(OSError):
                self.send_response(answer.code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.announced:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                sent = answer.body[: len(answer.body) - answer.cut]
                for byte in [sent[n : n + 1] for n in range(len(sent))] if answer.slowly else [sent]:
                    time.sleep(answer.slowly)
                    self.wfile.write(byte)
                    self.wfile.flush()

        do_GET = do_POST = do_DELETE = _respond

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Served(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# --- KoboToolbox ------------------------------------------------------------------------------------------------

ASSET_PATH = f"/api/v2/assets/{ASSET}/"
SETTINGS_PATH = f"{ASSET_PATH}export-settings/"
DATA_PATH = f"{SETTINGS_PATH}es1/data.xlsx"


def as_kobo(
    served: Served, export: bytes, form_id: str = FORM, version: str = VERSION, settings: dict | None = None
) -> None:  # fmt: skip
    """Have a server answer as KoboToolbox: the asset, its saved exports on two pages, the file behind a redirect."""
    content = {"survey": [], "settings": {"id_string": form_id, "version": version, "style": "pages"}}
    served.on(ASSET_PATH, as_json({"uid": ASSET, "deployed_version_id": "vAbc", "content": content}))
    first = _saved("es0", "labels", FULL | {"lang": "Français (fr)"})
    second = _saved("es1", "papu", FULL if settings is None else settings)

    def list_settings(request: Request) -> Answer:
        is_second = request.query.get("offset") == ["1"]
        following = None if is_second else f"http://elsewhere.example{SETTINGS_PATH}?format=json&limit=1&offset=1"
        return as_json({"count": 2, "next": following, "previous": None, "results": [second if is_second else first]})

    served.on(SETTINGS_PATH, list_settings)
    served.on(DATA_PATH, Answer(code=302, headers={"Location": f"{served.url}/media/export.xlsx"}))
    served.on("/media/export.xlsx", Answer(export))
    served.needs = lambda request: f"Token {TOKEN}"


def _saved(uid: str, name: str, settings: dict) -> dict:
    return {"uid": uid, "name": name, "export_settings": settings, "data_url_xlsx": f"http://elsewhere.example/{uid}"}


# --- ODK Central ------------------------------------------------------------------------------------------------

FORM_PATH = f"/v1/projects/{PROJECT}/forms/{FORM}"
ZIP_PATH = f"{FORM_PATH}/submissions.csv.zip"


def as_odk(served: Served, export: bytes, form_id: str = FORM, version: str = VERSION) -> None:
    """Have a server answer as ODK Central: a session, the form, the zip without a length, as it is streamed."""

    def open_session(request: Request) -> Answer:
        given = json.loads(request.body)
        is_known = given == {"email": "desk@union.example", "password": PASSWORD}
        return as_json({"token": SESSION, "expiresAt": "2026-12-01T00:00:00Z"}) if is_known else as_json({}, 401)

    served.on("/v1/sessions", open_session)
    served.on(f"/v1/sessions/{SESSION}", as_json({"success": True}))
    served.on(FORM_PATH, as_json({"projectId": 7, "xmlFormId": form_id, "version": version, "state": "open"}))
    served.on(ZIP_PATH, Answer(export, announced=False))
    served.needs = lambda request: "" if request.path == "/v1/sessions" else f"Bearer {SESSION}"


def settings_of(served: Served, tool: str) -> dict[str, str]:
    """Return the variables by which papu fetches from a server."""
    values: Sequence[tuple[str, str]] = {
        "kobo": [("URL", served.url), ("ASSET", ASSET), ("TOKEN", TOKEN)],
        "odk": [("URL", served.url), ("PROJECT_ID", PROJECT), ("FORM", FORM), ("USER", "desk@union.example"),
                ("PASSWORD", PASSWORD)],
    }[tool]  # fmt: skip
    return {f"PAPU_{tool.upper()}_{name}": value for name, value in values}
