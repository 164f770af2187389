"""Records the workloads of workloads.py as traces: record.py OUTDIR [NAME...]

Needs gcc and a Python with SQLite; the traces of the repository were made with SQLite 3.40.1. Each trace is one
gzip file: a line of text (name, mode, SQLite version), then the records of recorder.c.
"""

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    sys.path.insert(0, HERE)
    if sys.argv[1] == "--child":
        import workloads

        getattr(workloads, sys.argv[2])(*json.loads(sys.argv[3]))
        return
    from catalog import WORKLOADS

    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    work = tempfile.mkdtemp(prefix="record-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    library = work + "/recorder.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, HERE + "/recorder.c", "-ldl"], check=True)
    failed = 0
    for name, (mode, function, args) in WORKLOADS.items():
        if len(sys.argv) > 2 and name not in sys.argv[2:]:
            continue
        root, trace = f"{work}/{name}", f"{work}/{name}.trace"
        os.makedirs(root)
        env = dict(os.environ, RECORDER_ROOT=root, RECORDER_TRACE=trace, RECORDER_LIBRARY=library, LD_PRELOAD=library)
        run = subprocess.run(
            [sys.executable, HERE + "/record.py", "--child", function, json.dumps(args)], env=env, capture_output=True, text=True
        )
        if run.returncode != 0:
            failed += 1
            print(f"{name}: FAILED\n{run.stderr}")
            continue
        header = f"{name} {mode} {sqlite3.sqlite_version}\n"
        with open(trace, "rb") as file, open(f"{out}/{name}.trace.gz", "wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as target:
                target.write(header.encode() + file.read())
        print(f"{name}: {mode}, {os.path.getsize(trace)} bytes, {os.path.getsize(f'{out}/{name}.trace.gz')} compressed")
    with open(out + "/INDEX", "w") as index:
        index.writelines(name + "\n" for name in WORKLOADS)
    shutil.rmtree(work)
    sys.exit(1 if failed else 0)


main()
