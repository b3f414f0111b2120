"""Asks a server over HTTP: bounded in time and size, tried again where that may help, and no secret goes elsewhere."""

import contextlib
import http.client
import io
import json
import ssl
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

from helpers.desk.pull.sources import is_safe
from helpers.ingest import received
from helpers.speech import say

_CHUNK = 1 << 16
_ZIP = b"PK"
_RETRIED = (408, 425, 429)  # and every 5xx
_MOST_PAGES = 100


class NotFetched(RuntimeError):
    """Nothing could be fetched; the message says what happened and what to do, and holds no secret."""


class _TryAgain(Exception):
    """What may succeed at another time: what happened, and how long the server asks to wait (seconds)."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(frozen=True)
class FetchLimits:
    """How long a server is waited for, in seconds, and how often it is asked; bytes of one answer.

    A synchronous export of KoboToolbox may take it 120 seconds.
    """

    answer: float = 150
    total: float = 600
    attempts: int = 4
    first_wait: float = 2
    longest_wait: float = 60
    most_bytes: int = received.MAX_BYTES  # as the reader takes of one file


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects: to another server without the secret, and never from https to http."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if not is_safe(newurl):
            raise NotFetched(say("{host} leads to an address that is not https; correct the address of the server",
                                 host=urlsplit(req.full_url).netloc))  # fmt: skip
        new = super().redirect_request(req, fp, code, msg, headers, newurl)
        if new is not None and _origin(newurl) != _origin(req.full_url):
            new.remove_header("Authorization")
        return new


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _make_opener() -> urllib.request.OpenerDirector:
    """Return what opens http and https, and neither files nor ftp."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(), _Redirects(),
        urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(), urllib.request.UnknownHandler(),
    ):  # fmt: skip
        opener.add_handler(handler)
    return opener


class Client:
    """Asks one server, all in all for no longer than the limits say; every failure is a NotFetched."""

    def __init__(self, url: str, authorization: str = "", limits: FetchLimits = FetchLimits()) -> None:
        self.url, self.limits, self._authorization = url, limits, authorization
        self._opener, self._until = _make_opener(), time.monotonic() + limits.total

    @property
    def host(self) -> str:
        """The server, as it is printed."""
        return urlsplit(self.url).netloc

    def authorize(self, authorization: str) -> None:
        """Send this header from here on."""
        self._authorization = authorization

    def get_json(self, path: str, query: Mapping[str, str] | str = "") -> dict[str, object]:
        """Return the JSON object at a path of the server."""
        return self._parse(self._ask(path, query), path)

    def post_json(self, path: str, data: Mapping[str, str]) -> dict[str, object]:
        """Send a JSON object to a path of the server; return the one it answers."""
        return self._parse(self._ask(path, data=json.dumps(data).encode()), path)

    def get_archive(self, path: str, query: Mapping[str, str] | str = "") -> bytes:
        """Return the workbook or zip at a path of the server, whole."""
        return self._ask(path, query, is_archive=True)

    def get_pages(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, object]]:
        """Yield what is listed at a path, page by page; of `next` only the query is followed, on the same path."""
        following, seen = urlencode(query), set()
        while following:
            if following in seen or len(seen) == _MOST_PAGES:
                raise NotFetched(say("{host} lists page after page without an end at {path}; tell its administrator",
                                     host=self.host, path=path))  # fmt: skip
            seen.add(following)
            page = self.get_json(path, following)
            results = page.get("results")
            if not isinstance(results, list) or not all(isinstance(each, dict) for each in results):
                raise self._not_understood(path)
            yield from results
            following = urlsplit(str(page.get("next") or "")).query

    def delete(self, path: str) -> None:
        """Ask the server to forget something; what it answers does not matter."""
        request = self._request(path, "", None)
        request.method = "DELETE"
        with contextlib.suppress(OSError, http.client.HTTPException, NotFetched):
            self._opener.open(request, timeout=min(self.limits.answer, 10)).close()

    def _parse(self, content: bytes, path: str) -> dict[str, object]:
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise self._not_understood(path)
        return found

    def _not_understood(self, path: str) -> NotFetched:
        return NotFetched(say("{host} does not answer as the tool does at {path}; correct the address of the server",
                              host=self.host, path=path))  # fmt: skip

    def _request(self, path: str, query: Mapping[str, str] | str, data: bytes | None) -> urllib.request.Request:
        asked = query if isinstance(query, str) else urlencode(query)
        request = urllib.request.Request(f"{self.url}{path}{'?' if asked else ''}{asked}", data)
        request.add_header("User-Agent", "papu")
        request.add_header("Accept-Encoding", "identity")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if self._authorization:
            request.add_header("Authorization", self._authorization)
        return request

    def _ask(
        self, path: str, query: Mapping[str, str] | str = "", data: bytes | None = None, is_archive: bool = False
    ) -> bytes:  # fmt: skip
        """Return an answer, asked for again while that may help and the limits allow it."""
        wait = self.limits.first_wait
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._ask_once(self._request(path, query, data), path, is_archive)
            except _TryAgain as reason:
                pause = min(wait if reason.wait is None else reason.wait, self.limits.longest_wait)
                if attempt == self.limits.attempts or time.monotonic() + pause > self._until:
                    raise NotFetched(say("{host}: {what}, asked {n} times; try again later",
                                         host=self.host, what=reason, n=attempt)) from None  # fmt: skip
                time.sleep(pause)
                wait *= 2
        raise AssertionError("no attempt was made")

    def _ask_once(self, request: urllib.request.Request, path: str, is_archive: bool) -> bytes:
        left = self._until - time.monotonic()
        if left <= 0:
            raise NotFetched(say("{host} was asked for too long; try again later", host=self.host))
        try:
            with self._opener.open(request, timeout=min(self.limits.answer, left)) as response:
                content = self._read(response)
        except urllib.error.HTTPError as error:
            with error:
                raise self._judge(error, path) from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            raise self._judge_failure(error) from None
        return self._check_archive(content, path) if is_archive else content

    def _read(self, response: http.client.HTTPResponse) -> bytes:
        """Read an answer to its end. Raises NotFetched over the limit, _TryAgain where it is cut."""
        declared, content = response.headers.get("Content-Length", ""), bytearray()
        stop = time.monotonic() + self.limits.answer
        while chunk := response.read1(_CHUNK):
            content += chunk
            if len(content) > self.limits.most_bytes:
                raise NotFetched(say("{host} sends more than {n} MB, the most that a file may have; narrow the export",
                                     host=self.host, n=self.limits.most_bytes / 1e6))  # fmt: skip
            if time.monotonic() > min(stop, self._until):
                raise _TryAgain(say("it sends too slowly"))
        if declared.isdecimal() and len(content) < int(declared):
            raise _TryAgain(say("the answer was cut"))
        return bytes(content)

    def _check_archive(self, content: bytes, path: str) -> bytes:
        if not content.startswith(_ZIP):  # a page to log in, as a rule
            raise self._not_understood(path)
        if not zipfile.is_zipfile(io.BytesIO(content)):
            raise _TryAgain(say("the answer was cut"))
        return content

    def _judge(self, error: urllib.error.HTTPError, path: str) -> Exception:
        """Return what an answer that is no success means. What a server writes beside it is never repeated."""
        code, facts = error.code, {"host": self.host, "code": error.code, "path": path}
        if code in _RETRIED or code >= 500:
            return _TryAgain(say("it answers {code}", code=code), _read_wait(error.headers.get("Retry-After", "")))
        if code == 401:
            return NotFetched(say("{host} does not know the token or password ({code}); set it anew", **facts))
        if code == 403:
            return NotFetched(say("{host} does not let this account read {path} ({code}); give it the right to view "
                                  "the form and its submissions", **facts))  # fmt: skip
        if code == 404:
            return NotFetched(say("{host} has nothing at {path} ({code}); correct the address or the form, or give the "
                                  "account the right to see it", **facts))  # fmt: skip
        return NotFetched(say("{host} answers {code} at {path}; correct the address or the form", **facts))

    def _judge_failure(self, error: Exception) -> Exception:
        """Return what it means that no answer came, or not all of one."""
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(reason, ssl.SSLCertVerificationError):
            return NotFetched(say("{host} cannot prove that it is the server; correct its address, or this machine's "
                                  "clock and certificates", host=self.host))  # fmt: skip
        if isinstance(reason, TimeoutError):
            return _TryAgain(say("it does not answer in time"))
        if isinstance(reason, http.client.HTTPException):
            return _TryAgain(say("the answer was cut"))
        return _TryAgain(say("it cannot be reached ({reason})", reason=getattr(reason, "strerror", "") or "network"))


def _read_wait(text: str) -> float | None:
    """Return the seconds of a Retry-After: a number, or a date; None without one that can be read."""
    if text.strip().isdecimal():
        return float(text)
    with contextlib.suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    return None
