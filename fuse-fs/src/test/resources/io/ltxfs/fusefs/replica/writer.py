"""Writes transactions that reader.py knows the rules of: writer.py DATABASE MODE TRANSACTIONS SEED PAGE_SIZE."""
import random, sqlite3, sys

path, mode, count, seed, page_size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
rnd = random.Random(seed)
connection = sqlite3.connect(path, timeout=60, isolation_level=None)
connection.execute("pragma page_size = %d" % page_size)
connection.execute("pragma journal_mode = " + mode)
connection.execute("pragma synchronous = normal")
begun = connection.execute("select count(*) from sqlite_master where name = 'meta'").fetchone()[0]
if not begun:
    connection.execute("begin")
    connection.execute("create table meta(n, bytes, extras)")
    connection.execute("create table t(id integer primary key, v, b blob)")
    connection.execute("insert into meta values (0, 0, 0)")
    connection.execute("commit")
n = connection.execute("select n from meta").fetchone()[0]
extras = [r[0] for r in connection.execute("select name from sqlite_master where name like 'extra%'")]
for i in range(count):
    if i % 50 == 49:
        connection.execute("vacuum")
    n += 1
    connection.execute("begin immediate")
    choice = rnd.random()
    if choice < 0.5:
        connection.execute("insert into t(v, b) values (?, randomblob(?))", (n, rnd.randrange(0, 3000)))
    elif choice < 0.6:
        connection.executemany(
            "insert into t(v, b) values (?, randomblob(?))", [(n, rnd.randrange(0, 20000)) for _ in range(20)]
        )
    elif choice < 0.7:
        connection.execute("delete from t where id % 3 = ?", (rnd.randrange(3),))
    elif choice < 0.8:
        name = "extra%d" % n
        connection.execute("create table %s(x)" % name)
        extras.append(name)
    elif choice < 0.9 and extras:
        connection.execute("drop table " + extras.pop(rnd.randrange(len(extras))))
    connection.execute("update t set v = ?", (n,))
    connection.execute(
        "update meta set n = ?, extras = ?, bytes = (select coalesce(sum(length(b)), 0) from t)", (n, len(extras))
    )
    connection.execute("rollback" if rnd.random() < 0.05 else "commit")
    n = connection.execute("select n from meta").fetchone()[0]
    extras = [r[0] for r in connection.execute("select name from sqlite_master where name like 'extra%'")]
connection.close()
print(n)
