package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.Host;
import java.util.function.Consumer;

/** A host without a mount: nobody holds a lock, the kernel caches nothing. */
final class QuietHost implements Host {
    /** What commits are refused with, 0 if they are not. */
    volatile int refusal;

    /** How many are taken before. */
    volatile int taken;

    @Override
    public void probeWriteLock(Database database, Consumer<WriteLock> answer) {
        answer.accept(WriteLock.FREE);
    }

    @Override
    public void withExclusiveLock(Database database, Consumer<Boolean> action) {
        action.accept(true);
    }

    @Override
    public void withExclusiveLocks(Database first, Database second, Consumer<Boolean> action, Runnable afterwards) {
        action.accept(true);
        afterwards.run();
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
        return taken-- > 0 ? 0 : refusal;
    }

    @Override
    public long epoch() {
        return 0;
    }
}
