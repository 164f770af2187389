package io.ltxfs.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ltxfs.lease.LeaseRecord.State;
import io.ltxfs.lease.Quorum.Voter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LeaseJsonTest {
    private static final Quorum QUORUM =
            new Quorum(-2, "a", "a:1", List.of(new Voter("b", "b:1"), new Voter("ö \"x\"", "[::1]:20203")), 2, true);

    private static LeaseRecord read(String text) throws IOException {
        return LeaseJson.read(text.getBytes(StandardCharsets.UTF_8), "the lease");
    }

    @Test
    void everyRecordIsReadAsItWasWritten() throws Exception {
        for (State state : State.values()) {
            for (Optional<Quorum> quorum : List.of(Optional.of(QUORUM), Optional.<Quorum>empty())) {
                LeaseRecord record = new LeaseRecord(
                        Long.MIN_VALUE + 5, "h", "n", "n:1", "nonce", 5000, state, state == State.OFFERED, quorum);
                assertEquals(record, LeaseJson.read(LeaseJson.write(record), "the lease"));
            }
        }
    }

    @Test
    void fieldsThatAreNotKnownArePassedOver() throws Exception {
        LeaseRecord record =
                read("{\"format\": 1, \"epoch\": \"3\", \"state\": \"held\", \"holder\": \"h\", \"node\": \"n\","
                        + " \"advertise\": \"\", \"nonce\": \"x\", \"ttlMillis\": 100, \"colour\": {\"red\": 1}}");
        assertEquals(3, record.epoch());
        assertEquals(Optional.empty(), record.quorum());
    }

    @Test
    void aNewerFormatIsRefusedWithWhatToDo() {
        String message = assertThrows(IOException.class, () -> read("{\"format\": 2, \"epoch\": 9}"))
                .getMessage();
        assertTrue(message.contains("format 2") && message.contains("update this one"), message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[]",
                "{}",
                "{\"format\": \"1\"}",
                "{\"format\": 1}",
                "{\"format\": 1, \"epoch\": \"0\", \"state\": \"held\", \"holder\": \"h\", \"node\": \"n\", \"advertise\":"
                        + " \"\", \"nonce\": \"x\", \"ttlMillis\": 100}",
                "{\"format\": 1, \"epoch\": \"1\", \"state\": \"lost\", \"holder\": \"h\", \"node\": \"n\", \"advertise\":"
                        + " \"\", \"nonce\": \"x\", \"ttlMillis\": 100}",
                "{\"format\": 1, \"epoch\": \"1\", \"state\": \"held\", \"holder\": \"h\", \"node\": \"n\", \"advertise\":"
                        + " \"\", \"nonce\": \"x\", \"ttlMillis\": 0.5}",
                "{\"format\": 1, \"epoch\": \"1\", \"state\": \"held\", \"holder\": \"h\", \"node\": \"n\", \"advertise\":"
                        + " \"\", \"nonce\": \"x\", \"ttlMillis\": 5, \"quorum\": {\"epoch\": \"1\"}}"
            })
    void whatIsNoLeaseIsRefused(String text) {
        String message = assertThrows(IOException.class, () -> read(text)).getMessage();
        assertTrue(message.startsWith("the lease: it is no lease: "), message);
        assertTrue(message.contains("lease break"), message);
    }
}
