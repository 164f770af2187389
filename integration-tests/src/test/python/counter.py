"""counter.py DB MODE N: counts up N times, each time in a transaction of its own, whoever else does the same."""
import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
connection.execute(f"PRAGMA journal_mode={sys.argv[2]}")
for _ in range(int(sys.argv[3])):
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE c SET n=n+1")
    connection.execute("COMMIT")
