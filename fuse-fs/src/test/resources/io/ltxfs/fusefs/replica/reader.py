"""Reads one database until its standard input ends: each snapshot twice, with its rules checked.

reader.py DATABASE KIND, where KIND is short, long, reopen, checkpoint, integrity or mmap. Prints one line:
snapshots read, and the defects seen, none of which there may be.
"""
import os, select, sqlite3, sys, time

path, kind = sys.argv[1], sys.argv[2]
snapshots = 0
last = -1
defects = []
busy = 0


def open_it():
    connection = sqlite3.connect(path, timeout=10, isolation_level=None)
    if kind == "mmap":
        connection.execute("pragma mmap_size = 268435456")
    return connection


def look(connection):
    n = connection.execute("select n from meta").fetchone()[0]
    rows = connection.execute("select count(*), min(v), max(v), sum(length(b)) from t").fetchone()
    size = connection.execute("select bytes from meta").fetchone()[0]
    extra = connection.execute("select count(*) from sqlite_master where name like 'extra%'").fetchone()[0]
    expected = connection.execute("select extras from meta").fetchone()[0]
    return n, rows, size, extra, expected


def wrong(n, rows, size, extra, expected):
    return (rows[0] and (rows[1] != n or rows[2] != n)) or (rows[3] or 0) != size or extra != expected


connection = open_it()
patience = time.monotonic() + 120
# One that has come late, or was locked out all the time, reads once at the end.
while not select.select([sys.stdin], [], [], 0)[0] or snapshots == 0 and not defects and time.monotonic() < patience:
    try:
        if kind == "reopen":
            connection.close()
            connection = open_it()
        connection.execute("begin")
        first = look(connection)
        if kind == "long":
            time.sleep(0.3)
        second = look(connection)
        if kind == "integrity" and snapshots % 5 == 0:
            result = connection.execute("pragma integrity_check").fetchone()[0]
            if result != "ok":
                defects.append("integrity: " + result)
        connection.execute("commit")
        if first != second:
            defects.append("changed: %s %s" % (first, second))
        if wrong(*first):
            defects.append("wrong: %s" % (first,))
        if first[0] < last:
            defects.append("backward: %s after %s" % (first[0], last))
        last = first[0]
        snapshots += 1
        if kind == "checkpoint" and snapshots % 10 == 0:
            connection.execute("pragma wal_checkpoint(passive)").fetchall()
    except sqlite3.OperationalError as e:
        # In rollback mode a busy timeout may end while readers and the replica take turns.
        if "locked" not in str(e):
            defects.append("error: " + str(e))
        busy += 1
        if connection.in_transaction:
            connection.execute("rollback")
    except sqlite3.DatabaseError as e:
        defects.append("error: " + str(e))
        connection = open_it()
    if len(defects) > 5:
        break
print("%s snapshots=%d last=%d busy=%d defects=%s" % (kind, snapshots, last, busy, defects))
