"""Has ministack count the second that an expression may take in work of its own thread, not by the clock.

ministack ends an expression after a second, by the clock: https://github.com/ministackorg/ministack (services/stepfunctions.py).
A busy machine takes that away from an expression that works for some milliseconds. The library's clock itself stays: $millis() reads it.
"""

import time

from jsonata.jexception import JException
from jsonata.timebox import Timebox


def worked_ms() -> float:
    return time.thread_time() * 1000


def count_work() -> None:
    begin = Timebox.__init__

    def begin_counting(self, *args, **options) -> None:
        begin(self, *args, **options)
        self.time = worked_ms()

    def check_runaway(self) -> None:
        if self.max_depth is not None and self.depth > self.max_depth:
            raise JException("D1011", -1)
        if self.timeout is not None and worked_ms() - self.time > self.timeout:
            raise JException("D1012", -1, self.timeout)

    Timebox.__init__ = begin_counting
    Timebox.check_runaway = check_runaway
