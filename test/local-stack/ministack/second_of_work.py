"""Has ministack count the second that an expression may take in work of its own thread, not by the clock.

ministack ends an expression after a second, by the clock: https://github.com/ministackorg/ministack (services/stepfunctions.py).
A busy machine takes that away from an expression that works for some milliseconds.
"""

import time

from jsonata.timebox import Timebox


def count_work() -> None:
    Timebox.current_milli_time = staticmethod(lambda: round(time.thread_time() * 1000))
