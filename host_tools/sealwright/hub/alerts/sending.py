"""The ways by which an alert leaves: a webhook, a command, e-mail. Each raises NotSent, and may be tried again.

A webhook's body is signed, so its receiver knows that a hub with this key wrote it, and when:

    Sealwright-Signature: t=UNIX SECONDS,v1=HEX of HMAC-SHA-256 (RFC 2104) over "UNIX SECONDS." and the body

The key is the text in HOME/hub/webhook.key, made with the first alert. A receiver compares in constant time, refuses an
old time, and takes one id once: an alert may come twice.
"""

import hmac
import json
import os
import secrets
import signal
import smtplib
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, TypeAlias

from ...errors import SealwrightError, Usage, cause_of
from ...files import write_output
from .finding import Alert
from .wanted import Mail, Wanted

Send: TypeAlias = Callable[[Alert], None]
SECONDS: Final = 15.0
PASSWORD: Final = "SEALWRIGHT_MAIL_PASSWORD"
SIGNATURE: Final = "Sealwright-Signature"
_LEAST_KEY: Final = 32  # characters
_MOST_SAID: Final = 4096  # bytes of what a command says
_STEP_SECONDS: Final = 0.05


class NotSent(SealwrightError):
    """This way took no alert now."""

    exit_code = 3
    code = "not_sent"
    remedy = "The hub tries again. Check the way in HOME/hub/alerts.toml."


def ways_of(wanted: Wanted, key: Path) -> Mapping[str, Send]:
    """A function for each way that is wanted. key: the file of the webhook's key."""
    ways: dict[str, Send] = {}
    if url := wanted.webhook:
        ways["webhook"] = lambda alert: post(url, alert, secret_of(key))
    if command := wanted.command:
        ways["command"] = lambda alert: run(command, alert)
    if mail := wanted.mail:
        ways["email"] = lambda alert: send(mail, alert)
    return ways


def secret_of(path: Path) -> bytes:
    """The webhook's key, made where it is missing; only its owner may read it. Raises NotSent."""
    try:
        if not path.exists():
            write_output(path, f"{secrets.token_hex(32)}\n".encode(), private=True)
        mode, found = path.stat().st_mode, path.read_text("ascii").strip()
    except (OSError, ValueError, Usage) as error:
        raise NotSent(f"cannot use {path}: {cause_of(error)}") from error
    if mode & 0o077:
        raise NotSent(f"others may read {path}", remedy=f"Remove it and have a new one made, or: chmod 600 {path}")
    if len(found) < _LEAST_KEY:
        raise NotSent(f"the key in {path} is too short", remedy="Remove it: the next alert makes a new one.")
    return found.encode()


def signature(secret: bytes, at: int, body: bytes) -> str:
    """The header's text. at: unix seconds."""
    return f"t={at},v1={hmac.digest(secret, b'%d.' % at + body, 'sha256').hex()}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A body that is signed for one address goes to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def post(url: str, alert: Alert, secret: bytes) -> None:
    """POST it as JSON; any status of 200 to 299 is taken. Raises NotSent."""
    body = json.dumps(alert.as_dict()).encode()
    headers = {"Content-Type": "application/json", SIGNATURE: signature(secret, int(time.time()), body)}
    request = urllib.request.Request(url, body, headers, method="POST")
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=SECONDS):
            return
    except urllib.error.HTTPError as error:
        error.close()
        raise NotSent(f"the webhook answered {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotSent(f"the webhook does not answer: {cause_of(error)}") from error


def run(command: tuple[str, ...], alert: Alert) -> None:
    """Run it with the text behind its own arguments and JSON on its input; no shell reads either. Raises NotSent.

    What it says is not kept but for its end. After SECONDS it is killed, with what it started."""
    text = alert.text.replace("\0", " ")
    if text.startswith("-"):  # the name of a file that somebody dropped, say: it is no option of the command
        text = f" {text}"
    try:
        process = subprocess.Popen(
            [*command, text],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise NotSent(f"the command {command[0]} did not run: {cause_of(error)}") from error
    said = _attend(process, json.dumps(alert.as_dict()).encode())
    if process.returncode is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise NotSent(f"the command {command[0]} did not end in {SECONDS:g} s")
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:] or ["nothing"]
        raise NotSent(f"the command {command[0]} ended with {process.returncode} and said {last[0][:200]!r}")


def _attend(process: "subprocess.Popen[bytes]", given: bytes) -> bytes:
    """Give a command its input, and hear it until it ends or its time is over; the end of what it said. What it left
    running may hold its pipes open, and is not waited for."""
    assert process.stdin is not None and process.stderr is not None
    said, end = b"", time.monotonic() + SECONDS
    with process.stdin as to, process.stderr as heard:
        os.set_blocking(heard.fileno(), False)
        with suppress(OSError):  # it reads no input
            os.write(to.fileno(), given)  # a pipe holds more than an alert has
            to.close()
        while time.monotonic() < end:
            is_over = process.poll() is not None
            while data := heard.read(_MOST_SAID):
                said = (said + data)[-_MOST_SAID:]
                if time.monotonic() >= end:
                    break
            if is_over:
                break
            time.sleep(_STEP_SECONDS)
    return said


def send(mail: Mail, alert: Alert) -> None:
    """Send it as an e-mail. Raises NotSent."""
    message = EmailMessage()
    line = " ".join(_printable(alert.text).split())  # a header has one line
    message["Subject"] = f"Sealwright: {alert.code}: {line}"[:200]
    message["Date"] = formatdate(alert.at)
    message["From"], message["To"] = mail.sender, mail.to
    message["Message-ID"] = f"<{alert.id}@sealwright>"
    message.set_content(f"{_printable(alert.text)}\n\ncode    {alert.code}\ndevice  {alert.device or 'none'}\n")
    secured = ssl.create_default_context()
    try:
        if mail.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=SECONDS, context=secured)
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=SECONDS)
        with server:
            if mail.tls == "starttls":
                server.starttls(context=secured)
            if mail.user is not None:
                server.login(mail.user, os.environ.get(PASSWORD, ""))
            server.send_message(message)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotSent(f"the mail server {mail.host} did not take it: {cause_of(error)}") from error


def _printable(text: str) -> str:
    """Without characters that a mail server may refuse the whole message for."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)
