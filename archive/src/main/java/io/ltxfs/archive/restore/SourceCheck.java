package io.ltxfs.archive.restore;

import io.ltxfs.ltx.Crc64;
import io.ltxfs.ltx.PageChecksum;
import java.util.HashMap;
import java.util.Map;

/** Puts the file checksum of one LTX file together from its parts, which are decoded by many threads. */
final class SourceCheck {
    private record Part(long crc, long bytes) {}

    private final OpenSource source;
    private final Map<Integer, Part> waiting = new HashMap<>();
    private int next;
    private long crc;
    private long bytes;
    private int parts = -1;
    private long indexCrc;

    SourceCheck(OpenSource source) {
        this.source = source;
    }

    /** The frames of one job were decoded. */
    synchronized void part(int sequence, long partCrc, long partBytes) throws DamagedObjectException {
        waiting.put(sequence, new Part(partCrc, partBytes));
        for (Part part = waiting.remove(next); part != null; part = waiting.remove(next)) {
            crc = Crc64.append(crc, part.crc(), part.bytes());
            bytes += part.bytes();
            next++;
        }
        check();
    }

    /** The index was read to its end. */
    synchronized void end(int jobs, long crcOfIndex) throws DamagedObjectException {
        parts = jobs;
        indexCrc = crcOfIndex;
        check();
    }

    private void check() throws DamagedObjectException {
        if (next != parts) {
            return;
        }
        long found = source.ends().crc(crc, bytes, indexCrc);
        if (!source.ends().hasFileChecksum(found)) {
            throw new DamagedObjectException(
                    source.source().key(),
                    "its file checksum is "
                            + PageChecksum.format(source.ends().trailer().fileChecksum()) + ", its content has "
                            + PageChecksum.format(PageChecksum.FLAG | found));
        }
    }
}
