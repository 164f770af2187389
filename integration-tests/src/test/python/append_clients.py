"""Clients that append to one database of a cluster, follow the primary, and read anywhere, until standard input ends.

    append_clients.py DB CLIENTS SEED PAUSE_MILLIS TIMEOUT_SECONDS SYNCHRONOUS NODE=MOUNT...

Each client is a process. A line of output for each operation, its time by the machine's monotonic clock in nanoseconds:

    append CLIENT NUMBER NODE BEGUN ENDED OUTCOME ERROR     OUTCOME: ok, refused (before the COMMIT), unknown
    read CLIENT NODE BEGUN ENDED COUNT LAST_CLIENT LAST_NUMBER
"""

import os
import random
import sqlite3
import sys
import time


class Client:
    def __init__(self, number, database, seed, pause, timeout, synchronous, mounts):
        self.number = number
        self.database = database
        self.random = random.Random(seed * 1000 + number)
        self.pause = pause
        self.timeout = timeout
        self.synchronous = synchronous
        self.mounts = mounts
        self.home = sorted(mounts)[number % len(mounts)]
        self.connections = {}
        self.appended = 0

    def say(self, *words):
        os.write(1, (" ".join(str(word) for word in words) + "\n").encode())

    def primary(self):
        """The node that the home's .primary names; the home itself where there is none. None if the home is dead."""
        mount = self.mounts[self.home]
        try:
            if not os.path.ismount(mount):
                return None
            with open(f"{mount}/.primary") as file:
                named = file.read().strip()
            return named if named in self.mounts else None
        except FileNotFoundError:
            return self.home
        except OSError:
            return None

    def connection(self, node):
        if node not in self.connections:
            # mode=rw: a missing database is an error, not a new one
            opened = sqlite3.connect(
                f"file:{self.mounts[node]}/{self.database}?mode=rw", uri=True, timeout=self.timeout, isolation_level=None
            )
            opened.execute(f"PRAGMA synchronous={self.synchronous}")
            self.connections[node] = opened
        return self.connections[node]

    def forget(self, node):
        connection = self.connections.pop(node, None)
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                pass

    def append(self, node):
        self.appended += 1
        begun = time.monotonic_ns()
        outcome, error = "refused", "-"
        try:
            connection = self.connection(node)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO appends(client, number, filler) VALUES(?, ?, ?)",
                (self.number, self.appended, self.random.randbytes(self.random.choice((10, 300, 5000)))),
            )
            outcome = "unknown"
            connection.execute("COMMIT")
            outcome = "ok"
        except sqlite3.Error as problem:
            error = str(problem)
            if outcome == "unknown" and "locked" in error:
                outcome = "refused"
            try:
                if node in self.connections and self.connections[node].in_transaction:
                    self.connections[node].execute("ROLLBACK")
            except sqlite3.Error:
                self.forget(node)
            if "locked" not in error:
                self.forget(node)
        ended = time.monotonic_ns()
        self.say("append", self.number, self.appended, node, begun, ended, outcome, error)
        return outcome == "ok"

    def read(self, node):
        begun = time.monotonic_ns()
        try:
            row = (
                self.connection(node)
                .execute("SELECT id, client, number, (SELECT count(*) FROM appends) FROM appends ORDER BY id DESC LIMIT 1")
                .fetchone()
            )
        except sqlite3.Error as problem:
            if "locked" not in str(problem):
                self.forget(node)
            return
        if row is not None:
            self.say("read", self.number, node, begun, time.monotonic_ns(), row[3], row[1], row[2])

    def run(self, stopped):
        while not stopped():
            if self.random.random() < 0.25:
                self.read(self.random.choice(sorted(self.mounts)))
            node = self.primary()
            if node is None:
                self.home = self.random.choice(sorted(self.mounts))
                time.sleep(0.02)
            elif not self.append(node):
                self.home = self.random.choice(sorted(self.mounts))
                time.sleep(0.02)
            time.sleep(self.random.random() * self.pause / 1000)


def main(database, clients, seed, pause, timeout, synchronous, *mounts):
    named = dict(mount.split("=", 1) for mount in mounts)
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def stopped():
        try:
            return os.read(reader, 1) == b""  # the end of the pipe
        except BlockingIOError:
            return False

    children = []
    for number in range(int(clients)):
        child = os.fork()
        if child == 0:
            os.close(writer)
            Client(number, database, int(seed), float(pause), float(timeout), synchronous, named).run(stopped)
            os._exit(0)
        children.append(child)
    sys.stdin.read()
    os.close(writer)
    failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
