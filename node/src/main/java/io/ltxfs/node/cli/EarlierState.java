package io.ltxfs.node.cli;

import io.ltxfs.archive.ArchiveException;
import io.ltxfs.archive.plan.RestoreTarget;
import io.ltxfs.archive.restore.RestoreListener;
import io.ltxfs.archive.restore.RestoreResult;
import io.ltxfs.archive.restore.Restorer;
import io.ltxfs.ltx.Txid;
import io.ltxfs.node.archive.NodeArchive;
import io.ltxfs.node.config.LtxfsConfig;
import io.ltxfs.objectstore.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/** Gets a state of a database from the archive, when the transaction log does not reach back to it. */
final class EarlierState {
    private EarlierState() {}

    /** Whether a failure says that the log does not have what was asked for. */
    static boolean isMissing(CliException e) {
        return e.exitCode() == ExitCode.NOT_FOUND;
    }

    /**
     * Restores into a file.
     *
     * @param url of the archive; empty if there is none
     * @param what the command, for messages
     * @param log why the log does not have it
     * @throws CliException with {@link ExitCode#NOT_FOUND} if the archive does not have it either; says what both have
     */
    static RestoreResult fromArchive(
            LtxfsConfig config,
            String url,
            String name,
            RestoreTarget target,
            Path output,
            String what,
            CliException log)
            throws IOException {
        if (url.isEmpty()) {
            throw log;
        }
        try (NodeArchive archive = ArchiveSource.open(config, url, what);
                Restorer restorer = new Restorer(archive.archive())) {
            return restorer.restore(archive.database(name), target, false, output, true, RestoreListener.NONE);
        } catch (ArchiveException e) {
            if (e.kind() != ArchiveException.Kind.NOT_FOUND) {
                throw RestoreFailure.of(what, e);
            }
            throw new CliException(
                    ExitCode.NOT_FOUND,
                    what,
                    "neither the transaction log nor the archive has it. Log: " + log.getMessage() + ". Archive: "
                            + e.getMessage(),
                    "ask for one of those",
                    e);
        } catch (IOException e) {
            if (e instanceof StoreException store && store.kind() == StoreException.Kind.NO_STORE) {
                throw log;
            }
            throw RestoreFailure.of(what, e);
        }
    }

    /** A transaction as people read it. */
    static String text(long txid, Optional<Instant> time) {
        return "TXID " + Txid.format(txid) + time.map(moment -> " of " + moment).orElse("");
    }
}
