"""Mail from clients that are not ours: the corpus by smtplib, faulty SMTP by hand, and swaks if it is there."""

import os
import re
import shutil
import smtplib
import socket
import subprocess
import tempfile
from pathlib import Path

from checks import address, check, finish, messages, wait_until

DESK = "acme"
SENDER = "visitor@example.org"
SUPPORT = "support@acme.example"
TRACE = re.compile(rb"(?i)((x-)?received|return-path|delivered-to|x-original-to|x-spam-[^:]*|authentication-results) *:")
NOT_MAIL = re.compile(r"(?i)licen[cs]e|^source|^readme")


def corpus():
    """The distinct mails of the corpus, or nothing where it is missing."""
    root = Path(os.environ.get("TANDEM_CORPUS", "../shared/corpus")) / "email"
    files = (
        path
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".json" and not any(NOT_MAIL.search(part) for part in path.parts[-2:])
    )
    mails = (as_sent(path.read_bytes()) for path in files)
    return list({without_trace(mail): mail for mail in mails}.values())


def without_trace(mail):
    """Without the fields that are added on the way: what differs only in these is the same mail."""
    head, gap, body = mail.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    return b"\r\n".join(field for field in fields if not TRACE.match(field)) + gap + body


def as_sent(mail):
    """With CR LF at each line's end, also at the last one's, since smtplib would add it."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def send_all(mails):
    """Sends each mail; those that were taken, and the replies to the others."""
    taken, refused = [], []
    client = None
    for mail in mails:
        if client is None:
            client = smtplib.SMTP(*address("FOREIGN_SMTP"), timeout=60)
        try:
            client.sendmail(SENDER, [SUPPORT], mail)
            taken.append(mail)
        except smtplib.SMTPDataError as error:
            refused.append((error.smtp_code, error.smtp_error))
        except smtplib.SMTPServerDisconnected:
            refused.append((0, b"disconnected"))
        if client.sock is None:
            client = None
    if client is not None:
        client.quit()
    return taken, refused


def on_its_way(message):
    return not message["ticket"] and not message["unrouted_reason"]


def settled():
    """All messages once none is on its way any more; None before."""
    stored = messages(DESK)
    return None if any(on_its_way(message) for message in stored) else stored


def the_corpus_arrives_once():
    mails = corpus()
    if not mails:
        print("skipped: mail corpus (it is missing)")
        return
    before = messages(DESK)
    taken, refused = send_all(mails)
    print(f"corpus: {len(mails)} distinct mails, {len(taken)} taken, {len(refused)} refused")
    check("corpus: most of it is taken", len(taken) > len(mails) * 9 // 10, refused)
    check("corpus: what is refused is refused for good, with a reason", all(code // 100 == 5 for code, _ in refused), refused)

    stored = wait_until(120, settled)
    if not check("corpus: nothing stays on its way", stored is not None, "still on its way after 120 s"):
        return
    new = len(stored) - len(before)
    check("corpus: every mail that was taken is stored once", new == len(taken), f"{new} stored, {len(taken)} taken")
    check(
        "corpus: every message is on one ticket or unrouted, never both",
        all(bool(message["ticket"]) != bool(message["unrouted_reason"]) for message in stored),
    )
    check("corpus: no message is listed twice", len({message["message"] for message in stored}) == len(stored))
    unrouted = {message["message"] for message in messages(DESK, "--unrouted")}
    without_ticket = {message["message"] for message in stored if message["unrouted_reason"]}
    check("corpus: the unrouted are listed as such", unrouted == without_ticket, unrouted ^ without_ticket)

    again, _ = send_all(taken)
    check("corpus: all is taken when it comes again", len(again) == len(taken), f"{len(again)} of {len(taken)}")
    check("corpus: and nothing is stored twice", wait_until(60, settled) == stored, f"{len(messages(DESK))} stored")


def talk(*chunks):
    """Sends each chunk and reads the replies to it; the codes, each chunk's in a list of its own."""
    with socket.create_connection(address("FOREIGN_SMTP"), timeout=20) as peer:
        lines = peer.makefile("rb")
        codes = [[reply(lines)]]
        for chunk, replies in chunks:
            peer.sendall(chunk)
            codes.append([reply(lines) for _ in range(replies)])
        return codes


def reply(lines):
    """The code of one reply of any number of lines; 0 at the end of the connection."""
    while line := lines.readline():
        if line[3:4] != b"-":
            return int(line[:3])
    return 0


def faulty_smtp():
    hello = (b"EHLO client.example\r\n", 1)
    sender = (b"MAIL FROM:<visitor@example.org>\r\n", 1)
    support = (b"RCPT TO:<support@acme.example>\r\n", 1)
    data = (b"DATA\r\n", 1)
    cases = {
        "bare LF in a command": ([(b"EHLO client.example\n", 2)], [521, 0]),
        "bare LF in a message": ([hello, sender, support, data, (b"Subject: x\n\r\nx\r\n.\r\n", 2)], [521, 0]),
        "smuggled end of data": ([hello, sender, support, data, (b"Subject: x\r\n\r\nx\n.\nMAIL FROM:<a@b.example>\r\n", 2)], [521, 0]),
        "unknown recipient": ([hello, sender, (b"RCPT TO:<nobody@acme.example>\r\n", 1)], [550]),
        "relay": ([hello, sender, (b"RCPT TO:<x@elsewhere.example>\r\n", 1)], [550]),
        "announced too large": ([hello, (b"MAIL FROM:<a@b.example> SIZE=26214401\r\n", 1)], [552]),
        "DATA without recipients": ([hello, sender, data], [503]),
        "RCPT before MAIL": ([hello, support], [503]),
        "unknown command": ([hello, (b"FROBNICATE\r\n", 1)], [500]),
    }
    for name, (chunks, expected) in cases.items():
        seen = talk(*chunks)
        check(f"smtp: {name}: {expected[0]}", seen[-1] == expected, seen)


def pipelining():
    envelope = b"MAIL FROM:<visitor@example.org>\r\nRCPT TO:<nobody@acme.example>\r\nRCPT TO:<support@acme.example>\r\nDATA\r\n"
    mail = b"From: visitor@example.org\r\nSubject: pipelined\r\nMessage-ID: <pipelined@example.org>\r\n\r\nWhere is my order?\r\n.\r\n"
    seen = talk((b"EHLO client.example\r\n", 1), (envelope, 4), (mail + b"QUIT\r\n", 2))
    check("smtp: pipelining", seen == [[220], [250], [250, 550, 250, 354], [250, 221]], seen)


def swaks():
    if not shutil.which("swaks"):
        print("skipped: swaks (it is not installed)")
        return
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(bytes(range(256)) * 64)
        file.flush()
        attach = ["--attach-type", "application/octet-stream", "--attach", "@" + file.name]
        for name, options in {"an attachment": attach, "--pipeline": ["--pipeline"]}.items():
            check(f"swaks: {name}", run_swaks(f"swaks with {name}", options) == 0)
    stored = wait_until(30, settled) or []
    subjects = [message["subject"] for message in stored if message["subject"].startswith("swaks with")]
    check("swaks: both mails are stored", sorted(subjects) == ["swaks with --pipeline", "swaks with an attachment"], subjects)


def run_swaks(subject, options):
    host, port = address("FOREIGN_SMTP")
    command = ["swaks", "--silent", "3", "--server", host, "--port", str(port), "--from", SENDER, "--to", SUPPORT]
    return subprocess.run([*command, "--header", f"Subject: {subject}", *options], timeout=60, check=False).returncode


the_corpus_arrives_once()
faulty_smtp()
pipelining()
swaks()
finish("mail")
