"""Has ministack send its answers to the functions at once.

The API by which a function's process gets its calls (ministack/core/lambda_runtime.py) writes the head of an answer and its body one after the other. By
Nagle's algorithm the second waits until the first is acknowledged, which a client that has nothing to send does some 40 ms later: RFC 896, and RFC 1122, 4.2.3.2.
Each call of a function took as long as that alone, and a single user's outage window has two of them.
"""

from socketserver import StreamRequestHandler


def send_undelayed() -> None:
    StreamRequestHandler.disable_nagle_algorithm = True
