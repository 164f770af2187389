package io.ltxfs.objectstore.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ltxfs.objectstore.ObjectBody;
import io.ltxfs.objectstore.PutOptions;
import io.ltxfs.objectstore.StoreException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process whose locale knows no names but ASCII says so, whatever it is asked. */
final class LocaleTest {
    @TempDir
    private Path directory;

    /** The process. */
    static final class InAscii {
        private InAscii() {}

        public static void main(String[] args) {
            try (DirectoryStore store = new DirectoryStore(Path.of(args[0]))) {
                print(() -> store.put("\u00c4", ObjectBody.of(new byte[1]), PutOptions.create()));
                print(() -> store.head("\u00c4/x"));
                print(() -> store.list("", ""));
                print(() -> store.children(""));
                print(() -> store.head("plain").size());
            }
        }

        private interface Call {
            Object run() throws StoreException;
        }

        private static void print(Call call) {
            try {
                System.out.println(call.run());
            } catch (StoreException e) {
                System.out.println(e.kind() + " " + e.getMessage().contains("LC_ALL=C.UTF-8"));
            }
        }
    }

    @Test
    void saysThatTheLocaleIsTooSmall() throws Exception {
        try (DirectoryStore store = new DirectoryStore(directory)) {
            store.put("plain", ObjectBody.of(new byte[1]), PutOptions.create());
            store.put("\u00c4/x", ObjectBody.of(new byte[1]), PutOptions.create());
        }
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                InAscii.class.getName(),
                directory.toString());
        builder.environment().put("LC_ALL", "C");
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertEquals(0, process.waitFor());
        assertEquals("DENIED true\nDENIED true\nDENIED true\nDENIED true\n1\n", output);
    }
}
