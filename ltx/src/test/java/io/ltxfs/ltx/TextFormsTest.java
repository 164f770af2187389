package io.ltxfs.ltx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TextFormsTest {
    @Test
    void txidHasSixteenLowerCaseDigits() {
        assertEquals("00000000000000ff", Txid.format(255));
        assertEquals("ffffffffffffffff", Txid.format(-1));
        assertEquals(255, Txid.parse("00000000000000FF"));
        assertEquals(-1, Txid.parse("ffffffffffffffff"));
        assertEquals(0x8000000000000001L, PageChecksum.parse("8000000000000001"));
        assertEquals("8000000000000001", PageChecksum.format(0x8000000000000001L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ff",
                "00000000000000ff0",
                "+0000000000000ff",
                "-0000000000000ff",
                "0x000000000000ff",
                "00000000000000fg",
                " 0000000000000ff",
                "000000000000000\u0661",
                "00000000000000f\n"
            })
    void malformedTxidIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> Txid.parse(text));
        assertThrows(IllegalArgumentException.class, () -> PageChecksum.parse(text));
    }

    @Test
    void peopleMayLeaveZerosOut() {
        assertEquals(1, Txid.parseShort("1"));
        assertEquals(0xabcL, Txid.parseShort("ABC"));
        assertEquals(-1, Txid.parseShort("ffffffffffffffff"));
        assertEquals(0x8f, PageChecksum.parseShort("8f"));
        assertThrows(IllegalArgumentException.class, () -> Txid.parseShort(""));
        assertThrows(IllegalArgumentException.class, () -> Txid.parseShort("0x1"));
        assertThrows(IllegalArgumentException.class, () -> Txid.parseShort("00000000000000001"));
    }

    @Test
    void positionHasThirtyThreeCharacters() {
        Pos pos = new Pos(255, 0x8000000000000001L);
        assertEquals("00000000000000ff/8000000000000001", pos.toString());
        assertEquals(pos, Pos.parse(pos.toString()));
        assertEquals("0000000000000000/0000000000000000", Pos.ZERO.toString());
        assertTrue(Pos.parse(Pos.ZERO.toString()).isZero());
        assertTrue(new Pos(-1, 0).compareTo(new Pos(1, 0)) > 0);
        assertThrows(IllegalArgumentException.class, () -> Pos.parse("00000000000000ff-8000000000000001"));
        assertThrows(IllegalArgumentException.class, () -> Pos.parse("00000000000000ff/8000000000000001 "));
        assertThrows(IllegalArgumentException.class, () -> Pos.parse("1/8000000000000001"));
    }

    @Test
    void fileNameIsStrict() {
        LtxFileName name = new LtxFileName(1, 255);
        assertEquals("0000000000000001-00000000000000ff.ltx", name.toString());
        assertEquals(Optional.of(name), LtxFileName.parse(name.toString()));
        assertTrue(name.compareTo(new LtxFileName(1, -1)) < 0);
        for (String wrong : new String[] {
            "0000000000000001-00000000000000FF.ltx",
            "0000000000000001-00000000000000ff.ltx\n",
            "a/" + name,
            name + ".tmp",
            ""
        }) {
            assertFalse(LtxFileName.parse(wrong).isPresent(), wrong);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "5,6,6,true",
        "5,5,6,true",
        "5,1,6,true",
        "5,7,8,false",
        "5,3,5,false",
        "5,3,4,false",
        "-1,0,1,false",
        "-1,-1,-1,false"
    })
    void contiguity(long previousMax, long min, long max, boolean expected) {
        assertEquals(expected, Txid.isContiguous(previousMax, min, max));
    }
}
