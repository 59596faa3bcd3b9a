#!/usr/bin/env python3
"""Hostile HTTP requests, byte by byte, to a web server before dbr-api: hostile.py PORT COUNT [PREFIX].

Each is one connection. Prints "STATUS COUNT" lines; exits 1, with the exchange, when an answer repeats what was sent, is no HTTP, or
is an error of the server. No answer at all is an answer: "closed".
"""
import collections
import json
import random
import socket
import ssl
import sys

MARK = b"zQ7"
ROUTES = [b"/version", b"/events", b"/alerts", b"/db-sync", b"/health", b"/circuit-breakers/primary/reset", b"/db-failover"]
TEXTS = [
    MARK + b"<script>alert(1)</script>", MARK + b"\r\nX-Injected: " + MARK, b"%0d%0aX-Injected:%20" + MARK, b"../" * 20 + MARK,
    b"%2e%2e%2f" * 9 + MARK, b"\xff\xfe\x80" + MARK, b"\x00" + MARK, b"$(touch " + MARK + b")", b"'; DROP TABLE users; --" + MARK,
    b"--help+" + MARK, MARK * 3000, b"%00" + MARK, b"{\"a\":\"" + MARK + b"\"}", b"\x1b[2J" + MARK, MARK + b"=" + MARK + b"&limit=" + MARK,
]
METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PUT", b"TRACE", b"get", MARK, b"GET\x00", b"P OST"]
HEADERS = [b"Origin", b"Content-Type", b"Content-Encoding", b"Authorization", b"X-DBR-Token", b"X-Forwarded-For", b"Cookie", b"Proxy",
           b"Sec-Fetch-Site", b"Transfer-Encoding", b"Expect", b"Range", b"DBR-Env-File", MARK, b"X\xff" + MARK, b"Content-Length"]


def request(pick, prefix):
    path = prefix + b"/api/system" + pick.choice(ROUTES)
    kind = pick.randrange(4)
    if kind == 0:
        path += pick.choice(TEXTS)
    elif kind == 1:
        path += b"?" + pick.choice(TEXTS)
    elif kind == 2:
        path = pick.choice([path.replace(b"/", b"//"), path.replace(b"a", b"%61"), b"/." + path, b"http://" + MARK + path, b"*"])
    body = pick.choice([b"", b"{}", b"[" * 3000, pick.choice(TEXTS), bytes(pick.randrange(256) for _ in range(200)), b"{" * 9000])
    lines = [pick.choice(METHODS) + b" " + path + b" " + pick.choice([b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/9." + MARK])]
    lines.append(b"Host: " + pick.choice([b"dbr.example.com", b"dbr.example.com", pick.choice(TEXTS)]))
    lines.append(b"Connection: close")
    for _ in range(pick.randrange(5)):
        lines.append(pick.choice(HEADERS) + b": " + pick.choice(TEXTS))
    lines.append(b"Content-Length: " + pick.choice([str(len(body)).encode()] * 4 + [b"-1", b"99999999999999999999", b"0", MARK]))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def exchange(port, data, context):
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="dbr.example.com") if context else plain as link:
                link.sendall(data)
                # A server that waits for more than is sent need not be waited for.
                link.settimeout(2)
                while True:
                    piece = link.recv(65536)
                    if not piece:
                        break
                    answer += piece
    except OSError:
        pass
    return answer


def judge(answer):
    if not answer:
        return "closed", None
    if MARK in answer:
        return "?", "what was sent is repeated"
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if not words[0].startswith(b"HTTP/") or not words[1].isdigit():
        # An answer to a request of HTTP/0.9, or to what was taken for one.
        return ("closed", None) if answer.startswith((b"<html>", b"{")) else ("?", "it is no HTTP")
    status = words[1].decode()
    if status.startswith("5") and status not in ("501", "505"):
        return status, "an error of the server"
    if b"application/json" in head and body and b"chunked" not in head:
        json.loads(body)
    return status, None


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    prefix = sys.argv[3].encode() if len(sys.argv) > 3 else b""
    context = None
    if not prefix:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    pick = random.Random(20261127)
    counts = collections.Counter()
    for _ in range(count):
        data = request(pick, prefix)
        answer = exchange(port, data, context)
        status, wrong = judge(answer)
        counts[status] += 1
        if wrong:
            print(wrong, data[:3000], answer[:3000], sep="\n")
            return 1
    for status, number in sorted(counts.items()):
        print(status, number)
    return 0


sys.exit(main())
