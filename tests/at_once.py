"""Several people at the same second: real transactions, each on a connection of its own."""

import threading

from django.db import connections


def at_once(*calls):
    """Run calls at the same second, each on its own connection; return what each gave or raised."""
    barrier = threading.Barrier(len(calls))
    outcomes = [None] * len(calls)

    def run(rank, call):
        try:
            barrier.wait()
            outcomes[rank] = call()
        except Exception as error:  # judged by the test
            outcomes[rank] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
