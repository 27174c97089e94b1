"""The ballot box: a page with two options, one vote per voter, changeable.

A vote is answered with 200 only after Redis has written it to its append-only
file, so what a voter saw accepted is counted whatever stops or moves later.
"""

import html
import json
import os
import re
import secrets
import signal
import socket
import string
import sys
import threading
import time
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import redis

OPTIONS = {"a": os.environ.get("OPTION_A", "Cats"), "b": os.environ.get("OPTION_B", "Dogs")}
PORT = int(os.environ.get("PORT", "8080"))
PATIENCE = float(os.environ.get("VOTE_PATIENCE_SECONDS", "5"))
MAX_BODY = 1024
VOTER = re.compile(r"[0-9a-f]{32}")
PAGE = string.Template(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.html"), encoding="utf-8").read())

store = redis.Redis(
    host=os.environ.get("REDIS_HOST", "redis"),
    port=int(os.environ.get("REDIS_PORT", "6379")),
    socket_connect_timeout=1,
    socket_timeout=2,
)

# Stamps each vote with a time that never goes back, so that the later of two votes of one
# voter wins however often the queue is replayed.
ENQUEUE = """
local t = redis.call('TIME')
local stamp = math.max(t[1] * 1000000 + t[2], tonumber(redis.call('GET', 'votes:stamp') or '0') + 1)
stamp = string.format('%.0f', stamp)
redis.call('SET', 'votes:stamp', stamp)
redis.call('LPUSH', 'votes', stamp .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
return stamp
"""


def record(voter, choice):
    """True once the vote is on Redis's disk. Sending one twice is harmless, so an unclear failure is retried."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            store.eval(ENQUEUE, 0, voter, choice)
            return True
        except redis.RedisError as error:
            if time.monotonic() >= deadline:
                print(f"vote not recorded: {error}", flush=True)
                return False
            time.sleep(0.1)


class Ballot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "vote"
    timeout = 30
    # Head and body in one piece: the health check hangs up once it has read the status.
    wbufsize = 65536

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/":
            voter, choice = self.voter()
            self.page(200, voter, choice)
        elif path == "/healthz":
            # Says that this server works. Whether Redis does is Redis's own health: a service that fails with
            # what it depends on would be killed for it, and so would everything behind it.
            self.reply(200, "text/plain", "ok\n")
        else:
            self.reply(404, "text/plain", "not found\n")

    do_HEAD = do_GET

    def do_POST(self):
        form = self.form()
        if form is None:
            return
        choice = form.get("vote", [""])[0]
        if self.path.split("?")[0] != "/" or choice not in OPTIONS:
            self.reply(400, "text/plain", f"vote must be one of {', '.join(OPTIONS)}\n")
            return
        voter, before = self.voter()
        if record(voter, choice):
            self.page(200, voter, choice, "Your vote is in." if before in ("", choice) else "Your vote was changed.")
        else:
            self.page(503, voter, before, "The ballot box does not answer, your vote was not counted. Please try again.")

    def form(self):
        """The posted form, or None after an error was answered."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            self.reply(413 if length.isdigit() else 411, "text/plain", f"a form of at most {MAX_BODY} bytes is needed\n")
            return None
        return parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def voter(self):
        """Who asks and what they voted for last, from their cookies; a new voter when there are none."""
        try:
            cookies = SimpleCookie(self.headers.get("Cookie", ""))
        except CookieError:
            cookies = SimpleCookie()
        voter = cookies["voter"].value if "voter" in cookies else ""
        if not VOTER.fullmatch(voter):
            return secrets.token_hex(16), ""
        choice = cookies["choice"].value if "choice" in cookies else ""
        return voter, choice if choice in OPTIONS else ""

    def page(self, status, voter, choice, message=""):
        if "application/json" in self.headers.get("Accept", ""):
            body = json.dumps({"voter": voter, "vote": choice, "recorded": status == 200}) + "\n"
            self.reply(status, "application/json", body, voter, choice)
            return
        body = PAGE.substitute(
            a=html.escape(OPTIONS["a"]),
            b=html.escape(OPTIONS["b"]),
            chosen_a="true" if choice == "a" else "false",
            chosen_b="true" if choice == "b" else "false",
            message=html.escape(message),
            tone="bad" if status != 200 else "good",
            host=html.escape(socket.gethostname()),
        )
        self.reply(status, "text/html; charset=utf-8", body, voter, choice)

    def reply(self, status, kind, body, voter="", choice=""):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        for name, value in (("voter", voter), ("choice", choice)):
            if value:
                self.send_header("Set-Cookie", f"{name}={value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, form, *arguments):
        # What cannot be read as a request has no path.
        if getattr(self, "path", "").split("?")[0] != "/healthz":
            super().log_message(form, *arguments)


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request, client_address):
        # Whoever asks may hang up before the answer is through; that is no fault of this server.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    server = Server(("", PORT), Ballot)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"vote: listening on {PORT}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
