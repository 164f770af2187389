"""The recorded workloads, one function each; catalog.py names them and gives their arguments."""

import os

import app
from app import (A, EIO, KILL_BEFORE, ROOT, ack, both, child, connect, fail, image, insert, make, mark, mixed, observe,
                 refused, rollback, rows, sql, state, states, statement, transaction)

PAGE = 1024
SMALL_CACHE = 5


def plain(mode, sync):
    c = connect(mode=mode, sync=sync, page_size=PAGE)
    make(c)
    mixed(c)
    c.close()


def checkpoints(sync):
    c = connect(mode="wal", sync=sync, page_size=PAGE, auto=0)
    make(c)
    mixed(c, 4)
    r = connect(sync=sync)
    r.execute("begin")
    observe(r)
    mixed(c, 3)
    rows(c, "pragma wal_checkpoint(passive)")
    mixed(c, 2)
    rows(c, "pragma wal_checkpoint(passive)")
    r.execute("commit")
    rows(c, "pragma wal_checkpoint(full)")
    mixed(c, 3)
    rows(c, "pragma wal_checkpoint(restart)")
    mixed(c, 2)
    rows(c, "pragma wal_checkpoint(truncate)")
    mixed(c, 3)
    rows(c, "pragma wal_checkpoint(passive)")
    mixed(c, 2)
    r.close()
    c.close()
    c = connect(sync=sync)
    mixed(c, 2)
    c.close()


def spills(mode, sync):
    c = connect(mode=mode, sync=sync, page_size=PAGE, cache=SMALL_CACHE)
    make(c, 60, 900)
    transaction(c, sql("delete from t where rowid>5"))
    # Takes pages from the free list without journaling them, spills, and rolls back.
    rollback(c, both(insert(40, 2500, 5), sql("update t set v=0 where rowid<3")))
    observe(c)
    transaction(c, insert(3, 400, 9))
    transaction(c, both(insert(50, 2500, 6), sql("update t set v=v+1", "delete from t where rowid%3=0")))
    rollback(c, both(insert(30, 1500, 8), sql("delete from t")))
    observe(c)
    transaction(c, sql("delete from t where rowid>9"))
    transaction(c, insert(2, 100, 10))
    c.close()


def dying_writer(mode, sync, fault, early):
    c = connect(mode=mode, sync=sync, cache=SMALL_CACHE)
    if early:
        fail(*fault)
    c.execute("begin immediate")
    both(insert(30, 2000, 3), sql("update t set v=1"))(c)
    mark("try", st=states(c, A), joint=False)
    if not early:
        fail(*fault)
    c.execute("commit")


def dies(mode, sync, fault, sync_after, early):
    c = connect(mode=mode, sync=sync, page_size=PAGE)
    make(c, 40, 900)
    transaction(c, sql("delete from t where rowid>10"))
    c.close()
    assert child("dying_writer", mode, sync, fault, early) == -9
    mark("died")
    c = connect(sync=sync_after, snapshot=False)
    observe(c)
    c.execute("pragma synchronous=" + sync)
    transaction(c, insert(4, 500, 4))
    transaction(c, sql("update t set v=v+5"))
    c.close()


def refuses(mode, call, cache):
    c = connect(mode=mode, sync="full", page_size=PAGE, cache=cache)
    make(c, 40, 900)
    transaction(c, sql("delete from t where rowid>10"))
    for i in range(3):
        fail(*call, 1, EIO)
        refused(c, insert(20, 1500, 20 + i))
        observe(c)
        transaction(c, insert(2, 300, 30 + i))
    c.close()


def refuses_zeros():
    c = connect(mode="persist", sync="full", page_size=PAGE)
    make(c, 10, 600)
    for i in range(3):
        fail("Z", "-journal", 1, EIO)
        refused(c, insert(2, 300, 40 + i))
        observe(c)
        transaction(c, insert(2, 300, 50 + i))
    c.close()


def refuses_wal_sync():
    c = connect(mode="wal", sync="full", page_size=PAGE, auto=0)
    make(c, 10, 600)
    mixed(c, 2)
    for i in range(3):
        fail("S", "-wal", 1, EIO)
        refused(c, insert(4, 500, 20 + i))
        observe(c)
        transaction(c, insert(2, 300, 30 + i))
        if i == 1:
            rows(c, "pragma wal_checkpoint")
    c.close()


def refuses_wal_write():
    c = connect(mode="wal", sync="full", page_size=PAGE, auto=0)
    make(c, 10, 600)
    for i in range(10):
        fail("W", "-wal", i + 2, EIO)
        # Small i refuse a frame before the commit frame, the last one its page; later ones may not fire at all.
        transaction(c, insert(4, 500, 20))
        fail("N", "", 1, 0)
        observe(c)
        # The same bytes again, accepted.
        transaction(c, insert(4, 500, 20))
    c.close()


JOINT = {"a.db": "main", "b.db": "b", "c.db": "c"}


def joint_setup(mode, sync):
    for name in JOINT:
        c = connect(name, mode=mode, sync=sync, page_size=PAGE)
        transaction(c, both(sql("create table t(v,b)"), insert(8, 700)), {name: "main"})
        c.close()


def joint_open(mode, sync):
    c = connect(mode=mode, sync=sync, snapshot=False)
    for name in ("b", "c"):
        c.execute(f"attach '{ROOT}/{name}.db' as {name}")
        c.execute(f"pragma {name}.synchronous={sync}")
        c.execute(f"pragma {name}.journal_mode={mode}")
    return c


def update(k, schemas=("main", "b", "c")):
    def work(c):
        for schema in schemas:
            c.execute(f"update {schema}.t set v={k}")
            c.execute(f"insert into {schema}.t(v,b) values(?,?)", (k, app.blob(1500, k)))
    return work


def joint(mode, sync):
    app.NAMES = list(JOINT)
    joint_setup(mode, sync)
    c = joint_open(mode, sync)
    transaction(c, update(1), JOINT, joint=True)
    transaction(c, update(2, ("main", "b")), JOINT, joint=True)
    transaction(c, update(3, ("b",)), JOINT, joint=True)
    fail("U", "*-mj", 1, EIO)
    refused(c, update(4), JOINT, joint=True)
    observe(c, JOINT)
    fail("S", "c.db", 1, EIO)
    refused(c, update(5), JOINT, joint=True)
    observe(c, JOINT)
    fail("S", "b.db", 1, EIO)
    refused(c, update(6), JOINT, joint=True)
    transaction(c, update(7), JOINT, joint=True)
    transaction(c, update(8, ("main", "c")), JOINT, joint=True)
    c.close()


def joint_dying_writer(fault):
    app.NAMES = list(JOINT)
    c = joint_open("delete", "full")
    c.execute("begin immediate")
    update(9)(c)
    mark("try", st=states(c, JOINT), joint=True)
    fail(*fault)
    c.execute("commit")


def joint_dies(fault):
    app.NAMES = list(JOINT)
    joint_setup("delete", "full")
    c = joint_open("delete", "full")
    transaction(c, update(1), JOINT, joint=True)
    transaction(c, update(3, ("b",)), JOINT, joint=True)
    c.close()
    assert child("joint_dying_writer", fault) == -9
    mark("died")
    c = joint_open("delete", "full")
    observe(c, JOINT)
    transaction(c, update(10), JOINT, joint=True)
    c.close()


def joint_unmodified():
    app.NAMES = list(JOINT)
    joint_setup("delete", "full")
    c = joint_open("delete", "full")
    transaction(c, update(11, ("main",)), JOINT, joint=True)
    transaction(c, update(12, ("main", "c")), JOINT, joint=True)
    transaction(c, update(13), JOINT, joint=True, begin="begin")
    c.close()


def two_wals():
    app.NAMES = ["a.db", "b.db"]
    for name in app.NAMES:
        c = connect(name, mode="wal", sync="full", page_size=PAGE, auto=0)
        own = {name: "main"}
        transaction(c, both(sql("create table t(v,b)"), insert(8, 700)), own)
        for i in range(4):
            transaction(c, insert(2, 500, i), own)
        rows(c, "pragma wal_checkpoint")
        transaction(c, insert(2, 500, 9), own)
        c.close()
    c = connect("a.db", sync="full", auto=0, snapshot=False)
    c.execute(f"attach '{ROOT}/b.db' as b")
    c.execute("pragma b.synchronous=full")
    for i in range(3):
        transaction(c, both(insert(1, 300, 60 + i), sql(f"update b.t set v={i}")), {"a.db": "main", "b.db": "b"})
    c.close()


def drops(mode, sync="full"):
    for i in range(3):
        c = connect(mode=mode, sync=sync, page_size=PAGE if i % 2 else 4096)
        make(c, 10 + i, 600 + i)
        mixed(c, 2)
        c.close()
        if i < 2:
            mark("try", st={"a.db": "none"}, joint=False)
            os.unlink(ROOT + "/a.db")
            ack()


def mode_changes(sync="full"):
    c = connect(mode="delete", sync=sync, page_size=PAGE)
    make(c)
    mixed(c, 2)
    for _ in range(2):
        statement(c, "pragma journal_mode=wal")
        mixed(c, 3)
        statement(c, "pragma journal_mode=delete")
        mixed(c, 2)
    statement(c, "pragma journal_mode=wal")
    mixed(c, 2)
    c.close()
    c = connect(sync=sync)
    mixed(c, 1)
    c.close()


def mode_tour():
    c = connect(mode="delete", sync="full", page_size=PAGE)
    make(c)
    for mode in ("truncate", "persist", "wal", "persist", "truncate", "memory", "delete", "wal", "truncate", "delete"):
        statement(c, "pragma journal_mode=" + mode)
        mixed(c, 2)
    c.close()


def vacuums():
    c = connect(mode="delete", sync="full", page_size=4096)
    make(c, 60, 900)
    transaction(c, sql("delete from t where rowid%3=0"))
    for size in (1024, 8192, 512, 4096):
        c.execute(f"pragma page_size={size}")
        statement(c, "vacuum")
        transaction(c, insert(2, 600, size))
    transaction(c, sql("delete from t where rowid>20"))
    statement(c, "vacuum")
    transaction(c, insert(20, 600, 2))
    c.close()


def vacuums_wal():
    c = connect(mode="wal", sync="full", page_size=PAGE, auto=0)
    make(c, 40, 900)
    for i in range(3):
        transaction(c, sql("delete from t where rowid%3=0"))
        statement(c, "vacuum")
        transaction(c, insert(10, 600, i))
        if i == 1:
            rows(c, "pragma wal_checkpoint(truncate)")
    c.close()


def autovacuums(mode, sync):
    c = connect(mode=mode, sync=sync, page_size=PAGE, auto_vacuum=1, cache=6)
    make(c, 60, 900)
    for i in range(3):
        transaction(c, sql(f"delete from t where rowid>{6 + i}"))
        transaction(c, insert(12, 1800, 50 + i))
    transaction(c, sql("delete from t"))
    transaction(c, insert(30, 900, 60))
    c.close()


def exclusive(mode):
    c = connect(sync="full", page_size=PAGE, exclusive=True, auto=0)
    c.execute("pragma journal_mode=" + mode)
    image()
    make(c)
    mixed(c)
    if mode == "wal":
        rows(c, "pragma wal_checkpoint")
    mixed(c, 3)
    c.close()


def dying_wal_writer():
    c = connect(sync="full", auto=0, snapshot=False)
    c.execute("begin immediate")
    both(insert(2, 500, 3), sql("update t set v=1"))(c)
    mark("try", st=states(c, A), joint=False, walfate=True)
    fail("S", "-wal", 1, KILL_BEFORE)
    c.execute("commit")


def dies_in_wal(sync, again=False):
    c = connect(mode="wal", sync=sync, page_size=PAGE, auto=0)
    make(c, 10, 600)
    mixed(c, 2)
    k = connect(sync=sync, auto=0)
    observe(k)
    assert child("dying_wal_writer") == -9
    mark("walfate")
    observe(k)
    if again:
        # The same bytes as the died writer's: its frames stand behind the ones that are written now.
        transaction(k, both(insert(2, 500, 3), sql("update t set v=1")))
    transaction(k, insert(1, 100, 4))
    transaction(k, sql("update t set v=v+5"))
    rows(k, "pragma wal_checkpoint")
    mixed(k, 2)
    c.close()
    k.close()


def dying_checkpointer(n):
    c = connect(snapshot=False)
    fail("W", "a.db", n, KILL_BEFORE)
    rows(c, "pragma wal_checkpoint(passive)")


def dies_in_checkpoint():
    c = connect(mode="wal", sync="normal", page_size=PAGE, auto=0)
    make(c, 20, 900)
    mixed(c, 4)
    r = connect()
    r.execute("begin")
    observe(r)
    mixed(c, 4)
    r2 = connect()
    r2.execute("begin")
    observe(r2)
    mixed(c, 2)
    for i in range(3):
        assert child("dying_checkpointer", 2 + 3 * i) in (-9, 0)
        mixed(c, 2)
        if i == 0:
            r.execute("commit")
        if i == 1:
            r2.execute("commit")
    rows(c, "pragma wal_checkpoint(restart)")
    mixed(c, 3)
    r.close()
    r2.close()
    c.close()


def foreign_fsync():
    c = connect(mode="delete", sync="full", page_size=PAGE, cache=SMALL_CACHE)
    make(c, 30, 900)
    transaction(c, sql("delete from t where rowid>5"))
    # Never closed: that would drop this process's POSIX locks.
    f = os.open(ROOT + "/a.db", os.O_RDWR)
    for i in range(3):
        c.execute("begin immediate")
        insert(20, 2000, 40 + i)(c)
        os.fsync(f)
        insert(8, 2000, 60 + i)(c)
        os.fsync(f)
        mark("try", st=states(c, A), joint=False)
        if i == 1:
            mark("nak")
            c.execute("rollback")
            observe(c)
        else:
            c.execute("commit")
            ack()
    c.close()


def tiny(mode, sync):
    """Transactions of one page each: their records have the same size."""
    c = connect(mode=mode, sync=sync, page_size=PAGE, auto=0)
    make(c, 2, 100)
    for i in range(30):
        statement(c, f"pragma user_version={i + 1}")
    c.close()


def no_rollback(sync):
    c = connect(mode="delete", sync=sync, page_size=PAGE)
    make(c)
    c.execute("pragma journal_mode=off")
    for i in range(4):
        transaction(c, insert(2, 700, i))
        transaction(c, sql(f"update t set v=v+{i + 1}"))
    c.close()


def unjournaled():
    c = connect(mode="delete", sync="full", page_size=PAGE)
    make(c)
    mixed(c, 2)
    c.close()
    for mode in ("memory", "off"):
        c = connect(mode=mode, sync="off", snapshot=False)
        for i in range(3):
            c.execute("begin immediate")
            insert(2, 700, i)(c)
            last = state(c)
            mark("try", st={"a.db": last}, joint=False)
            c.execute("commit")
            mark("ack", img=app.images())
        c.close()
        mark("img", img=app.images(), adopted=True)
    c = connect(mode="delete", sync="full")
    mixed(c, 2)
    c.close()


def copied_over():
    for name, count in (("x", 20), ("y", 35)):
        c = connect("a.db" if name == "x" else "y.db", mode="delete", sync="full", page_size=PAGE, snapshot=False)
        if name == "x":
            image()
            make(c, count, 600)
        else:
            # Not part of the trace's checks: its name ends with nothing that the checker looks at.
            sql("create table t(v,b)")(c)
            insert(count, 700, 5)(c)
            copied = state(c)
        c.close()
    with open(ROOT + "/y.db", "rb") as source:
        data = source.read()
    mark("try", st={"a.db": copied}, joint=False)
    target = os.open(ROOT + "/a.db", os.O_WRONLY | os.O_TRUNC)
    for start in range(0, len(data), 8192):
        os.write(target, data[start : start + 8192])
    os.close(target)
    mark("ack", img=app.images(), adopted=True)
    c = connect(mode="delete", sync="full", snapshot=False)
    mixed(c, 3)
    c.close()


def mapped(mode):
    c = connect(mode=mode, sync="full", page_size=4096, mmap=1 << 20, auto=0)
    make(c)
    mixed(c, 4)
    if mode == "wal":
        rows(c, "pragma wal_checkpoint(passive)")
        mixed(c, 3)
        rows(c, "pragma wal_checkpoint(truncate)")
    mixed(c, 3)
    transaction(c, insert(40, 2000, 9))
    if mode == "wal":
        rows(c, "pragma wal_checkpoint(passive)")
    c.close()


def page_size(mode, sync, size):
    c = connect(mode=mode, sync=sync, page_size=size, auto=0)
    make(c, 8, 500)
    mixed(c, 4)
    if mode == "wal":
        rows(c, "pragma wal_checkpoint(passive)")
    mixed(c, 2)
    c.close()


def savepoints(mode):
    c = connect(mode=mode, sync="full", page_size=PAGE, cache=SMALL_CACHE, auto=0)
    make(c, 30, 900)
    for i in range(4):
        c.execute("begin immediate")
        insert(12, 1500, i)(c)
        c.execute("savepoint one")
        sql("update t set v=v+1")(c)
        insert(12, 1500, 10 + i)(c)
        c.execute("savepoint two")
        sql("delete from t where rowid%2=0")(c)
        c.execute("rollback to two")
        if i % 2 == 0:
            c.execute("rollback to one")
        c.execute("release one")
        insert(2, 500, 20 + i)(c)
        mark("try", st=states(c, A), joint=False)
        c.execute("commit")
        ack()
    c.close()
