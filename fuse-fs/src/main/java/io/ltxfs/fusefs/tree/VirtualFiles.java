package io.ltxfs.fusefs.tree;

import io.ltxfs.database.Database;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.Position;
import io.ltxfs.database.posix.FileMode;
import io.ltxfs.database.posix.FileTime;
import io.ltxfs.fusefs.transport.Attr;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The virtual files {@code .primary}, {@code .lag} and {@code X-pos}, with the texts that LiteFS gives them. */
final class VirtualFiles {
    private static final String PRIMARY = ".primary";
    private static final String LAG = ".lag";
    private static final int READ_ONLY = FileMode.REGULAR | 0444;

    private volatile Function<String, Optional<Position>> readable;
    private final Supplier<Optional<String>> primary;
    private final LongSupplier lagMillis;

    VirtualFiles(DatabaseSet databases, Supplier<Optional<String>> primary, LongSupplier lagMillis) {
        this.readable = name -> databases.find(name).map(Database::position);
        this.primary = primary;
        this.lagMillis = lagMillis;
    }

    /** @param newReadable the last transaction of a database that readers see, where that is not the database's position */
    void readable(Function<String, Optional<Position>> newReadable) {
        readable = newReadable;
    }

    /** Whether a name can only be a virtual file's, whatever else there is. */
    static boolean isReserved(Directory parent, String name) {
        return parent.isRoot() && (name.equals(PRIMARY) || name.equals(LAG));
    }

    /** The virtual file that a name stands for, if there is one now and no other file has the name. */
    Optional<VirtualFile> find(Directory parent, String name, NodeTable nodes) throws TreeException {
        if (isReserved(parent, name)) {
            VirtualFile.Kind kind = name.equals(LAG) ? VirtualFile.Kind.LAG : VirtualFile.Kind.PRIMARY;
            VirtualFile file = new VirtualFile(nodes.nextId(), kind, "");
            return exists(file) ? Optional.of(file) : Optional.empty();
        }
        Optional<String> base = SqliteNames.positionOf(name);
        if (base.isEmpty()) {
            return Optional.empty();
        }
        String database = Mirror.join(parent.path(), base.get());
        VirtualFile file = new VirtualFile(nodes.nextId(), VirtualFile.Kind.POSITION, database);
        return exists(file) ? Optional.of(file) : Optional.empty();
    }

    /** Whether there is something to show. */
    boolean exists(VirtualFile file) {
        return text(file).isPresent();
    }

    /** What it shows at this moment; empty when it is not there. */
    Optional<byte[]> text(VirtualFile file) {
        Optional<String> text = switch (file.kind()) {
            case PRIMARY -> primary.get().map(host -> host + "\n");
            case LAG -> Optional.of(String.format(Locale.ROOT, "%+010d\n", lagMillis.getAsLong()));
            case POSITION -> readable.apply(file.database()).map(position -> position + "\n");
        };
        return text.map(t -> t.getBytes(StandardCharsets.UTF_8));
    }

    Attr attr(VirtualFile file) {
        long size = text(file).map(text -> text.length).orElse(0);
        return new Attributes(READ_ONLY, 0, 0, FileTime.now()).attr(NodeIds.inodeOf(file.id()), size, true);
    }
}
