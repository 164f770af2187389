package io.ltxfs.node.cli;

import io.ltxfs.ltx.LtxHeader;
import io.ltxfs.ltx.LtxWriter;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import picocli.CommandLine;

/**
 * Restores a database of one page, from a directory and from an S3 server of one object on the loopback, so that what a
 * restore loads is in the archive of classes: the S3 client alone has 2000 of them.
 */
final class RestoreWarmUp {
    private static final String NAME = "0000000000000001-0000000000000001.ltx";

    private RestoreWarmUp() {}

    /** Restores, below an empty directory. */
    static void run(CommandLine line, Path dir) throws IOException {
        byte[] object = object();
        Path level = Files.createDirectories(dir.resolve("archive/x.db/ltx/0"));
        Files.write(level.resolve(NAME), object);
        restore(line, dir, "file:" + dir.resolve("archive"));
        System.setProperty("aws.accessKeyId", "warm-up");
        System.setProperty("aws.secretAccessKey", "warm-up");
        try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread thread = new Thread(() -> serve(server, object), "warm-up-s3");
            thread.setDaemon(true);
            thread.start();
            restore(
                    line,
                    dir,
                    "s3://warm-up?endpoint=http://127.0.0.1:" + server.getLocalPort()
                            + "&region=us-east-1&path-style=true");
        }
    }

    private static void restore(CommandLine line, Path dir, String url) {
        String output = dir.resolve("out.db").toString();
        line.execute("restore", "x.db", "--archive", url, "-o", output, "--force", "--data", dir.toString());
    }

    private static byte[] object() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        LtxWriter writer = new LtxWriter(
                bytes, LtxHeader.snapshot(4096, 1, 1, 1).withoutChecksums().withWal(32, 0, 0, 0));
        writer.writePage(1, new byte[4096], 0);
        writer.finish(0);
        return bytes.toByteArray();
    }

    private static void serve(ServerSocket server, byte[] object) {
        try {
            while (true) {
                Socket socket = server.accept();
                Thread thread = new Thread(() -> serve(socket, object), "warm-up-s3");
                thread.setDaemon(true);
                thread.start();
            }
        } catch (IOException e) {
            // The server is closed.
        }
    }

    private static void serve(Socket socket, byte[] object) {
        try (socket) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (String request = request(in); !request.isEmpty(); request = request(in)) {
                answer(request, object, socket.getOutputStream());
            }
        } catch (IOException e) {
            // The client is gone.
        }
    }

    /** A request's lines, in lower case; empty at the end. */
    private static String request(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) {
                return "";
            }
            text.append((char) b);
        }
        return text.toString().toLowerCase(Locale.ROOT);
    }

    private static void answer(String request, byte[] object, OutputStream out) throws IOException {
        String line = request.substring(0, request.indexOf('\n'));
        String status = "200 OK";
        byte[] body = object;
        String more = "";
        if (line.contains("list-type=2")) {
            boolean level0 = line.contains("0000%2f");
            String contents = level0
                    ? "<Contents><Key>x.db/0000/" + NAME + "</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                            + "<ETag>\"0\"</ETag><Size>" + object.length + "</Size></Contents>"
                    : "";
            body = ("<ListBucketResult><IsTruncated>false</IsTruncated>" + contents + "</ListBucketResult>")
                    .getBytes(StandardCharsets.UTF_8);
        } else if (!line.contains(".ltx ")) {
            status = "404 Not Found";
            body = "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>".getBytes(StandardCharsets.UTF_8);
        } else if (request.contains("\nrange: bytes=")) {
            int at = request.indexOf("\nrange: bytes=") + "\nrange: bytes=".length();
            String[] range = request.substring(at, request.indexOf('\r', at)).split("-", -1);
            int from = range[0].isEmpty()
                    ? Math.max(0, object.length - Integer.parseInt(range[1]))
                    : Integer.parseInt(range[0]);
            int to = range[0].isEmpty() || range[1].isEmpty()
                    ? object.length - 1
                    : Math.min(object.length - 1, Integer.parseInt(range[1]));
            status = "206 Partial Content";
            more = "Content-Range: bytes " + from + "-" + to + "/" + object.length + "\r\n";
            body = Arrays.copyOfRange(object, from, to + 1);
        }
        String head = "HTTP/1.1 " + status + "\r\nETag: \"0\"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                + more + "Content-Length: " + body.length + "\r\n\r\n";
        out.write(head.getBytes(StandardCharsets.US_ASCII));
        if (!line.startsWith("head ")) {
            out.write(body);
        }
        out.flush();
    }
}
