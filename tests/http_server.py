"""http_server.py: serves a folder on a loopback port, badly when asked to.

Usage: http_server.py FOLDER LOG. Prints the port, serves until stdin ends.
The first path element is the mode, the rest a file in FOLDER:
  plain      with ranges
  noranges   ignores Range
  cut-N      N bytes of the body a request, then closes
  stall-N    N bytes of the body, then silence
  code-NNN   answers NNN with a small page
  busy-N     503 for the first N requests, then plain
  shifted    answers a range with another one than asked for
LOG gets one line a request: status, first byte sent, body bytes sent.
"""
import http.server
import os
import sys
import threading
import time

folder, log_path = sys.argv[1:3]
lock = threading.Lock()
busy = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def note(self, status, start, sent):
        with lock, open(log_path, "a") as log:
            log.write("%d %d %d\n" % (status, start, sent))

    def page(self, status):
        body = b"an error page"
        self.note(status, 0, 0)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        mode, _, rest = self.path.lstrip("/").partition("/")
        kind, _, number = mode.partition("-")
        number = int(number or 0)
        if kind == "code":
            return self.page(number)
        if kind == "busy":
            with lock:
                busy[mode] = busy.get(mode, 0) + 1
                refuse = busy[mode] <= number
            if refuse:
                return self.page(503)
        path = os.path.join(folder, os.path.basename(rest))
        if not os.path.isfile(path):
            return self.page(404)
        with open(path, "rb") as file:
            body = file.read()
        start, status = 0, 200
        asked = self.headers.get("Range", "")
        if asked.startswith("bytes=") and kind != "noranges":
            start, status = int(asked[6:].split("-")[0]), 206
            if start >= len(body):
                return self.page(416)
        if kind == "shifted" and status == 206:
            start -= 1
        rest_of_body = body[start:]
        self.send_response(status)
        self.send_header("Content-Length", str(len(rest_of_body)))
        if status == 206:
            self.send_header("Content-Range", "bytes %d-%d/%d"
                             % (start, len(body) - 1, len(body)))
        self.end_headers()
        sent = rest_of_body
        if kind in ("cut", "stall"):
            sent = rest_of_body[:number]
        self.note(status, start, len(sent))
        try:
            self.wfile.write(sent)
            self.wfile.flush()
            if kind == "stall":
                time.sleep(20)
        except OSError:
            pass
        self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdout.write("%d\n" % server.server_address[1])
sys.stdout.flush()
sys.stdin.read()
