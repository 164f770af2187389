"""driver.py DB MODE: what every driver's program does (cli.sh says it)."""
import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(f"PRAGMA journal_mode={sys.argv[2]}")
connection.execute("CREATE TABLE d(n INTEGER PRIMARY KEY, a TEXT)")
for n in range(1, 6):
    connection.execute("BEGIN")
    connection.execute("INSERT INTO d VALUES(?, 'python')", (n,))
    connection.execute("COMMIT")
print(connection.execute("SELECT sqlite_version() || ' ' || sum(n) FROM d").fetchone()[0])
connection.close()
