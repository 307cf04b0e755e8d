"""The page of `examples/browser` speaks in a real Chromium, with tokens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.studio_browser import CHROMIUM, WITHIN_MS, needs_chromium, playwright
from tests.live_server import run_server
from tests.store_servers import free_port

SERVER = Path(__file__).parents[2] / "examples" / "browser" / "server.py"

pytestmark = pytest.mark.usefixtures("weights_dir")


@needs_chromium
def test_a_page_speaks_with_tokens(tmp_path: Path) -> None:
    """Over HTTP and over the socket, each in its own origin, with a key that the page never sees."""
    port = free_port()
    page_url = f"http://127.0.0.1:{port}"
    settings = {"MYNA_CORS_ORIGINS": page_url, "MYNA_PRELOAD_MODELS": "false"}
    with run_server(tmp_path / "data", "tone", settings=settings) as server:
        environment = {**os.environ, "MYNA_URL": server.url, "MYNA_API_KEY": server.key, "PORT": str(port)}
        command = [sys.executable, SERVER]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as pages:
            try:
                assert pages.stdout is not None
                assert pages.stdout.readline().strip() == page_url
                with playwright.sync_playwright() as driver:
                    arguments = ["--no-sandbox", "--disable-gpu"]
                    browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments, timeout=WITHIN_MS)
                    page = browser.new_page()
                    page.set_default_timeout(WITHIN_MS)
                    sent = []
                    page.on("request", lambda request: sent.append(str(request.headers) + str(request.post_data)))
                    page.goto(page_url)
                    for button in ("#stream", "#socket"):
                        page.click(button)
                        playwright.expect(page.locator("#told")).to_have_text("3.1 s of speech")
                    assert server.key not in page.content() + "".join(sent)
                    browser.close()
            finally:
                pages.terminate()
