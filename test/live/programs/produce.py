"""The first half of a pipeline: prints a little, then waits for a lock that it holds."""
import threading

lock = threading.Lock()
print("one", flush=True)
with lock:
    with lock:
        print("two")
