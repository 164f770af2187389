package io.ltxfs.archive;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PlaceNameTest {
    private static final String[] PIECES = {
        "ltx",
        "bundles",
        "lineages",
        "ltxfs.json",
        "generations",
        "0000",
        "beef",
        "%",
        "41",
        "%41",
        "%6C",
        "\u0001",
        "\u007f",
        "\uffff",
        " ",
        "ä",
        "日本",
        "𐍈",
        ".",
        "..",
        "a",
        ".db",
        "+",
        "&",
        "/"
    };

    @Test
    void keepsPlainNames() {
        for (String name :
                new String[] {"app.db", "a/b.db", "tenants/ü 1.db", "100%.db", "%g0", "ltx.db", "00000", "x%4"}) {
            assertEquals(name, PlaceName.of(name));
            assertEquals(name, PlaceName.database(name));
        }
    }

    @Test
    void encodesWhatIsOurs() {
        assertEquals("a/%6Ctx/%30000/%62undles", PlaceName.of("a/ltx/0000/bundles"));
        assertEquals("%2541", PlaceName.of("%41"));
        assertEquals("a%0Ab", PlaceName.of("a\nb"));
        assertEquals("%67enerations/x", PlaceName.of("generations/x"));
    }

    @Test
    void hasAWayBackFromEachPlace() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Pattern ours = Pattern.compile("(^|.*/)(ltx|bundles|lineages|ltxfs\\.json|[0-9a-fA-F]{4}|\\.\\.?)($|/.*)");
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = 1 + random.nextInt(5); n > 0; n--) {
                text.append(PIECES[random.nextInt(PIECES.length)]);
            }
            String name = text.toString();
            String place = PlaceName.of(name);
            assertEquals(name, PlaceName.database(place), () -> "seed " + seed);
            assertEquals(name, names.computeIfAbsent(place, key -> name), () -> "seed " + seed);
            assertTrue(!ours.matcher(place).matches(), () -> "seed " + seed + ": " + place);
            assertTrue(place.chars().noneMatch(Character::isISOControl), () -> "seed " + seed + ": " + place);
        }
    }
}
