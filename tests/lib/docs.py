#!/usr/bin/env python3
"""What README.md and the man pages tell people to type, for the tests that type it.

    docs.py commands FILE...            FILE:LINE <tab> KIND <tab> COMMAND of every command in a block, line ends as "\\n"
    docs.py inline FILE...              the same of what stands in the text: `dbr-sync --verify`, .Ql dbr-sync --verify
    docs.py block FILE SECTION NUMBER   one block of a section: LINE, COMMAND and what it prints, each ended by a NUL
    docs.py invocations FILE...         FILE:LINE <tab> PROGRAM <tab> its words, quoted for a shell, of both kinds
    docs.py like EXPECTED ACTUAL        whether one output is the other but for times, sizes, addresses; "..." is any lines

KIND is "shell" (after "$ " or "# ", or in a block of type sh), "cron" (a line for a crontab), "config" (a line of an env file) or
"sql". In a block of README.md the type says it, in one of a man page its first characters.
"""
import collections
import re
import shlex
import subprocess
import sys

Block = collections.namedtuple("Block", "file section kind line lines")
Command = collections.namedtuple("Command", "line kind text output")

FENCES = {"sh": "shell", "console": "console", "crontab": "cron", "dotenv": "config", "sql": "sql"}
CRON = re.compile(r"^([\d*/,-]+ +){5}")
ROFF = [(r"\e", "\\"), (r"\(dq", '"'), (r"\(em", "-"), (r"\&", ""), (r"\-", "-")]


def read(file):
    with open(file, encoding="utf-8") as stream:
        return stream.read().split("\n")


def name(file):
    return file.rsplit("/", 1)[-1]


def markdown_blocks(file):
    section, fence, block = "", None, []
    for number, line in enumerate(read(file), 1):
        start = re.match(r"^( *)```(\w*)$", line)
        if start and fence is None:
            fence, begin, block = start, number + 1, []
        elif start:
            kind = fence.group(2)
            if kind not in FENCES and kind != "text":
                sys.exit("%s:%d: a block of type '%s'" % (file, begin - 1, kind))
            yield Block(file, section, FENCES.get(kind, "text"), begin, block)
            fence = None
        elif fence:
            block.append(line[len(fence.group(1)) :])
        elif line.startswith("#"):
            section = line.lstrip("# ")


def unroff(line):
    for roff, text in ROFF:
        line = line.replace(roff, text)
    return line


def kind_of(lines):
    """Of a block in a man page, which has no type."""
    first = next((line for line in lines if line), "")
    if re.match(r"^[A-Z]+(_[A-Z]+)+=", next((line for line in lines if line and line[0] != "#"), "")):
        return "config"
    if re.match(r"^[$#] ", first):
        return "console"
    if CRON.match(first):
        return "cron"
    if re.match(r"^(CREATE|ALTER|GRANT) ", first):
        return "sql"
    if re.match(r"^(dbr-|systemctl |psql |eval )", first):
        return "shell"
    return "text"


def man_blocks(file):
    section, block = "", None
    for number, line in enumerate(read(file), 1):
        if line.startswith((".Sh ", ".Ss ")):
            section = line[4:]
        elif line.startswith(".Bd "):
            begin, block = number + 1, []
        elif line.startswith(".Ed"):
            yield Block(file, section, kind_of(block), begin, block)
            block = None
        elif block is not None:
            block.append(unroff(line))
        elif line.startswith(".Dl "):
            text = [unroff(line[4:])]
            yield Block(file, section, kind_of(text), number, text)


def blocks(file):
    return markdown_blocks(file) if file.endswith(".md") else man_blocks(file)


def complete(text):
    """Whether a shell would not ask for another line."""
    if text.endswith("\\"):
        return False
    done = subprocess.run(["bash", "-n"], input=text + "\n", capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr


def commands(block):
    """The commands of a block, with what they print."""
    if block.kind == "text":
        return
    lines = list(enumerate(block.lines, block.line))
    if block.kind == "sql":
        yield Command(block.line, "sql", "\n".join(block.lines), "")
        return
    while lines:
        number, text = lines.pop(0)
        if block.kind in ("cron", "config"):
            if text and not text.startswith("#"):
                yield Command(number, block.kind, text, "")
            continue
        if block.kind == "console":
            if not re.match(r"^[$#] ", text):
                sys.exit("%s:%d: no command, nor the output of one: %s" % (block.file, number, text))
            text = text[2:]
        elif not text or text.startswith("#"):
            continue
        while not complete(text):
            if not lines:
                sys.exit("%s:%d: the command has no end: %s" % (block.file, number, text))
            text += "\n" + lines.pop(0)[1]
        output = []
        while block.kind == "console" and lines and not re.match(r"^[$#] ", lines[0][1]):
            output.append(lines.pop(0)[1])
        yield Command(number, "shell", text, "\n".join(output).strip("\n"))


def markdown_inline(file):
    inside = False
    text = []
    for line in read(file):
        if re.match(r"^ *```", line):
            inside = not inside
            line = ""
        text.append("" if inside else line)
    for match in re.finditer(r"`([^`]+)`", "\n".join(text)):
        line = "\n".join(text).count("\n", 0, match.start()) + 1
        yield line, re.sub(r"\s+", " ", match.group(1).replace("\\|", "|"))


def man_inline(file):
    for number, line in enumerate(read(file), 1):
        for match in re.finditer(r"(?:^\.| )Ql ((?:(?! Pc| No | Ns ).)+)", line):
            text = unroff(match.group(1))
            yield number, re.sub(r"( [.,;:)]+)+$", "", text)


def inline(file):
    return markdown_inline(file) if file.endswith(".md") else man_inline(file)


def simple_commands(text):
    """Each simple command of a line for a shell, as its words."""
    lexer = shlex.shlex(text.split("<<'END'")[0], posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace, lexer.whitespace_split = " \t", True
    words = []
    for word in lexer:
        if set(word) <= set("();<>|&\n"):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def invocations(file):
    texts = [(command.line, command.text) for block in blocks(file) for command in commands(block) if command.kind != "sql"]
    texts += [(line, text) for line, text in inline(file) if re.match(r"^(sudo )?(\S*/)?dbr-[a-z0-9-]+ ", text)]
    for line, text in texts:
        text = CRON.sub("", text)
        for words in simple_commands(text):
            while words and (re.match(r"^[A-Z_]+=", words[0]) or words[0] in ("sudo", "if", "then", "!")):
                words = words[1:]
            if words and re.match(r"^(\S*/)?dbr-[a-z0-9-]+$", words[0]) and not words[0].endswith((".service", ".timer")):
                yield line, words[0].rsplit("/", 1)[-1], words[1:]


def tidy(line):
    for pattern, text in (
        (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
        (r"\b\d\d:\d\d:\d\dZ", "TIME"),
        (r"\d{4}-\d\d-\d\d", "DATE"),
        (r"\b\d[\d.,]* (ms|s|min|h)\b( \d+ (s|min))?", "DURATION"),
        (r"\b\d[\d.,]* (B|KB|MB)\b", "SIZE"),
        (r"PostgreSQL \d+[.\d]*", "PostgreSQL V"),
        (r"postgres:\d+/\w+", "IDENTITY"),
        (r"postgresql://\w+@[^/ ]+/\w+", "URL"),
        (r"\"(bytesRead|bytesWritten|roundTrips)\":\d+", r'"\1":N'),
        (r"\b\d+\.\d+ %", "PERCENT"),
    ):
        line = re.sub(pattern, text, line)
    return re.sub(r"\s+", " ", line).strip()


def like(expected, actual):
    actual = [tidy(line) for line in actual if line.strip()]
    gap = False
    at = 0
    for line in expected:
        line = tidy(line)
        if not line:
            continue
        if line == "...":
            gap = True
            continue
        pattern = re.compile(re.escape(line).replace(re.escape("..."), ".*") + "$")
        found = next((i for i in range(at, len(actual)) if pattern.match(actual[i])), None)
        if found is None or (found != at and not gap):
            got = actual[at] if at < len(actual) else "nothing more"
            sys.exit("the documentation: %s\nthe program:       %s" % (line, got))
        at, gap = found + 1, False
    if at < len(actual) and not gap:
        sys.exit("the documentation: nothing more\nthe program:       %s" % actual[at])


def main(verb, *arguments):
    if verb == "like":
        like(read(arguments[0]), read(arguments[1]))
    elif verb == "block":
        file, section, number = arguments
        found = [block for block in blocks(file) if block.section == section and block.kind != "text"]
        if len(found) < int(number):
            sys.exit("%s has no block %s in the section '%s'" % (file, number, section))
        for command in commands(found[int(number) - 1]):
            sys.stdout.write("%d\0%s\0%s\0%s\0" % command)
    else:
        for file in arguments:
            if verb == "commands":
                for block in blocks(file):
                    for command in commands(block):
                        print("%s:%d\t%s\t%s" % (name(file), command.line, command.kind, command.text.replace("\n", "\\n")))
            elif verb == "inline":
                for line, text in inline(file):
                    print("%s:%d\t%s" % (name(file), line, text))
            elif verb == "invocations":
                for line, program, words in invocations(file):
                    print("%s:%d\t%s\t%s" % (name(file), line, program, " ".join(shlex.quote(word) for word in words)))
            else:
                sys.exit(__doc__)


main(*sys.argv[1:])
