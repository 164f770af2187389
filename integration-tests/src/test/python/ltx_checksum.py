"""LTX's checksums, written from the definition and independent of the Java code that they check.

CRC-64/GO-ISO is the remainder by x^64 + x^4 + x^3 + x + 1 of the message with its bits reversed. That polynomial is so
sparse that a whole page reduces in a few operations on long integers: modulo it, x^(64 s) is x^(4 s) + x^(3 s) + x^s + 1
for every power of two s.
"""

FLAG = 1 << 63
ONES = (1 << 64) - 1
REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))


def crc64(data: bytes) -> int:
    if len(data) < 8:
        raise ValueError("a page is never that short")
    value = int.from_bytes(data.translate(REVERSED), "big") ^ (ONES << (8 * len(data) - 64))
    value <<= 64
    while value.bit_length() > 64:
        s = 1
        while 128 * s < value.bit_length():
            s *= 2
        high, value = value >> (64 * s), value & ((1 << (64 * s)) - 1)
        value ^= high ^ (high << s) ^ (high << (3 * s)) ^ (high << (4 * s))
    return int.from_bytes(value.to_bytes(8, "big").translate(REVERSED), "little") ^ ONES


def page_size_of(image: bytes) -> int:
    size = int.from_bytes(image[16:18], "big")
    return 65536 if size == 1 else size


def lock_page(page_size: int) -> int:
    return 0x40000000 // page_size + 1


class DatabaseChecksum:
    """The checksum of whole databases; remembers those of pages that it has seen."""

    def __init__(self):
        self.known = {}

    def of(self, image: bytes) -> int:
        if not image:
            return FLAG
        size = page_size_of(image)
        if len(image) % size:
            raise ValueError(f"{len(image)} bytes are no whole number of {size}-byte pages")
        total, seen, lock = 0, {}, lock_page(size)
        for pgno in range(1, len(image) // size + 1):
            if pgno == lock:
                continue
            page = image[(pgno - 1) * size : pgno * size]
            key = (pgno, page)
            crc = self.known.get(key)
            if crc is None:
                crc = crc64(pgno.to_bytes(4, "big") + page)
            seen[key] = crc
            total ^= crc
        self.known = seen
        return total | FLAG


if __name__ == "__main__":
    assert crc64(b"123456789") == 0xB90956C775A41001, hex(crc64(b"123456789"))
    print("ok")
