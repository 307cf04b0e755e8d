"""How the studio's files are served: a fixed list, a strict policy, and no request for what is already there."""

import re
from importlib import resources

import httpx
import pytest
from fastapi import FastAPI

from myna.http.errors import install_error_replies
from myna.http.limits import HttpLimits
from myna.http.request_edge import RequestEdge
from myna.http.studio_page import create_studio_router
from myna.observability.metrics import Metrics

FOLDER = resources.files("myna.http") / "studio"


@pytest.fixture
def page() -> httpx.AsyncClient:
    """A service that has the studio and nothing else."""
    app = FastAPI()
    app.include_router(create_studio_router())
    install_error_replies(app)
    app.add_middleware(RequestEdge, limits=HttpLimits(), metrics=Metrics())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://myna")


async def test_every_file_of_the_page_is_served_with_its_kind(page: httpx.AsyncClient) -> None:
    """What the page and its modules name is there, and nothing lies in the folder that nobody names."""
    named = {"index.html"}
    for file in FOLDER.iterdir():
        if file.name.endswith((".html", ".js", ".css")):
            named |= set(re.findall(r"""(?:'\./|'|"studio/|`studio/)([a-z-]+\.(?:js|css|svg))""", file.read_text()))
    assert {file.name for file in FOLDER.iterdir()} == named
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    for name in named - {"index.html"}:
        reply = await page.get(f"/studio/{name}")
        assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (200, kinds[name.split(".")[-1]])


async def test_the_policy_lets_nothing_in_from_outside(page: httpx.AsyncClient) -> None:
    """No inline script or style, no third party, no frame; and the page holds none that would need them."""
    reply = await page.get("/studio")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert re.findall(r"<script(?![^>]* src=)|<style|\bstyle=|\bon[a-z]+=", reply.text) == []
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", reply.text) == []
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy"):
        assert name in reply.headers


async def test_what_the_browser_has_is_not_sent_again(page: httpx.AsyncClient) -> None:
    """Each file carries its digest and answers 304 to it; the page is asked for again each time."""
    first = await page.get("/studio/main.js")
    assert first.headers["cache-control"] == "no-cache"
    again = await page.get("/studio/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


@pytest.mark.parametrize("name", ["index.html", "nothing.js", "..%2fapp.py", "%2e%2e/app.py", ".hidden", "main.js%00"])
async def test_only_the_studio_is_served(page: httpx.AsyncClient, name: str) -> None:
    """Other names, and ways out of the folder, are not found."""
    assert (await page.get(f"/studio/{name}")).status_code == 404


async def test_a_slash_too_many_leads_to_the_page(page: httpx.AsyncClient) -> None:
    """`/studio/` goes on to `/studio`, below whatever prefix a proxy put in front."""
    reply = await page.get("/studio/")
    assert (reply.status_code, reply.headers["location"]) == (308, "../studio")
