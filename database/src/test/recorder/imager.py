"""What a reader of a database sees, byte for byte, read from the raw files by a process that is not recorded.

Reads database names (one a line) on stdin, answers each with a hash of its image. Pages on the free list count as zero:
SQLite leaves old bytes in them that no reader ever sees. Not done through SQLite, which would take locks, roll back hot
journals and restart WALs.
"""

import hashlib
import os
import struct
import sys


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def checksum(data, big, s0, s1):
    for x, y in struct.iter_unpack((">" if big else "<") + "II", data):
        s0 = (s0 + x + s1) & 0xFFFFFFFF
        s1 = (s1 + y + s0) & 0xFFFFFFFF
    return s0, s1


def wal_pages(wal, shm):
    """The newest committed page versions in a WAL and the database size in pages, or None if it has no commit."""
    if len(wal) < 32:
        return None
    limit = None
    if len(shm) >= 48 and shm[12]:
        limit = struct.unpack_from("=I", shm, 16)[0]
        if limit == 0:
            return None
    big = wal[3] & 1
    page_size = struct.unpack_from(">I", wal, 8)[0]
    s = checksum(wal[:24], big, 0, 0)
    if struct.pack(">II", *s) != wal[24:32]:
        return None
    pages, found, size = {}, {}, None
    offset, frame = 32, 1
    while offset + 24 + page_size <= len(wal) and (limit is None or frame <= limit):
        head = wal[offset : offset + 24]
        page = wal[offset + 24 : offset + 24 + page_size]
        if head[8:16] != wal[16:24]:
            break
        s = checksum(head[:8], big, *s)
        s = checksum(page, big, *s)
        if struct.pack(">II", *s) != head[16:24]:
            break
        pgno, commit = struct.unpack_from(">II", head)
        found[pgno] = page
        if commit:
            pages.update(found)
            found, size = {}, commit
        offset += 24 + page_size
        frame += 1
    return (pages, size, page_size) if size else None


def without_free_pages(image):
    if len(image) < 100:
        return image
    page_size = struct.unpack_from(">H", image, 16)[0]
    page_size = 65536 if page_size == 1 else page_size
    image = bytearray(image)
    trunk = struct.unpack_from(">I", image, 32)[0]
    seen = set()
    while trunk and trunk not in seen and trunk * page_size <= len(image):
        seen.add(trunk)
        start = (trunk - 1) * page_size
        following, count = struct.unpack_from(">II", image, start)
        for i in range(min(count, page_size // 4 - 2)):
            leaf = struct.unpack_from(">I", image, start + 8 + 4 * i)[0]
            if 0 < leaf * page_size <= len(image):
                image[(leaf - 1) * page_size : leaf * page_size] = bytes(page_size)
        trunk = following
    return bytes(image)


def image(path):
    data = read(path)
    found = wal_pages(read(path + "-wal"), read(path + "-shm"))
    if found:
        pages, size, page_size = found
        data = bytearray(data.ljust(size * page_size, b"\0"))
        for pgno, page in pages.items():
            if pgno <= size:
                data[(pgno - 1) * page_size : pgno * page_size] = page
        data = bytes(data[: size * page_size])
    elif len(data) >= 100 and data[24:28] == data[92:96]:
        page_size = struct.unpack_from(">H", data, 16)[0]
        data = data[: struct.unpack_from(">I", data, 28)[0] * (65536 if page_size == 1 else page_size)]
    return without_free_pages(data)


for line in sys.stdin:
    found = image(os.path.join(sys.argv[1], line.strip()))
    print(hashlib.sha256(found).hexdigest()[:16] if found else "none", flush=True)
