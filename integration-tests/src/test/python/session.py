"""session.py DB MODE TIMEOUT_SECONDS: one SQLite connection; each line of input is SQL as JSON, each line of output its
rows or its error. It is opened by the first line; MODE as in SQLite's URIs."""

import json
import sqlite3
import sys

connection = None
for line in sys.stdin:
    try:
        if connection is None:
            name = f"file:{sys.argv[1]}?mode={sys.argv[2]}"
            connection = sqlite3.connect(name, uri=True, timeout=float(sys.argv[3]), isolation_level=None)
        print(json.dumps({"rows": connection.execute(json.loads(line)).fetchall()}), flush=True)
    except sqlite3.Error as error:
        print(json.dumps({"error": str(error)}), flush=True)
