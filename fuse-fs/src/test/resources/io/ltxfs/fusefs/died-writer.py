"""A writer that dies between its commit frame and the wal-index: a live connection must see the commit all the same.

Prints the position before, the position after, and what the connection reads in the end.
"""
import fcntl
import os
import sqlite3
import struct
import sys
import time

os.chdir(sys.argv[1])
DB = "died.db"


def checksum(data, s1, s2, big):
    words = struct.unpack((">" if big else "<") + "%dI" % (len(data) // 4), data)
    for i in range(0, len(words), 2):
        s1 = (s1 + words[i] + s2) & 0xFFFFFFFF
        s2 = (s2 + words[i + 1] + s1) & 0xFFFFFFFF
    return s1, s2


def write_commit_frame_and_die():
    shm = os.open(DB + "-shm", os.O_RDWR)
    wal = os.open(DB + "-wal", os.O_RDWR)
    db = os.open(DB, os.O_RDWR)
    fcntl.lockf(db, fcntl.LOCK_SH, 510, 0x40000002)
    fcntl.lockf(shm, fcntl.LOCK_SH, 1, 128)
    fcntl.lockf(shm, fcntl.LOCK_EX, 1, 120)
    header = os.pread(wal, 32, 0)
    big = struct.unpack(">I", header[:4])[0] & 1
    size = 24 + struct.unpack(">I", header[8:12])[0]
    end = os.fstat(wal).st_size
    last = os.pread(wal, size, end - size)
    page = last[24:].replace(b"aaaaaaaa", b"bbbbbbbb")
    s1, s2 = struct.unpack(">II", last[16:24])
    s1, s2 = checksum(last[:8], s1, s2, big)
    s1, s2 = checksum(page, s1, s2, big)
    os.pwrite(wal, last[:8] + header[16:24] + struct.pack(">II", s1, s2), end)
    os.pwrite(wal, page, end + 24)
    os._exit(0)


def position():
    with open(DB + "-pos") as f:
        return f.read().strip()


c = sqlite3.connect(DB, isolation_level=None)
c.execute("pragma journal_mode=wal")
c.execute("create table t(x)")
c.execute("insert into t values('aaaaaaaa')")
print(position()[:16])
pid = os.fork()
if pid == 0:
    write_commit_frame_and_die()
os.waitpid(pid, 0)
deadline = time.time() + 10
while c.execute("select x from t").fetchall()[0][0] == "aaaaaaaa" and time.time() < deadline:
    time.sleep(0.001)
print(position()[:16])
c.execute("insert into t values('c')")
print(position()[:16])
print([x for (x,) in c.execute("select x from t")], c.execute("pragma integrity_check").fetchall()[0][0])
