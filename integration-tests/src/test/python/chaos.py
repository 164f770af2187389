"""Many processes at once on a few databases; some of them are killed. Checks what is left.

    chaos.py --mount DIR --seed N --seconds S [--plain]
    chaos.py --worker DB JOURNAL_MODE SYNCHRONOUS SEED NAME

Each worker numbers its rows, a transaction each, and says each number once its COMMIT has returned; in between it reads,
checkpoints, rolls back, spills and vacuums. At the end, database by database: nothing acknowledged is missing, the
integrity check is ok, X-pos has the checksum of what a reader sees, and there is a TXID for each transaction.
"""

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

from ltx_checksum import DatabaseChecksum

MODES = [("WAL", "NORMAL"), ("WAL", "FULL"), ("DELETE", "FULL"), ("TRUNCATE", "NORMAL"), ("PERSIST", "EXTRA"), ("DELETE", "OFF")]


def worker(path, journal_mode, synchronous, seed, name):
    r = random.Random(int(seed))
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode={journal_mode}")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute(f"PRAGMA wal_autocheckpoint={r.choice([5, 50, 1000])}")
    connection.execute(f"PRAGMA cache_size={r.choice([5, 100, 2000])}")
    if r.random() < 0.3:
        connection.execute("PRAGMA mmap_size=1000000")
    number = 0
    while True:
        choice = r.random()
        numbered = False
        try:
            if choice < 0.6:
                connection.execute("BEGIN IMMEDIATE")
                number, numbered = number + 1, True
                connection.execute("INSERT INTO w VALUES(?, ?, randomblob(?))", (name, number, r.choice([10, 300, 4000])))
                if r.random() < 0.3:
                    connection.execute("UPDATE w SET a=randomblob(100) WHERE rowid%7=?", (r.randrange(7),))
                if r.random() < 0.2:
                    connection.execute("DELETE FROM filler WHERE rowid%3=1")
                    connection.execute("INSERT INTO filler SELECT randomblob(500) FROM w LIMIT 40")
                connection.execute("COMMIT")
                print("ack", number, flush=True)
            elif choice < 0.8:
                connection.execute("SELECT count(*), sum(length(a)) FROM w").fetchone()
            elif choice < 0.9:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO filler SELECT randomblob(900) FROM w LIMIT 60")
                connection.execute("UPDATE w SET a=zeroblob(2000)")
                connection.execute("ROLLBACK")
            elif choice < 0.95:
                connection.execute(f"PRAGMA wal_checkpoint({r.choice(['PASSIVE', 'FULL', 'RESTART', 'TRUNCATE'])})").fetchall()
            elif choice < 0.97:
                result = connection.execute("PRAGMA quick_check").fetchone()[0]
                if result != "ok":
                    print("error quick_check:", result, flush=True)
                    return
            elif choice < 0.98:
                connection.execute("VACUUM")
                print("vacuum", flush=True)
            else:
                connection.close()
                connection = sqlite3.connect(path, timeout=60, isolation_level=None)
                connection.execute(f"PRAGMA journal_mode={journal_mode}")
                connection.execute(f"PRAGMA synchronous={synchronous}")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                print("error", error, flush=True)
                return
            if connection.in_transaction:
                connection.execute("ROLLBACK")
                number -= numbered


class Worker:
    serial = 0

    def __init__(self, database, mode, r):
        Worker.serial += 1
        self.name = f"p{Worker.serial}"
        self.acknowledged, self.vacuums, self.error, self.killed = 0, 0, None, False
        self.process = subprocess.Popen(
            [sys.executable, os.path.abspath(__file__), "--worker", database, *mode, str(r.randrange(1 << 30)), self.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            if line.startswith("ack "):
                self.acknowledged = int(line[4:])
            elif line.startswith("vacuum"):
                self.vacuums += 1
            else:
                self.error = (self.error or "") + line

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            sys.exit(f"FAILED: {self.name} hangs after kill -9")
        self.thread.join()
        self.killed = True


def check(path, mode, workers, plain):
    problems = []
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        problems.append(f"integrity_check: {found}")
    rows = 0
    for w in workers:
        numbers = [row[0] for row in connection.execute("SELECT n FROM w WHERE name=? ORDER BY n", (w.name,))]
        rows += len(numbers)
        if numbers != list(range(1, len(numbers) + 1)) or not w.acknowledged <= len(numbers) <= w.acknowledged + 1:
            problems.append(f"{w.name}: acknowledged {w.acknowledged}, there are {len(numbers)}: {numbers[-3:]}")
        if w.error:
            problems.append(f"{w.name}: {w.error.strip()}")
    if not plain:
        image = bytes(connection.serialize())
        with open(path + "-pos") as file:
            txid, checksum = (int(part, 16) for part in file.read().strip().split("/"))
        if checksum != DatabaseChecksum().of(image):
            problems.append(f"X-pos has {checksum:016x}, a reader's bytes {DatabaseChecksum().of(image):016x}")
        least = rows + sum(w.vacuums for w in workers) + 2 + (mode[0] == "WAL")
        if not least <= txid <= least + sum(w.killed for w in workers):
            problems.append(f"TXID {txid}, at least {least} transactions were seen")
    connection.close()
    return [f"{os.path.basename(path)} {mode}: {problem}" for problem in problems], rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mount", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    r = random.Random(arguments.seed)
    databases = []
    for i, mode in enumerate(MODES):
        path = os.path.join(arguments.mount, f"chaos{i}.db")
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        connection.execute(f"PRAGMA page_size={r.choice([512, 1024, 4096, 4096, 16384])}")
        connection.execute(f"PRAGMA journal_mode={mode[0]}")
        connection.execute("CREATE TABLE w(name, n, a)")
        connection.execute("CREATE TABLE filler(a)")
        connection.close()
        databases.append((path, mode, []))
    deadline = time.monotonic() + arguments.seconds
    alive = []
    while time.monotonic() < deadline:
        while len(alive) < 2 * len(MODES):
            path, mode, workers = databases[len(alive) % len(MODES)] if len(alive) < len(MODES) else r.choice(databases)
            w = Worker(path, mode, r)
            workers.append(w)
            alive.append(w)
        time.sleep(r.random() * 0.4)
        if r.random() < 0.5:
            alive.pop(r.randrange(len(alive))).kill()
        for w in [w for w in alive if w.process.poll() is not None]:
            w.thread.join()
            alive.remove(w)
            print(f"FAILED seed={arguments.seed}: {w.name} ended: {w.error}")
    for w in alive:
        w.kill()
    problems, rows = [], 0
    for path, mode, workers in databases:
        wrong, count = check(path, mode, workers, arguments.plain)
        problems += wrong
        rows += count
    for problem in problems:
        print("  " + problem)
    if problems:
        sys.exit(f"FAILED seed={arguments.seed}")
    print(f"ok seed={arguments.seed} workers={Worker.serial} rows={rows}")


if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        worker(*sys.argv[2:])
    else:
        main()
