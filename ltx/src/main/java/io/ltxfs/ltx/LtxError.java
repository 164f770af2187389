package io.ltxfs.ltx;

/** What can be wrong with an LTX file, or with its relation to a database or to other files. */
public enum LtxError {
    /** The input ends inside header, page frame or trailer. */
    TRUNCATED,
    /** Bytes follow the trailer. */
    TRAILING_DATA,
    /** The first four bytes are not {@code LTX1}. */
    BAD_MAGIC,
    /** Unknown header flags. */
    BAD_FLAGS,
    /** The page size is not a power of two from 512 to 65536. */
    BAD_PAGE_SIZE,
    /** A transaction id is zero. */
    TXID_REQUIRED,
    /** The first transaction id is greater than the last. */
    TXID_ORDER,
    /** WAL offset or size is negative. */
    WAL_NEGATIVE,
    /** A WAL salt without a WAL offset. */
    WAL_SALT_WITHOUT_OFFSET,
    /** A WAL size without a WAL offset. */
    WAL_SIZE_WITHOUT_OFFSET,
    /** A snapshot with a pre-apply checksum. */
    PRE_APPLY_ON_SNAPSHOT,
    /** A pre-apply checksum in a file without checksums. */
    PRE_APPLY_NOT_ALLOWED,
    /** A delta without a pre-apply checksum. */
    PRE_APPLY_REQUIRED,
    /** A pre-apply checksum without its flag bit. */
    PRE_APPLY_FORMAT,
    /** A page frame for page 0. */
    PGNO_REQUIRED,
    /** Unknown page flags. */
    BAD_PAGE_FLAGS,
    /** A page that is not exactly one page long. */
    PAGE_LENGTH,
    /** A page beyond the database's size. */
    PGNO_OUT_OF_BOUNDS,
    /** The lock page, which never holds data. */
    LOCK_PAGE,
    /** Pages not in strictly ascending order. */
    PAGE_ORDER,
    /** A snapshot that leaves a page out. */
    SNAPSHOT_GAP,
    /** A snapshot that ends before the database's last page. */
    SNAPSHOT_INCOMPLETE,
    /** LZ4 data that cannot be decoded or breaks the format's end rules. */
    LZ4_CORRUPT,
    /** LZ4 data that yields more than it may. */
    LZ4_TOO_LONG,
    /** An LZ4 block of no bytes. */
    LZ4_EMPTY_BLOCK,
    /** A block length that no block of a page can have. */
    BLOCK_SIZE_TOO_LARGE,
    /** Not the start of an LZ4 frame. */
    LZ4_FRAME_MAGIC,
    /** An LZ4 frame header that is damaged or asks for what is not supported. */
    LZ4_FRAME_HEADER,
    /** A block of an LZ4 frame that is longer than the frame allows. */
    LZ4_FRAME_BLOCK_SIZE,
    /** A checksum of an LZ4 frame's block or content that does not match. */
    LZ4_FRAME_CHECKSUM,
    /** An LZ4 frame that yields more than one page. */
    LZ4_FRAME_TOO_LONG,
    /** The input ends inside the page index. */
    INDEX_TRUNCATED,
    /** A number in the page index of more than 64 bits. */
    INDEX_VARINT_OVERFLOW,
    /** The index's size field disagrees with the index. */
    INDEX_SIZE,
    /** The index's entries disagree with the page frames. */
    INDEX_MISMATCH,
    /** The generation has no page index. */
    INDEX_ABSENT,
    /** The file checksum does not match. */
    FILE_CHECKSUM,
    /** A post-apply checksum in a file without checksums. */
    POST_APPLY_NOT_ALLOWED,
    /** No post-apply checksum. */
    POST_APPLY_REQUIRED,
    /** A post-apply checksum without its flag bit. */
    POST_APPLY_FORMAT,
    /** A deletion whose post-apply checksum is not that of the empty database. */
    POST_APPLY_NOT_EMPTY,
    /** The database that results has another checksum than the file says. */
    POST_APPLY_MISMATCH,
    /** The database is not at the file's starting point. */
    PRE_APPLY_MISMATCH,
    /** A delta where a snapshot is needed. */
    NOT_A_SNAPSHOT,
    /** No input was given. */
    NO_INPUT,
    /** Files with different page sizes cannot be joined. */
    PAGE_SIZE_MISMATCH,
    /** Transactions are missing between two files. */
    NON_CONTIGUOUS,
    /** The database grew, and no file has a page that it grew by. */
    GROWTH_PAGE_MISSING,
    /** The file to encode is no SQLite database, or not all of one. */
    BAD_DATABASE
}
