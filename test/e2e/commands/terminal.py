"""Runs a command in a terminal of a given width, and writes what it wrote there. Standard input is an answer to a question, if any."""

import fcntl
import os
import pty
import struct
import sys
import termios

columns, command = int(sys.argv[1]), sys.argv[2:]
answer = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
pid, terminal = pty.fork()
if pid == 0:
    # The parent sets the width before the command is loaded.
    os.read(0, 1)
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
settings = termios.tcgetattr(terminal)
settings[3] &= ~termios.ECHO
termios.tcsetattr(terminal, termios.TCSANOW, settings)
os.write(terminal, b"\n")
asked = False
while True:
    try:
        written = os.read(terminal, 65536)
    except OSError:
        break
    if not written:
        break
    sys.stdout.buffer.write(written)
    if answer and not asked and b"(y/N)" in written:
        asked = True
        os.write(terminal, answer)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
