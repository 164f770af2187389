package io.ltxfs.node.replication;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.slf4j.LoggerFactory;

/**
 * Takes what gRPC logs by the JDK's logging, which would print stack traces of every broken connection. Whoever makes a
 * call is told of its failure, and says so; the rest is for debugging.
 */
final class GrpcLog extends Handler {
    private static final java.util.logging.Logger GRPC = java.util.logging.Logger.getLogger("io.grpc");

    private GrpcLog() {}

    /** From now on; may be asked again. */
    static synchronized void redirect() {
        if (GRPC.getUseParentHandlers()) {
            GRPC.setUseParentHandlers(false);
            GRPC.addHandler(new GrpcLog());
        }
    }

    @Override
    public void publish(LogRecord record) {
        if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
            LoggerFactory.getLogger(GrpcLog.class).debug("gRPC: {}", record.getMessage(), record.getThrown());
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
}
