package io.ltxfs.node.replication;

import io.ltxfs.database.log.TransactionHeader;
import io.ltxfs.node.cluster.Standing;
import io.ltxfs.replicationproto.Place;
import io.ltxfs.replicationproto.StandingAnswer;
import io.ltxfs.replicationproto.TransactionHead;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Between what is sent and what it means. What comes in may be anything: it is checked here. */
final class Messages {
    /** The most bytes of an LTX file in one message. */
    static final int CHUNK_BYTES = 256 * 1024;

    private static final int NAME_BYTES_MAX = 4096;

    private Messages() {}

    static io.ltxfs.replicationproto.Member member(Member member) {
        return io.ltxfs.replicationproto.Member.newBuilder()
                .setNode(member.node())
                .setProcess(member.process())
                .setAdvertise(member.advertise())
                .build();
    }

    static Member member(io.ltxfs.replicationproto.Member member) {
        return new Member(member.getNode(), member.getProcess(), member.getAdvertise());
    }

    static Place place(String database, Standing.Place place) {
        return Place.newBuilder()
                .setDatabase(database)
                .setTxid(place.txid())
                .setChecksum(place.checksum())
                .build();
    }

    static List<Place> places(Map<String, Standing.Place> places) {
        List<Place> list = new ArrayList<>(places.size());
        places.forEach((database, place) -> list.add(place(database, place)));
        return list;
    }

    static Standing.Place place(Place place) {
        return new Standing.Place(place.getTxid(), place.getChecksum());
    }

    static Map<String, Standing.Place> places(List<Place> places) {
        Map<String, Standing.Place> map = new HashMap<>();
        for (Place place : places) {
            map.put(place.getDatabase(), place(place));
        }
        return map;
    }

    static StandingAnswer standing(Member self, Standing standing, boolean primary) {
        return StandingAnswer.newBuilder()
                .setEpoch(standing.promised())
                .setMember(member(self))
                .setHistoryEpoch(standing.historyEpoch())
                .addAllPositions(places(standing.positions()))
                .setPrimary(primary)
                .build();
    }

    static PeerStanding standing(StandingAnswer answer) {
        return new PeerStanding(
                member(answer.getMember()),
                new Standing(
                        answer.getMember().getNode(),
                        answer.getEpoch(),
                        answer.getHistoryEpoch(),
                        places(answer.getPositionsList())),
                answer.getPrimary());
    }

    /** @param image of a position, where it may differ from the transaction's own */
    static TransactionHead head(TransactionHeader header, TransactionHead.Image image, int pages) {
        return TransactionHead.newBuilder()
                .setDatabase(header.database())
                .setTxid(header.txid())
                .setEpoch(header.epoch())
                .setTimeMillis(header.timeMillis())
                .setPageSize(header.pageSize())
                .setCommit(header.commit())
                .setPreChecksum(header.preChecksum())
                .setPostChecksum(header.postChecksum())
                .setImage(image)
                .setUid(header.uid())
                .setGid(header.gid())
                .setMode(header.mode())
                .setPages(pages)
                .build();
    }

    /** @throws IOException if it cannot be a transaction; says which field */
    static TransactionHeader header(TransactionHead head) throws IOException {
        String database = head.getDatabase();
        if (database.isEmpty() || database.length() > NAME_BYTES_MAX || hasOddPart(database)) {
            throw new IOException("a transaction's database cannot have the name '" + brief(database) + "'");
        }
        TransactionHeader.Image image = switch (head.getImage()) {
            case DELTA -> TransactionHeader.Image.DELTA;
            case FULL -> TransactionHeader.Image.FULL;
            case DROP -> TransactionHeader.Image.DROP;
            default -> throw wrong(head, "an unknown kind of image");
        };
        int pageSize = head.getPageSize();
        boolean dropped = image == TransactionHeader.Image.DROP;
        if (!(dropped && pageSize == 0) && (pageSize < 512 || pageSize > 65536 || Integer.bitCount(pageSize) != 1)) {
            throw wrong(head, "page size " + Integer.toUnsignedString(pageSize));
        }
        if (head.getTxid() == 0) {
            throw wrong(head, "TXID 0");
        }
        if (head.getPostChecksum() >= 0) {
            throw wrong(head, String.format("checksum %016x", head.getPostChecksum()));
        }
        if (dropped && (head.getPages() != 0 || head.getCommit() != 0)) {
            throw wrong(head, "pages in a drop");
        }
        if (Integer.compareUnsigned(head.getPages(), head.getCommit()) > 0) {
            throw wrong(head, "more pages than the database has");
        }
        return new TransactionHeader(
                database,
                head.getTxid(),
                head.getEpoch(),
                head.getTimeMillis(),
                pageSize,
                head.getCommit(),
                head.getPreChecksum(),
                head.getPostChecksum(),
                image,
                head.getUid(),
                head.getGid(),
                head.getMode() & 07777);
    }

    /** A name of the peer's becomes a path here. */
    private static boolean hasOddPart(String name) {
        for (String part : name.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return true;
            }
        }
        return name.indexOf('\0') >= 0;
    }

    private static IOException wrong(TransactionHead head, String what) {
        return new IOException(
                String.format("%s: transaction %016x has %s", brief(head.getDatabase()), head.getTxid(), what));
    }

    /** Text of another node's that goes into a message. */
    static String brief(String text) {
        return text.length() <= 200 ? text : text.substring(0, 200) + "…";
    }
}
