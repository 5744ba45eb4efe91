"""Starts children in every way in which one can get lost, then waits for ever; with --shed without the environment."""
import os
import subprocess
import sys
import time

env = {} if "--shed" in sys.argv else None
wait = [sys.executable, "-c", "import time; time.sleep(1000)"]
subprocess.Popen(wait)
subprocess.Popen(wait, start_new_session=True, env=env)
if os.fork() == 0:
    os.setsid()
    time.sleep(1)
    if os.fork() == 0:
        time.sleep(1000)
    os._exit(0)
print("READY", flush=True)
time.sleep(1000)
