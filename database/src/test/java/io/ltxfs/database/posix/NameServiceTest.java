package io.ltxfs.database.posix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NameServiceTest {
    @Test
    void findsUsersAndGroupsByNameAndNumber() throws Exception {
        assertEquals("0", NameService.find("passwd", "root").orElseThrow().get(2));
        assertEquals("root", NameService.find("passwd", "0").orElseThrow().get(0));
        assertEquals("0", NameService.find("group", "root").orElseThrow().get(2));
    }

    @Test
    void saysThatThereIsNone() throws Exception {
        assertEquals(Optional.empty(), NameService.find("passwd", "no-such-user"));
        assertEquals(Optional.empty(), NameService.find("passwd", "--help"));
    }

    @RepeatedTest(20)
    @Timeout(60)
    void doesNotWaitForeverForAnAnswer() {
        IOException e =
                assertThrows(IOException.class, () -> NameService.ask(List.of("sleep", "1000"), Duration.ofMillis(20)));
        assertEquals("sleep did not answer within 20 ms", e.getMessage());
    }

    @Test
    void saysThatTheProgramIsMissing() {
        assertThrows(IOException.class, () -> NameService.ask(List.of("no-such-program"), Duration.ofSeconds(60)));
    }
}
