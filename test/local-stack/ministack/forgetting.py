"""Has ministack forget what AWS deletes after days or months, so that a stack can run for hours.

ministack keeps every execution with its history, every event, and a log stream for each call
of a function, for as long as it runs. AWS keeps executions for 90 days, and logs for as long as their group says:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

import threading
import time

from ministack.services import cloudwatch_logs, eventbridge, stepfunctions

SECONDS_BETWEEN = 5


def keep_newest(count: int) -> None:
    """Of executions that have ended, of events, and of each log group's streams, only the newest stay."""
    threading.Thread(target=_forget_for_ever, args=[count], daemon=True).start()


def _forget_for_ever(count: int) -> None:
    while True:
        time.sleep(SECONDS_BETWEEN)
        _forget_executions(count)
        for events in eventbridge._events_log.all_values():
            del events[:-count]
        for group in cloudwatch_logs._log_groups.all_values():
            for name in list(group["streams"])[:-count]:
                group["streams"].pop(name, None)


def _forget_executions(count: int) -> None:
    ended = [(one["stopDate"], key) for key, one in stepfunctions._executions.all_items() if one.get("stopDate")]
    for _, key in sorted(ended)[:-count]:
        stepfunctions._executions.pop_scoped(*key, None)
