"""Counts a signal for a moment, then says how often it came and ends in 40."""
import os
import signal
import sys
import time

counts = {}


def count(number, _frame):
    counts[number] = counts.get(number, 0) + 1


for name in ("SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM"):
    signal.signal(getattr(signal, name), count)
if "--terminal" in sys.argv:
    print([os.isatty(number) for number in (0, 1, 2)], flush=True)
print("READY", flush=True)
while not counts:
    time.sleep(0.01)
time.sleep(0.3)
for number, times in counts.items():
    print(f"got {signal.Signals(number).name} {times} times", flush=True)
sys.exit(40)
