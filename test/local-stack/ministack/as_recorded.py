"""Has ministack's Step Functions answer what recordings of AWS show, where the state machines can meet it.

Each rule, with its recording, is in ../recordings/recordings.json; recordings.test.ts replays them.
"""

import json
import threading

from ministack.core.responses import json_response, now_iso
from ministack.services import stepfunctions


def answer_as_recorded() -> None:
    _time_tasks_out_without_a_cause()
    _time_executions_out()
    _abort_without_keys()
    _start_the_same_again()
    _name_errors_of_services()


def _time_tasks_out_without_a_cause() -> None:
    invoke, catch = stepfunctions._invoke_resource_with_timeout, stepfunctions._apply_catcher

    def invoked(resource, input_data, timeout):
        try:
            return invoke(resource, input_data, timeout)
        except stepfunctions._ExecutionError as error:
            if error.error == "States.Timeout":
                error.cause = None
            raise

    def caught(catcher, raw_input, ctx, query_language, error_output):
        told = {key: value for key, value in error_output.items() if value is not None}
        return catch(catcher, raw_input, ctx, query_language, told)

    stepfunctions._invoke_resource_with_timeout = invoked
    stepfunctions._apply_catcher = caught


def _time_executions_out() -> None:
    """The machine's own TimeoutSeconds. What has ended stays as it ended, whatever a task that still ran comes to."""
    run, fail = stepfunctions._run_execution, stepfunctions._fail_execution

    def time_out(execution):
        if execution["status"] != "RUNNING":
            return
        execution["status"] = "TIMED_OUT"
        execution["stopDate"] = now_iso()
        stepfunctions._add_event(execution, "ExecutionTimedOut")
        stepfunctions._emit_execution_status_event(execution)

    def limited(execution_arn):
        execution = stepfunctions._executions.get(execution_arn)
        machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) if execution else None
        seconds = json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None
        if seconds is None:
            run(execution_arn)
            return
        # The event goes to the bus of the execution's account and Region, which are in this thread's context.
        context = stepfunctions.contextvars.copy_context()
        timer = threading.Timer(seconds, context.run, args=[time_out, execution])
        timer.daemon = True
        timer.start()
        try:
            run(execution_arn)
        finally:
            timer.cancel()

    def failed(execution, error, cause):
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    stepfunctions._run_execution = limited
    stepfunctions._fail_execution = failed


def _abort_without_keys() -> None:
    add = stepfunctions._add_event

    def added(execution, event_type, details=None):
        if event_type == "ExecutionAborted":
            told = details["executionAbortedEventDetails"]
            details = {"executionAbortedEventDetails": {key: value for key, value in told.items() if value}}
        return add(execution, event_type, details)

    stepfunctions._add_event = added


def _start_the_same_again() -> None:
    """The same name and input, while it runs, is the same execution."""
    start = stepfunctions._start_execution

    def started(data):
        machine = stepfunctions._state_machines.get(stepfunctions._resolve_state_machine_arn(data.get("stateMachineArn", "")))
        if machine and data.get("name"):
            arn = machine["stateMachineArn"].replace(":stateMachine:", ":execution:") + ":" + data["name"]
            running = stepfunctions._executions.get(arn)
            if running and running["status"] == "RUNNING" and running["input"] == data.get("input", "{}"):
                return json_response({"executionArn": arn, "startDate": running["startDate"]})
        return start(data)

    stepfunctions._start_execution = started


def _name_errors_of_services() -> None:
    """`Sfn.ExecutionDoesNotExistException` of an SDK's call, `StepFunctions.…Exception` of a start, `SNS.NotFoundException` of no topic."""
    prefix, publish = stepfunctions._prefix_sdk_error, stepfunctions._invoke_sns_publish
    start = stepfunctions._invoke_nested_start_execution

    def prefixed(service_name, error_code):
        name = prefix(service_name, error_code)
        return name if not name.startswith("Sfn.") or name.endswith("Exception") else f"{name}Exception"

    def nested(resource, input_data):
        try:
            return start(resource, input_data)
        except stepfunctions._ExecutionError as error:
            error.error = f"StepFunctions.{error.error}Exception"
            raise

    def published(resource, input_data):
        try:
            return publish(resource, input_data)
        except stepfunctions._ExecutionError as error:
            if "NotFound" in error.cause:
                error.error = "SNS.NotFoundException"
            raise

    stepfunctions._prefix_sdk_error = prefixed
    stepfunctions._invoke_nested_start_execution = nested
    for resource, call in stepfunctions._SERVICE_DISPATCH.items():
        if call is publish:
            stepfunctions._SERVICE_DISPATCH[resource] = published
