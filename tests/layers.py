#!/usr/bin/env python3
"""layers.py: the house rules that a compiler does not check (TAP output).

usage: layers.py SOURCE_ROOT COMPILER..."""
import os
import re
import statistics
import subprocess
import sys

# Room -> the #include "..." it may write (a name without a folder is a file of
# its own folder). A prefix ends in "/"; anything else is one whole name.
CORE = "core/"
ALLOWED = {
    "core": ["spred/"],
    "solvers": ["spred/", "solvers/"],
    "results": ["spred/status.h", "spred/env.h", "spred/text.h",
                "spred/hash.h", "spred/file.h", "results/"],
    "experiments": ["spred/", "experiments/", "results/sink.h"],
    "plots": ["results/query.h", "plots/", "spred/status.h", "spred/env.h",
              "spred/text.h", "spred/file.h"],
    "lua": ["spred/", "experiments/", "results/", "plots/", "lua/"],
}
# System headers that only these rooms may include; "tests" and the front door
# may include all of them.
KEPT_TO = {
    r"sqlite3\.h": ["results"],
    r"yaml\.h": ["experiments"],
    r"(lua|lauxlib|lualib)\.h": ["lua"],
    r"(cblas|lapacke?)\.h": ["core", "solvers"],
    r"gsl/.*": ["core", "solvers", "results"],
    r"(zlib|bzlib|lzma|png|curl/.*|nettle/.*)\.h": ["core"],
}
# What a solver must never know: clocks, files, environment, processes.
SOLVER_HEADERS = r"(time|sys/.*|unistd|fcntl|dirent|pthread|signal)\.h"
SOLVER_CALLS = (r"\b(clock_gettime|gettimeofday|clock|time|fopen|open|getenv|"
                r"system|fork|printf|fprintf|puts|rand|srand|malloc|calloc|"
                r"realloc|free)\s*\(")
MOST_LINES, MEDIAN_LINES = 600, 200
SOURCES = (".c", ".h", ".lua")
COMMENT = {".c": ("/*",), ".h": ("/*",), ".lua": ("--",), ".py": ('"""', "#"),
           ".sql": ("--",), ".gp": ("#",), ".yaml": ("#",), ".build": ("#",)}
# Spelt in halves so that this file passes its own check.
MARKS = r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|place" r"holder)\b"
MACHINE = r"(?<![\w.$}])/(wo" r"rk|ro" r"ot|tm" r"p|ho" r"me)/\w"
OUR_FOLDERS = ["core", "solvers", "experiments", "results", "plots", "lua",
               "tests"]


def tracked(root):
    """Files that git knows (or, in a tarball, all but build folders)."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True,
                             capture_output=True).stdout.decode()
        names = [name for name in out.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith((".", "build"))]
            names += [os.path.relpath(os.path.join(folder, f), root)
                      for f in files]
    return sorted(n for n in names if os.path.isfile(os.path.join(root, n)))


def read(root, name):
    with open(os.path.join(root, name), "rb") as file:
        content = file.read()
    return None if b"\0" in content else content.decode("utf-8", "replace")


def without_comments(text):
    """Blanks C comments and strings, keeping line numbers."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text,
                  flags=re.S)


def includes(text):
    for number, line in enumerate(text.split("\n"), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(1) == '"', found.group(2)


def check_layers(root, names, texts):
    """Which quoted header may be included from which room."""
    for name in names:
        room = name.split("/")[0]
        if room not in ALLOWED or not name.endswith((".c", ".h")):
            continue
        for number, quoted, header in includes(texts[name]):
            if not quoted:
                continue
            beside = "/" not in header and os.path.isfile(
                os.path.join(root, os.path.dirname(name), header))
            public = room == "core" and name.startswith("core/include/")
            good = any(header.startswith(a) if a.endswith("/") else header == a
                       for a in ALLOWED[room])
            if not good and not (beside and not public):
                yield f'{name}:{number}: {room} may not include "{header}"'


def check_system(_root, names, texts):
    """Which room owns which library; no <cblas.h> beside <gsl/...>."""
    for name in names:
        room = name.split("/")[0]
        if room not in ALLOWED or not name.endswith((".c", ".h")):
            continue
        found = [(n, h) for n, quoted, h in includes(texts[name]) if not quoted]
        for number, header in found:
            for pattern, rooms in KEPT_TO.items():
                if re.fullmatch(pattern, header) and room not in rooms:
                    yield f"{name}:{number}: <{header}> belongs to {rooms}"
        headers = [h for _, h in found]
        if "cblas.h" in headers and any(h.startswith("gsl/") for h in headers):
            yield f"{name}: <cblas.h> and <gsl/...> in one file"


def check_solvers(_root, names, texts):
    """Solvers know no clock, file, process or allocator but the env's."""
    for name in names:
        if not re.match(r"solvers/.*\.[ch]$", name):
            continue
        code = without_comments(texts[name])
        for number, line in enumerate(code.split("\n"), 1):
            call = re.search(SOLVER_CALLS, line)
            if call:
                yield f"{name}:{number}: a solver may not call {call.group(1)}"
        for number, quoted, header in includes(texts[name]):
            if not quoted and re.fullmatch(SOLVER_HEADERS, header):
                yield f"{name}:{number}: a solver may not include <{header}>"


def check_globals(_root, names, texts):
    """No file-scope variable that can change (static or not)."""
    for name in names:
        room = name.split("/")[0]
        if room not in ALLOWED or not name.endswith(".c"):
            continue
        code = without_comments(texts[name])
        for number, line in enumerate(code.split("\n"), 1):
            if re.match(r"static\s+(?!const\b|inline\b)[^()]*(=|;)\s*", line) \
                    and not re.search(r"\*\s*const\s", line) \
                    and "const struct" not in line:
                yield f"{name}:{number}: file-scope state: {line.strip()}"


def check_length(_root, names, texts):
    """No file over 600 lines."""
    for name in names:
        lines = texts[name].count("\n")
        if name.endswith(SOURCES) and lines > MOST_LINES:
            yield f"{name}: {lines} lines, at most {MOST_LINES}"


def check_median(_root, names, texts):
    """The median file is under 200 lines."""
    lengths = [texts[n].count("\n") for n in names if n.endswith(SOURCES)]
    if lengths and statistics.median(lengths) >= MEDIAN_LINES:
        yield f"median length {statistics.median(lengths)} lines"


def check_first_line(_root, names, texts):
    """The first line is a comment: the file's own name, and why it exists."""
    for name in names:
        if not name.endswith(SOURCES) or name.split("/")[0] not in OUR_FOLDERS \
                and "/" in name:
            continue
        lines = texts[name].split("\n")
        first = lines[1] if lines[0].startswith("#!") else lines[0]
        base = os.path.basename(name)
        start = COMMENT[os.path.splitext(name)[1]]
        if not first.startswith(start) or base + ":" not in first \
                or len(first.split(base + ":", 1)[1].strip(" */")) < 8:
            yield f'{name}:1: expected a comment "{base}: why it exists"'


def check_marks(_root, names, texts):
    """No mark of unfinished work."""
    for name in names:
        for number, line in enumerate(texts[name].split("\n"), 1):
            if re.search(MARKS, line):
                yield f"{name}:{number}: {line.strip()[:60]}"


def check_paths(_root, names, texts):
    """No path of the machine on which a file was written."""
    for name in names:
        for number, line in enumerate(texts[name].split("\n"), 1):
            if re.search(MACHINE, line):
                yield f"{name}:{number}: {line.strip()[:60]}"


def check_text(_root, names, texts):
    """No tab, no blank at a line's end, one newline at the end."""
    for name in names:
        if not name.endswith(SOURCES + (".py", ".build", ".yaml", ".sql")):
            continue
        for number, line in enumerate(texts[name].split("\n"), 1):
            if "\t" in line or line != line.rstrip():
                yield f"{name}:{number}: tab or blank at the end"
        if not texts[name].endswith("\n") or texts[name].endswith("\n\n"):
            yield f"{name}: does not end in exactly one newline"


def check_headers(root, names, compiler):
    """Every header compiles alone."""
    for name in names:
        if not name.endswith(".h") or name.startswith("tests/"):
            continue
        run = subprocess.run(
            compiler + ["-fsyntax-only", "-std=c11", "-Wall", "-Wextra",
                        "-Wpedantic", "-Werror", "-Wno-unused",
                        "-D_POSIX_C_SOURCE=200809L", "-I", root, "-I",
                        os.path.join(root, "core/include"), "-x", "c", "-"],
            input=f'#include "{os.path.join(root, name)}"\n',
            capture_output=True, text=True, check=False)
        yield name, run.returncode, run.stderr


def self_test():
    """The rules must catch what they forbid."""
    bad = {
        "solvers/a.c": "int x;\n#include \"results/sink.h\"\n"
                       "#include <time.h>\n  clock_gettime(0, 0);\n",
        "core/src/b.c": "/* b.c: */\n#include <sqlite3.h>\n"
                        "#include <cblas.h>\n#include <gsl/gsl_rng.h>\n"
                        "static int calls;\n// TO" "DO\n// /tm" "p/x\n"
                        + "\n" * 601,
        "plots/c.c": "/* c.c: no newline at the end */\t",
    }
    names = sorted(bad)
    return [check.__name__ for check in CHECKS
            if check is not check_median and not list(check("", names, bad))]


CHECKS = [check_layers, check_system, check_solvers, check_globals,
          check_length, check_median, check_first_line, check_marks,
          check_paths, check_text]


def main(root, compiler):
    failures = count = 0

    def report(name, problems):
        nonlocal failures, count
        count += 1
        failures += bool(problems)
        print("not ok" if problems else "ok", count, "-", name)
        for problem in problems:
            print("#", problem)

    names, texts = [], {}
    for name in tracked(root):
        text = read(root, name)
        if text is not None:
            names.append(name)
            texts[name] = text
    report("the checks catch what they forbid", self_test())
    report("there is something to check",
           [] if len(names) > 10 else [f"{len(names)} files"])
    for check in CHECKS:
        report(check.__doc__.split("\n")[0].rstrip("."),
               list(check(root, names, texts)))
    for name, code, errors in check_headers(root, names, compiler):
        report(f"{name} compiles alone", errors.split("\n") if code else [])
    print(f"1..{count}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
