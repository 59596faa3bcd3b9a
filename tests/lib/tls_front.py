#!/usr/bin/env python3
"""A TLS front before a PostgreSQL server that finds "its cluster" by name, as the proxy of CockroachDB Cloud does.

    tls_front.py --target HOST:PORT --certificate FILE --key FILE --cluster NAME-NUMBER --directory DIR

It ends TLS, reads the startup message, and passes on only what names the cluster: by the host name of the TLS handshake
(SNI), by --cluster= in the options, or by a database "NAME-NUMBER.database". Order, messages and SQLSTATE follow
cockroachdb/cockroach, pkg/ccl/sqlproxyccl (clusterNameAndTenantFromParams, toPgError).

DIR/port, DIR/pid, DIR/log (one JSON line a startup message that was passed on: sni, by, database, options). DIR/mode may
hold one word: disabled, denied, throttled; then every connection is refused so.
"""

import argparse
import json
import os
import re
import select
import signal
import socket
import ssl
import struct
import threading
import time

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
OPTION = re.compile(r"(?:-c\s*|--)cluster=(\S*)")
IDENTIFIER = re.compile(r"^[a-z0-9][a-z0-9-]{4,98}[a-z0-9]-[0-9]+$")
REFUSALS = {
    "disabled": "codeUnavailable: this cluster is disabled: its request units are used up",
    "denied": "codeProxyRefusedConnection: connection refused",
    "throttled": "codeProxyRefusedConnection: too many failed authentication attempts",
}


class Refused(Exception):
    pass


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            raise OSError("closed")
        data += piece
    return data


def read_message(sock):
    (size,) = struct.unpack("!I", read_exactly(sock, 4))
    return read_exactly(sock, size - 4)


def error_response(text):
    fields = [b"SFATAL", b"VFATAL", b"C08C00", b"M" + text.encode(), b"HEnsure that your cluster identifier is specified."]
    body = b"".join(field + b"\0" for field in fields) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


def route(parameters, sni, cluster):
    """What is passed on, and what named the cluster."""
    options, database = parameters.get("options", ""), parameters.get("database", "")
    by_option = OPTION.findall(options)
    by_database = database.split(".")[0] if "." in database else ""
    if len(by_option) > 1:
        raise Refused("codeParamsRoutingFailed: multiple cluster flags provided")
    if by_option and by_database and by_option[0] != by_database:
        raise Refused("codeParamsRoutingFailed: multiple different cluster identifiers provided")
    if by_database:
        named, by = by_database, "database"
    elif by_option:
        named, by = by_option[0], "options"
    else:
        named, by = (sni or "").split(".")[0] if "." in (sni or "") else "", "sni"
        if not IDENTIFIER.match(named):
            raise Refused("codeParamsRoutingFailed: missing cluster identifier")
    if not IDENTIFIER.match(named):
        raise Refused(f"codeParamsRoutingFailed: invalid cluster identifier '{named}'")
    if named != cluster:
        raise Refused(f"codeParamsRoutingFailed: cluster {named} not found")
    changed = dict(parameters)
    if by_database:
        changed["database"] = database.split(".", 1)[1]
    if by_option:
        changed["options"] = OPTION.sub("", options).strip()
    return changed, by


class Front:
    def __init__(self, arguments):
        self.arguments = arguments
        host, port = arguments.target.rsplit(":", 1)
        self.target = (host, int(port))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(arguments.certificate, arguments.key)
        self.context.sni_callback = self.remember_name
        self.names = {}

    def remember_name(self, sock, name, _context):
        self.names[id(sock)] = name

    def mode(self):
        try:
            with open(os.path.join(self.arguments.directory, "mode"), encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return ""

    def serve(self, client):
        try:
            with client:
                self.admit(client)
        except (OSError, ssl.SSLError):
            pass

    def admit(self, client):
        message = read_message(client)
        (code,) = struct.unpack("!I", message[:4])
        if code == GSS_REQUEST:
            client.sendall(b"N")
            message = read_message(client)
            (code,) = struct.unpack("!I", message[:4])
        if code == CANCEL_REQUEST:
            self.cancel(message)
            return
        if code != SSL_REQUEST:
            client.sendall(error_response("server requires encryption"))
            return
        client.sendall(b"S")
        with self.context.wrap_socket(client, server_side=True) as tls:
            sni = self.names.pop(id(tls), None)
            message = read_message(tls)
            if struct.unpack("!I", message[:4])[0] == CANCEL_REQUEST:
                self.cancel(message)
                return
            words = [word.decode() for word in message[4:].split(b"\0")[:-2]]
            parameters = dict(zip(words[::2], words[1::2]))
            try:
                changed, by = route(parameters, sni, self.arguments.cluster)
                if self.mode() in REFUSALS:
                    raise Refused(REFUSALS[self.mode()])
            except Refused as refusal:
                tls.sendall(error_response(str(refusal)))
                return
            with open(os.path.join(self.arguments.directory, "log"), "a", encoding="utf-8") as file:
                told = {"sni": sni, "by": by, "database": parameters.get("database"), "options": changed.get("options")}
                file.write(json.dumps(told) + "\n")
            self.relay(tls, message[:4], changed)

    def cancel(self, message):
        with socket.create_connection(self.target) as server:
            server.sendall(struct.pack("!I", len(message) + 4) + message)

    def relay(self, tls, version, parameters):
        body = version + b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items()) + b"\0"
        with socket.create_connection(self.target) as server:
            server.sendall(struct.pack("!I", len(body) + 4) + body)
            while True:
                ready = [tls] if tls.pending() else select.select([tls, server], [], [])[0]
                for sock in ready:
                    data = sock.recv(1 << 16)
                    if not data:
                        return
                    (server if sock is tls else tls).sendall(data)


def main():
    parser = argparse.ArgumentParser()
    for name in ("target", "certificate", "key", "cluster", "directory"):
        parser.add_argument("--" + name, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    front = Front(arguments)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def accept():
        while True:
            client, _ = listener.accept()
            threading.Thread(target=front.serve, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with open(os.path.join(arguments.directory, "pid"), "w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    name = os.path.join(arguments.directory, "port")
    with open(name + ".new", "w", encoding="ascii") as file:
        file.write(f"{listener.getsockname()[1]}\n")
    os.rename(name + ".new", name)
    parent = os.getppid()
    while os.getppid() == parent:  # ends with the test that started it
        time.sleep(0.5)


if __name__ == "__main__":
    main()
