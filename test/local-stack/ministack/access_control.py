"""What ministack's access control lacks here: two condition keys, and a record of what it decides."""

import json

from ministack.core import iam_actions, iam_evaluator
from ministack.services import sts


def know_event_source() -> None:
    """events:source, by which AWS may limit PutEvents.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    known_keys = iam_actions.request_tag_context

    def keys(service, iam_action, body, params):
        found = known_keys(service, iam_action, body, params)
        if iam_action != "events:PutEvents":
            return found
        sources = {entry.get("Source") for entry in json.loads(body or b"{}").get("Entries", [])}
        # Several sources in one request are none that a condition for one would allow.
        return {**found, "events:source": " ".join(sorted(map(str, sources)))}

    iam_actions.request_tag_context = keys


def take_loopback_for_tls() -> None:
    """aws:SecureTransport. On AWS every call comes by TLS; here it stays on this machine without.

    Or the topic's own policy would deny what the state machines tell the operators.
    """
    resolve = iam_evaluator._resolve_condition_key

    def resolved(key, context):
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = resolved


def record_decisions(path: str) -> None:
    """Each thing that a role asked for, as one line of JSON. The account's root user may do everything."""
    decide = iam_evaluator.enforce

    def recorded(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        denied = decide(access_key_id, iam_action, service, region, resource_arn, service_context)
        session = sts._sessions.get(access_key_id)
        if session:
            role = session["Arn"].split("/")[1]
            line = {"role": role, "action": iam_action, "resource": resource_arn, "allowed": denied is None}
            with open(path, "a", encoding="utf-8") as record:
                record.write(json.dumps(line) + "\n")
        return denied

    iam_evaluator.enforce = recorded
