"""Runs `COMMAND… python3 COUNT --terminal` in a shell with job control, presses Ctrl-Z, fg and Ctrl-C, says what came of it."""
import json
import os
import pty
import re
import shlex
import sys
import time

count, *command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])

seen = ""


def wait_for(pattern, seconds=20):
    global seen
    end = time.time() + seconds
    while not re.search(pattern, seen):
        if time.time() > end:
            sys.exit(f"did not see {pattern!r} in {seen!r}")
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            sys.exit(f"the shell ended: {seen!r}")
    return re.search(pattern, seen)


def send(text):
    os.write(terminal, text.encode())


send("PS1=''; stty -echo\n")
send(shlex.join([*command, "python3", count, "--terminal"]) + "; echo \"co\"de=$?\n")
shown = wait_for(r"(\[\w+, \w+, \w+\])\r?\nREADY").group(1)
send("\x1a")
stopped = wait_for(r"Stopped") is not None
# The shell goes on with the rest of its line when the job stops.
wait_for(r"code=\d+")
seen = ""
send("fg >/dev/null; echo \"co\"de=$?\n")
time.sleep(1.5)
send("\x03")
interrupts = int(wait_for(r"got SIGINT (\d+) times").group(1))
code = int(wait_for(r"code=(\d+)").group(1))
send("exit\n")
print(json.dumps({"terminal": shown, "interrupts": interrupts, "stopped": stopped, "code": code}))
