# Works with SQLite in a directory and prints what a program sees: the same on the mount as on a local disk.
cd $1 || exit 1
t() { echo "--- $*" | cut -c1-150; "$@" 2>&1; echo "rc=$?"; }
for m in delete truncate persist wal memory off; do for s in off normal full extra; do
t sqlite3 $m$s.db "pragma journal_mode=$m" "pragma synchronous=$s" "create table t(x)" "insert into t values(1)" "begin; insert into t values(2); rollback" "begin; insert into t values(3); insert into t values(4); commit" "select * from t" "pragma integrity_check" ".shell ls -1 $m$s.db*"
done; done
t sqlite3 deletefull.db "attach 'truncatefull.db' as b" "attach 'persistfull.db' as c" "begin; insert into t values(10); insert into b.t values(11); insert into c.t values(12); commit" "select * from t" "select * from b.t" "select * from c.t"
t sh -c 'ls *-mj*'
t sqlite3 walfull.db "attach 'deletefull.db' as b" "begin; insert into t values(10); insert into b.t values(11); commit" "select max(x) from t" "select max(x) from b.t"
t sh -c 'ls -1'
t cp walfull.db copy.db
t sqlite3 copy.db "select * from t" "insert into t values(99)" "pragma journal_mode" 
t sh -c 'cp deletefull.db copy2.db; cp copy.db copy2.db; sqlite3 copy2.db "select * from t; insert into t values(100); pragma integrity_check"'
t mv copy2.db moved.db
t sqlite3 moved.db "select max(x) from t" "insert into t values(101)" "select max(x) from t"
t mv moved.db copy.db
t sqlite3 copy.db "select max(x) from t" "insert into t values(102)" "select max(x) from t"
t sh -c 'ls copy* moved*'
t rm copy.db
t sqlite3 copy.db "create table z(y)" "insert into z values(5)" "select * from z"
t mkdir sub
t sqlite3 sub/a.db "create table z(y)" "insert into z values(5)" "select * from z"
t mv sub sub2
t sqlite3 sub2/a.db "insert into z values(6)" "select * from z"
t ls -A . sub2
t sqlite3 big.db "pragma page_size=1024" "pragma auto_vacuum=1" "create table t(x)" "insert into t select randomblob(1000) from generate_series(1,3000)" "select count(*),sum(length(x)) from t" "delete from t where rowid%2" "pragma incremental_vacuum" "vacuum" "pragma page_size=4096" "vacuum" "pragma page_size" "select count(*),sum(length(x)) from t" "pragma integrity_check"
t sh -c 'stat -c %s big.db'
t sqlite3 big.db "pragma mmap_size=100000000" "select count(*),sum(length(x)) from t" "update t set x=randomblob(2000)" "select count(*),sum(length(x)) from t" "pragma integrity_check"
t sqlite3 spill.db "pragma cache_size=5" "pragma journal_mode=wal" "create table t(x)" "begin; insert into t select randomblob(3000) from generate_series(1,2000); savepoint a; delete from t; rollback to a; commit" "select count(*) from t" "pragma wal_checkpoint(truncate)" "pragma integrity_check"
t sqlite3 excl.db "pragma locking_mode=exclusive" "pragma journal_mode=wal" "create table t(x)" "insert into t values(1)" ".shell ls excl*" "pragma locking_mode=normal" "select * from t" ".shell ls excl*"
t sqlite3 vac.db "create table t(x)" "insert into t values(1)" "vacuum into 'vac2.db'" ".backup vac3.db" ".shell sqlite3 vac3.db 'select * from t'"
t sqlite3 vac2.db "select * from t" "insert into t values(7)" "select * from t"
t sh -c 'ln -s vac.db sym.db; sqlite3 sym.db "insert into t values(8)" "select * from t" ".shell ls *vac.db* sym*"'
t sh -c 'chmod 777 .; setpriv --reuid 65534 --regid 65534 --clear-groups sqlite3 nob.db "pragma journal_mode=wal" "create table t(x)" "insert into t values(1)" "select * from t" ".shell stat -c \"%n %u %g %a\" nob.db*"'
t setpriv --reuid 65534 --regid 65534 --clear-groups sqlite3 vac.db "insert into t values(1)"
t sh -c 'chown 65534 vac.db; chmod 600 vac.db; stat -c "%u %a" vac.db; setpriv --reuid 65534 --regid 65534 --clear-groups sqlite3 vac.db "insert into t values(1)" "select count(*) from t"'
t sh -c 'touch -d 2001-02-03T04:05:06Z vac.db; stat -c %Y vac.db; sqlite3 vac.db "insert into t values(1)"; test $(stat -c %Y vac.db) -gt 1000000000 && echo newer'
t python3 -c '
import sqlite3,os,multiprocessing as mp
def w(i):
  c=sqlite3.connect("mp.db",timeout=30); 
  for k in range(50): c.execute("insert into t values(?,?)",(i,k)); c.commit()
c=sqlite3.connect("mp.db"); c.execute("pragma journal_mode=wal"); c.execute("create table t(a,b)"); c.commit()
ps=[mp.Process(target=w,args=(i,)) for i in range(4)]; [p.start() for p in ps]; [p.join() for p in ps]
print(c.execute("select count(*),sum(b) from t").fetchall(), c.execute("pragma integrity_check").fetchall())
c.close()
c=sqlite3.connect("ul.db"); c.execute("create table t(a)"); c.execute("insert into t values(1)"); c.commit()
os.unlink("ul.db"); print(c.execute("select * from t").fetchall()); c.close(); print(os.path.exists("ul.db"))
c=sqlite3.connect("mj.db"); c.execute("create table t(a)"); c.commit(); c.execute("begin immediate"); c.execute("insert into t values(1)")
print(sorted(f for f in os.listdir(".") if f.startswith("mj")))
print(os.stat("mj.db-journal").st_mode)
c.rollback()
'
t sh -c 'rm walfull.db deletefull.db; ls -1 | sort'
t sh -c 'sqlite3 rmw.db "pragma journal_mode=wal; create table t(x)" ".shell rm rmw.db rmw.db-shm rmw.db-wal" ".shell ls rmw*"; sqlite3 rmw.db "create table q(z); select count(*) from q"'
