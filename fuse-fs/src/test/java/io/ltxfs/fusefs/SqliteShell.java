package io.ltxfs.fusefs;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running sqlite3 with one connection. */
public final class SqliteShell implements AutoCloseable {
    private final Process process;
    private final OutputStream in;
    private final InputStream out;

    /** Opens a database, by a path below {@code directory}. */
    public SqliteShell(Path directory, String database) throws IOException {
        process = new ProcessBuilder("sqlite3", "-batch", database)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        in = process.getOutputStream();
        out = process.getInputStream();
    }

    /** Runs statements. @return the lines that it answers, errors too */
    public List<String> ask(String sql) throws IOException {
        in.write((sql + ";\nselect 'done';\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
        StringBuilder answer = new StringBuilder();
        while (answer.indexOf("done\n") < 0) {
            int c = out.read();
            if (c < 0) {
                throw new IOException("sqlite3 ended: " + answer);
            }
            answer.append((char) c);
        }
        List<String> lines = answer.toString().lines().toList();
        return lines.subList(0, lines.size() - 1);
    }

    /** Its process. */
    public int pid() {
        return (int) process.pid();
    }

    /** Kills it, and waits until it is gone. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Ends it in order, and waits. */
    @Override
    public void close() throws IOException {
        in.close();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("sqlite3 does not end");
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
