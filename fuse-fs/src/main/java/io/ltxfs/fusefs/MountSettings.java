package io.ltxfs.fusefs;

import io.ltxfs.database.DatabaseSetOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a mount is made of.
 *
 * @param mountPoint an existing empty directory
 * @param dataDirectory an existing directory of this node alone
 * @param databases how databases are kept
 * @param threads how many threads read requests; 0 lets the transport choose
 * @param mayCommit 0, or the errno that a commit is refused with at this moment
 * @param epoch the lease epoch of this moment; 0 without a lease
 * @param primary what {@code .primary} holds: the primary's host on a replica, empty on the primary
 * @param lagMillis what {@code .lag} holds: milliseconds since the primary was last heard of; 0 on the primary
 * @param isReplica whether another node writes the databases at this moment: local programs then cannot make, remove,
 *     rename or cut databases, nor create journals (EACCES). May change at any time
 * @param attributes owner and mode of all databases on this node, where they are not those that came with them
 * @param waiting what commits wait for besides this node's disk
 */
public record MountSettings(
        Path mountPoint,
        Path dataDirectory,
        DatabaseSetOptions databases,
        int threads,
        IntSupplier mayCommit,
        LongSupplier epoch,
        Supplier<Optional<String>> primary,
        LongSupplier lagMillis,
        BooleanSupplier isReplica,
        FileAttributes attributes,
        CommitWaiting waiting) {
    /** A node that is alone: always the primary, never refused. */
    public static MountSettings alone(Path mountPoint, Path dataDirectory, DatabaseSetOptions databases) {
        return new MountSettings(
                mountPoint,
                dataDirectory,
                databases,
                0,
                () -> 0,
                () -> 0L,
                Optional::empty,
                () -> 0L,
                () -> false,
                FileAttributes.NONE,
                CommitWaiting.NONE);
    }

    /** The same with owner and mode of this node's, and with commits that wait. */
    public MountSettings with(FileAttributes owner, CommitWaiting waits) {
        return new MountSettings(
                mountPoint,
                dataDirectory,
                databases,
                threads,
                mayCommit,
                epoch,
                primary,
                lagMillis,
                isReplica,
                owner,
                waits);
    }
}
