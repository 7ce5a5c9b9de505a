"""Has a process for each cluster, in which SecantusDB runs.

They are forked from this one, which has loaded the library and opened a storage once: at the first one that a process opens, WiredTiger
measures the processor's clock by counting to a hundred million three times, which takes longer than all the rest (__global_calibrate_ticks,
https://github.com/wiredtiger/wiredtiger/blob/develop/src/support/global.c).

Talks to its parent in lines of JSON on stdin and stdout, each with the number of a cluster. What a cluster's process writes comes back
with its number, and that it has ended. The parent's end of stdin is the life line of all.
"""

import json
import os
import selectors
import signal
import socket
import sys

import wiredtiger
from secantus_cluster import serve

READ_BYTES = 65_536


class Lines:
    """The whole lines of what comes in pieces."""

    def __init__(self):
        self._rest = b""

    def of(self, piece):
        *lines, self._rest = (self._rest + piece).split(b"\n")
        return [json.loads(line) for line in lines]


class Clusters:
    def __init__(self, selector):
        self._selector = selector
        self._channels = {}

    def tell(self, request):
        number = request.pop("cluster")
        if "start" in request:
            self._fork(number, request["start"])
        elif number in self._channels:
            self._send(self._channels[number], request)
        # The others have ended, which was told.

    def heard(self, channel, number, pid, lines):
        piece = read(channel)
        for message in lines.of(piece):
            say({**message, "cluster": number})
        if piece:
            return
        self._selector.unregister(channel)
        channel.close()
        del self._channels[number]
        say({"cluster": number, "ended": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])})

    def _fork(self, number, first):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            ours.close()
            for other in self._channels.values():
                other.close()
            self._selector.close()
            run(first, theirs)
        theirs.close()
        self._channels[number] = ours
        self._selector.register(ours, selectors.EVENT_READ, (number, pid, Lines()))

    def _send(self, channel, request):
        try:
            channel.sendall(line_of(request))
        except OSError:
            # It has ended: that is told when its end is read.
            pass


def read(channel):
    try:
        return channel.recv(READ_BYTES)
    except OSError:
        # It ended before it had read all that it was told.
        return b""


def run(first, channel):
    """In the process of a cluster. Does not return."""
    try:
        log = os.open(first["logFile"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        serve(first, map(json.loads, channel.makefile("r")), lambda message: channel.sendall(line_of(message)))
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(1)


def line_of(message):
    return json.dumps(message).encode() + b"\n"


def say(message):
    sys.stdout.buffer.write(line_of(message))
    sys.stdout.buffer.flush()


def main():
    # Ctrl-C goes to the whole process group; the parent decides when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wiredtiger.wiredtiger_open(None, "create,in_memory=true").close()
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    clusters = Clusters(selector)
    requests = Lines()
    while True:
        for key, _ in selector.select():
            if key.data is not None:
                clusters.heard(key.fileobj, *key.data)
                continue
            piece = os.read(0, READ_BYTES)
            if not piece:
                return
            for request in requests.of(piece):
                clusters.tell(request)


main()
