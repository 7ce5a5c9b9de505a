"""Has ministack call nothing more for an execution that was stopped, and leave its end as it is.

ministack looks at an execution's status between its states only: retries of the one that it is in go on, and if they fail, so does the execution, which
ended as ABORTED. A stopped execution has ended: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
"""

from ministack.services import stepfunctions


def end_what_is_stopped() -> None:
    add = stepfunctions._add_event
    fail = stepfunctions._fail_execution

    def add_unless_stopped(execution, event_type, *details):
        # Each call of a task begins with it. An execution has a thread of its own, which this ends.
        if event_type == "TaskScheduled" and execution["status"] != "RUNNING":
            raise SystemExit
        return add(execution, event_type, *details)

    def fail_unless_stopped(execution, error, cause):
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    stepfunctions._add_event = add_unless_stopped
    stepfunctions._fail_execution = fail_unless_stopped
