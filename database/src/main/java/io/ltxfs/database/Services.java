package io.ltxfs.database;

import io.ltxfs.database.disk.Disk;
import io.ltxfs.database.log.TransactionLog;

/** What all databases of a node share. */
record Services(
        Disk disk,
        TransactionLog log,
        Host host,
        DatabaseSetOptions options,
        SideStore side,
        MemoryBudget stageBudget,
        Backlog backlog) {
    SlotStore newSlots(int slotSize) {
        return new SlotStore(log, stageBudget, options.stageMemoryBytes(), slotSize);
    }
}
