"""Runs ministack for as long as the parent process lives, and not a moment longer.

The parent holds the other end of our standard input and never writes to it. When the
parent goes, however it goes (SIGKILL leaves it no time to tell us), the pipe closes.
"""

import os
import runpy
import signal
import threading

import access_control
import as_recorded
import assign_at_once
import assigned_variables
import forgetting
import kept_code
import parse_once
import quote_once
import second_of_work
import stopped
import undelayed
import unhurried


def follow(parent_pipe: int) -> None:
    while os.read(parent_pipe, 1):
        pass
    # The whole group, which this process leads: the functions' processes go too.
    os.killpg(os.getpid(), signal.SIGKILL)


def main() -> None:
    # The copy is not inherited, so no Lambda worker can read from the parent's pipe.
    parent_pipe = os.dup(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    threading.Thread(target=follow, args=[parent_pipe], daemon=True).start()
    access_control.know_event_source()
    assign_at_once.assign_at_once()
    assigned_variables.tell_assigned_variables()
    as_recorded.answer_as_recorded()
    second_of_work.count_work()
    stopped.end_what_is_stopped()
    quote_once.quote_once()
    parse_once.parse_once()
    undelayed.answer_undelayed()
    unhurried.wait_unhurried()
    access_control.take_loopback_for_tls()
    access_control.record_decisions(os.environ["ACCESS_DECISIONS_FILE"])
    if "CODE_DIRECTORY" in os.environ:
        kept_code.keep_code(os.environ["CODE_DIRECTORY"])
    if "KEEP_NEWEST" in os.environ:
        forgetting.keep_newest(int(os.environ["KEEP_NEWEST"]))
    runpy.run_module("ministack", run_name="__main__")


main()
