"""Two threads take two locks in opposite order."""
import threading

accounts = threading.Lock()
ledger = threading.Lock()
barrier = threading.Barrier(2)


def transfer(first, second):
    with first:
        barrier.wait()
        with second:
            print("never")


def main():
    print("starting", flush=True)
    workers = [
        threading.Thread(target=transfer, args=(accounts, ledger), name="payer"),
        threading.Thread(target=transfer, args=(ledger, accounts), name="closer"),
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


main()
