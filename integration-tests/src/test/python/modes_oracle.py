"""Random SQL over every mode, checked against what SQLite itself shows.

After each operation every database must have the checksum in X-pos that is computed here from the bytes that a reader
sees, and a TXID that has grown by one if they changed and by nothing if they did not. Each state is kept; the manifest
names what every TXID must export.

    modes_oracle.py --mount DIR --seed N --seconds S --manifest FILE [--plain]

With --plain nothing but SQLite is exercised: it shows that the operations themselves are right.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import time
import traceback

from actors import Local, Remote
from ltx_checksum import FLAG, DatabaseChecksum

PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536]
JOURNAL_MODES = ["DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF", "WAL"]
SYNCHRONOUS = ["OFF", "NORMAL", "FULL", "EXTRA"]
ADOPT_SECONDS = 20


class Mismatch(Exception):
    """ltxfs and SQLite disagree."""


def only_free_pages_differ(image, before):
    """Whether two images of a database differ, and only in leaves of its freelist, which hold nothing."""
    if len(image) != len(before) or image == before or len(image) < 100:
        return False
    stored = int.from_bytes(image[16:18], "big")
    size = 65536 if stored == 1 else stored
    trunk, leaves, seen = int.from_bytes(before[32:36], "big"), set(), set()
    while trunk and trunk not in seen and trunk * size <= len(before):
        seen.add(trunk)
        page = before[(trunk - 1) * size:trunk * size]
        count = int.from_bytes(page[4:8], "big")
        leaves.update(int.from_bytes(page[8 + 4 * i:12 + 4 * i], "big") for i in range(min(count, size // 4 - 2)))
        trunk = int.from_bytes(page[:4], "big")
    differing = {at // size + 1 for at in range(0, len(image), size) if image[at:at + size] != before[at:at + size]}
    return differing <= leaves


class Subject:
    """One database under test and what is known of it."""

    def __init__(self, oracle, name, page_size, auto_vacuum):
        self.name, self.oracle = name, oracle
        self.path = os.path.join(oracle.mount, name)
        self.checksum = DatabaseChecksum()
        self.image, self.txid, self.states = b"", 0, {}
        self.journal_mode, self.unsynced, self.held_back = "DELETE", False, False
        self.local = Local(self.path)
        self.local.run(f"PRAGMA page_size={page_size}", f"PRAGMA auto_vacuum={auto_vacuum}")
        self.local.run("CREATE TABLE t(id INTEGER PRIMARY KEY, a BLOB, b INT)")
        self.local.run("CREATE INDEX ti ON t(b)")
        self.remote, self.reader = Remote(self.path), None
        self.exclusive = False

    def adopts(self):
        """Whether its commits can only be seen afterwards: no journal on the disk and no sync."""
        return self.unsynced and self.journal_mode in ("MEMORY", "OFF")

    def see(self):
        """The bytes that a reader sees."""
        if self.exclusive:
            return self.local.image()
        if self.reader is None:
            self.reader = Local(self.path)
        for _ in range(50):
            try:
                return self.reader.image()
            except Exception as error:  # a lock that another process is about to let go
                last = error
                time.sleep(0.02)
        raise Mismatch(f"{self.name}: cannot be read: {last}")

    def position(self):
        try:
            with open(self.path + "-pos") as file:
                txid, checksum = file.read().strip().split("/")
        except FileNotFoundError:
            return 0, FLAG
        return int(txid, 16), int(checksum, 16)

    def check(self, what, repeats_allowed=False, must_change=False):
        image = self.see()
        if self.exclusive and only_free_pages_differ(image, self.image):
            image = self.image  # a rolled-back statement leaves them in the connection's own cache, not in the file
        changed = image != self.image
        if must_change and not changed:
            raise Mismatch(f"{self.name}: the test's own mistake: {what} changed nothing")
        if self.oracle.plain:
            self.image = image
            return
        if self.exclusive and self.adopts():
            self.held_back = True  # its lock is never free: adopted when exclusive mode or the connection ends
            return
        expected = self.checksum.of(image)
        txid, checksum = self.position()
        if (self.adopts() or self.held_back) and checksum != expected:
            deadline = time.monotonic() + ADOPT_SECONDS
            while checksum != expected and time.monotonic() < deadline:
                time.sleep(0.02)
                txid, checksum = self.position()
        if checksum != expected and self.journal_mode == "MEMORY" and self.reader is not None:
            # A rollback leaves free pages changed that it had reused. A reader's cache does not know it; without a
            # journal on the disk ltxfs cannot know that it was a rollback.
            self.reader.close()
            self.reader = None
            image = self.see()
            expected, changed = self.checksum.of(image), True
        if checksum != expected:
            raise Mismatch(
                f"{self.name}: after {what} X-pos has checksum {checksum:016x} at TXID {txid:016x} (before: {self.txid:x}),"
                f" a reader's bytes have {expected:016x} (changed: {changed})"
            )
        grown = txid - self.txid
        held_back, self.held_back = self.held_back, False
        if grown != changed and not (grown == 1 and repeats_allowed) and not (held_back and grown in (1, 2)):
            raise Mismatch(f"{self.name}: after {what} the TXID grew by {grown}, changed: {changed}")
        self.image, self.txid = image, txid
        if image:
            self.states[txid] = (len(image), hashlib.sha256(image).hexdigest())

    def reopen(self):
        self.close()
        self.local, self.remote = Local(self.path), Remote(self.path)

    def close(self):
        self.local.close()
        self.remote.close()
        if self.reader:
            self.reader.close()
        self.reader = None


class Oracle:
    def __init__(self, arguments):
        self.mount, self.plain = arguments.mount, arguments.plain
        self.random = random.Random(arguments.seed)
        self.trace, self.count, self.serial = [], 0, 0
        self.subjects, self.manifest, self.commits = [], {}, 0

    # Values

    def blob(self):
        return f"randomblob({self.random.choice([1, 20, 100, 400, 1500, 5000])})"

    def actor(self, subject):
        return subject.local if subject.exclusive or self.random.random() < 0.7 else subject.remote

    def dml(self, prefix="main"):
        r = self.random
        return r.choice([
            f"INSERT INTO {prefix}.t(a,b) SELECT {self.blob()}, abs(random())%1000 FROM (WITH RECURSIVE c(n) AS"
            f" (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<{r.choice([1, 1, 3, 10, 40])}) SELECT n FROM c)",
            f"INSERT INTO {prefix}.t(a,b) VALUES({self.blob()}, {r.randrange(1000)})",
            f"UPDATE {prefix}.t SET a={self.blob()}, b=b+1 WHERE id%{r.choice([2, 5, 17])}={r.randrange(2)}",
            f"UPDATE {prefix}.t SET b=b+1 WHERE id=(SELECT max(id) FROM {prefix}.t)",
            f"DELETE FROM {prefix}.t WHERE id%{r.choice([3, 7, 11])}=1",
            f"DELETE FROM {prefix}.t WHERE id>(SELECT max(id)-{r.randrange(30)} FROM {prefix}.t)",
            f"REPLACE INTO {prefix}.t(id,a,b) VALUES({1 + r.randrange(50)}, {self.blob()}, 1)",
        ])

    # Operations: each returns what it did

    def op_write(self, s):
        error, _, _ = self.actor(s).run(self.dml())
        return f"write ({error})"

    def op_big_delete(self, s):
        self.actor(s).run(self.random.choice(["DELETE FROM t", "DELETE FROM t WHERE id%4>0"]))
        return "big delete"

    def op_transaction(self, s):
        r, actor, end = self.random, self.actor(s), "COMMIT"
        statements = [r.choice(["BEGIN", "BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])]
        for _ in range(r.randrange(5)):
            statements.append(self.dml())
        if r.random() < 0.4:
            statements += ["SAVEPOINT sp", self.dml(), self.dml(), r.choice(["ROLLBACK TO sp", "RELEASE sp"])]
        if s.journal_mode != "OFF" and r.random() < 0.3:
            end = "ROLLBACK"
        return self.finish(s, actor, statements, end)

    def op_spill(self, s):
        r, actor, end = self.random, self.actor(s), "COMMIT"
        if s.journal_mode != "OFF" and r.random() < 0.4:
            end = "ROLLBACK"
        actor.run("PRAGMA cache_size=3")
        statements = ["BEGIN"] + [self.dml() for _ in range(6)]
        if r.random() < 0.5:
            statements += ["SAVEPOINT sp", self.dml(), self.dml(), "ROLLBACK TO sp", self.dml()]
        done = self.finish(s, actor, statements, end)
        actor.run("PRAGMA cache_size=-2000")
        return "spilling " + done

    def finish(self, s, actor, statements, end):
        if s.journal_mode == "OFF" and "ROLLBACK TO sp" in statements:
            statements.remove("ROLLBACK TO sp")
        error, _, _ = actor.run(*statements, end)
        if error:
            actor.run("ROLLBACK")
        return f"transaction {end} ({error})"

    def op_nothing(self, s):
        statements = self.random.choice([
            ["SELECT count(*), sum(b) FROM t"],
            ["BEGIN", "SELECT count(*) FROM t", "COMMIT"],
            ["BEGIN IMMEDIATE", "COMMIT"],
            ["BEGIN EXCLUSIVE", "ROLLBACK"],
            ["PRAGMA journal_mode"],
            ["PRAGMA quick_check"],
            ["UPDATE t SET b=1 WHERE id<0"],
            ["PRAGMA page_count", "PRAGMA freelist_count"],
        ])
        before = s.txid
        error, _, _ = self.actor(s).run(*statements)
        s.check(str(statements))
        if s.txid != before:
            raise Mismatch(f"{s.name}: {statements} took a TXID")
        return f"nothing {statements[0]} ({error})"

    def op_journal_mode(self, s):
        mode = self.random.choice(JOURNAL_MODES + ["WAL"] * 3)
        actor = self.actor(s)
        if (mode == "WAL") != (s.journal_mode == "WAL"):
            s.close()
            s.local, s.remote = Local(s.path), Remote(s.path)
            actor = s.local
        else:
            self.everywhere(s, f"PRAGMA journal_mode={mode}")
        error, _, rows = actor.run(f"PRAGMA journal_mode={mode}")
        # A mode but WAL belongs to a connection, not to the file.
        self.everywhere(s, f"PRAGMA journal_mode={mode}")
        rows = s.local.run("PRAGMA journal_mode")[2]
        if rows:
            s.journal_mode = rows[0][0].upper()
        self.settings(s)
        return f"journal_mode={mode} -> {s.journal_mode} ({error})"

    def everywhere(self, s, statement):
        s.local.run(statement)
        if not s.exclusive:
            s.remote.run(statement)

    def settings(self, s, synchronous=None):
        if synchronous is not None:
            s.synchronous = synchronous
        s.unsynced = s.synchronous == "OFF"
        self.everywhere(s, f"PRAGMA synchronous={s.synchronous}")

    def op_synchronous(self, s):
        self.settings(s, self.random.choice(SYNCHRONOUS))
        return f"synchronous={s.synchronous}"

    def op_checkpoint(self, s):
        before = s.txid
        what = f"PRAGMA wal_checkpoint({self.random.choice(['PASSIVE', 'FULL', 'RESTART', 'TRUNCATE'])})"
        self.actor(s).run(what)
        s.check(what)
        if s.txid != before:
            raise Mismatch(f"{s.name}: {what} took a TXID")
        return what

    def op_vacuum(self, s):
        r = self.random
        statements = r.choice([
            ["VACUUM"],
            [f"PRAGMA page_size={r.choice(PAGE_SIZES)}", "VACUUM"],
            [f"PRAGMA auto_vacuum={r.choice([0, 1, 2])}", "VACUUM"],
            [f"PRAGMA incremental_vacuum({r.choice([1, 5, 1000])})"],
        ])
        if s.journal_mode == "OFF":
            statements = statements[-1:]
        actor = s.local
        # A changed auto_vacuum that needs no VACUUM is written at once, as a transaction of its own.
        for statement in statements[:-1]:
            actor.run(statement)
            s.check(statement, repeats_allowed=True)
        error, _, _ = actor.run(statements[-1])
        return f"{statements} ({error})"

    def op_schema(self, s):
        self.serial += 1
        statement = self.random.choice([
            f"CREATE TABLE x{self.serial}(y)",
            f"CREATE INDEX i{self.serial} ON t(b, id)",
            f"PRAGMA user_version={self.serial}",
            f"PRAGMA application_id={self.serial}",
            "REINDEX",
            "ANALYZE",
            "DROP TABLE IF EXISTS x" + str(max(1, self.serial - 3)),
            "DROP INDEX IF EXISTS i" + str(max(1, self.serial - 2)),
        ])
        error, _, _ = self.actor(s).run(statement)
        return f"{statement} ({error})"

    def op_attach(self, s):
        others = self.random.sample([o for o in self.subjects if o is not s], self.random.choice([1, 2]))
        if any(o.exclusive for o in [s, *others]):
            return "no attach"
        r, actor = self.random, self.actor(s)
        for i, other in enumerate(others):
            actor.run(f"ATTACH '{other.path}' AS o{i}")
            if other.journal_mode != "WAL":
                actor.run(f"PRAGMA o{i}.journal_mode={other.journal_mode}")
            actor.run(f"PRAGMA o{i}.synchronous={other.synchronous}")
        statements, end = ["BEGIN"], "COMMIT"
        for _ in range(2 + r.randrange(3)):
            statements.append(self.dml(r.choice(["main", "o0", f"o{len(others) - 1}"])))
        if r.random() < 0.3 and "OFF" not in [o.journal_mode for o in [s, *others]]:
            end = "ROLLBACK"
        error, _, _ = actor.run(*statements, end)
        if error:
            actor.run("ROLLBACK")
        for i in range(len(others)):
            actor.run(f"DETACH o{i}")
        return f"attach {[o.name for o in others]} {[o.journal_mode for o in [s, *others]]} {end} ({error})"

    def op_reader_holds(self, s):
        if s.exclusive:
            return "exclusive"
        reader = Local(s.path)
        reader.run("BEGIN", "SELECT count(*) FROM t")
        before = reader.image() if s.journal_mode == "WAL" else None
        error, _, _ = s.local.run(self.dml())
        if before is not None and reader.image() != before:
            raise Mismatch(f"{s.name}: a reader's snapshot changed")
        reader.run("COMMIT")
        reader.close()
        return f"write beside a reader ({error})"

    def op_failing(self, s):
        if s.journal_mode == "OFF":
            return "none"
        error, _, _ = self.actor(s).run(
            "INSERT INTO t(id,a,b) SELECT CASE WHEN n<20 THEN NULL ELSE 1 END, randomblob(300), n FROM (WITH RECURSIVE"
            " c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<20) SELECT n FROM c)"
        )
        return f"failing statement ({error})"

    def op_kill_app(self, s):
        if s.exclusive or s.journal_mode in ("OFF", "MEMORY"):
            return "no kill"
        s.remote.run("PRAGMA cache_size=3", "BEGIN IMMEDIATE", self.dml(), self.dml(), self.dml(), self.dml())
        s.remote.kill()
        s.remote = Remote(s.path)
        s.remote.run(f"PRAGMA journal_mode={s.journal_mode}", f"PRAGMA synchronous={s.synchronous}")
        return "kill -9 of an app in its transaction"

    def op_reopen(self, s):
        s.reopen()
        self.everywhere(s, f"PRAGMA journal_mode={s.journal_mode}")
        self.settings(s)
        return "reopen"

    def op_exclusive(self, s):
        if s.exclusive:
            s.local.run("PRAGMA locking_mode=NORMAL", "SELECT count(*) FROM t")
            s.exclusive = False
            s.local.close()
            s.local, s.remote = Local(s.path), Remote(s.path)
        else:
            s.close()
            s.local = Local(s.path)
            s.local.run("PRAGMA locking_mode=EXCLUSIVE")
            s.exclusive = True
        self.everywhere(s, f"PRAGMA journal_mode={s.journal_mode}")
        self.settings(s)
        return f"exclusive={s.exclusive}"

    def op_mmap(self, s):
        size = self.random.choice([0, 100000, 1 << 30])
        self.everywhere(s, f"PRAGMA mmap_size={size}")
        return f"mmap_size={size}"

    def op_settings(self, s):
        statement = self.random.choice([
            "PRAGMA cache_spill=0", "PRAGMA cache_spill=5", "PRAGMA secure_delete=1", "PRAGMA secure_delete=0",
            "PRAGMA journal_size_limit=0", "PRAGMA journal_size_limit=20000", "PRAGMA wal_autocheckpoint=10",
            "PRAGMA wal_autocheckpoint=1000", "PRAGMA temp_store=FILE", "PRAGMA temp_store=MEMORY",
        ])
        self.everywhere(s, statement)
        return statement

    def op_backup(self, s):
        if s.exclusive or s.journal_mode == "OFF":
            return "no backup"
        other = self.random.choice([o for o in self.subjects if o is not s])
        if other.exclusive:
            return "no backup"
        try:
            other.local.connection.backup(s.local.connection)
        except Exception as error:
            return f"backup ({error})"
        # The copied header says in which mode the source was.
        s.reopen()
        s.journal_mode = s.local.run("PRAGMA journal_mode")[2][0][0].upper()
        self.settings(s)
        return f"backup from {other.name}"

    def op_vacuum_into(self, s):
        self.serial += 1
        name = f"into{self.serial}.db"
        error, _, _ = self.actor(s).run(f"VACUUM INTO '{os.path.join(self.mount, name)}'")
        if error is None and not self.plain:
            target = Local(os.path.join(self.mount, name))
            image, (txid, checksum) = target.image(), Subject.position(target_named(self.mount, name))
            target.close()
            if (txid, checksum) != (1, DatabaseChecksum().of(image)):
                raise Mismatch(f"{name}: VACUUM INTO gave {txid:x}/{checksum:016x}")
        for suffix in ("", "-journal", "-wal", "-shm"):
            if os.path.exists(os.path.join(self.mount, name + suffix)):
                os.unlink(os.path.join(self.mount, name + suffix))
        return f"vacuum into ({error})"

    OPERATIONS = [
        (op_write, 30), (op_big_delete, 3), (op_transaction, 25), (op_spill, 10), (op_nothing, 12),
        (op_journal_mode, 10), (op_synchronous, 5), (op_checkpoint, 6), (op_vacuum, 8), (op_schema, 8),
        (op_attach, 12), (op_reader_holds, 4), (op_failing, 3), (op_kill_app, 4), (op_reopen, 4),
        (op_exclusive, 3), (op_mmap, 2), (op_settings, 5), (op_backup, 2), (op_vacuum_into, 1),
    ]

    def episode(self, number, operations):
        r = self.random
        self.subjects = []
        for letter in "abc":
            s = Subject.__new__(Subject)
            s.synchronous = "FULL"
            auto_vacuum = r.choice([0, 0, 1, 2])
            s.__init__(self, f"e{number}/{letter}.db", r.choice(PAGE_SIZES), auto_vacuum)
            self.subjects.append(s)
            image = s.see()
            if not self.plain:
                s.txid, checksum = s.position()
                # A table, an index; with auto_vacuum the PRAGMA itself makes the database.
                if (s.txid, checksum) != (3 if auto_vacuum else 2, s.checksum.of(image)):
                    raise Mismatch(f"{s.name}: at first {s.txid:x}/{checksum:016x}, auto_vacuum={auto_vacuum}")
            s.image = image
        for s in self.subjects:
            self.trace.append(self.op_journal_mode(s))
            s.check("journal_mode")
        functions, weights = zip(*self.OPERATIONS)
        for _ in range(operations):
            s = r.choice(self.subjects)
            function = r.choices(functions, weights)[0]
            if s.exclusive and r.random() < 0.15:
                function = Oracle.op_exclusive
            self.count += 1
            self.trace.append(f"{s.name} [{s.journal_mode} {s.synchronous}] {function.__name__}")
            what = function(self, s)
            self.trace[-1] += ": " + what
            repeats = "WAL" in [o.journal_mode for o in self.subjects] or s.adopts()
            for o in self.subjects:
                o.check(what, repeats_allowed=repeats)
        for s in self.subjects:
            result = s.local.run("PRAGMA integrity_check")[2]
            if result != [("ok",)]:
                raise Mismatch(f"{s.name}: integrity_check: {result}")
            s.close()
            s.exclusive = False
            s.check("close")
            s.reader.close()
            self.commits += len(s.states)
            self.manifest[s.name] = {
                "txid": s.txid,
                "checksum": f"{s.checksum.of(s.image):016x}",
                "states": {f"{txid:x}": digest for txid, (_, digest) in s.states.items()},
            }


def target_named(mount, name):
    subject = Subject.__new__(Subject)
    subject.path = os.path.join(mount, name)
    return subject


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mount", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--operations", type=int, default=120, help="in each episode of three databases")
    parser.add_argument("--manifest")
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    oracle = Oracle(arguments)
    deadline, number = time.monotonic() + arguments.seconds, 0
    try:
        while number == 0 or time.monotonic() < deadline:
            number += 1
            os.mkdir(os.path.join(arguments.mount, f"e{number}"))
            oracle.episode(number, arguments.operations)
    except Exception as error:
        for line in oracle.trace[-25:]:
            print("  " + line)
        if not isinstance(error, Mismatch):
            traceback.print_exc()
        print(f"FAILED seed={arguments.seed} episode={number} operation={oracle.count}: {error}", flush=True)
        os._exit(1)
    if arguments.manifest:
        with open(arguments.manifest, "w") as file:
            json.dump(oracle.manifest, file)
    print(f"ok seed={arguments.seed} episodes={number} operations={oracle.count} states={oracle.commits}")


if __name__ == "__main__":
    sys.exit(main())
