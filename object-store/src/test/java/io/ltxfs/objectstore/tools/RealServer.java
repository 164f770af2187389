package io.ltxfs.objectstore.tools;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A real S3 server on a free port of 127.0.0.1, or of another address, with a fresh directory and one bucket. It is killed
 * at the close, and at the end of the JVM.
 */
public final class RealServer implements S3Server {
    private static final int STARTS = 3;
    private static final long READY_SECONDS = 120;
    private static final long STOP_SECONDS = 60;

    private final Process process;
    private final Thread killer;
    private final String endpoint;

    private RealServer(Process process, String endpoint) {
        this.process = process;
        this.endpoint = endpoint;
        this.killer = new Thread(process::destroyForcibly, "kill-s3-server");
        Runtime.getRuntime().addShutdownHook(killer);
    }

    /**
     * Starts VersityGW.
     *
     * @param directory for all its files; on a file system with extended attributes
     */
    public static RealServer versitygw(Path directory) throws IOException, InterruptedException {
        return versitygw(directory, "127.0.0.1");
    }

    /**
     * Starts VersityGW on an address of this machine.
     *
     * @param directory for all its files; on a file system with extended attributes
     */
    public static RealServer versitygw(Path directory, String address) throws IOException, InterruptedException {
        String program = Tools.VERSITYGW.path().toString();
        Path data = Files.createDirectories(directory.resolve("data"));
        return start(
                directory,
                address,
                port -> new ProcessBuilder(
                        program,
                        "--quiet",
                        "--keep-alive",
                        "--port",
                        address + ":" + port,
                        "--access",
                        ACCESS_KEY,
                        "--secret",
                        SECRET_KEY,
                        "posix",
                        data.toString()));
    }

    /**
     * Starts MinIO.
     *
     * @param directory for all its files
     */
    public static RealServer minio(Path directory) throws IOException, InterruptedException {
        String program = Tools.MINIO.path().toString();
        Path data = Files.createDirectories(directory.resolve("data"));
        return start(directory, "127.0.0.1", port -> {
            ProcessBuilder builder =
                    new ProcessBuilder(program, "server", "--quiet", "--address", "127.0.0.1:" + port, data.toString());
            builder.environment()
                    .putAll(Map.of(
                            "HOME",
                            directory.toString(),
                            "MINIO_ROOT_USER",
                            ACCESS_KEY,
                            "MINIO_ROOT_PASSWORD",
                            SECRET_KEY,
                            "MINIO_BROWSER",
                            "off",
                            "MINIO_UPDATE",
                            "off"));
            return builder;
        });
    }

    private interface Command {
        ProcessBuilder on(int port);
    }

    private static RealServer start(Path directory, String address, Command command)
            throws IOException, InterruptedException {
        Path log = directory.resolve("server.log");
        for (int attempt = 1; ; attempt++) {
            int port;
            try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName(address))) {
                port = free.getLocalPort();
            }
            Process process = command.on(port)
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            RealServer server = new RealServer(process, "http://" + address + ":" + port);
            if (server.makeBucket()) {
                return server;
            }
            server.close();
            // Somebody else may have taken the port meanwhile.
            if (attempt == STARTS) {
                throw new AssertionError("no S3 server came up; its log: " + Files.readString(log));
            }
        }
    }

    /** False if the server ended, or is not ready in time. */
    private boolean makeBucket() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(READY_SECONDS);
        try (S3Client client = client()) {
            while (process.isAlive() && System.nanoTime() < deadline) {
                try {
                    client.createBucket(create -> create.bucket(BUCKET));
                    return true;
                } catch (SdkException e) {
                    process.waitFor(50, TimeUnit.MILLISECONDS);
                }
            }
        }
        return false;
    }

    @Override
    public String endpoint() {
        return endpoint;
    }

    /** Kills it as a crash would, and waits until it has ended. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("the S3 server " + process.pid() + " outlives a kill");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(killer);
        } catch (IllegalStateException e) {
            // The JVM is ending.
        }
    }
}
