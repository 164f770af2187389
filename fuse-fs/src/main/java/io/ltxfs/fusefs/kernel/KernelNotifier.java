package io.ltxfs.fusefs.kernel;

import io.ltxfs.database.posix.Errno;
import io.ltxfs.database.posix.PosixException;
import io.ltxfs.fusefs.transport.Notifier;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Invalidations, written to the device with {@code unique} 0. */
final class KernelNotifier implements Notifier {
    private final Channel channel;

    KernelNotifier(Channel channel) {
        this.channel = channel;
    }

    @Override
    public void invalInode(long node, long offset, long length) throws IOException {
        ByteBuffer message = message(FuseLayout.Notify.INVAL_INODE, FuseLayout.Notify.INODE_BYTES);
        message.putLong(node).putLong(offset).putLong(length);
        send(message, "invalidate node " + node);
    }

    @Override
    public void invalEntry(long parent, String name) throws IOException {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer message = message(FuseLayout.Notify.INVAL_ENTRY, FuseLayout.Notify.ENTRY_BYTES + utf8.length + 1);
        message.putLong(parent).putInt(utf8.length).putInt(0).put(utf8).put((byte) 0);
        send(message, "invalidate name " + name);
    }

    private static ByteBuffer message(int code, int payloadBytes) {
        int bytes = FuseLayout.Out.BYTES + payloadBytes;
        return ByteBuffer.allocateDirect(bytes)
                .order(ByteOrder.nativeOrder())
                .putInt(bytes)
                .putInt(code)
                .putLong(0);
    }

    private void send(ByteBuffer message, String what) throws PosixException {
        long result = channel.notifyKernel(message.flip());
        if (result < 0 && result != -Errno.ENOENT) { // ENOENT: the kernel has nothing cached
            throw new PosixException((int) -result, what);
        }
    }
}
