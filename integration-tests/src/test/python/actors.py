"""Who runs SQL in the oracle: a connection of this process, or one of a process of its own that can be killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys


def connect(path):
    connection = sqlite3.connect(path, timeout=0.3, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection


def run_statements(connection, statements):
    """Runs them until one fails. Returns (error or None, rows changed, rows of the last one)."""
    before, rows = connection.total_changes, []
    for statement in statements:
        try:
            rows = connection.execute(statement).fetchall()
        except sqlite3.Error as error:
            return str(error), connection.total_changes - before, rows
    return None, connection.total_changes - before, rows


class Local:
    """A connection of this process."""

    def __init__(self, path):
        self.connection = connect(path)

    def run(self, *statements):
        return run_statements(self.connection, statements)

    def image(self, schema="main"):
        return bytes(self.connection.serialize(name=schema) or b"")

    def close(self):
        self.connection.close()


class Remote:
    """A connection of a process of its own."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.process.stdout.readline()

    def run(self, *statements):
        print(json.dumps(statements), file=self.process.stdin, flush=True)
        return tuple(json.loads(self.process.stdout.readline()))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main(path):
    connection = connect(path)
    print("ready", flush=True)
    for line in sys.stdin:
        error, changed, rows = run_statements(connection, json.loads(line))
        rows = [[str(value) for value in row] for row in rows[:5]]
        print(json.dumps([error, changed, rows]), flush=True)
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
