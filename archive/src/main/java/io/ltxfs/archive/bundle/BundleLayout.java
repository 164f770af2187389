package io.ltxfs.archive.bundle;

import io.ltxfs.ltx.Crc64;
import java.nio.ByteBuffer;

/**
 * The layout of a bundle. All numbers are big-endian.
 *
 * <pre>
 * LTX files of one transaction each, with database checksums, from offset 0 without gaps
 * table      64 bytes for each:
 *              txid u64 | offset u64 | length u64 | timestamp ms i64 | page size u32 | commit u32 | pages u32 | CRC-32C u32
 *              | pre-apply checksum u64 | post-apply checksum u64
 * footer     32 bytes:
 *              offset of the table u64 | entries u32 | version u32 | checksum u64 | magic "LTXFSBDL"
 * </pre>
 *
 * <p>The checksum is the CRC-64 of the table and the footer before it. The CRC-32C is that of the LTX file's bytes: its own
 * checksum is that of the decoded pages, and there are bits in a compressed page that change nothing.
 */
final class BundleLayout {
    static final int VERSION = 1;
    static final long MAGIC = 0x4C5458465342444CL;

    static final int ENTRY_SIZE = 64;
    static final int TXID = 0;
    static final int OFFSET = 8;
    static final int LENGTH = 16;
    static final int TIMESTAMP = 24;
    static final int PAGE_SIZE = 32;
    static final int COMMIT = 36;
    static final int PAGES = 40;
    static final int FILE_CRC = 44;
    static final int PRE_CHECKSUM = 48;
    static final int POST_CHECKSUM = 56;

    static final int FOOTER_SIZE = 32;
    static final int TABLE_OFFSET = 0;
    static final int COUNT = 8;
    static final int VERSION_AT = 12;
    static final int CHECKSUM = 16;
    static final int MAGIC_AT = 24;

    private BundleLayout() {}

    static long checksum(ByteBuffer table, byte[] footer) {
        long crc = Crc64.update(0, table, table.position(), table.remaining());
        return Crc64.update(crc, footer, 0, CHECKSUM);
    }
}
