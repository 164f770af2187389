package io.ltxfs.database.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The traces themselves: played onto plain files they show what the recorded application saw. */
class TraceTest {
    @Test
    void plainFilesHoldWhatTheApplicationSaw() throws IOException {
        int images = 0;
        int states = 0;
        for (String name : Trace.names()) {
            Trace trace = Trace.load(name);
            if (trace.records().stream().anyMatch(record -> record.path().endsWith("-wal"))) {
                continue;
            }
            Map<String, SimContent> files = new HashMap<>();
            Mark last = Mark.parse("none".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            for (TraceRecord record : trace.records()) {
                SimContent file = files.computeIfAbsent(record.path(), path -> new SimContent());
                switch (record.kind()) {
                    case TraceRecord.WRITE -> file.write(record.offset(), record.data(), 0, record.data().length);
                    case TraceRecord.TRUNCATE -> file.truncate(record.offset());
                    case TraceRecord.UNLINK -> files.remove(record.path());
                    case TraceRecord.MARK -> {
                        Mark mark = Mark.parse(record.data());
                        for (Map.Entry<String, String> image : mark.images().entrySet()) {
                            assertEquals(image.getValue(), SqliteImage.imageHash(bytes(files, image.getKey())), name);
                            images++;
                        }
                        Mark seen = mark.kind().equals("ack") ? last : mark;
                        if (!mark.kind().equals("try")) {
                            for (Map.Entry<String, String> state : seen.states().entrySet()) {
                                String expected =
                                        state.getValue().equals(Mark.NONE) ? SqliteImage.EMPTY : state.getValue();
                                assertEquals(expected, SqliteImage.state(bytes(files, state.getKey())), name);
                                states++;
                            }
                        }
                        last = mark.kind().equals("try") ? mark : last;
                    }
                    default -> {}
                }
            }
        }
        assertTrue(images > 300 && states > 300, images + " images, " + states + " states");
    }

    @Test
    void writerAndReaderAgree() throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        Trace trace = Trace.load("delete_full");
        try (TraceWriter writer = new TraceWriter(file, trace.name(), trace.mode())) {
            for (TraceRecord record : trace.records()) {
                writer.add(record);
            }
        }
        Trace again = Trace.read(new ByteArrayInputStream(file.toByteArray()));
        assertEquals(trace.records().toString(), again.records().toString());
        assertEquals(trace.mode(), again.mode());
    }

    private static byte[] bytes(Map<String, SimContent> files, String name) {
        SimContent content = files.getOrDefault(name, new SimContent());
        java.nio.ByteBuffer buffer = java.nio.ByteBuffer.allocate((int) content.size());
        content.read(0, buffer);
        return buffer.array();
    }
}
