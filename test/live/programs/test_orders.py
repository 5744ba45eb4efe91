"""A test suite one of whose tests hangs."""
import threading


def test_sum():
    assert 1 + 1 == 2


def test_transfer():
    accounts, ledger, barrier = threading.Lock(), threading.Lock(), threading.Barrier(2)

    def transfer(first, second):
        with first:
            barrier.wait()
            with second:
                pass

    workers = [
        threading.Thread(target=transfer, args=pair) for pair in ((accounts, ledger), (ledger, accounts))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
