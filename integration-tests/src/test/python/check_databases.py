"""Compares every database below a directory of the mount with its X-pos and with what it exports.

    check_databases.py --mount DIR [--below DIR] [--seen FILE] [--export COMMAND...]

COMMAND is given the database's name and, last, the file to write. Prints how many were compared; what SQLite itself
refuses to read (the suite damages databases on purpose) is counted and left out. FILE remembers positions between
calls: a database that is still at the position where it was compared is left out.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

from ltx_checksum import DatabaseChecksum


# wal2 changes a byte of a frame in a copied WAL. SQLite then shows the state before that commit; the log has the commit,
# and takes the old pages into the database's next transaction, which the suite does not make.
WAL_DAMAGED_BY_HAND = ("wal2/testdir/test2.db",)


def image_of(path):
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return bytes(connection.serialize() or b"")
    finally:
        connection.close()


def position(path):
    with open(path + "-pos") as file:
        return file.read().strip()


def read_seen(path):
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        return {name: at for at, name in (line.rstrip("\n").split(" ", 1) for line in file)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mount", required=True)
    parser.add_argument("--below", default="")
    parser.add_argument("--seen", default=os.devnull)
    parser.add_argument("--export", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    seen = read_seen(arguments.seen)
    compared = skipped = wrong = 0
    for directory, _, files in os.walk(os.path.join(arguments.mount, arguments.below)):
        for file in sorted(files):
            path = os.path.join(directory, file)
            if not os.path.exists(path + "-pos") or os.path.getsize(path) == 0:
                continue
            name = os.path.relpath(path, arguments.mount)
            if seen.get(name) == position(path):
                continue
            if name.endswith(WAL_DAMAGED_BY_HAND):
                print(f"skipped {name}: the suite damaged its WAL")
                skipped += 1
                continue
            try:
                image = image_of(path)
            except sqlite3.Error as error:
                print(f"skipped {name}: {error}")
                skipped += 1
                continue
            expected = f"{DatabaseChecksum().of(image):016x}"
            deadline = time.monotonic() + 15  # what was written without a journal is adopted a little later
            while (found := position(path).split("/")[1]) != expected and time.monotonic() < deadline:
                time.sleep(0.05)
            if found != expected:
                print(f"WRONG {name}: X-pos {position(path)}, a reader's bytes have {expected}")
                wrong += 1
                continue
            if arguments.export:
                with tempfile.TemporaryDirectory() as scratch:
                    target = os.path.join(scratch, "export.db")
                    done = subprocess.run([*arguments.export, name, target], capture_output=True, text=True)
                    if done.returncode:
                        print(f"WRONG {name}: export: {done.stderr.strip()}")
                        wrong += 1
                        continue
                    with open(target, "rb") as exported:
                        if exported.read() != image:
                            print(f"WRONG {name}: the export is not what a reader sees")
                            wrong += 1
                            continue
            compared += 1
            seen[name] = position(path)
    with open(arguments.seen, "w") as file:
        file.writelines(f"{at} {name}\n" for name, at in seen.items())
    print(f"compared {compared}, skipped {skipped}, wrong {wrong}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
