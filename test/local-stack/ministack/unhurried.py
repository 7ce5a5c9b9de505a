"""Has ministack wait for what happens, where it looks ten times a second whether something has (ministack/core/lambda_runtime.py).

For each process of a function it has a server, which looks whether it should end, and a thread, which looks whether the process should. With twenty
functions that wait, as most do, a stack woke up four hundred times a second.
"""

import queue
import socket
import threading
from contextlib import suppress
from socketserver import BaseServer
from types import SimpleNamespace

from ministack.core import lambda_runtime

# What is waited for wakes who waits. This is for what does not: that a process was replaced meanwhile.
SECONDS = 5.0


class Calls(queue.Queue):
    """The next call of a process."""

    def get(self, block=True, timeout=None):
        return super().get(block, None if timeout is None else max(timeout, SECONDS))


def wait_unhurried() -> None:
    lambda_runtime.queue = SimpleNamespace(Queue=Calls, Empty=queue.Empty, Full=queue.Full)
    serve = BaseServer.serve_forever
    shut_down = BaseServer.shutdown

    def serve_unhurried(self, poll_interval=SECONDS):
        serve(self, max(poll_interval, SECONDS))

    def shut_down_at_once(self):
        ending = threading.Thread(target=shut_down, args=[self], daemon=True)
        ending.start()
        while ending.is_alive():
            # A connection wakes it, and it sees that it should end.
            with suppress(OSError):
                socket.create_connection(self.server_address, timeout=SECONDS).close()
            ending.join(0.05)

    BaseServer.serve_forever = serve_unhurried
    BaseServer.shutdown = shut_down_at_once
