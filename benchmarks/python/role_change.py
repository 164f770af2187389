"""How long a cluster accepts no write while its primary changes, as one writer sees it that tries all mounts in turn.

    role_change.py DB MOUNT...

One write after the other, each with a row and no busy timeout; what is refused is tried on the next mount. A line of input
"kill PID..." kills those processes (SIGKILL) and ends with the milliseconds from the kill to the first write that is
accepted on another mount; "gap COMMAND..." runs a command (words, JSON) meanwhile and ends with the longest time between
the end of one accepted write and the end of the next. Prints the milliseconds, and how many accepted writes are missing at the
end."""

import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import time

TRY_SECONDS = 0.001
SETTLE_SECONDS = 1
GIVE_UP_SECONDS = 90


class Writer:
    def __init__(self, database, mounts):
        self.paths = [f"{mount}/{database}" for mount in mounts]
        self.connections = [None] * len(mounts)
        self.at = 0
        self.number = 0
        self.accepted = []
        self.dead = set()

    def connect(self, at):
        connection = sqlite3.connect(f"file:{self.paths[at]}?mode=rw", uri=True, timeout=0, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def write(self):
        """True if one was accepted."""
        if self.at in self.dead:
            self.at = (self.at + 1) % len(self.paths)
            return False
        try:
            if self.connections[self.at] is None:
                self.connections[self.at] = self.connect(self.at)
            self.number += 1
            self.connections[self.at].execute("INSERT INTO r VALUES(?)", (self.number,))
            self.accepted.append(self.number)
            return True
        except sqlite3.Error as error:
            if "locked" not in str(error):
                self.connections[self.at] = None
            self.at = (self.at + 1) % len(self.paths)
            time.sleep(TRY_SECONDS)
            return False

    def until_accepted(self):
        begun = time.monotonic()
        while not self.write():
            if time.monotonic() - begun > GIVE_UP_SECONDS:
                sys.exit(f"no write was accepted for {GIVE_UP_SECONDS} s")

    def missing(self):
        self.until_accepted()
        connection = self.connections[self.at]
        there = {row[0] for row in connection.execute("SELECT n FROM r")}
        return len([number for number in self.accepted if number not in there])


def after_kill(writer, pids):
    writer.until_accepted()
    killed = writer.at
    begun = time.monotonic()
    for pid in pids:
        os.kill(int(pid), signal.SIGKILL)
    writer.dead.add(killed)
    writer.until_accepted()
    return time.monotonic() - begun


def longest_gap(writer, command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    last = time.monotonic()
    longest = 0.0
    ends = None
    while ends is None or last < ends:
        writer.until_accepted()
        at = time.monotonic()
        longest = max(longest, at - last)
        last = at
        if ends is None and process.poll() is not None:
            if process.returncode != 0:
                sys.exit(f"{command} ended with {process.returncode}")
            ends = at + SETTLE_SECONDS
    return longest


def main(database, *mounts):
    writer = Writer(database, mounts)
    writer.until_accepted()
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        writer.write()
    word, _, rest = sys.stdin.readline().strip().partition(" ")
    took = after_kill(writer, rest.split()) if word == "kill" else longest_gap(writer, json.loads(rest))
    print(f"{took * 1000:.0f} {writer.missing()}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
