"""A job of several processes: a worker forked while a lock was held waits for that lock."""
import multiprocessing
import threading
import time

journal = threading.Lock()


def hold():
    with journal:
        time.sleep(1000)


def work(number):
    with journal:
        return number * number


def main():
    multiprocessing.set_start_method("fork")
    threading.Thread(target=hold, daemon=True).start()
    time.sleep(0.2)
    with multiprocessing.Pool(2) as pool:
        print(pool.map(work, range(4)))


main()
