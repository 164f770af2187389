# Works on plain files in a directory and prints what a program sees: the same on the mount as on a local disk.
cd $1 || exit 1
t() { echo "--- $*"; "$@" 2>&1; echo "rc=$?"; }
t sh -c 'echo hello > a; cat a; stat -c "%s %a %F %h" a'
t sh -c 'umask 022; echo x > b; stat -c "%a" b; chmod 640 b; stat -c "%a" b'
t mkdir -p d/e/f
t sh -c 'echo deep > d/e/f/g; cat d/e/f/g; ls -a d/e'
t ln -s a link
t sh -c 'readlink link; cat link; stat -c "%F" link'
t mv a d/a
t cat d/a
t cat link
t mv d d2
t cat d2/e/f/g
t rmdir d2
t rm -r d2
t sh -c 'exec 3<>tmpx; rm tmpx; echo unl >&3; exec 4</proc/self/fd/3 ; cat <&4; stat -L -c %h /proc/self/fd/3'
t sh -c 'dd if=/dev/urandom of=big bs=1M count=8 2>/dev/null; cp big big2; cmp big big2 && echo same; truncate -s 5000000 big2; stat -c %s big2; cmp -n 5000000 big big2 && echo same'
t sh -c 'truncate -s 100 b; stat -c %s b; truncate -s 0 b; stat -c %s b'
t sh -c 'touch -d 2001-02-03T04:05:06Z b; stat -c %Y b; touch -h -d 2001-02-03T04:05:06Z link; stat -c %Y link'
t chown 65534:65534 b
t stat -c "%u %g" b
t sh -c 'mkdir sg; chgrp 1234 sg; chmod 2775 sg; mkdir sg/x; touch sg/y; stat -c "%g %a" sg/x; stat -c "%g" sg/y'
t setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'echo no > root.txt'
t sh -c 'chmod 777 .; setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "echo yes > nob.txt"; stat -c "%u %g" nob.txt'
t setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'cat big2 | wc -c; chmod 600 nob.txt; rm nob.txt'
t mkfifo ff
t sh -c 'echo fifo > ff & cat ff'
t python3 -c '
import os,mmap
f=open("m","w+b"); f.truncate(8192); m=mmap.mmap(f.fileno(),8192); m[0:5]=b"hello"; m[5000:5003]=b"abc"; m.flush(); m.close()
d=open("m","rb").read(); print(d[:5], d[5000:5003], len(d))
import fcntl
fd=os.open("lk",os.O_RDWR|os.O_CREAT); fcntl.lockf(fd,fcntl.LOCK_EX); print("locked")
try: os.rename("nope","x")
except OSError as e: print(e.errno)
os.mkdir("ren1"); os.mkdir("ren2"); open("ren2/f","w").close()
try: os.rename("ren1","ren2")
except OSError as e: print(e.errno)
try: os.rename("ren1","ren2/f")
except OSError as e: print(e.errno)
os.rename("m","lk"); print(sorted(os.listdir(".")))
os.fsync(fd); d=os.open(".",os.O_RDONLY); os.fsync(d)
print(os.fstat(fd).st_nlink)
with open("app","ab") as a:
  a.write(b"1"); a.flush(); a.write(b"2")
with open("app","ab") as a: a.write(b"3")
print(open("app","rb").read())
os.posix_fallocate(os.open("fa",os.O_RDWR|os.O_CREAT),0,10000); print(os.stat("fa").st_size)
'
t sh -c 'for i in $(seq 300); do : > sg/file$i; done; ls sg | wc -l; ls sg | sort | tail -1; rm -r sg'
t sh -c 'echo 1 > r1; echo 2 > r2; mv -n r1 r2; cat r2; mv r1 r2; cat r2; ls r1'
t sh -c 'mkdir -p deep; cd deep; rmdir ../deep; ls'
t sh -c 'echo a > x-wal; cat x-wal; rm x-wal; echo a > foo-mj0123456789-x; ls foo*'
