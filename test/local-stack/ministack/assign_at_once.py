"""Has ministack evaluate all of an Assign with the variables as they were when the state was entered.

ministack evaluates one expression after the other, each with what the one before has just assigned. On AWS all are evaluated before
anything is assigned: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#evaluation-order-in-an-assign-field
"""

from ministack.services import stepfunctions


def assign_at_once() -> None:
    one_by_one = stepfunctions._apply_state_assign

    def at_once(state_def, raw_input, ctx, result=None, error_output=None):
        assign = state_def.get("Assign")
        if ctx is None or not isinstance(assign, dict):
            return
        before = dict(ctx.get("variables", {}))
        assigned = {}
        for name, template in assign.items():
            ctx["variables"] = dict(before)
            one_by_one({**state_def, "Assign": {name: template}}, raw_input, ctx, result, error_output)
            assigned.update({name: ctx["variables"][name]} if name in ctx["variables"] else {})
        ctx["variables"] = {**before, **assigned}

    stepfunctions._apply_state_assign = at_once
