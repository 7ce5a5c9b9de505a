"""Takes the recorded paths of the state machines again, under LocalStack's interpreter, in this process.

Lines of JSON come in, one execution each; one line of JSON goes out for each, with how it differs, if it does. Tasks answer as they
were recorded to; waits take no time; expressions are evaluated by the process that is named by the arguments (evaluate.ts).
"""

import json
import re
import subprocess
import sys
import threading
import types

# Java's evaluator of JSONata would be installed from elsewhere; it is not needed.
for absent in (
    "jpype",
    "jpype.imports",
    "localstack.packages",
    "localstack.packages.core",
    "localstack.packages.java",
    "localstack.services.stepfunctions.packages",
):
    sys.modules[absent] = types.ModuleType(absent)
    sys.modules[absent].__getattr__ = lambda name: type(name, (), {})

import logging

logging.disable(logging.CRITICAL)

from localstack.services.stepfunctions.asl.component.common.error_name import (
    custom_error_name,
    failure_event,
    states_error_name,
    states_error_name_type,
)
from localstack.services.stepfunctions.asl.component.common.retry import retrier_decl
from localstack.services.stepfunctions.asl.component.intrinsic import jsonata as intrinsic
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task import state_task_lambda
from localstack.services.stepfunctions.asl.component.state.state_execution.state_task.service import state_task_service
from localstack.services.stepfunctions.asl.component.state.state_wait.wait_function import wait_function
from localstack.services.stepfunctions.asl.eval.environment import Environment
from localstack.services.stepfunctions.asl.eval.evaluation_details import AWSExecutionDetails
from localstack.services.stepfunctions.asl.eval.event.event_detail import EventDetails
from localstack.services.stepfunctions.asl.eval.event.event_manager import EventHistoryContext
from localstack.services.stepfunctions.asl.eval.program_state import ProgramEnded, ProgramError
from localstack.services.stepfunctions.asl.jsonata import jsonata
from localstack.services.stepfunctions.asl.parse.asl_parser import AmazonStateLanguageParser

REGION, ACCOUNT = "eu-central-1", "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


class Differs(Exception):
    """The interpreter asks for something else than was recorded."""


class Replay:
    """The execution that is taken again: what its tasks answer, and what time it is."""

    def __init__(self, execution):
        self.replies = list(execution["replies"])
        self.times = list(execution["times"])
        self.difference = None

    def answer(self, state, arguments):
        if not self.replies:
            raise self._differs(f"{state} is called once more")
        reply = self.replies.pop(0)
        if reply["state"] != state:
            raise self._differs(f"{state} is called, and not {reply['state']}")
        if reply["arguments"] != arguments:
            raise self._differs(f"{state} is given {json.dumps(arguments)}, and not {json.dumps(reply['arguments'])}")
        return reply

    def _differs(self, how):
        self.difference = self.difference or how
        return Differs(how)


class Evaluator:
    """JSONata, by a process of Node.js."""

    def __init__(self, command):
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lock = threading.Lock()
        self.replay = None

    def evaluate(self, expression):
        # LocalStack declares a $hash that it does not have.
        expression = expression.replace(intrinsic._DECLARATION_HASH, "")
        with self._lock:
            request = {"expression": expression, "times": self.replay.times}
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline())
        self.replay.times = self.replay.times[answer["read"] :] or self.replay.times[-1:]
        if "error" in answer or answer["isNothing"]:
            raise jsonata.JSONataException("UNKNOWN", answer.get("error", "it comes to nothing"))
        return answer.get("value")


def declarations(bindings):
    """Values as JSON, which is JSONata too. LocalStack leaves the quotes in a text as they are."""
    return "".join(f"{name}:={json.dumps(value)};" for name, value in bindings.items())


# Texts and regular expressions are passed over.
REFERENCE = re.compile(
    r"""/(?:\\.|[^\\/])*/[a-z]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(\$[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)"""
)


def references(expression):
    """LocalStack 4 takes JSONata's own $, of a filter, for a variable without a name."""
    return {found for found in REFERENCE.findall(expression or "") if found}


def failure(env, error, cause):
    names = {kind.to_name(): kind for kind in states_error_name_type.StatesErrorNameType}
    name = states_error_name.StatesErrorName(typ=names[error]) if error in names else custom_error_name.CustomErrorName(error)
    told = {"error": error} if cause is None else {"error": error, "cause": cause}
    return failure_event.FailureEventException(
        failure_event.FailureEvent(
            env=env, error_name=name, event_type="TaskFailed", event_details=EventDetails(taskFailedEventDetails=told)
        )
    )


def performed(evaluator):
    def perform(self, env):
        arguments = None
        if self.parargs:
            self.parargs.eval(env=env)
            arguments = env.stack.pop()
        reply = evaluator.replay.answer(self.name, arguments)
        if "error" in reply:
            raise failure(env, reply["error"]["Error"], reply["error"].get("Cause"))
        env.stack.append(reply.get("result"))

    return perform


def take_over(evaluator):
    jsonata._eval_jsonata = evaluator.evaluate
    replaced = {"encode_jsonata_variable_declarations": declarations, "extract_jsonata_variable_references": references}
    for name, module in list(sys.modules.items()):
        for function, own in replaced.items():
            if name.startswith("localstack.") and function in vars(module):
                setattr(module, function, own)
    state_task_lambda.StateTaskLambda._eval_execution = performed(evaluator)
    state_task_service.StateTaskService._eval_execution = performed(evaluator)
    wait_function.WaitFunction._wait_interval = lambda self, env, wait_seconds: None
    retrier_decl.time = types.SimpleNamespace(sleep=lambda seconds: None)


def with_arns(definition):
    """A task of ours names its function by a word."""
    for state in definition["States"].values():
        resource = state.get("Resource", "arn:")
        if not resource.startswith("arn:"):
            state["Resource"] = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{resource}"
    return json.dumps(definition)


def run(execution, evaluator):
    evaluator.replay = Replay(execution)
    program = AmazonStateLanguageParser.parse(with_arns(execution["definition"]))[0]
    name = execution["arn"].split(":")[-1]
    context = {
        "Execution": {"Id": execution["arn"], "Input": execution["input"], "Name": name, "RoleArn": ROLE, "StartTime": execution["startTime"]},
        "StateMachine": {"Id": "machine", "Name": "machine"},
    }
    env = Environment(
        aws_execution_details=AWSExecutionDetails(account=ACCOUNT, region=REGION, role_arn=ROLE),
        execution_type="STANDARD",
        context=context,
        event_history_context=EventHistoryContext.of_program_start(),
        cloud_watch_logging_session=None,
        activity_store={},
    )
    program.eval(env)
    history = env.event_manager.get_event_history()
    path = [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]
    state = env.program_state()
    if isinstance(state, ProgramEnded):
        return {"status": "SUCCEEDED", "path": path, "output": env.states.get_input()}
    error = (state.error or {}) if isinstance(state, ProgramError) else {}
    return {"status": "FAILED", "path": path, "error": error.get("error"), "cause": error.get("cause")}


def difference(execution, evaluator):
    try:
        ended = run(execution, evaluator)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if evaluator.replay.difference:
        return evaluator.replay.difference
    if evaluator.replay.replies:
        return f"{len(evaluator.replay.replies)} tasks are not called"
    expected = execution["ending"]
    for key in ("path", "status", "error", "cause", "output"):
        if ended.get(key) != expected.get(key):
            return f"{key}: {json.dumps(ended.get(key))}, and not {json.dumps(expected.get(key))}"
    return None


def main():
    evaluator = Evaluator(sys.argv[1:])
    take_over(evaluator)
    for line in sys.stdin:
        print(json.dumps({"difference": difference(json.loads(line), evaluator)}), flush=True)


main()
