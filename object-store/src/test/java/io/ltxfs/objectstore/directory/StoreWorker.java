package io.ltxfs.objectstore.directory;

import io.ltxfs.objectstore.ContentHash;
import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.ObjectContent;
import io.ltxfs.objectstore.ObjectStore;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import io.ltxfs.objectstore.StoreException.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Random;

/** A process of its own that works on a directory of objects, and says on its output what it does. */
final class StoreWorker {
    private static final PrintStream OUT = System.out;
    private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00.123Z");

    private StoreWorker() {}

    public static void main(String[] args) throws Exception {
        try (DirectoryStore store = new DirectoryStore(Path.of(args[1]))) {
            String name = args[2];
            switch (args[0]) {
                case "write" -> write(store, name, Long.parseLong(args[3]));
                case "steps" -> steps(store, name, Long.parseLong(args[3]));
                case "race" -> race(store, name, Integer.parseInt(args[3]));
                default -> throw new IllegalArgumentException(args[0]);
            }
        }
    }

    // ------------------------------------------------------------------------------------------------ writing

    /** Creates, replaces and deletes one object, in all ways there are. */
    private static void steps(ObjectStore store, String name, long first) throws IOException {
        String key = name + "/0/0";
        // Sizes and times of the numbers are those of content() and options(); 0 deletes.
        for (long n : new long[] {1, 2, 4, 0, 5, 11, 14, 21, 0, 7, 9, 0}) {
            if (n == 0) {
                OUT.println("begin delete " + key + " 0");
                store.delete(key);
            } else {
                long number = first + n;
                OUT.println("begin put " + key + " " + number);
                store.put(key, content(number), options(number));
            }
            OUT.println("end");
        }
    }

    /** Creates, replaces and deletes objects for ever. */
    private static void write(ObjectStore store, String name, long seed) throws IOException {
        Random random = new Random(seed);
        for (long n = seed << 20; ; n++) {
            String key = name + "/" + random.nextInt(3) + "/" + random.nextInt(8);
            if (random.nextInt(10) == 0) {
                OUT.println("begin delete " + key + " 0");
                store.delete(key);
            } else {
                OUT.println("begin put " + key + " " + n);
                store.put(key, content(n), options(n));
            }
            OUT.println("end");
        }
    }

    /** The content with a number: of three sizes, and many of one size have the same first and last bytes. */
    static ObjectBody content(long n) {
        byte[] bytes = new byte[new int[] {100, 5_000, 150_000}[(int) (n % 3)]];
        byte[] number = ("number " + n + "\n").getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(number, 0, bytes, bytes.length / 2, number.length);
        return ObjectBody.of(bytes);
    }

    static PutOptions options(long n) throws IOException {
        byte[] bytes = content(n).open().readAllBytes();
        // Some have no metadata but a time, some have one time for all.
        PutOptions options = PutOptions.replace().modifiedAt(EPOCH.plusSeconds(n % 5));
        return n % 7 == 0
                ? options
                : options.with(Map.of("number", Long.toString(n), "hash", ContentHash.of(bytes, 0, bytes.length)));
    }

    // ------------------------------------------------------------------------------------------------ racing

    /** Races with others for objects, and counts together with them. */
    private static void race(ObjectStore store, String name, int rounds) throws IOException {
        for (int round = 0; round < rounds; round++) {
            if (isDone(store, "race/" + round, name, PutOptions.create().with(Map.of("by", name)))) {
                OUT.println("won " + round);
            }
            while (true) {
                try (ObjectContent content = store.get("counter")) {
                    String value = new String(content.readAll(), StandardCharsets.US_ASCII);
                    String next = Long.parseLong(value.substring(0, value.indexOf(' '))) + 1 + " " + name;
                    OUT.println("counting");
                    if (isDone(
                            store,
                            "counter",
                            next,
                            PutOptions.ifMatch(content.info().etag()))) {
                        OUT.println("counted");
                        break;
                    }
                }
            }
        }
    }

    private static boolean isDone(ObjectStore store, String key, String text, PutOptions options)
            throws StoreException {
        try {
            store.put(key, ObjectBody.of(text.getBytes(StandardCharsets.US_ASCII)), options);
            return true;
        } catch (StoreException e) {
            if (e.kind() == Kind.PRECONDITION_FAILED) {
                return false;
            }
            throw e;
        }
    }
}
