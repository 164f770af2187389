package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.Stage;
import io.ltxfs.database.log.TransactionLog;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Slots of one size for the blocks of a running transaction. A small transaction stays in memory; a large one goes to a
 * staging file of the log, which becomes part of the log by reference when the transaction commits, so that its pages are
 * written once. Not thread-safe: the database's lock owns it.
 */
final class SlotStore {
    private final TransactionLog log;
    private final MemoryBudget budget;
    private final long memoryBytesMax;
    private final int slotSize;
    private byte[][] slots = new byte[8][];
    private long taken;
    private int count;
    private @Nullable Stage stage;
    private boolean stageGiven;

    SlotStore(TransactionLog log, MemoryBudget budget, long memoryBytesMax, int slotSize) {
        this.log = log;
        this.budget = budget;
        this.memoryBytesMax = memoryBytesMax;
        this.slotSize = slotSize;
    }

    int slotSize() {
        return slotSize;
    }

    int count() {
        return count;
    }

    /** Takes slot {@link #count} and stores a block in it. */
    int add(ByteBuffer block) throws DiskException {
        unshare();
        int slot = count;
        if (stage == null && !fitsInMemory(slot)) {
            spill();
        }
        store(slot, block);
        count++;
        return slot;
    }

    /** Replaces a slot's block. */
    void store(int slot, ByteBuffer block) throws DiskException {
        unshare();
        if (stage != null) {
            stage.file().write(block, (long) slot * slotSize);
        } else {
            block.get(slots[slot]);
        }
    }

    /** Copies a part of a slot. */
    void read(int slot, int from, ByteBuffer target, int length) throws DiskException {
        if (stage != null) {
            int end = target.limit();
            target.limit(target.position() + length);
            int read = stage.file().read(target, (long) slot * slotSize + from);
            if (read != length) {
                throw new DiskException(
                        5, "read of " + stage.path() + ": ended after " + read + " of " + length + " bytes");
            }
            target.limit(end);
        } else {
            target.put(slots[slot], from, length);
        }
    }

    /** Forgets the slots from a number on. */
    void shrink(int newCount) {
        count = Math.min(count, newCount);
    }

    /** The staging file, if the blocks have outgrown memory. */
    Optional<Stage> stage() {
        return Optional.ofNullable(stage);
    }

    /** The log has taken the staging file over: it is not removed with the store. */
    void stageTaken() {
        stageGiven = true;
    }

    /** Gives everything back. */
    void close() {
        budget.giveBack(taken);
        taken = 0;
        slots = new byte[0][];
        count = 0;
        if (stage != null) {
            if (stageGiven) {
                stage.file().close();
            } else {
                log.discardStage(stage);
            }
        }
        stage = null;
    }

    /** What the log has taken over does not change any more: a transaction that goes on gets a file of its own. */
    private void unshare() throws DiskException {
        Stage shared = stage;
        if (!stageGiven || shared == null) {
            return;
        }
        Stage own = log.newStage();
        try {
            ByteBuffer block = ByteBuffer.allocate(slotSize);
            for (int i = 0; i < count; i++) {
                block.clear();
                shared.file().read(block, (long) i * slotSize);
                own.file().write(block.flip(), (long) i * slotSize);
            }
        } catch (DiskException e) {
            log.discardStage(own);
            throw e;
        }
        shared.file().close();
        stage = own;
        stageGiven = false;
    }

    private boolean fitsInMemory(int slot) {
        if (slot < slots.length && slots[slot] != null) {
            return true;
        }
        if (taken + slotSize > memoryBytesMax || !budget.tryTake(slotSize)) {
            return false;
        }
        taken += slotSize;
        if (slot >= slots.length) {
            slots = Arrays.copyOf(slots, slots.length * 2);
        }
        slots[slot] = new byte[slotSize];
        return true;
    }

    private void spill() throws DiskException {
        Stage opened = log.newStage();
        try {
            for (int i = 0; i < count; i++) {
                opened.file().write(ByteBuffer.wrap(slots[i]), (long) i * slotSize);
            }
        } catch (DiskException e) {
            log.discardStage(opened);
            throw e;
        }
        stage = opened;
        budget.giveBack(taken);
        taken = 0;
        slots = new byte[0][];
    }
}
