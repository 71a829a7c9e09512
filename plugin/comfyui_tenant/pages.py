"""Error pages for browsers, which look like the gateway's (`src/pages/`). Programs get JSON."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from pathlib import Path

from aiohttp import web

from .page_texts import COMFYUI, LABELS, YOU, Labels, text_of
from .responses import Problem

# The same text as PAGE_CSS in src/pages/page.ts: test/docs/page-style.test.ts compares them.
_CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8").strip()
_HASH = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_WEIGHT = re.compile(r";\s*q=([0-9.]{1,5})\s*$", re.IGNORECASE)
_RETRY_SECONDS = 5


def accepts_html(request: web.BaseRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "").lower()


def for_browser(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """A page instead of an error without a readable body, if the client is a browser that wants to show one."""
    if not accepts_html(request):
        return response
    if _is_missing_file(request, response):
        response = web.Response(status=404)
    if response.status < 400:
        return response
    problem = response if isinstance(response, Problem) else None
    if problem is None and not _is_bare(response):
        return response
    page = web.Response(
        status=response.status,
        text=render(request, response.status, problem),
        content_type="text/html",
        headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"},
    )
    for name in ("Retry-After", "Allow"):
        if name in response.headers:
            page.headers[name] = response.headers[name]
    if response.status == 503:
        page.headers["Refresh"] = str(_RETRY_SECONDS)
    return page


def _is_missing_file(request: web.Request, response: web.StreamResponse) -> bool:
    """aiohttp looks for a file of the web UI only when it sends the response."""
    if not isinstance(response, web.FileResponse) or not isinstance(request.match_info.route.resource, web.StaticResource):
        return False
    return not response._path.is_file()


def _is_bare(response: web.StreamResponse) -> bool:
    """Whether a response has no body, or only the text that aiohttp writes for a status, such as "404: Not Found"."""
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes | None):
        return False
    return not response.body or response.body == f"{response.status}: {response.reason}".encode()


def render(request: web.BaseRequest, status: int, problem: Problem | None) -> str:
    language = language_of(request.headers.get("Accept-Language", ""))
    labels, text = LABELS[language], text_of(language, status)
    happened = [text.happened] if problem is None else [problem.message[:1].upper() + problem.message[1:]]
    remedy = [text.remedy] if problem is None or not problem.remedy else [problem.remedy[:1].upper() + problem.remedy[1:]]
    if language != "en" and problem is not None:
        # The messages of the plugin are English.
        happened, remedy = [text.happened, *happened], [text.remedy]
    found = _REQUEST_ID.fullmatch(request.headers.get("X-Request-Id", ""))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>ComfyUI</title><style>{_CSS}</style></head><body>"
        f'<main lang="{language}"><h1>{escape(text.title)}</h1><ol>{_boxes(text.affected, labels)}</ol>'
        f"{_section(labels.happened, happened)}{_section(labels.remedy, remedy)}{_section(labels.help, [labels.ask])}"
        f'<p class="id">{labels.request_id} <code>{found.group() if found else "-"}</code></p></main></body></html>\n'
    )


def _section(heading: str, paragraphs: list[str]) -> str:
    return f"<h2>{heading}</h2>" + "".join(f"<p>{escape(text)}</p>" for text in paragraphs)


def _boxes(affected: str, labels: Labels) -> str:
    # A request that arrives here has passed the gateway.
    you = ("bad", labels.attention) if affected == YOU else ("good", labels.good)
    comfyui = ("bad", labels.bad) if affected == COMFYUI else ("good", labels.good)
    states = (you, ("good", labels.good), comfyui)
    boxes = zip(labels.parts, states, strict=True)
    return "".join(f'<li class="{state}"><b>{part}</b><span>{text}</span></li>' for part, (state, text) in boxes)


def language_of(accepted: str) -> str:
    """`zh` if the browser prefers Chinese to English, otherwise `en`."""
    weights = {"en": 0.0, "zh": 0.0}
    for entry in accepted[:200].split(","):
        language = re.split(r"[-;\s]", entry.strip(), maxsplit=1)[0].lower()
        if language in weights:
            weights[language] = max(weights[language], _weight(entry))
    return "zh" if weights["zh"] > weights["en"] else "en"


def _weight(entry: str) -> float:
    found = _WEIGHT.search(entry)
    try:
        return 1.0 if found is None else float(found.group(1))
    except ValueError:
        return 0.0
