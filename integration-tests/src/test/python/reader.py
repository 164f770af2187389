"""reader.py DB: for each number on its input that many read transactions; then says how many rows the last one saw."""
import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
connection.execute("PRAGMA cache_size=5")
for line in sys.stdin:
    for i in range(int(line)):
        connection.execute("SELECT a FROM r WHERE n=?", (1 + i * 7919 % 1000,)).fetchall()
    print(connection.execute("SELECT count(*) FROM r").fetchone()[0], flush=True)
