"""man_solvers.py PROGRAM PAGE: writes the SOLVERS and MODELS sections of the man page from the
option tables that the program prints. Run by `./dev man`; p-man.py checks the result."""
import re
import subprocess
import sys


def say(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def section(program, verb):
    lines = []
    for name in re.findall(r"^([a-z][a-z0-9-]+)", say(program, verb), re.M):
        head, *rows = say(program, verb, name).splitlines()
        name_too, doc = head.split(": ", 1)
        alias = re.search(r"alias ([^ ]+)", name_too)
        lines += [".TP", f".B {name}" + (f"\n(also {alias[1]})" if alias else ""), escape(doc + ".")]
        for row in rows:
            option = re.match(r"  ([A-Za-z_0-9]+) +\((.*?)\) (.*?): (.*)", row)
            if option:
                key, initial, bounds, doc = option.groups()
                lines += [".br", f"\\fI{key}\\fR ({escape(initial)}; {escape(bounds)}): {escape(doc)}."]
            else:
                lines += [".br", escape(row.strip()[0].upper() + row.strip()[1:] + ".")]
    return "\n".join(lines) + "\n"


def replaced(page, program):
    for name in ("SOLVERS", "MODELS"):
        page = re.sub(rf"(?<=^\.SH {name}\n).*?(?=^\.SH )", lambda _: section(program, name.lower()), page,
                      flags=re.M | re.S)
    return page


if __name__ == "__main__":
    with open(sys.argv[2]) as source:
        text = source.read()
    with open(sys.argv[2], "w") as target:
        target.write(replaced(text, sys.argv[1]))
