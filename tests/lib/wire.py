#!/usr/bin/env python3
"""A client that sends PostgreSQL's messages one by one and shows what comes back.

    wire.py URL [NAME=VALUE...] < SCRIPT     # NAME=VALUE: parameters of the start-up packet

Each line of the script is a command:

    query SQL             the simple protocol; waits for the answer
    run SQL [| VALUE...]  Parse, Bind, Describe and Execute, unnamed, with text parameters; nothing is waited for
    prepare NAME SQL      Parse
    exec NAME [| VALUE..] Bind, Describe and Execute of what was prepared
    sync                  Sync; waits for the answers up to here
    row TEXT              CopyData, with a newline; "\\xHH" stands for any byte
    done                  CopyDone; waits for the answer
    fill N                one Query of N bytes

Answers are printed a line each: "row a|b", "done INSERT 0 1", "error 40001 message", "notice message", "ready I", "in", "out text",
"parameter name=value" (of the start, with -p), "lost" when the connection is gone.
"""

import base64
import hashlib
import hmac
import os
import socket
import struct
import sys
import urllib.parse


class Lost(Exception):
    pass


class Client:
    def __init__(self, url, parameters, show):
        self.url = urllib.parse.urlsplit(url)
        self.sock = socket.create_connection((self.url.hostname, self.url.port), timeout=60)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.left = b""
        self.show = show
        words = {"user": self.url.username, "database": self.url.path[1:], **parameters}
        body = b"".join(f"{k}\0{v}\0".encode() for k, v in words.items()) + b"\0"
        self.sock.sendall(struct.pack("!II", len(body) + 8, 196608) + body)
        self.authenticate()

    def send(self, kind, body):
        try:
            self.sock.sendall(kind + struct.pack("!I", len(body) + 4) + body)
        except OSError as error:
            raise Lost from error

    def exactly(self, n):
        while len(self.left) < n:
            try:
                data = self.sock.recv(1 << 16)
            except OSError as error:
                raise Lost from error
            if not data:
                raise Lost
            self.left += data
        data, self.left = self.left[:n], self.left[n:]
        return data

    def receive(self):
        head = self.exactly(5)
        return head[:1], self.exactly(struct.unpack("!I", head[1:])[0] - 4)

    def authenticate(self):
        password = urllib.parse.unquote(self.url.password or "").encode()
        nonce = base64.b64encode(os.urandom(18)).decode()
        first = f"n=,r={nonce}"
        while True:
            kind, body = self.receive()
            if kind == b"E":
                self.error(body)
                raise SystemExit
            if kind == b"S" and self.show:
                name, value = body.decode().split("\0")[:2]
                print(f"parameter {name}={value}")
            if kind == b"Z":
                return
            if kind != b"R":
                continue
            step = struct.unpack("!I", body[:4])[0]
            if step == 10:
                data = f"n,,{first}".encode()
                self.send(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(data)) + data)
            elif step == 11:
                server = body[4:].decode()
                words = dict(part.split("=", 1) for part in server.split(","))
                salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(words["s"]), int(words["i"]))
                key = hmac.digest(salted, b"Client Key", "sha256")
                last = f"c=biws,r={words['r']}"
                told = f"{first},{server},{last}".encode()
                signature = hmac.digest(hashlib.sha256(key).digest(), told, "sha256")
                proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
                self.send(b"p", f"{last},p={proof}".encode())

    @staticmethod
    def error(body):
        words = {part[:1]: part[1:].decode() for part in body.split(b"\0") if part}
        print("error", words[b"C"], words[b"M"].split("\n")[0])

    def answers(self, until):
        """Prints what comes, up to a message of one of these kinds."""
        while True:
            kind, body = self.receive()
            if kind == b"D":
                values = []
                at = 2
                for _ in range(struct.unpack("!H", body[:2])[0]):
                    length = struct.unpack("!i", body[at : at + 4])[0]
                    at += 4
                    values.append("NULL" if length < 0 else body[at : at + length].decode())
                    at += max(length, 0)
                print("row", "|".join(values))
            elif kind == b"C":
                print("done", body[:-1].decode())
            elif kind == b"E":
                self.error(body)
            elif kind == b"N":
                print("notice", {p[:1]: p[1:].decode() for p in body.split(b"\0") if p}[b"M"])
            elif kind == b"Z":
                print("ready", body.decode())
            elif kind == b"G":
                print("in")
            elif kind == b"d":
                print("out", body.decode().rstrip("\n"))
            if kind in until:
                return

    def parse(self, name, sql):
        self.send(b"P", f"{name}\0{sql}\0".encode() + b"\0\0")

    def execute(self, name, values):
        body = f"\0{name}\0".encode() + b"\0\0" + struct.pack("!H", len(values))
        for value in values:
            body += struct.pack("!i", -1) if value == "NULL" else struct.pack("!i", len(value)) + value.encode()
        self.send(b"B", body + b"\0\0")
        self.send(b"D", b"P\0")
        self.send(b"E", b"\0\0\0\0\0")

    def command(self, line):
        word, _, rest = line.partition(" ")
        sql, *values = [part.strip() for part in rest.split(" | ")]
        if word == "query":
            self.send(b"Q", rest.encode() + b"\0")
            self.answers((b"Z", b"G"))
        elif word == "run":
            self.parse("", sql)
            self.execute("", values)
        elif word == "prepare":
            name, _, sql = rest.partition(" ")
            self.parse(name, sql)
        elif word == "exec":
            self.execute(sql, values)
        elif word == "sync":
            self.send(b"S", b"")
            self.answers((b"Z",))
        elif word == "row":
            self.send(b"d", rest.encode().decode("unicode_escape").encode() + b"\n")
        elif word == "done":
            self.send(b"c", b"")
            self.answers((b"Z",))
        elif word == "fill":
            text = "SELECT '" + "x" * (int(rest) - 14) + "'"
            self.send(b"Q", text.encode() + b"\0")
            self.answers((b"Z",))
        else:
            raise SystemExit(f"unknown command: {line}")


def main():
    sys.stdout.reconfigure(line_buffering=True)
    arguments = sys.argv[1:]
    show = arguments[:1] == ["-p"]
    if show:
        arguments = arguments[1:]
    try:
        client = Client(arguments[0], dict(a.split("=", 1) for a in arguments[1:]), show)
        for line in sys.stdin:
            if line.strip():
                client.command(line.rstrip("\n"))
    except Lost:
        print("lost")


if __name__ == "__main__":
    main()
