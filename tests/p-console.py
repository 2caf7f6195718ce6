"""p-console.py: `spredbench console` as a person uses it, inside tmux, and on a pipe."""
import os
import shutil
import signal
import subprocess
import time

from harness import PROGRAM, Folder, Tap, wait_until


class Screen:
    """A console in a terminal of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.sessions = 0
        self.socket = None
        self.env = dict(folder.env, TERM="xterm", NO_COLOR="1")
        self.env.pop("TMUX", None)

    def tmux(self, *words):
        return subprocess.run(["tmux", "-L", self.socket, "-f", os.devnull, *words], cwd=self.folder.path,
                              env=self.env, capture_output=True, text=True, timeout=60).stdout

    def begin(self):
        self.sessions += 1
        self.socket = f"spredbench-{os.getpid()}-{self.sessions}"
        self.tmux("new-session", "-d", "-x", "100", "-y", "30",
                  f"sh -c 'echo $$ >pid; exec \"{PROGRAM}\" console'; echo \"left $?\"; sleep 600")
        return self.sees("spred>")

    def end(self):
        self.tmux("kill-server")

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def enter(self, text):
        self.type(text)
        self.keys("Enter")

    def text(self):
        return self.tmux("capture-pane", "-p").rstrip()

    def sees(self, text, seconds=10):
        return wait_until(lambda: text in self.text(), seconds)

    def ends(self, text, seconds=10):
        """Waits for the screen to end so."""
        return wait_until(lambda: self.text().endswith(text.rstrip()), seconds)


def on_pipe(folder, text, *options):
    return subprocess.run([PROGRAM, "console", *options], input=text.encode(), cwd=folder.path, env=folder.env,
                          capture_output=True, timeout=60)


def check_values(tap, screen):
    def sees(name, text):
        tap.check(screen.ends(text + "\nspred>"), name, screen.text())

    tap.check(screen.begin(), "the console starts", screen.text())
    tap.check("TAB completes" in screen.text(), "the banner says how to go on")
    screen.enter("1 + 1, 'two'")
    sees("an expression prints its values", "2\ntwo")
    screen.enter("local t = {b = 1, a = {'x', 2}}")
    screen.enter("t")
    sees("a local stays, a table is shown with sorted keys", 'spred> t\n{a = {"x", 2}, b = 1}')
    screen.enter("function double(x)")
    screen.enter("  return 2 * x")
    screen.enter("end")
    screen.enter("double(21)")
    sees("a function of several lines", "  ... end\nspred> double(21)\n42")
    screen.enter("nothing.at.all")
    sees("an error says where", "console:6:1: attempt to index a nil value (global 'nothing')")
    screen.enter("error('deep')")
    screen.enter(":trace")
    tap.check(screen.sees("[C]: in function 'error'"), "the trace of the last error", screen.text())


def check_completion(tap, screen):
    screen.keys("C-l")
    screen.type("spred.ze")
    screen.keys("Tab")
    tap.check(screen.ends("spred> spred.zeros"), "TAB completes a function", screen.text())
    screen.enter("(2, 3)")
    tap.check(screen.sees("matrix 2 x 3"), "and the call runs", screen.text())
    screen.enter("m = spred.vector{3, 4}")
    screen.type("m:nor")
    screen.keys("Tab")
    tap.check(screen.ends("spred> m:norm"), "TAB completes a method", screen.text())
    screen.enter("()")
    tap.check(screen.ends("\n5.0\nspred>"), "and the method runs", screen.text())
    screen.keys("C-l")
    screen.type("m:col")
    screen.keys("Tab", "Tab")
    tap.check(screen.sees("column_norms"), "the second TAB lists", screen.text())
    screen.keys("C-c")
    for typed, whole, name in (("x = spred.solve{lo", "x = spred.solve{loss =", "a key"),
                               ("f{solver = {cd = {scr", "f{solver = {cd = {screen =", "a method's option"),
                               ('solver = "coord', 'solver = "coordinate-descent"', "a method's name in quotes"),
                               ('models = {"maj', 'models = {"majority"', "a model's name in quotes"),
                               ("f{models = {majority = {tu", "f{models = {majority = {tune =", "a model's grid"),
                               ("spred.learn{mod", "spred.learn{model =", "a key of a model's fit"),
                               ('debian = "gol', 'debian = "golub"', "a data set's name in quotes"),
                               ('x = "some-f', 'x = "some-file.csv"', "a file's name in quotes"),
                               (":sol", ":solvers", "a command")):
        screen.type(typed)
        screen.keys("Tab")
        tap.check(screen.ends("spred> " + whole), f"TAB completes {name}", screen.text())
        screen.keys("C-c")
    screen.enter("called = 0")
    screen.enter("sly = setmetatable({}, {__index = function() called = called + 1 end})")
    screen.type("sly.some.thing")
    screen.keys("Tab", "Tab", "C-c")
    screen.enter("'called', called")
    tap.check(screen.ends("called\n0\nspred>"), "TAB calls nothing of the person's", screen.text())


def check_stops(tap, screen):
    screen.keys("C-l")
    screen.enter("kept = 17")
    screen.enter("while true do end")
    time.sleep(0.3)
    screen.keys("C-c")
    tap.check(screen.ends("interrupted\nspred>"), "Ctrl-C stops what runs", screen.text())
    screen.enter("kept")
    tap.check(screen.ends("kept\n17\nspred>"), "and values are kept", screen.text())
    screen.enter("pcall(function() while true do end end)")
    time.sleep(0.3)
    screen.keys("C-c")
    tap.check(screen.ends("interrupted\nspred>"), "a pcall cannot hold it", screen.text())
    screen.type("kept = 18 +")
    screen.keys("C-c")
    tap.check(screen.ends("spred> kept = 18 +^C\nspred>"), "Ctrl-C gives a line up", screen.text())
    screen.enter("kept = {")
    tap.check(screen.ends("  ..."), "a chunk goes on", screen.text())
    screen.keys("C-c")
    tap.check(screen.ends("^C\nspred>"), "Ctrl-C gives a chunk up", screen.text())
    screen.enter("kept = {")
    screen.ends("  ...")
    screen.keys("Enter")
    screen.ends("  ...\nspred>")
    screen.enter("kept")
    tap.check(screen.ends("kept\n17\nspred>"), "so does an empty line", screen.text())


def check_commands(tap, folder, screen):
    screen.keys("C-l")
    screen.enter(":doc spred.rng")
    tap.check(screen.sees("A stream of random numbers"), "a doc string", screen.text())
    screen.enter("help(spred.type)")
    tap.check(screen.sees("The name of a value's type"), "help() prints", screen.text())
    screen.enter(":hlep")
    tap.check(screen.sees("no command :hlep (did you mean :help?)"), "the nearest command", screen.text())
    screen.enter(":time 6 * 7")
    tap.check(screen.sees("s, Lua memory"), "the time of an expression", screen.text())
    screen.enter("print('once')")
    screen.enter(":save mine.lua")
    tap.check(screen.sees("mine.lua: "), "the session is saved", screen.text())
    screen.enter(":save mine.lua")
    tap.check(screen.sees("is there already"), "never over a file", screen.text())
    screen.enter(":save mine.lua!")
    script = folder.run("script", "mine.lua")
    tap.check(script.returncode == 0 and b"\n42\n" in script.stdout and script.stdout.endswith(b"\n42\nonce\n"),
              "and runs as a script", script.stdout.decode() + script.stderr.decode())
    folder.write("part.lua", "loaded = 'from a file'\n")
    screen.enter(":load part.lua")
    screen.enter("loaded")
    tap.check(screen.ends("loaded\nfrom a file\nspred>"), "a script is loaded", screen.text())


def check_history(tap, folder, screen):
    screen.keys("C-d")
    tap.check(screen.sees("left 0"), "Ctrl-D leaves with exit code 0", screen.text())
    screen.end()
    screen.begin()
    screen.enter("'new session'")
    screen.keys("Up", "Up", "Up", "Up", "Up", "Enter")
    tap.check(screen.ends(":load part.lua\nspred>"), "Up finds what an earlier session ran", screen.text())
    with open(folder.file("state/spredbench/history"), encoding="utf-8") as lines:
        entries = lines.read().splitlines()
    tap.check("function double(x)\\n  return 2 * x\\nend" in entries, "a chunk of several lines is one entry", entries)
    tap.check(entries[-1] == ":load part.lua", "each entry is written at once", entries)
    with open(folder.file("pid"), encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGTERM)
    tap.check(screen.sees("left 130"), "SIGTERM ends it", screen.text())
    screen.end()


def check_hard(tap, folder, screen):
    """Where the history cannot be written, and what only the third Ctrl-C ends."""
    folder.env["XDG_STATE_HOME"] = screen.env["XDG_STATE_HOME"] = folder.file("some-file.csv")
    screen.begin()
    tap.check(screen.sees("the history is not kept: "), "a home that cannot be written is only a warning", screen.text())
    screen.enter("(('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40))")
    time.sleep(0.3)
    for _ in range(3):
        screen.keys("C-c")
        time.sleep(0.1)
    tap.check(screen.sees("left 130"), "the third Ctrl-C leaves a call that never looks", screen.text())
    screen.end()
    screen.begin()
    with open(folder.file("pid")) as file:
        pid = int(file.read())
    screen.enter("string.find(('a'):rep(40), ('a*'):rep(30) .. 'b')")
    screen.end()  # the terminal is gone, and nothing stops a pattern
    tap.check(wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 15), "a console without its terminal ends")


def check_saved(tap, folder):
    """Chunks that, one after the other, are not a script: each must be saved as one."""
    folder.write("early.lua", "print('early')\ndo return 5 end\n")
    for name, text in (("an expression with a semicolon", "1 + 1;\n3 -- three\n'a--b'\n"),
                       ("a chunk that returns", "return 5\nif not y then return end\n6\n"),
                       ("a file that returns", ":load early.lua\n6\n"),
                       ("a bracket after a value", "f = print\n(function() print('hi') end)()\n"),
                       ("a label twice", "goto a; ::a::\ngoto a; ::a::\n7\n"),
                       ("a constant local", "local x <const> = 5\nx = 6\nx\n"),
                       ("an expression of nothing", "...\n8\n")):
        typed = on_pipe(folder, text + ":save odd.lua!\n")
        script = folder.run("odd.lua")
        tap.check(typed.returncode == 0 and script.returncode == 0
                  and typed.stdout.startswith(script.stdout + b"odd.lua: "),
                  f"saved and run again: {name}", f"{typed}\n{script}")


def check_bar(tap, screen):
    screen.keys("C-l")
    screen.enter("d = spred.data.simulated{n = 200, p = 4000, blocks = 4, rho = {0.3, 0.7}, k = 10, snr = 5, classes = 2}")
    screen.enter("for i = 1, 2 do a = spred.path{data = d, loss = 'logistic', penalty = 'l1', solver = 'pgd', "
                 "lambda = {path = 20, min_ratio = 0.02}}; print('fit', i) end")
    tap.check(screen.ends("\nfit     2\nspred>", 60), "a loop of fits ends", screen.text())
    tap.check("to go" not in screen.text(), "nothing is printed behind the bar", screen.text())


def check_pipe(tap, folder):
    redeclared = """spred.solver{name="mine", step=function() return true end}
spred.solver{name="mine", step=function(s, ctx) ctx:prox(s.w, 1) return true end}
f = spred.solve{data=spred.data.simulated{n=20, p=5, k=2}, solver="mine", lambda=1}
f.stop
e = {version=1, name="again", datasets={{simulated={n=20, p=5, k=2}}}, problem={loss="squared", lambda=1},
     protocol={trials=1, validate="0%"}, solvers={"mine"}}
#spred.experiment(e):run{quiet=true}
"""
    run = on_pipe(folder, redeclared)
    tap.check(run.returncode == 0 and b"solver mine\ncertified\n1" in run.stdout,
              "a solver declared again takes the place of the first, also in workers", run.stdout + run.stderr)
    good = on_pipe(folder, "x = 20\nfunction f(a)\n\n  return a + 1, 'b'\nend\nf(x)\n{1, {k = 'v'}}\n:doc spred.type\n")
    tap.check(good.returncode == 0 and good.stdout.startswith(b'21\nb\n{1, {k = "v"}}\nspred.type(x)\n')
              and good.stderr == b"", "a pipe: values, no prompt, no banner", good)
    bad = on_pipe(folder, "1\nerror('no')\n2\n")
    tap.check(bad.returncode == 2 and bad.stdout == b"1\n" and bad.stderr == b"spredbench: console:2:1: no\n",
              "a pipe stops at the first error", bad)
    for text, words in (("x = = 1\n", b"console:1:1: unexpected symbol near '='"), (":hlep\n", b":help"),
                        ("f(\n", b"ends within a chunk"), ("io.open('x')\n", b"'io'")):
        result = on_pipe(folder, text)
        tap.check(result.returncode == 2 and words in result.stderr and result.stderr.count(b"\n") == 1,
                  f"a pipe: {text.strip()}", result)
    unsafe = on_pipe(folder, "io.write('a')\n", "--unsafe")
    tap.check(unsafe.returncode == 0 and unsafe.stdout.startswith(b"a"), "--unsafe opens io", unsafe)
    large = on_pipe(folder, "x = ('x'):rep(1 << 27)\n", "--memory", "32 MiB")
    tap.check(large.returncode == 2 and b"32 MiB of memory" in large.stderr, "--memory is a limit", large)
    tap.check(on_pipe(folder, "print(1)\n:quit\nprint(2)\n").stdout == b"1\n", ":quit ends a pipe, too")
    tap.check(on_pipe(folder, "print(1)").stdout == b"1\n", "the last line may lack its newline")


with Folder() as work:
    checks = Tap()
    work.env.update(HOME=work.path, XDG_STATE_HOME=work.file("state"), LC_ALL="C.UTF-8")
    work.write("some-file.csv", "1,2\n")
    check_pipe(checks, work)
    check_saved(checks, work)
    checks.check(not os.path.exists(work.file("state")), "a pipe leaves no history")
    if shutil.which("tmux"):
        terminal = Screen(work)
        try:
            check_values(checks, terminal)
            check_completion(checks, terminal)
            check_stops(checks, terminal)
            check_commands(checks, work, terminal)
            check_bar(checks, terminal)
            check_history(checks, work, terminal)
            check_hard(checks, work, terminal)
        finally:
            terminal.end()
    else:
        checks.note("tmux is missing: only the pipe was checked")
    checks.done()
