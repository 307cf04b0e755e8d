"""What every answer tells a browser. A route that needs another policy (the studio, the description) sends its own."""

SECURITY_HEADERS = {
    # An answer is data: opened as a page it may load nothing, run nothing and be framed by nobody.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",  # pages that CORS admits ask with CORS, where it does not count
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
