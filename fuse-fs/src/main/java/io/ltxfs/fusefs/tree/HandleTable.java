package io.ltxfs.fusefs.tree;

import io.ltxfs.database.posix.Errno;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The open handles, by the number that the kernel has. Numbers are never used twice. */
final class HandleTable {
    private final Map<Long, Opened> byFh = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();

    long nextFh() {
        return last.incrementAndGet();
    }

    void put(long fh, Opened opened) {
        byFh.put(fh, opened);
    }

    /** @throws TreeException with EBADF if there is no such handle of that kind */
    <T extends Opened> T get(long fh, Class<T> kind) throws TreeException {
        Opened opened = byFh.get(fh);
        if (!kind.isInstance(opened)) {
            throw new TreeException(Errno.EBADF, "handle " + fh);
        }
        return kind.cast(opened);
    }

    /** The open of a regular file; null if there is none. */
    @Nullable
    OpenFile file(long fh) {
        return byFh.get(fh) instanceof OpenFile open ? open : null;
    }

    /** Takes a handle away. @throws TreeException with EBADF if there is none of that kind */
    <T extends Opened> T remove(long fh, Class<T> kind) throws TreeException {
        T opened = get(fh, kind);
        byFh.remove(fh);
        return opened;
    }

    List<OpenFile> files() {
        return byFh.values().stream()
                .filter(OpenFile.class::isInstance)
                .map(OpenFile.class::cast)
                .toList();
    }
}
