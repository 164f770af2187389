package io.ltxfs.node.replication;

import io.grpc.Channel;
import io.ltxfs.database.DatabaseSet;
import io.ltxfs.database.TransactionSummary;
import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.database.receive.Receiver;
import io.ltxfs.ltx.LockPage;
import io.ltxfs.ltx.LtxReader;
import io.ltxfs.node.cluster.Standing.Place;
import io.ltxfs.replicationproto.SnapshotAnswer;
import io.ltxfs.replicationproto.SnapshotHead;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Brings one database to a peer's position by taking the pages that differ. Blocks. */
final class SnapshotTaker {
    private final DatabaseSet databases;
    private final Receiver receiver;
    private final EpochGate gate;
    private final Path directory;

    /** @param directory for pages that have arrived */
    SnapshotTaker(DatabaseSet databases, Receiver receiver, EpochGate gate, Path directory) {
        this.databases = databases;
        this.receiver = receiver;
        this.gate = gate;
        this.directory = directory;
    }

    /**
     * Does it.
     *
     * @return where the database is now, durably
     */
    Place take(Channel channel, String address, long epoch, String database, PeerClient.Divergent divergent)
            throws IOException, InterruptedException {
        try (SnapshotStage stage = SnapshotStage.open(directory, database)) {
            SnapshotHead head;
            TransactionHeader header;
            try (SnapshotCall call = new SnapshotCall(channel, address, epoch, database, checksums(database, stage))) {
                head = call.head();
                header = Messages.header(head.getPosition());
                if (!header.database().equals(database)) {
                    throw new IOException(
                            address + ": a snapshot of " + header.database() + " came instead of " + database);
                }
                if (header.commit() != 0) {
                    pages(call, header, stage);
                }
                call.end();
            }
            Place place = new Place(header.txid(), header.postChecksum());
            if (!place.equals(received(database))) {
                keep(database, epoch, head, divergent);
                replace(address, epoch, header, stage);
            }
            stage.delete();
            return place;
        }
    }

    private Place received(String database) {
        return receiver.received(database)
                .map(header -> new Place(header.txid(), header.postChecksum()))
                .orElse(new Place(0, 0));
    }

    // ---- pages

    /** What this node has of each page: what has arrived for it earlier, else what it had. */
    private SnapshotCall.Checksums checksums(String database, SnapshotStage stage) throws DiskException {
        int pageSize = receiver.received(database)
                .map(TransactionHeader::pageSize)
                .filter(size -> size != 0)
                .orElse(0);
        int declared = stage.pageSize() == 0 ? pageSize : stage.pageSize();
        long[] own = declared == pageSize && declared != 0 ? receiver.pageChecksums(database) : new long[0];
        // Pages that arrive meanwhile are not counted: what was announced is what is sent.
        int count = Math.max(own.length, stage.lastPage());
        return new SnapshotCall.Checksums() {
            @Override
            public int pageSize() {
                return declared;
            }

            @Override
            public int count() {
                return count;
            }

            @Override
            public long of(int pgno) {
                long staged = stage.checksum(pgno);
                return staged != 0 || pgno > own.length ? staged : own[pgno - 1];
            }
        };
    }

    private static void pages(SnapshotCall call, TransactionHeader header, SnapshotStage stage) throws IOException {
        stage.begin(header.pageSize());
        byte[] page = new byte[header.pageSize()];
        try (LtxReader reader = LtxReader.open(call.ltx())) {
            if (!reader.header().equals(LtxForm.pagesOnly(header))) {
                throw new IOException(header.database() + ": a snapshot's LTX file says " + reader.header());
            }
            long count = 0;
            for (int pgno = reader.nextPage(page); pgno != 0; pgno = reader.nextPage(page)) {
                stage.put(pgno, page);
                count++;
            }
            reader.finish();
            call.expectPages(count);
        }
    }

    private void replace(String address, long epoch, TransactionHeader header, SnapshotStage stage)
            throws IOException, InterruptedException {
        long[] lsn = {0};
        boolean passed = gate.pass(
                epoch,
                () -> lsn[0] = receiver.replace(asItCame(header, stage), visitor -> {
                    int end = (int) Math.min(Integer.toUnsignedLong(header.commit()), stage.lastPage());
                    for (int pgno = 1; pgno <= end; pgno++) {
                        if (stage.checksum(pgno) != 0) {
                            visitor.page(pgno, stage.checksum(pgno), stage.page(pgno));
                        }
                    }
                }));
        if (!passed) {
            throw promisedMore(address, epoch, gate);
        }
        flush(receiver, lsn[0]);
    }

    /** The position with what its pages are: all of the database, or those that differ from what was here. */
    private static TransactionHeader asItCame(TransactionHeader header, SnapshotStage stage) {
        int lockPage = header.commit() == 0 ? 0 : LockPage.pgno(header.pageSize());
        for (long pgno = 1; pgno <= Integer.toUnsignedLong(header.commit()); pgno++) {
            if (pgno != lockPage && stage.checksum((int) pgno) == 0) {
                return new TransactionHeader(
                        header.database(),
                        header.txid(),
                        header.epoch(),
                        header.timeMillis(),
                        header.pageSize(),
                        header.commit(),
                        header.preChecksum(),
                        header.postChecksum(),
                        TransactionHeader.Image.DELTA,
                        header.uid(),
                        header.gid(),
                        header.mode());
            }
        }
        return header;
    }

    /** Something of an epoch that is over. */
    static Refused promisedMore(String address, long epoch, EpochGate gate) {
        return new Refused("what comes from " + address + " is of epoch " + Long.toUnsignedString(epoch)
                + ", this node has promised " + Long.toUnsignedString(gate.promised()));
    }

    /** Waits until everything up to an LSN is durable. */
    static void flush(Receiver receiver, long lsn) throws IOException, InterruptedException {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        receiver.flush(lsn, failure -> {
            if (failure == null) {
                done.complete(true);
            } else {
                done.completeExceptionally(failure);
            }
        });
        try {
            done.get();
        } catch (ExecutionException e) {
            throw new IOException(
                    "the log cannot be made durable: " + PeerService.cause(e).getMessage(), e);
        }
    }

    // ---- what only this node has

    private void keep(String database, long epoch, SnapshotHead head, PeerClient.Divergent divergent)
            throws IOException {
        List<TransactionSummary> own = databases.history(database);
        Place here = received(database);
        if (here.txid() == 0) {
            return;
        }
        OptionalLong fork = fork(own, epoch, head);
        if (fork.isPresent() && fork.getAsLong() == here.txid()) {
            return;
        }
        divergent.keep(database, fork);
    }

    /**
     * The last transaction that both have. Where the peer's log does not reach back far enough to see it: what this
     * node took from the peer itself, under this very epoch, the peer has; and before a node took anything of an epoch, it had been
     * brought to the history of that epoch's primary.
     */
    static OptionalLong fork(List<TransactionSummary> own, long epoch, SnapshotHead head) {
        Map<Long, Long> theirs = new HashMap<>();
        head.getHistoryList().forEach(place -> theirs.put(place.getTxid(), place.getChecksum()));
        theirs.put(head.getPosition().getTxid(), head.getPosition().getPostChecksum());
        for (int i = own.size() - 1; i >= 0; i--) {
            Long checksum = theirs.get(own.get(i).txid());
            if (checksum != null && checksum == own.get(i).postApplyChecksum()) {
                return OptionalLong.of(own.get(i).txid());
            }
        }
        long oldest = theirs.keySet().stream().min(Long::compareUnsigned).orElse(0L);
        if (own.isEmpty()) {
            return OptionalLong.empty();
        }
        TransactionSummary last = own.get(own.size() - 1);
        if (last.epoch() == epoch && epoch != 0 && Long.compareUnsigned(last.txid(), oldest) < 0) {
            return OptionalLong.of(last.txid());
        }
        for (int i = own.size() - 1; i >= 0; i--) {
            if (own.get(i).epoch() != last.epoch()
                    && Long.compareUnsigned(own.get(i).txid(), oldest) < 0) {
                return OptionalLong.of(own.get(i).txid());
            }
        }
        return OptionalLong.empty();
    }

    /** Whether an answer of a stream is of its epoch. */
    static void requireEpoch(String address, SnapshotAnswer answer, long epoch) throws IOException {
        if (answer.getEpoch() != epoch) {
            throw new IOException(address + ": an answer of epoch " + Long.toUnsignedString(answer.getEpoch())
                    + " came where " + Long.toUnsignedString(epoch) + " is due");
        }
    }
}
