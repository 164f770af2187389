"""Writes numbered rows, one transaction each, and says each number once its COMMIT has returned.

    writer.py DB JOURNAL_MODE SYNCHRONOUS       ends with exit code 3 at the first error
    writer.py --verify DB ACKNOWLEDGED          what is there, as JSON
"""

import hashlib
import json
import random
import sqlite3
import sys

from ltx_checksum import DatabaseChecksum


def payload(number):
    return random.Random(number).randbytes(random.Random(-number).choice([10, 200, 3000, 9000]))


def write(path, journal_mode, synchronous):
    try:
        connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        connection.execute(f"PRAGMA journal_mode={journal_mode}")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA wal_autocheckpoint=40")
        connection.execute("CREATE TABLE IF NOT EXISTS w(n INTEGER PRIMARY KEY, a BLOB, digest TEXT)")
        number = connection.execute("SELECT coalesce(max(n), 0) FROM w").fetchone()[0]
        print("ready", number, flush=True)
        while True:
            number += 1
            data = payload(number)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO w VALUES(?, ?, '')", (number, data))
            connection.execute("UPDATE w SET digest=? WHERE n=?", (hashlib.sha256(data).hexdigest(), number))
            if number > 60:
                connection.execute("UPDATE w SET a=?, digest='old' WHERE n=?", (payload(number)[:50], number - 60))
            connection.execute("COMMIT")
            print("ack", number, flush=True)
    except sqlite3.Error as error:
        print("error", error, flush=True)
        sys.exit(3)


def verify(path, acknowledged):
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    image = bytes(connection.serialize())
    integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    rows = connection.execute("SELECT n, a, digest FROM w ORDER BY n").fetchall()
    problems = [] if integrity == "ok" else [integrity]
    for i, (number, data, digest) in enumerate(rows):
        if number != i + 1:
            problems.append(f"row {i + 1} is missing")
            break
        old = number <= len(rows) - 60
        right = ("old", payload(number + 60)[:50]) if old else (hashlib.sha256(payload(number)).hexdigest(), payload(number))
        if (digest, data) != right:
            problems.append(f"row {number} is wrong")
            break
    if not acknowledged <= len(rows) <= acknowledged + 1:
        problems.append(f"{acknowledged} were acknowledged, {len(rows)} are there")
    print(json.dumps({"rows": len(rows), "checksum": f"{DatabaseChecksum().of(image):016x}", "problems": problems}))


if __name__ == "__main__":
    if sys.argv[1] == "--verify":
        verify(sys.argv[2], int(sys.argv[3]))
    else:
        write(*sys.argv[1:])
