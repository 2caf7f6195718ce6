"""p-man.py: --help and the man page name every verb, option, solver and option of a
solver that the program knows."""
import os
import re
import subprocess

from harness import PROGRAM, SOURCE, Folder, Tap
from man_solvers import replaced


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
missing = [option for option in options if not re.search(rf"(?<![\w-]){option}(?![\w-])", manual)]
tap.check(len(options) >= 10 and not missing, "options in the man page", missing)
with open(os.path.join(SOURCE, "spredbench.1")) as page:
    text = page.read()
tap.check(".B spred\\-newton" in text or ".B spred-newton" in text, "the man page has solvers")
tap.check(".SH MODELS\n.TP\n" in text and "\n.B majority" in text, "the man page has models")
tap.check(replaced(text, PROGRAM) == text, "the man page has the program's solvers, models and options: ./dev man")
example = re.search(r"^\.SH EXPERIMENT FILE.*?^\.EX\n(.*?)^\.EE", manual, re.M | re.S).group(1)
items = re.search(r"^datasets:.*?(?=^problems:)", example, re.M | re.S).group()
with Folder() as folder:
    folder.write("example.yaml", example.replace(items, "datasets:\n  - simulated: {n: 40, p: 30, k: 3, classes: 2}\n"))
    plan = folder.run("plan", "example.yaml")
    tap.check(plan.returncode == 0 and b"30 jobs" in plan.stdout, "the man page's example is an experiment", plan.stderr.decode())
with open(os.path.join(SOURCE, "docs/lua-reference.md")) as page:
    tap.check(say(os.path.join(SOURCE, "docs/reference.lua")) == page.read(),
              "docs/lua-reference.md has the program's doc strings: ./dev man")
tap.done()
