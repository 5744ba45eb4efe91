"""The second half of a pipeline."""
import sys

for line in sys.stdin:
    print("got", line.strip(), flush=True)
