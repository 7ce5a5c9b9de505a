"""Has ministack's history tell which variables a state has assigned, as AWS's does.

`assignedVariables` of the event of a state's exit: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StateExitedEventDetails.html
"""

import json
import threading

from ministack.services import stepfunctions

# An execution has a thread of its own.
_assigned = threading.local()


def tell_assigned_variables() -> None:
    assign, add = stepfunctions._apply_state_assign, stepfunctions._add_event

    def assigning(state_def, raw_input, ctx, result=None, error_output=None):
        assign(state_def, raw_input, ctx, result, error_output)
        names = state_def.get("Assign")
        if ctx is None or not isinstance(names, dict):
            return
        variables = ctx.get("variables", {})
        _assigned.variables = {name: json.dumps(variables[name]) for name in names if name in variables}

    def adding(execution, event_type, details=None):
        if event_type.endswith("StateExited"):
            variables = getattr(_assigned, "variables", None)
            _assigned.variables = None
            if variables:
                told = {**details["stateExitedEventDetails"], "assignedVariables": variables}
                details = {**details, "stateExitedEventDetails": told}
        return add(execution, event_type, details)

    stepfunctions._apply_state_assign = assigning
    stepfunctions._add_event = adding
