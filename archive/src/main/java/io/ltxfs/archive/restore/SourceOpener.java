package io.ltxfs.archive.restore;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Opens the LTX files of a plan from the newest to the oldest, some ahead of their use. Small ones come whole; those that
 * lie one behind the other in a bundle come together.
 */
final class SourceOpener implements AutoCloseable {
    /** What is fetched at once is at most this. */
    private static final int SMALL_BYTES = 1 << 20;

    /** How many requests are ahead. */
    private static final int AHEAD = 8;

    private final RangeReader reader;
    private final List<LtxSource> sources;
    private final int pageSize;
    private final ExecutorService threads;
    private final Deque<Future<List<OpenSource>>> ahead = new ArrayDeque<>();
    private final Deque<OpenSource> opened = new ArrayDeque<>();
    private int left;

    SourceOpener(RangeReader reader, List<LtxSource> sources, int pageSize, ExecutorService threads) {
        this.reader = reader;
        this.sources = sources;
        this.pageSize = pageSize;
        this.threads = threads;
        this.left = sources.size();
    }

    /** The next older one. */
    OpenSource next() throws IOException {
        while (ahead.size() < AHEAD && left > 0) {
            int from = clusterStart(left);
            List<LtxSource> cluster = sources.subList(from, left);
            ahead.add(threads.submit(() -> open(cluster)));
            left = from;
        }
        if (opened.isEmpty()) {
            for (OpenSource source : await(ahead.remove())) {
                opened.push(source);
            }
        }
        return opened.pop();
    }

    private int clusterStart(int end) {
        int from = end - 1;
        long bytes = sources.get(from).length();
        while (from > 0 && sources.get(from - 1).isFollowedBy(sources.get(from))) {
            bytes += sources.get(from - 1).length();
            if (bytes > SMALL_BYTES) {
                break;
            }
            from--;
        }
        return from;
    }

    private List<OpenSource> open(List<LtxSource> cluster) throws IOException {
        LtxSource first = cluster.get(0);
        LtxSource last = cluster.get(cluster.size() - 1);
        long length = last.offset() + last.length() - first.offset();
        if (length > SMALL_BYTES) {
            return List.of(OpenSource.of(reader, first, pageSize));
        }
        byte[] bytes = reader.read(first.key(), first.offset(), (int) length);
        List<OpenSource> result = new ArrayList<>();
        for (LtxSource source : cluster) {
            int at = (int) (source.offset() - first.offset());
            byte[] own = cluster.size() == 1 ? bytes : Arrays.copyOfRange(bytes, at, at + (int) source.length());
            result.add(OpenSource.of(reader, source, own, pageSize));
        }
        return result;
    }

    private static <T> T await(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Gives up what was opened ahead. */
    @Override
    public void close() {
        for (Future<?> future : ahead) {
            future.cancel(false);
        }
        ahead.clear();
    }
}
