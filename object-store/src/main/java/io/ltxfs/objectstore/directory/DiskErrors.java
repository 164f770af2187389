package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Says what an operating system's error means for a store. */
final class DiskErrors {
    private final Path root;

    DiskErrors(Path root) {
        this.root = root;
    }

    /**
     * The exception for an error.
     *
     * @param what the object or directory, and what could not be done with it
     */
    StoreException of(String what, boolean outcomeUnknown, IOException e) {
        if (e instanceof StoreException known) {
            return known;
        }
        Kind kind = kind(e);
        String file = e instanceof FileSystemException f && f.getFile() != null ? " (" + f.getFile() + ")" : "";
        String advice = e instanceof NotDirectoryException && kind == Kind.DENIED
                ? "objects are to be below it: move it away, or use another name"
                : advice(kind);
        String message = what + ": " + reason(e) + file + "; " + advice;
        return new StoreException(kind, outcomeUnknown, message, e);
    }

    private Kind kind(IOException e) {
        String reason = reason(e);
        if (e instanceof AccessDeniedException || reason.startsWith("Read-only file system")) {
            return Kind.DENIED;
        }
        if (reason.startsWith("No space left") || reason.startsWith("Disk quota exceeded")) {
            return Kind.FULL;
        }
        if (!Files.isDirectory(root) && (e instanceof NoSuchFileException || e instanceof NotDirectoryException)) {
            return Kind.NO_STORE;
        }
        if (e instanceof NotDirectoryException) {
            return Kind.DENIED;
        }
        if (e instanceof NoSuchFileException || e instanceof ClosedByInterruptException) {
            return Kind.UNAVAILABLE;
        }
        // The system's texts are in the user's language; what they are about can be seen as well.
        try {
            FileStore disk = Files.getFileStore(nearest(root));
            if (disk.getUsableSpace() == 0) {
                return Kind.FULL;
            }
            if (disk.isReadOnly()) {
                return Kind.DENIED;
            }
        } catch (IOException ignored) {
            // Then the first error is all that there is to say.
        }
        return Kind.UNAVAILABLE;
    }

    private String advice(Kind kind) {
        return switch (kind) {
            case DENIED -> "give this user write access to " + root;
            case FULL -> "free space on the disk of " + root;
            case NO_STORE -> "see that " + root + " is there and a directory";
            default -> "see the system's log about the disk of " + root;
        };
    }

    private static Path nearest(Path path) {
        @Nullable Path at = path;
        while (at != null && !Files.exists(at)) {
            at = at.getParent();
        }
        return at == null ? path : at;
    }

    /** The system's words. */
    static String reason(IOException e) {
        if (e instanceof FileSystemException f && f.getReason() != null) {
            return f.getReason();
        }
        if (e instanceof AccessDeniedException) {
            return "Permission denied";
        }
        if (e instanceof NotDirectoryException) {
            return "Not a directory";
        }
        if (e instanceof NoSuchFileException) {
            return "No such file or directory";
        }
        if (e instanceof ClosedByInterruptException) {
            return "interrupted";
        }
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }
}
