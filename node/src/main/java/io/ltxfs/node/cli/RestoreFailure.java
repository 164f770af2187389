package io.ltxfs.node.cli;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.restore.StoppedException;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;

/** Why a restore failed, as a person reads it. */
final class RestoreFailure {
    private RestoreFailure() {}

    static CliException of(String what, IOException e) {
        String message = Cli.describe(e);
        if (e instanceof ArchiveException archive) {
            int code = switch (archive.kind()) {
                case NOT_FOUND -> ExitCode.NOT_FOUND;
                case DAMAGED, FOREIGN -> ExitCode.DATA_WRONG;
                case WRONG_USAGE -> ExitCode.WRONG_USAGE;
            };
            return new CliException(code, what, message, "see 'ltxfs archive list'", e);
        }
        if (e instanceof StoreException store) {
            int code = store.kind() == StoreException.Kind.NO_STORE ? ExitCode.NOT_FOUND : ExitCode.FAILED;
            return new CliException(
                    code, what, message, "run it again when that is mended: it goes on where it was", e);
        }
        if (e instanceof StoppedException) {
            return new CliException(ExitCode.FAILED, what, message, "run it again to go on where it was", e);
        }
        if (e instanceof FileAlreadyExistsException exists && exists.getReason() != null) {
            return new CliException(ExitCode.FAILED, what, exists.getFile() + " " + before(exists), after(exists), e);
        }
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return new CliException(ExitCode.FAILED, what, system.getFile() + ": " + before(system), after(system), e);
        }
        return new CliException(
                ExitCode.FAILED, what, message, "check the disk and the store; run again, it goes on where it was", e);
    }

    private static String before(FileSystemException e) {
        String reason = e.getReason();
        int at = reason.indexOf("; ");
        return at < 0 ? reason : reason.substring(0, at);
    }

    private static String after(FileSystemException e) {
        String reason = e.getReason();
        int at = reason.indexOf("; ");
        return at < 0 ? "check the path, its permissions and the disk" : reason.substring(at + 2);
    }
}
