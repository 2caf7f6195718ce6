"""p-streams.py: standard streams that are closed, full or deserted, and a caller that
ignores SIGCHLD."""
import os
import signal
import sqlite3
import subprocess

from harness import PROGRAM, TINY, Folder, Tap, error_line

tap = Tap()


def launch(folder, *arguments, before=None, **streams):
    settings = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    settings.update(streams)
    return subprocess.run([PROGRAM, *arguments], cwd=folder.path, env=folder.env,
                          preexec_fn=before, timeout=60, **settings)


with Folder() as folder:
    folder.write("tiny.yaml", TINY.replace("SOLVERS", "coordinate-descent"))
    with open("/dev/full", "w") as full:
        for words in (["--help"], ["solvers"], ["plan", "tiny.yaml"], ["tiny.yaml"]):
            result = launch(folder, *words, stdout=full)
            tap.check(result.returncode == 1 and "stdout" in error_line(result),
                      "a full disk under " + " ".join(words), f"{result.returncode}: {error_line(result)}")
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = launch(folder, "tiny.yaml", stdout=write_end)
    os.close(write_end)
    tap.check(result.returncode == 0, "a run whose reader left goes on to its end", error_line(result))
    for closed in ((0,), (1,), (2,), (0, 1, 2)):
        name = "closed" + "".join(map(str, closed))
        result = launch(folder, "tiny.yaml", "-o", name, before=lambda: [os.close(fd) for fd in closed])
        with sqlite3.connect(folder.file(f"{name}/tiny/results.db")) as store:
            statuses = store.execute("SELECT status FROM runs").fetchall()
        tap.check(result.returncode == 0 and statuses == [("certified",)] * 2,
                  f"closed on entry: {closed}", f"{result.returncode}, {statuses}")
    try:
        code = launch(folder, "tiny.yaml", "-o", "orphans",
                      before=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)).returncode
    except subprocess.TimeoutExpired:
        code = "it hangs"
    tap.check(code == 0, "a caller that ignores SIGCHLD", code)
tap.done()
