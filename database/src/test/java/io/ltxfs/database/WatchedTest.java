package io.ltxfs.database;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WatchedTest {
    private final Watched<String> watched = new Watched<>();

    @Test
    void whatBeginsAnewWhileItIsFoundToBeOverIsLookedAtAgain() {
        watched.add("a");
        watched.look(what -> {
            watched.add(what); // by another thread, which found it there
            return true;
        });
        assertEquals(List.of("a"), looked(true));
        assertEquals(List.of(), looked(true));
    }

    @Test
    void whatGoesOnStays() {
        watched.add("a");
        assertEquals(List.of("a"), looked(false));
        assertThrows(
                IllegalStateException.class,
                () -> watched.look(what -> {
                    throw new IllegalStateException();
                }));
        assertEquals(List.of("a"), looked(true));
        assertEquals(List.of(), looked(true));
    }

    private List<String> looked(boolean isOver) {
        List<String> looked = new ArrayList<>();
        watched.look(what -> {
            looked.add(what);
            return isOver;
        });
        return looked;
    }
}
