package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.Host;
import java.util.function.Consumer;

/** A host without a mount: nobody holds a lock, the kernel caches nothing. */
final class QuietHost implements Host {
    @Override
    public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
        answer.accept(WriteLock.FREE);
    }

    @Override
    public void withExclusiveLock(Database database, Consumer<Boolean> action) {
        action.accept(true);
    }

    @Override
    public void invalidate(Database database, long offset, long length) {}

    @Override
    public void checkDiedWriter(Database database) {}

    @Override
    public void background(Runnable task) {
        task.run();
    }

    @Override
    public int mayCommit() {
        return 0;
    }

    @Override
    public long epoch() {
        return 0;
    }
}
