package io.ltxfs.fusefs.tree;

import io.ltxfs.database.DatabaseSet;
import io.ltxfs.fusefs.FileAttributes;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What a tree shows and whom it tells.
 *
 * @param databases the databases whose files lie in {@code mirror}
 * @param mirror the directory that holds what the mount shows
 * @param ownThread whether a thread id is one of those that do the node's own I/O through the mount
 * @param events told of databases opened and gone
 * @param primary the text of {@code .primary}, if it is there
 * @param lagMillis the number in {@code .lag}
 * @param isReplica whether another node writes the databases at this moment
 * @param attributes owner and mode that databases show here
 */
public record TreeOptions(
        DatabaseSet databases,
        Path mirror,
        IntPredicate ownThread,
        DatabaseEvents events,
        Supplier<Optional<String>> primary,
        LongSupplier lagMillis,
        BooleanSupplier isReplica,
        FileAttributes attributes) {
    /** A tree of a node that is alone. */
    public static TreeOptions alone(DatabaseSet databases, Path mirror) {
        return new TreeOptions(
                databases,
                mirror,
                tid -> false,
                DatabaseEvents.NONE,
                Optional::empty,
                () -> 0L,
                () -> false,
                FileAttributes.NONE);
    }
}
