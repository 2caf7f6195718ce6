"""p-man.py: --help and the man page name every verb, option, solver and option of a
solver that the program knows."""
import os
import re
import subprocess

from harness import PROGRAM, SOURCE, Tap


def say(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True).stdout


tap = Tap()
with open(os.path.join(SOURCE, "spredbench.1")) as page:
    manual = page.read().replace("\\-", "-")
text = say("--help")
verbs = re.findall(r"^  ([a-z]+) ", text, re.M)
tap.check(len(verbs) >= 11, "the help lists verbs", verbs)
tap.check(all(re.search(rf"^\.B\w* \"?{verb}\b", manual, re.M) for verb in verbs), "verbs in the man page",
          [verb for verb in verbs if not re.search(rf"^\.B\w* \"?{verb}\b", manual, re.M)])
options = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", text.split("options:")[1].split("exit codes")[0]))
tap.check(len(options) >= 10 and all(option in manual for option in options), "options in the man page",
          [option for option in options if option not in manual])
solvers = re.findall(r"^([a-z][a-z-]+)", say("solvers"), re.M)
tap.check(len(solvers) >= 6, "the program lists its solvers", solvers)
section = manual.split(".SH SOLVERS")[1].split(".SH FILES")[0]
for solver in solvers:
    entry = re.search(rf"^\.B {solver}\n(.*?)(?=^\.TP|\Z)", section, re.M | re.S)
    names = re.findall(r"^  ([a-z_0-9]+) +\(", say("solvers", solver), re.M)
    tap.check(entry and all(name in entry.group(1) for name in names), f"{solver} and its options", names)
tap.done()
