"""Where returns are fetched from: the servers, the forms on them, and the secrets, which nothing ever shows."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from helpers import paths
from helpers.speech import say

FROM_KOBO, FROM_ODK = "kobo", "odk"  # as MANIFEST.csv names the channel
# What each tool needs, in the file of PAPU_COLLECT; as variables they are PAPU_KOBO_URL and so on.
SETTING_KEYS = {FROM_KOBO: ("url", "asset", "token"), FROM_ODK: ("url", "project_id", "form", "user", "password")}
OPTIONAL_KEYS = {FROM_KOBO: ("export",), FROM_ODK: ()}
SETTINGS_FILE = "PAPU_COLLECT"
_SECRETS = ("token", "password")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_READ_BY_OTHERS = 0o027  # read by others; written by the group or by others
_NAME = re.compile(r"[\w.@+ -]{1,200}")


@dataclass(frozen=True)
class Source:
    """One form on one server: `form` is KoboToolbox's asset, or ODK's id of a form, which is in `project_id` there.

    `export` is the name of one saved in KoboToolbox. `secret` is KoboToolbox's token, or the password of ODK's `user`;
    it is in no text made of this.
    """

    tool: str
    url: str
    form: str
    secret: str = field(repr=False)
    project_id: str = ""
    user: str = field(default="", repr=False)
    export: str = ""

    @property
    def host(self) -> str:
        """The server, as it is printed."""
        return urlsplit(self.url).netloc

    def __str__(self) -> str:
        return f"{self.tool} ({self.host}, {self.form})"


def read_sources() -> list[Source]:
    """Return what is set in the environment, else in the file that PAPU_COLLECT names; nothing where neither is.

    Raises ValueError with all that is wrong; no secret is in it.
    """
    where, given = _read_environment()
    if not given and os.environ.get(SETTINGS_FILE):
        where, given = _read_file(Path(os.environ[SETTINGS_FILE]).expanduser())
    problems = [problem for tool, values in given.items() for problem in _list_problems(tool, values, where)]
    if problems:
        raise ValueError("\n".join(problems))
    return [_make_source(tool, values) for tool, values in given.items()]


def name_variable(tool: str, key: str) -> str:
    """Return the variable of a setting, such as PAPU_KOBO_URL."""
    return f"PAPU_{tool}_{key}".upper()


def _read_environment() -> tuple[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, str]] = {}
    for tool, keys in SETTING_KEYS.items():
        for key in (*keys, *OPTIONAL_KEYS[tool]):
            if text := os.environ.get(name_variable(tool, key)):
                found.setdefault(tool, {})[key] = text
    return "", found


def _read_file(path: Path) -> tuple[str, dict[str, dict[str, str]]]:
    """Read the file of settings: outside the data and the checkout, and read by nobody else. Raises ValueError."""
    full, shown = path.resolve(), f"{SETTINGS_FILE} ({path})"
    for folder in (paths.root(), paths.PACKAGE.parents[1]):
        if full.is_relative_to(folder.resolve()):
            raise ValueError(say("{file} lies in {folder}, which is copied and shared; move it elsewhere",
                                 file=shown, folder=folder))  # fmt: skip
    try:
        mode = full.stat().st_mode
        if os.name != "nt" and mode & _READ_BY_OTHERS:
            raise ValueError(say("{file} can be read by others, and holds a secret: chmod 600 {path}",
                                 file=shown, path=path))  # fmt: skip
        data = tomllib.loads(full.read_text(encoding="utf-8-sig"))
    except OSError as reason:
        raise ValueError(say("{file} cannot be read: {reason}", file=shown, reason=reason.strerror)) from reason
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):  # what it says may quote the line of a secret
        raise ValueError(say("{file} is not TOML; write it as docs/operations.md shows", file=shown)) from None
    if not data or data.keys() - SETTING_KEYS.keys() or not all(isinstance(each, dict) for each in data.values()):
        raise ValueError(say("{file} has to hold [kobo], [odk] or both, and nothing else", file=shown))
    return shown, {tool: {key: str(value) for key, value in values.items()} for tool, values in data.items()}


def _list_problems(tool: str, values: Mapping[str, str], where: str) -> Iterator[str]:
    def name(key: str) -> str:
        return f"{where} [{tool}] {key}" if where else name_variable(tool, key)

    for key in SETTING_KEYS[tool]:
        if not values.get(key, "").strip():
            yield say("{setting} is missing; set it, or none of this tool's", setting=name(key))
    for key in values.keys() - {*SETTING_KEYS[tool], *OPTIONAL_KEYS[tool]}:
        yield say("{setting} is not known; leave it out", setting=name(key))
    if address := values.get("url"):
        yield from _list_problems_of_address(address, name("url"))
    for key, value in values.items():
        text = value.strip()
        if key in _SECRETS and not (text.isprintable() and (text.isascii() or key != "token")):
            yield say("{setting} has a character that no such secret has; copy it again", setting=name(key))
        elif key not in ("url", *_SECRETS) and text and not _NAME.fullmatch(text):
            yield say("{setting} cannot be {value!r}; copy it from the server's address", setting=name(key), value=text)


def _list_problems_of_address(address: str, name: str) -> Iterator[str]:
    try:
        parts = urlsplit(address.strip())
        host, has_user = parts.hostname or "", "@" in parts.netloc
        _ = parts.port  # raises for one that is no number
    except ValueError:
        host, has_user = "", True
    if has_user or not host or parts.query or parts.fragment:
        yield say("{setting} is not the address of a server; write it as https://kf.kobotoolbox.org", setting=name)
    elif not is_safe(address.strip()):
        yield say("{setting} is not https, so that the secret would be read on the way; write https://{host}",
                  setting=name, host=host)  # fmt: skip


def is_safe(address: str) -> bool:
    """Tell whether a secret may be sent to an address: over https, or to this machine."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)


def _make_source(tool: str, values: Mapping[str, str]) -> Source:
    v = {key: text.strip() for key, text in values.items()}
    url = v["url"].rstrip("/")
    if tool == FROM_KOBO:
        return Source(FROM_KOBO, url, v["asset"], v["token"], export=v.get("export", ""))
    return Source(FROM_ODK, url.removesuffix("/v1"), v["form"], v["password"], v["project_id"], v["user"])
