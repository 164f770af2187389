"""What a recorded application does: connections, transactions, and the marks that tell the checker what it was told.

Marks (a word, then key=value, with st: before a database's state and img: before its image): try (about to commit; the states that would hold), ack, nak (it failed, or was rolled back), died (a
writer was killed; what became of its transaction shows at the next obs), walfate (a WAL writer was killed after its
commit frame), obs (a reader saw these states), img (the committed images), exit (a process ended). A state is a hash of
all tables' rows, an image a hash of the bytes (imager.py).
"""

import ctypes
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.environ["RECORDER_ROOT"]
LIB = ctypes.CDLL(os.environ["RECORDER_LIBRARY"])
LIB.recorder_mark.argtypes = [ctypes.c_char_p]
LIB.recorder_fail.argtypes = [ctypes.c_char, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
EIO, ENOSPC, KILL_BEFORE, KILL_AFTER = 5, 28, -1, -2
NAMES = ["a.db"]

_imager = None


def imager():
    global _imager
    if _imager is None:
        env = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        _imager = subprocess.Popen(
            [sys.executable, HERE + "/imager.py", ROOT], env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    return _imager


def images():
    found = {}
    for name in NAMES:
        imager().stdin.write(name + "\n")
        imager().stdin.flush()
        found[name] = imager().stdout.readline().strip()
    return found


def mark(kind, st=None, img=None, **fields):
    words = [kind] + [f"{key}={int(value)}" for key, value in fields.items()]
    words += [f"st:{name}={value}" for name, value in (st or {}).items()]
    words += [f"img:{name}={value}" for name, value in (img or {}).items()]
    LIB.recorder_mark(" ".join(words).encode())


def fail(kind, part, n, action):
    LIB.recorder_fail(kind.encode(), part.encode(), n, action)


def image():
    mark("img", img=images())


def connect(name="a.db", mode=None, sync=None, page_size=None, auto_vacuum=None, exclusive=False, cache=None, auto=None,
            mmap=None, snapshot=True):
    c = sqlite3.connect(ROOT + "/" + name, isolation_level=None, timeout=0.2)
    if page_size:
        c.execute(f"pragma page_size={page_size}")
    if auto_vacuum:
        c.execute(f"pragma auto_vacuum={auto_vacuum}")
    if exclusive:
        c.execute("pragma locking_mode=exclusive")
    if sync:
        c.execute(f"pragma synchronous={sync}")
    if cache:
        c.execute(f"pragma cache_size={cache}")
        c.execute(f"pragma cache_spill={cache}")
    if mmap is not None:
        c.execute(f"pragma mmap_size={mmap}")
    if mode:
        if auto_vacuum:
            # That pragma has written page 1 already, in a transaction of its own.
            image()
        c.execute(f"pragma journal_mode={mode}")
    if auto is not None:
        c.execute(f"pragma wal_autocheckpoint={auto}")
    if snapshot:
        image()
    return c


def state(c, schema="main"):
    digest = hashlib.sha256()
    tables = c.execute(
        f"select name,sql from {schema}.sqlite_master where type='table' and name not like 'sqlite_%' order by name"
    ).fetchall()
    for name, sql in tables:
        digest.update(f"{name}\n{sql}\n".encode())
        columns = [row[1] for row in c.execute(f"pragma {schema}.table_info({name})")]
        quoted = "||'|'||".join(f'quote("{column}")' for column in columns)
        for (row,) in c.execute(f"select rowid||'|'||{quoted} from {schema}.{name} order by rowid"):
            digest.update(f"{row}\n".encode())
    return digest.hexdigest()[:16]


def states(c, dbs):
    return {name: state(c, schema) for name, schema in dbs.items()}


A = {"a.db": "main"}


def ack():
    mark("ack", img=images())


def transaction(c, work, dbs=A, begin="begin immediate", joint=False, **fields):
    """Commits; returns whether it did."""
    c.execute(begin)
    work(c)
    mark("try", st=states(c, dbs), joint=joint, **fields)
    try:
        c.execute("commit")
    except sqlite3.OperationalError:
        if c.in_transaction:
            c.execute("rollback")
        mark("nak")
        return False
    ack()
    return True


def refused(c, work, dbs=A, **kw):
    assert not transaction(c, work, dbs, **kw), "this commit was to be refused"


def statement(c, sql, dbs=A):
    """A statement that writes without changing what the tables hold: VACUUM, a journal mode."""
    mark("try", st=states(c, dbs), joint=False)
    c.execute(sql).fetchall()
    ack()


def observe(c, dbs=A):
    seen = states(c, dbs)
    mark("obs", st=seen, img=images())


def rollback(c, work, savepoint=None):
    c.execute("begin immediate")
    work(c)
    c.execute("rollback")


def blob(size, seed):
    # Different for each seed, and small when compressed.
    part = random.Random(seed).randbytes(24)
    return (part * (size // len(part) + 1))[:size]


def insert(count, size=300, seed=0):
    def work(c):
        for i in range(count):
            c.execute("insert into t(v,b) values(?,?)", (i * 7 + seed, blob(size, i + seed * 1000)))
    return work


def sql(*statements):
    def work(c):
        for one in statements:
            c.execute(one)
    return work


def both(*works):
    def work(c):
        for one in works:
            one(c)
    return work


def make(c, count=12, size=700, dbs=A):
    transaction(c, both(sql("create table t(v,b)", "create index tv on t(v)"), insert(count, size)), dbs)


def mixed(c, rounds=6):
    for i in range(rounds):
        if i % 3 == 0:
            transaction(c, insert(3, 900, i + 1))
        elif i % 3 == 1:
            transaction(c, sql(f"update t set v=v+1 where rowid%4={i % 4}"))
        else:
            transaction(c, sql(f"delete from t where rowid%5={i % 5}"))
        if i == 3:
            c.execute("begin")
            insert(2, 500, 77)(c)
            c.execute("savepoint x")
            insert(2, 500, 78)(c)
            c.execute("rollback to x")
            c.execute("rollback")


def child(name, *args):
    """Runs a function of workloads.py in another recorded process and tells how it ended."""
    process = subprocess.Popen([sys.executable, HERE + "/record.py", "--child", name, json.dumps(args)])
    code = process.wait()
    mark("exit", pid=process.pid)
    return code


def rows(c, query):
    return c.execute(query).fetchall()
