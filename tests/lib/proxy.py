#!/usr/bin/env python3
"""A TCP proxy that makes a link to a server long, or breaks it.

    proxy.py --target HOST:PORT --rtt MILLISECONDS --directory DIR

Listens on a free port of 127.0.0.1. DIR/port holds the port, DIR/pid the process, DIR/control is a socket that takes one
command a connection:

    stats       prints one JSON object: connections, bytes_up, bytes_down, turnarounds (of all connections),
                turnarounds_longest (of the busiest one)
    reset       zeroes the counters
    rtt N       changes the round-trip time
    blackhole   swallows everything from now on, in both directions and on new connections
    pass        ends a blackhole
    drop        resets every connection there is
    refuse      resets new connections at once; "pass" ends it
    drop-after N  resets all connections when N more bytes have come from the server

Each direction is delayed by half the round-trip time. Opening a connection costs one more round trip, as a real handshake
does. A turnaround is a client's first bytes after the server's: one that waits for the server each time.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import struct
import sys
import time


class Link:
    def __init__(self, host, port, rtt):
        self.host, self.port, self.rtt = host, port, rtt
        self.mode = "pass"
        self.drop_after = None
        self.connections = set()
        self.reset()

    def reset(self):
        self.count = self.bytes_up = self.bytes_down = self.turnarounds = self.longest = 0
        for connection in getattr(self, "connections", ()):
            connection.turnarounds = 0

    def stats(self):
        return {
            "connections": self.count,
            "bytes_up": self.bytes_up,
            "bytes_down": self.bytes_down,
            "turnarounds": self.turnarounds,
            "turnarounds_longest": self.longest,
        }


def abort(writer):
    """Closes with a reset instead of an orderly end."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
    writer.transport.abort()


class Connection:
    def __init__(self, link, reader, writer):
        self.link, self.client_reader, self.client_writer = link, reader, writer
        self.server_writer = None
        self.opened = time.monotonic()
        self.last_from_client = False
        self.turnarounds = 0

    async def run(self):
        link = self.link
        if link.mode == "refuse":
            abort(self.client_writer)
            return
        link.connections.add(self)
        link.count += 1
        try:
            server_reader, self.server_writer = await asyncio.open_connection(link.host, link.port, limit=1 << 20)
            self.server_writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.client_writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.gather(
                self.pump(self.client_reader, self.server_writer, True),
                self.pump(server_reader, self.client_writer, False),
            )
        except OSError:
            pass
        finally:
            link.connections.discard(self)
            for writer in (self.client_writer, self.server_writer):
                if writer is not None:
                    writer.close()

    def drop(self):
        for writer in (self.client_writer, self.server_writer):
            if writer is not None:
                abort(writer)

    def account(self, size, up):
        link = self.link
        if up:
            link.bytes_up += size
            if not self.last_from_client:
                self.last_from_client = True
                self.turnarounds += 1
                link.turnarounds += 1
                link.longest = max(link.longest, self.turnarounds)
        else:
            link.bytes_down += size
            self.last_from_client = False
            if link.drop_after is not None:
                link.drop_after -= size
                if link.drop_after <= 0:
                    link.drop_after = None
                    for connection in list(link.connections):
                        connection.drop()

    async def pump(self, reader, writer, up):
        """Reads at once, writes what was read half a round trip later, in order."""
        queue = asyncio.Queue(maxsize=1024)

        async def deliver():
            while True:
                due, data = await queue.get()
                delay = due - time.monotonic()
                if delay > 0:
                    await asyncio.sleep(delay)
                if self.link.mode == "blackhole":
                    if data:
                        continue
                    return
                if not data:
                    if writer.can_write_eof():
                        writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

        task = asyncio.create_task(deliver())
        try:
            while True:
                data = await reader.read(1 << 18)
                if data:
                    self.account(len(data), up)
                now = time.monotonic()
                if up:
                    now = max(now, self.opened + self.link.rtt)
                await queue.put((now + self.link.rtt / 2, data))
                if not data:
                    break
            await task
        except OSError:
            task.cancel()
            self.drop()


async def control(link, reader, writer):
    words = (await reader.readline()).decode().split()
    answer = "ok"
    if words == ["stats"]:
        answer = json.dumps(link.stats())
    elif words == ["reset"]:
        link.reset()
    elif words[:1] == ["rtt"]:
        link.rtt = float(words[1]) / 1000
    elif words in (["blackhole"], ["pass"], ["refuse"]):
        link.mode = words[0]
    elif words[:1] == ["drop-after"]:
        link.drop_after = int(words[1])
    elif words == ["drop"]:
        for connection in list(link.connections):
            connection.drop()
    else:
        answer = "unknown command"
    writer.write(answer.encode() + b"\n")
    await writer.drain()
    writer.close()


async def serve(arguments):
    host, port = arguments.target.rsplit(":", 1)
    link = Link(host, int(port), arguments.rtt / 1000)

    async def accept(reader, writer):
        await Connection(link, reader, writer).run()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1 << 20)
    path = os.path.join(arguments.directory, "control")
    await asyncio.start_unix_server(lambda r, w: control(link, r, w), path)
    with open(os.path.join(arguments.directory, "pid"), "w", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    name = os.path.join(arguments.directory, "port")
    with open(name + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.sockets[0].getsockname()[1]}\n")
    os.rename(name + ".new", name)
    parent = os.getppid()
    while os.getppid() == parent:  # ends with the test that started it
        await asyncio.sleep(0.5)


def tell(directory, words):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.path.join(directory, "control"))
        sock.sendall((" ".join(words) + "\n").encode())
        with sock.makefile() as file:
            sys.stdout.write(file.read())


def main():
    if len(sys.argv) > 3 and sys.argv[1] == "--tell":
        tell(sys.argv[2], sys.argv[3:])
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    parser.add_argument("--rtt", type=float, default=0)
    parser.add_argument("--directory", required=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
