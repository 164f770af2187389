"""steady_reader.py DB: reads both tables of a pair that are always changed together, in one read transaction after the
other on one connection, until standard input ends. Says as JSON how many it did, and what was wrong."""

import json
import os
import select
import sqlite3
import sys
import time

connection = None
reads, wrong, errors = 0, [], []
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0.002)[0]:
    try:
        if connection is None:
            connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=rw", uri=True, timeout=60, isolation_level=None)
        connection.execute("BEGIN")
        one, sum_one = connection.execute("SELECT count(*), coalesce(sum(n), 0) FROM one").fetchone()
        two, sum_two = connection.execute("SELECT count(*), coalesce(sum(n), 0) FROM two").fetchone()
        connection.execute("COMMIT")
        reads += 1
        if (one, sum_one) != (two, sum_two):
            wrong.append([one, sum_one, two, sum_two])
    except sqlite3.Error as error:
        errors.append(f"{type(error).__name__}: {error}")
        if connection is not None:
            connection.close()
        connection = None
        time.sleep(0.05)
print(json.dumps({"reads": reads, "wrong": wrong, "errors": errors}), flush=True)
os._exit(0)
