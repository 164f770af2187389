package io.ltxfs.node.replication;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A TCP proxy that cuts connections after a number of bytes, or stops moving any. */
final class Wire implements AutoCloseable {
    private final ServerSocket listener;
    private final int target;
    private final LongSupplier cutAfter;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong bytes = new AtomicLong();
    private final Object turn = new Object();
    private volatile boolean frozen;
    private volatile boolean closed;

    /** @param cutAfter asked for each connection: bytes of both directions, after which it is cut */
    Wire(int target, LongSupplier cutAfter) throws IOException {
        this.target = target;
        this.cutAfter = cutAfter;
        this.listener = new ServerSocket();
        // Small, so that what is on its way is little.
        listener.setReceiveBufferSize(32 * 1024);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        start(this::accept);
    }

    String address() {
        return "127.0.0.1:" + listener.getLocalPort();
    }

    int connections() {
        return connections.get();
    }

    long bytes() {
        return bytes.get();
    }

    void freeze(boolean on) {
        synchronized (turn) {
            frozen = on;
            turn.notifyAll();
        }
    }

    private static void start(Runnable task) {
        Thread thread = new Thread(task, "wire");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket from = listener.accept();
                Socket to = new Socket();
                to.setReceiveBufferSize(32 * 1024);
                to.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                from.setTcpNoDelay(true);
                to.setTcpNoDelay(true);
                sockets.add(from);
                sockets.add(to);
                connections.incrementAndGet();
                AtomicLong left = new AtomicLong(cutAfter.getAsLong());
                start(() -> move(from, to, left));
                start(() -> move(to, from, left));
            } catch (IOException e) {
                // Closed, or the target is: the other side sees its connection end.
            }
        }
    }

    private void move(Socket from, Socket to, AtomicLong left) {
        byte[] buffer = new byte[4096];
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                waitWhileFrozen();
                long before = left.getAndAdd(-count);
                int whole = (int) Math.max(0, Math.min(count, before));
                out.write(buffer, 0, whole);
                out.flush();
                bytes.addAndGet(whole);
                if (whole < count) {
                    return;
                }
            }
        } catch (IOException | InterruptedException e) {
            // The connection is over.
        } finally {
            sockets.remove(from);
            sockets.remove(to);
        }
    }

    private void waitWhileFrozen() throws InterruptedException {
        synchronized (turn) {
            while (frozen && !closed) {
                turn.wait();
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        freeze(false);
    }
}
