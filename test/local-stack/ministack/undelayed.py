"""Has ministack answer at once, where it waits for nothing that happens (ministack/core/lambda_runtime.py).

The API by which a function's process gets its calls writes the head of an answer and its body one after the other. By Nagle's algorithm the second waits
until the first is acknowledged, which a client that has nothing to send does some 40 ms later: RFC 896, and RFC 1122, 4.2.3.2.

After a call it waits until the function has printed nothing for 5 ms, to keep the end of its log. runtime-client.mjs keeps all of it in a file.

Each call of a function took as long as that alone, and a single user's outage window has two of them.
"""

from socketserver import StreamRequestHandler

from ministack.core.lambda_runtime import Worker


def answer_undelayed() -> None:
    StreamRequestHandler.disable_nagle_algorithm = True
    wait_and_drain = Worker._drain_stderr_bounded

    def drain(self, **bounds) -> str:
        # What a process prints that does not come to its first call says why: that is waited for.
        return wait_and_drain(self, **bounds) if bounds else self._drain_stderr()

    Worker._drain_stderr_bounded = drain
