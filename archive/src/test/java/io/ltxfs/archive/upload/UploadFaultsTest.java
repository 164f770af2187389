package io.ltxfs.archive.upload;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.archive.LtxObject;
import io.ltxfs.objectstore.MemoryStore;
import io.ltxfs.objectstore.StoreException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of uploads when the store fails, or the process dies. */
class UploadFaultsTest {
    private static final String DB = "a.db";
    /** Before and after each call that a run makes at least. */
    private static final int CALLS = 40;

    @TempDir
    Path directory;

    @Test
    void outageIsCaughtUpInObjectsOfTheUsualSpan() throws Exception {
        try (UploadFixture fixture = new UploadFixture(directory, new MemoryStore())) {
            fixture.store.hook = new HookedStore.Hook() {
                @Override
                public void before(String call, String key) throws StoreException {
                    throw HookedStore.unavailable(false);
                }
            };
            Random random = new Random(7);
            long time = System.currentTimeMillis();
            for (int i = 0; i < 300; i++) {
                fixture.node.commit(DB, time, random);
                fixture.node.commit("b.db", time, random);
                time += random.nextInt(400);
            }
            fixture.node.flush();
            // One of the two meets it first, and what is pending is counted as it is read from the log.
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                String warning = fixture.uploads.warnings().stream().findFirst().orElse("");
                assertTrue(warning.contains("the store is away"), warning);
                assertTrue(warning.contains("of 2 databases"), warning);
                assertEquals(300, fixture.uploads.progress(DB).pending());
            });
            fixture.store.hook = HookedStore.NONE;
            fixture.drain();
            assertEquals(List.of(), fixture.uploads.warnings());
            for (String name : List.of(DB, "b.db")) {
                fixture.check(name);
                for (LtxObject object : fixture.database(name).list(0, 0)) {
                    var times = fixture.node.histories.get(name).times;
                    assertTrue(times.get(object.maxTxid()) - times.get(object.minTxid()) <= 1000, object::toString);
                }
            }
        }
    }

    /** A wake-up of the follower that is lost shows once in some thirty times. */
    @Tag("long")
    @RepeatedTest(200)
    void outageIsCaughtUpEveryTime() throws Exception {
        outageIsCaughtUpInObjectsOfTheUsualSpan();
    }

    /** What is no exception does not leave a database to nobody. */
    @Test
    void anUploadThatDiesIsDoneAgain() throws Exception {
        AtomicInteger deaths = new AtomicInteger(3);
        try (UploadFixture fixture = new UploadFixture(directory, new MemoryStore())) {
            fixture.store.hook = new HookedStore.Hook() {
                @Override
                public void before(String call, String key) {
                    if (call.equals("put") && deaths.getAndDecrement() > 0) {
                        throw new OutOfMemoryError("Cannot reserve direct buffer memory");
                    }
                }
            };
            fixture.node.commit(DB, System.currentTimeMillis(), new Random(7));
            fixture.drain();
            fixture.check(DB);
        }
    }

    /** Puts fail before or after their effect, at random. */
    @Test
    void putsOfUnknownOutcomeLeaveNoOverlap() throws Exception {
        for (int seed = 1; seed <= 8; seed++) {
            Random random = new Random(seed);
            Random faults = new Random(seed);
            try (UploadFixture fixture = new UploadFixture(directory.resolve("s" + seed), new MemoryStore())) {
                fixture.store.hook = new HookedStore.Hook() {
                    @Override
                    public void before(String call, String key) throws StoreException {
                        fail(key);
                    }

                    @Override
                    public void after(String call, String key) throws StoreException {
                        fail(key);
                    }

                    private void fail(String key) throws StoreException {
                        synchronized (faults) {
                            if (faults.nextInt(16) == 0) {
                                throw HookedStore.unavailable(true);
                            }
                        }
                    }
                };
                for (int i = 0; i < 60; i++) {
                    fixture.node.commit(DB, System.currentTimeMillis() + i * 40L, random);
                    fixture.node.flush();
                    if (random.nextInt(6) == 0) {
                        Thread.sleep(random.nextInt(100));
                    }
                }
                fixture.drain();
                fixture.store.hook = HookedStore.NONE;
                fixture.check(DB);
            } catch (AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    /** The process dies at a call, before or after the call's effect; a new one goes on. */
    @Test
    void killAtACallLosesNothing() throws Exception {
        killAtCalls(3);
    }

    @Test
    @Tag("long")
    void killAtEachCallLosesNothing() throws Exception {
        killAtCalls(1);
    }

    private void killAtCalls(int step) throws Exception {
        for (int at = 1; at <= CALLS; at += step) {
            int died = at;
            Random random = new Random(at);
            AtomicInteger count = new AtomicInteger();
            AtomicReference<String> dead = new AtomicReference<>("");
            try (UploadFixture fixture = new UploadFixture(directory.resolve("k" + at), new MemoryStore())) {
                fixture.store.hook = new HookedStore.Hook() {
                    @Override
                    public void before(String call, String key) {
                        die(call, key);
                    }

                    @Override
                    public void after(String call, String key) {
                        die(call, key);
                    }

                    private void die(String call, String key) {
                        if (count.incrementAndGet() >= died) {
                            dead.compareAndSet("", call + " " + key);
                            throw new Killed();
                        }
                    }
                };
                history(fixture, random, 0);
                fixture.node.flush();
                await().dontCatchUncaughtExceptions() // the threads of the process die of it
                        .atMost(Duration.ofSeconds(60))
                        .until(() -> fixture.uploads.drain(Duration.ofMillis(300))
                                || !dead.get().isEmpty());
                fixture.store.hook = HookedStore.NONE;
                fixture.killAndStart();
                history(fixture, random, 4000);
                fixture.drain();
                fixture.check(DB);
                assertFalse(dead.get().isEmpty(), () -> "call " + died + " never came");
            } catch (AssertionError e) {
                throw new AssertionError("killed at call " + at + ": " + dead.get(), e);
            }
        }
    }

    private static void history(UploadFixture fixture, Random random, long later) throws Exception {
        long time = System.currentTimeMillis() + later;
        for (int i = 0; i < 6; i++) {
            fixture.node.commit(DB, time + i * 300L, random);
        }
        fixture.node.drop(DB, time + 2000);
        for (int i = 0; i < 4; i++) {
            fixture.node.commit(DB, time + 2100 + i * 20L, random);
        }
        fixture.node.repage(DB, time + 3300, 512, random);
        for (int i = 0; i < 3; i++) {
            fixture.node.commit(DB, time + 3400 + i * 20L, random);
        }
    }

    /** The process is no more. */
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;

        Killed() {
            super("killed", null, false, false);
        }
    }
}
