"""Compares databases of a mount with their X-pos and with what they export.

    check_databases.py --mount DIR --jar LTXFS.JAR --data DATA

For each line of standard input, a directory on the mount, a tab and the file of the suite that ran there, compares what
is there and was not compared at its present position yet. Then says in a line how many were compared; what SQLite itself
refuses to read (the suite damages databases on purpose) is counted and left out. What is wrong is told on standard error.
"""

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

from ltx_checksum import DatabaseChecksum


# These files of the suite change a byte of a frame in a copied WAL. SQLite then shows the state before that commit; the
# log has the commit, and takes the old pages into the database's next transaction, which the suite does not make.
WAL_DAMAGED_BY_HAND = (("wal2", "test2.db"), ("walslow", "test2.db"))

ADOPTED_WITHIN = 15  # seconds: what was written without a journal is adopted a little later


class Wrong(Exception):
    """A database is not what it should be."""


class Exports:
    """The exports of one node, made by one process."""

    def __init__(self, jar, data):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Exports.java")
        self._process = subprocess.Popen(
            ["java", "-cp", jar, program, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def export(self, name):
        with tempfile.TemporaryDirectory() as scratch:
            target = os.path.join(scratch, "export.db")
            print(name, target, sep="\t", file=self._process.stdin, flush=True)
            if self._process.stdout.readline().strip() != "0":
                raise Wrong("cannot be exported")
            with open(target, "rb") as exported:
                return exported.read()


def images_of(path):
    """What a reader sees; and the whole file, which SQLite commits in WAL mode after it has grown by a chunk size."""
    connection = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        images = [bytes(connection.serialize() or b"")]
    finally:
        connection.close()
    with open(path, "rb") as file:
        whole = file.read()
    if len(whole) > len(images[0]) and whole.startswith(images[0]):
        images.append(whole)
    return images


def position(path):
    with open(path + "-pos") as file:
        return file.read().strip()


class Checker:
    def __init__(self, mount, exports):
        self._mount = mount
        self._exports = exports
        self._seen = {}

    def check(self, below, file):
        compared = skipped = wrong = 0
        for path in self._databases(below):
            name = os.path.relpath(path, self._mount)
            if self._seen.get(name) == position(path):
                continue
            try:
                if (file, os.path.basename(path)) in WAL_DAMAGED_BY_HAND:
                    raise sqlite3.DatabaseError("the suite damaged its WAL")
                self._compare(name, path)
                compared += 1
            except sqlite3.Error as error:
                print(f"skipped {name}: {error}", file=sys.stderr)
                skipped += 1
            except Wrong as problem:
                print(f"WRONG {name}: {problem}", file=sys.stderr)
                wrong += 1
            self._seen[name] = position(path)
        return f"compared {compared} skipped {skipped} wrong {wrong}"

    def _databases(self, below):
        for directory, _, files in os.walk(os.path.join(self._mount, below)):
            for file in sorted(files):
                path = os.path.join(directory, file)
                if os.path.exists(path + "-pos") and os.path.getsize(path):
                    yield path

    def _compare(self, name, path):
        images = {f"{DatabaseChecksum().of(image):016x}": image for image in images_of(path)}
        deadline = time.monotonic() + ADOPTED_WITHIN
        while (found := position(path).split("/")[1]) not in images:
            if time.monotonic() > deadline:
                raise Wrong(f"X-pos {position(path)}, a reader's bytes have {' or '.join(images)}")
            time.sleep(0.05)
        if self._exports.export(name) != images[found]:
            raise Wrong("the export is not what a reader sees")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mount", required=True)
    parser.add_argument("--jar", required=True)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()
    checker = Checker(arguments.mount, Exports(arguments.jar, arguments.data))
    for line in sys.stdin:
        print(checker.check(*line.rstrip("\n").split("\t")), flush=True)


if __name__ == "__main__":
    main()
