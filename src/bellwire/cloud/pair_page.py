"""The page that a speaker's code leads to: it says how its owner confirms it. It knows HTML; it must not know whether
anybody waits, so it tells nothing to who guesses codes.
"""

from html import escape
from urllib.parse import parse_qs

from bellwire.cloud.asgi import Header
from bellwire.cloud.grants import user_code_of

PAIR_PATH = "/pair"
_UNKNOWN = "XXXX-XXXX"
_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Pair a speaker</title>
<style>body {{ font: 1.1rem/1.5 sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}
code {{ background: #eee; padding: .2rem .4rem }}</style>
<h1>Pair a speaker</h1>
<p>A speaker that shows <strong>{code}</strong> asks to be let into an account of this cloud.</p>
<p>Look whether it is your speaker, and whether it shows this code. Then, on the machine of the cloud:</p>
<p><code>bellwire device approve {code}</code></p>
<p>If it is not yours: <code>bellwire device refuse {code}</code></p>
<p>The code is good for 15 minutes.</p>
</html>
"""


def page(query: bytes) -> tuple[bytes, tuple[Header, ...]]:
    """The page for what stands after the ? of its address, and its headers."""
    given = parse_qs(query.decode("latin-1")).get("user_code", [""])[0]
    return _PAGE.format(code=escape(user_code_of(given) or _UNKNOWN)).encode(), _HEADERS
