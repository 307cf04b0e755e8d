"""The server of the page: keeps the key, and gives each visitor a token for one request."""

import json
import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

MYNA_URL = os.environ["MYNA_URL"].rstrip("/")
API_KEY = os.environ["MYNA_API_KEY"]
PORT = int(os.environ.get("PORT", "8081"))
TOKEN = {"single_use": True, "ttl": "60s", "scopes": ["speak"]}


class Page(SimpleHTTPRequestHandler):
    def do_POST(self) -> None:
        # Here a real page looks who is logged in. Other pages in the visitor's browser get nothing in any case.
        if self.path != "/token" or self.headers.get("Origin") != f"http://{self.headers.get('Host')}":
            self.send_error(403)
            return
        made = httpx.post(f"{MYNA_URL}/auth/v1/tokens", json=TOKEN, headers={"Authorization": f"Basic {API_KEY}"})
        made.raise_for_status()
        content = json.dumps({"url": MYNA_URL, "token": made.json()["accessToken"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", PORT), partial(Page, directory=Path(__file__).parent)) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
