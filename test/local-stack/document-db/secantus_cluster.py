"""Runs SecantusDB as the storage of a DocumentDB cluster, for the fronts in front.ts.

Is told what to do in lines of JSON, one request a line, and answers each with a line.
The other end is this process's life line: when it closes, however the one who had it
died, the server stops. Passwords come in only here, never by argument or environment,
and none is ever printed.

Several instances of a cluster share this one server. An instance that lags sees
the users as they were a while ago, at login only, as a DocumentDB replica does.
"""

import contextlib
import json
import os
import shutil
import socket
import threading
import time

from secantus import auth, commands
from secantus.auth import SCRAM_SHA_1, SCRAM_SHA_256, derive_credentials
from secantus.server import SecantusDBServer

# The field by which a front says which instance a login is for.
INSTANCE_FIELD = "documentDbInstance"
LOGIN_COMMANDS = ("hello", "isMaster", "ismaster", "saslStart", "saslContinue")
STOP_GRACE_SECONDS = 5.0


class LaggingUsers:
    """What each instance knows of the users, while changes are on their way to it."""

    def __init__(self, storage, instances):
        self._lock = threading.Lock()
        self._delays = [0.0] * instances
        self._changes = {}
        self._here = threading.local()
        self._get, self._add, self._drop = storage.get_user, storage.add_user, storage.drop_user
        storage.get_user, storage.add_user, storage.drop_user = self.get_user, self.add_user, self.drop_user

    def set_delay(self, instance, seconds):
        """A shorter delay also hurries the changes that are already under way."""
        with self._lock:
            self._delays[instance] = seconds
            for changes in self._changes.values():
                for change in changes:
                    due = change["at"] + seconds
                    change["visible"][instance] = min(change["visible"][instance], due)

    def seen_from(self, instance, handler, doc, ctx):
        self._here.instance = instance
        try:
            return handler(doc, ctx)
        finally:
            self._here.instance = None

    def get_user(self, db, username):
        instance = getattr(self._here, "instance", None)
        with self._lock:
            if instance is not None:
                now = time.monotonic()
                for change in self._changes.get((db, username), ()):
                    if change["visible"][instance] > now:
                        return change["before"]
            return self._get(db, username)

    def add_user(self, db, username, record, *, replace=False):
        with self._lock:
            before = self._get(db, username)
            added = self._add(db, username, record, replace=replace)
            if added:
                self._note(db, username, before)
            return added

    def drop_user(self, db, username):
        with self._lock:
            before = self._get(db, username)
            dropped = self._drop(db, username)
            if dropped:
                self._note(db, username, before)
            return dropped

    def _note(self, db, username, before):
        now = time.monotonic()
        pending = [c for c in self._changes.get((db, username), ()) if max(c["visible"]) > now]
        pending.append({"at": now, "before": before, "visible": [now + d for d in self._delays]})
        self._changes[(db, username)] = pending


def teach_instances(users):
    """Makes the login commands read the users as their instance knows them."""

    def taught(handler):
        def handle(doc, ctx):
            instance = doc.pop(INSTANCE_FIELD, None)
            return users.seen_from(instance, handler, doc, ctx)

        return handle

    for name in LOGIN_COMMANDS:
        commands._HANDLERS[name] = taught(commands._HANDLERS[name])


def set_iterations(count):
    for parameters in auth._MECH_PARAMS.values():
        parameters["default_iterations"] = count


def put_user(storage, name, password, roles, mechanisms=(SCRAM_SHA_256, SCRAM_SHA_1)):
    credentials = {}
    for mechanism in mechanisms:
        credentials.update(derive_credentials(password, mechanism=mechanism, username=name).to_doc())
    record = {
        "_id": f"admin.{name}",
        "user": name,
        "db": "admin",
        "credentials": credentials,
        "roles": [{"role": role, "db": "admin"} for role in roles],
        "mechanisms": list(mechanisms),
    }
    storage.add_user("admin", name, record, replace=True)


def list_users(storage):
    return [
        {"name": r["user"], "roles": sorted(role["role"] for role in r.get("roles", []))}
        for r in storage.list_users("admin")
    ]


def answer(request, storage, users):
    operation = request["op"]
    if operation == "delay":
        ms = request["ms"]
        users.set_delay(request["instance"], float("inf") if ms is None else ms / 1000)
    elif operation == "putUser":
        put_user(storage, request["name"], request["password"], request["roles"])
    elif operation == "dropUser":
        return storage.drop_user("admin", request["name"])
    elif operation == "users":
        return list_users(storage)
    else:
        raise ValueError(f"unknown operation {operation!r}")
    return None


def stop_listening(server):
    # Closing a socket does not wake the thread that waits in accept(), and
    # server.stop() would wait two seconds for it; shutting it down does.
    with contextlib.suppress(OSError):
        server._socket.shutdown(socket.SHUT_RDWR)


def serve(first, requests, say):
    """Serves the cluster that `first` describes, until it is told to stop or `requests` ends, and ends the process."""
    if first["scramIterations"] is not None:
        set_iterations(first["scramIterations"])
    server = SecantusDBServer(
        "127.0.0.1",
        0,
        first["storage"],
        replica_set_name="rs0",
        require_auth=True,
        cache_size="64M",
    )
    users = LaggingUsers(server.storage, first["instances"])
    primary = first["primaryUser"]
    # A restart must keep the password that the user has by now.
    if server.storage.get_user("admin", primary["name"]) is None:
        put_user(server.storage, primary["name"], primary["password"], ["root"])
    teach_instances(users)
    server.start()
    say({"port": server.address[1], "pid": os.getpid()})
    expected = False
    try:
        for request in requests:
            expected = request["op"] == "stop"
            if expected:
                break
            try:
                say({"id": request["id"], "result": answer(request, server.storage, users)})
            except Exception as error:  # the parent gets every failure, and the server lives on
                say({"id": request["id"], "error": f"{type(error).__name__}: {error}"})
    finally:
        # A connection that will not end must not keep this process alive.
        threading.Timer(STOP_GRACE_SECONDS, lambda: os._exit(1)).start()
        stop_listening(server)
        server.stop()
        if not expected and first["temporary"]:
            # The parent died: no one else is left to clear its folder away.
            shutil.rmtree(os.path.dirname(first["storage"]), ignore_errors=True)
        os._exit(0)

