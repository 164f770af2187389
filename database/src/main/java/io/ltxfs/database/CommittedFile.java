package io.ltxfs.database;

import io.ltxfs.database.disk.DiskException;
import io.ltxfs.database.disk.DiskFile;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The database file as of the last commit: the backing file, and over it the pages of committed transactions that are
 * not in it yet, because what makes them committed is not durable (R10) or because there are many. The database's lock
 * owns it, except for the writing in {@link #applyOldest}.
 */
final class CommittedFile implements Overlay.Below {
    private static final int APPLY_BUFFER = 256 << 10;

    /** The pages of one committed transaction on their way into the file. */
    static final class Layer {
        final Overlay overlay;
        final long lsn;
        volatile boolean applied;

        Layer(Overlay overlay, long lsn) {
            this.overlay = overlay;
            this.lsn = lsn;
        }
    }

    /** What an overlay reads through to: the layer that was the newest when it began, or the file once that is applied. */
    private final class Beneath implements Overlay.Below {
        private @Nullable Layer previous;

        Beneath(@Nullable Layer previous) {
            this.previous = previous;
        }

        @Override
        public void readFully(long offset, ByteBuffer target) throws DiskException {
            Layer layer = previous;
            if (layer != null && layer.applied) {
                previous = null;
                layer = null;
            }
            if (layer == null) {
                readFile(offset, target);
            } else {
                readLayer(layer, offset, target);
            }
        }
    }

    private final DiskFile file;
    private final ArrayDeque<Layer> layers = new ArrayDeque<>();
    private final List<PageSaver> savers = new CopyOnWriteArrayList<>();
    private long viewSize;

    CommittedFile(DiskFile file) throws DiskException {
        this.file = file;
        this.viewSize = file.size();
    }

    /** Keeps a page's content from before an overwrite, for an export that is running. */
    interface PageSaver {
        /** The range is about to be overwritten in the backing file. */
        void beforeOverwrite(DiskFile file, long offset, long length) throws DiskException;
    }

    DiskFile backing() {
        return file;
    }

    /** The length that an application sees when no transaction runs; may exceed the committed size. */
    long viewSize() {
        return viewSize;
    }

    void addSaver(PageSaver saver) {
        savers.add(saver);
    }

    void removeSaver(PageSaver saver) {
        savers.remove(saver);
    }

    /** A base for the overlay of a transaction that begins now. */
    Overlay.Below beneath() {
        return new Beneath(layers.peekLast());
    }

    @Override
    public void readFully(long offset, ByteBuffer target) throws DiskException {
        Layer top = layers.peekLast();
        if (top == null) {
            readFile(offset, target);
        } else {
            readLayer(top, offset, target);
        }
    }

    /** Takes a committed transaction's pages over; they reach the file in {@link #applyOldest}. */
    void push(Overlay overlay, long lsn) {
        layers.addLast(new Layer(overlay, lsn));
        viewSize = overlay.size();
    }

    boolean hasLayers() {
        return !layers.isEmpty();
    }

    /** The LSN that must be durable before the oldest layer may be applied; 0 if there is none. */
    long oldestLsn() {
        Layer oldest = layers.peekFirst();
        return oldest == null ? 0 : oldest.lsn;
    }

    /** The LSN of the newest layer; 0 if there is none. */
    long newestLsn() {
        Layer newest = layers.peekLast();
        return newest == null ? 0 : newest.lsn;
    }

    int layerCount() {
        return layers.size();
    }

    int oldestBlocks() {
        Layer oldest = layers.peekFirst();
        return oldest == null ? 0 : oldest.overlay.slots().count();
    }

    @Nullable
    Layer oldest() {
        return layers.peekFirst();
    }

    /**
     * Writes a layer's blocks to the backing file. May run without the lock: a layer does not change. When it throws,
     * the layer stays, and it may be tried again.
     */
    void applyOldest(Layer layer) throws DiskException {
        Overlay overlay = layer.overlay;
        int blockSize = overlay.blockSize();
        ByteBuffer buffer = ByteBuffer.allocate(Math.max(blockSize, Math.min(APPLY_BUFFER, 64 * blockSize)));
        long start = -1;
        for (long block : overlay.blocks()) {
            if (block * blockSize >= overlay.size()) {
                break;
            }
            if (start >= 0 && (block != start + buffer.position() / blockSize || buffer.remaining() < blockSize)) {
                writeRun(buffer, start * blockSize, overlay.size());
                start = -1;
            }
            if (start < 0) {
                start = block;
                buffer.clear();
            }
            overlay.slots().read(overlay.slot(block), 0, buffer, blockSize);
        }
        if (start >= 0) {
            writeRun(buffer, start * blockSize, overlay.size());
        }
        if (file.size() != overlay.size()) {
            saveBefore(overlay.size(), Math.max(0, file.size() - overlay.size()));
            file.truncate(overlay.size());
        }
    }

    /** The layer is in the file. */
    void applied(Layer layer) {
        if (layers.pollFirst() != layer) {
            throw new IllegalStateException("layers are applied in order");
        }
        layer.applied = true;
        layer.overlay.close();
    }

    /** Writes committed bytes straight to the file: a checkpoint page, with no layers left. */
    void writeThrough(long offset, ByteBuffer source) throws DiskException {
        long end = offset + source.remaining();
        saveBefore(offset, source.remaining());
        file.write(source, offset);
        viewSize = Math.max(viewSize, end);
    }

    /** Cuts or extends the file beyond the committed size, with no layers left. */
    void truncate(long size) throws DiskException {
        saveBefore(size, Math.max(0, viewSize - size));
        file.truncate(size);
        viewSize = size;
    }

    /** The length changes for applications only: what lies behind the committed size means nothing. */
    void setViewSize(long size) {
        viewSize = size;
    }

    /** The length is again that of the last commit. */
    long resetViewSize() throws DiskException {
        Layer top = layers.peekLast();
        viewSize = top == null ? file.size() : top.overlay.size();
        return viewSize;
    }

    void close() {
        for (Layer layer : layers) {
            layer.overlay.close();
        }
        file.close();
    }

    private void writeRun(ByteBuffer buffer, long offset, long size) throws DiskException {
        buffer.flip();
        if (offset + buffer.limit() > size) {
            buffer.limit((int) (size - offset));
        }
        saveBefore(offset, buffer.remaining());
        file.write(buffer, offset);
    }

    private void saveBefore(long offset, long length) throws DiskException {
        if (length > 0) {
            for (PageSaver saver : savers) {
                saver.beforeOverwrite(file, offset, length);
            }
        }
    }

    private void readLayer(Layer layer, long offset, ByteBuffer target) throws DiskException {
        layer.overlay.readFully(offset, target);
    }

    private void readFile(long offset, ByteBuffer target) throws DiskException {
        file.read(target, offset);
        while (target.hasRemaining()) {
            target.put((byte) 0);
        }
    }
}
