"""p-recipes.py: the recipes of docs/lua.md and the scripts of experiments/ run as
they stand, and print what the page says."""
import os
import re
import shutil

from harness import SOURCE, Folder, Tap

# What must be in the output of an example, and the files it leaves.
EXAMPLES = {
    "adaptive-lasso.lua": ["adaptive lasso", "certified"],
    "stability-selection.lua": ["chosen in"],
    "ista-on-golub.lua": ["my-ista", "coordinate-descent"],
}


def blocks(page):
    """(title, file name or None, language, text) of every code block."""
    title = name = None
    for match in re.finditer(r"^## ([^\n]*)$|^```(\w*)(?: (\S+))?\n(.*?)^```$", page, re.M | re.S):
        if match[1]:
            title = match[1]
        else:
            yield title, match[3], match[2], match[4]


def fits(expected, got):
    """Lines equal; `...` in a line stands for anything, a line `...` for lines."""
    pattern = re.escape(expected.rstrip()).replace(re.escape("\n..."), "(?:\n.*)*").replace(r"\.\.\.", ".*")
    return re.fullmatch(pattern, got.rstrip()) is not None


tap = Tap()
with open(os.path.join(SOURCE, "docs/lua.md")) as source:
    found = list(blocks(source.read()))
recipes = {title for title, _, language, _ in found if re.match(r"\d+\. ", title or "") and language == "lua"}
tap.check(len(recipes) == 12, "twelve recipes", sorted(recipes))
with Folder() as folder:
    output = None
    for title, name, language, text in found:
        if language in ("lua", "yaml"):
            name = folder.write(name or f"recipe.{language}", text)
        if language == "lua" and re.match(r"\d+\. ", title) and not re.match(r"-- \S+\.lua: declares ", text):
            result = folder.run(name, timeout=120)
            output = result.stdout.decode()
            tap.check(result.returncode == 0, title, result.stderr.decode()[-2000:])
        elif language == "yaml":
            result = folder.run(name, "-q", timeout=240)
            output = result.stdout.decode()
            tap.check(result.returncode == 0, f"{title}: {name}", result.stderr.decode()[-2000:])
        elif language == "text" and output is not None:
            tap.check(fits(text, output), f"{title}: prints what the page says", output)
for name, words in EXAMPLES.items():
    with Folder() as folder:
        shutil.copytree(os.path.join(SOURCE, "experiments"), folder.file("experiments"))
        if "golub" in name and folder.run("fetch", "golub").returncode != 0:
            tap.note(f"experiments/{name} is not run: golub cannot be fetched here")
            continue
        result = folder.run(f"experiments/{name}", timeout=240)
        output = result.stdout.decode() + result.stderr.decode()
        tap.check(result.returncode == 0 and all(word in output for word in words), f"experiments/{name}", output[-2000:])
tap.done()
