"""Has a child that ended, and does not wait for it."""
import os
import threading

if os.fork() == 0:
    os._exit(3)
lock = threading.Lock()
lock.acquire()
lock.acquire()
