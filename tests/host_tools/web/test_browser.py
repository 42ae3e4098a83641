"""The JavaScript verifier in a real browser, on a page that may load nothing but its own scripts."""

import os
import shutil
import signal
import subprocess
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from tests.host_tools.web import drawing, receipt_drawing
from tests.host_tools.web.judging import compared

ROOT = Path(__file__).parents[3]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HERE = "/tests/host_tools/web"
PAGE = f'<!doctype html><title>verify</title><script type="module" src="{HERE}/page.mjs"></script>'
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
LONG = 300  # seconds, on a machine that has other work


class Handler(BaseHTTPRequestHandler):
    """Serves the page, its scripts and the jobs, and takes the answers."""

    def __init__(self, jobs, answers, *rest):
        self.jobs, self.answers = jobs, answers
        super().__init__(*rest)

    def do_GET(self):
        path = ROOT / self.path.lstrip("/")
        if self.path == f"{HERE}/":
            self._send(PAGE.encode(), "text/html")
        elif self.path == f"{HERE}/jobs":
            self._send(self.jobs, "text/plain")
        elif path.suffix in (".js", ".mjs") and path.is_file():
            self._send(path.read_bytes(), "text/javascript")
        else:
            self.send_error(404)

    def do_POST(self):
        self.answers.put(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(b"", "text/plain")

    def _send(self, body, kind):
        self.send_response(200)
        for name, value in (("Content-Type", kind), ("Content-Length", len(body)), ("Content-Security-Policy", POLICY)):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def in_browser(tmp_path):
    """Answers to the lines of jobs, from a page in Chromium."""
    started = []

    def run(lines):
        answers = Queue()
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, "\n".join(lines).encode(), answers))
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}{HERE}/"
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
        command = [CHROMIUM, *options, f"--user-data-dir={tmp_path}", url]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
        started.append((server, subprocess.Popen(command, **quiet)))
        return answers.get(timeout=LONG).decode().splitlines()

    yield run
    for server, process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        server.shutdown()
        server.server_close()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium")
def test_a_page_says_what_the_python_verifier_says(in_browser):
    jobs = [*drawing.jobs("browser", 60), *receipt_drawing.jobs("browser", 60)]
    compared(jobs, in_browser([job.line() for job in jobs]))
