#!/usr/bin/env python3
"""messages.py README DIRECTORY...: finds each message of the table under "Troubleshooting" in the sources: those of dbr's, and those
of servers that it knows or that a test makes one say.

"..." in a message is whatever the sources have as %s, or leave to somebody else. A message that one program's literal does not hold as
a whole is looked for in its parts: those that ": " separates.
"""
import os
import re
import sys

LITERALS = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*')


def texts_of(path):
    """The literals of C, the lines of a script; a % where something is put in."""
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    if path.endswith(".c"):
        found_here = (re.sub(r'"\s*"', "", literal)[1:-1].replace('\\"', '"') for literal in LITERALS.findall(text))
    else:
        found_here = text.split("\n")
    return (re.sub(r"\$\{?\w+\}?|%[-.*0-9]*[a-z]+", "%", one) for one in found_here)


def sources(directory):
    for path, _, names in os.walk(directory):
        for name in names:
            if name.endswith((".c", ".bats")) or directory == "scripts":
                yield os.path.join(path, name)


def found(message, texts):
    parts = [re.escape(part) for part in re.split(r" *\.\.\. *", message) if part.strip()]
    pattern = re.compile(".*".join(parts), re.S)
    return any(pattern.search(text) for text in texts)


def main(readme, *directories):
    texts = {text for directory in directories for path in sources(directory) for text in texts_of(path)}
    with open(readme, encoding="utf-8") as stream:
        section = re.search(r"^## Troubleshooting\n(.*?)(?=^## |\Z)", stream.read(), re.M | re.S).group(1)
    rows = re.findall(r"^\| (`.*?) \| ", section, re.M)
    messages = [message for row in rows for message in re.findall(r"`([^`]+)`", row)]
    if not messages:
        sys.exit("no messages")
    missing = [
        message
        for message in messages
        if not found(message, texts) and not all(found(part, texts) for part in message.split(": ") if part.strip(" ."))
    ]
    for message in missing:
        print("nobody prints: " + message)
    sys.exit(bool(missing))


main(*sys.argv[1:])
