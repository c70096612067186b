package dev.rejoin.consistency.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SessionTokenTest {
    private static final byte[] KEY = new byte[16];
    private static final PositionVector VERSION = PositionVector.of(new Position(10, 4), new Position(11, 300));

    /** These bytes are the contract with other languages. */
    @Test
    void bytesAreFixed() {
        SessionToken token =
                SessionToken.of("notes/1", 0x0102030405060708L, VERSION, PositionVector.of(new Position(10, 3)));
        assertEquals("EtULE6gBAgMEBQYHCAAAAAAACgkDAAAAAAAL2QTZBA", token.text());
        assertEquals("EAA", SessionToken.EMPTY.text());
    }

    @Test
    void nothingSaidAsksForNothing() {
        assertEquals(SessionToken.EMPTY, SessionToken.parse(""));
    }

    @Test
    void whatNobodyWroteIsRefused() {
        String good = SessionToken.ofRead("a", 1, VERSION).text();
        for (String bad : List.of(
                "A", // half a byte
                good + "=",
                good + "A",
                good.substring(0, good.length() - 2),
                "MAA", // another format
                "EAAA", // bytes after the end
                "EAEA", // counted, and cut off
                "EP__", // 16,383 documents
                "Ea" + good.substring(2, 16) + "..",
                "IAA", // sealed
                "x".repeat(6_000))) {
            MalformedTokenException refused =
                    assertThrows(MalformedTokenException.class, () -> SessionToken.parse(bad), bad);
            assertFalse(String.valueOf(refused.getMessage()).isEmpty());
        }
    }

    @Test
    void oneAboveTheBoundsIsNotGivenOut() {
        PositionVector wide = PositionVector.of(LongStream.range(0, SessionToken.MAX_ORIGINS + 1)
                .mapToObj(origin -> new Position(origin, 1))
                .toArray(Position[]::new));
        assertThrows(
                IllegalStateException.class,
                () -> SessionToken.ofRead("a", 1, wide).encode());
        SessionToken many = SessionToken.EMPTY;
        for (int i = 0; i <= SessionToken.MAX_DOCUMENTS; i++) {
            many = many.merge(SessionToken.ofRead("d" + i, 1, VERSION));
        }
        assertThrows(IllegalStateException.class, many::encode);
        assertEquals(2, many.only("d1", "d2").size());
        assertEquals(many.only("d1"), SessionToken.parse(many.only("d1").text()));
    }

    @Test
    void aDocumentCreatedAnewIsNoticedAndBothLivesAreKept() {
        SessionToken token = SessionToken.ofRead("a", 1, VERSION).merge(SessionToken.ofRead("a", 2, VERSION));
        assertTrue(token.knowsOtherEpoch("a", 2));
        assertEquals(VERSION, token.reads("a", 1));
        assertEquals(PositionVector.EMPTY, token.reads("a", 3));
        assertEquals(SessionToken.EMPTY, token.without("a"));
        assertFalse(token.knowsOtherEpoch("b", 2));
    }

    @Test
    void whatEveryServerHoldsIsForgotten() {
        SessionToken token = SessionToken.ofRead("a", 1, VERSION);
        SessionToken settled = token.settle("a", 1, PositionVector.of(new Position(10, 9), new Position(11, 299)));
        assertEquals(PositionVector.of(new Position(11, 300)), settled.reads("a", 1));
        assertEquals(token, token.settle("a", 2, VERSION), "another life");
    }

    @Test
    void guaranteesDecideWhatIsAskedFor() {
        Position mine = new Position(1, 5);
        Session session = new Session(Set.of(Guarantee.READ_YOUR_WRITES, Guarantee.WRITES_FOLLOW_READS));
        session.observe(SessionToken.ofRead("a", 1, VERSION));
        session.observe(SessionToken.ofWrite("a", 1, mine));
        assertEquals(PositionVector.of(mine), session.forRead("a").reads("a", 1));
        assertEquals(VERSION, session.forWrite("a").reads("a", 1));
        assertEquals(SessionToken.EMPTY, session.forRead("b"));
        assertEquals(0, new Session(Set.of()).forRead("a").size());
    }

    @Test
    void whatIsHandedOverCountsWhateverGuaranteesAreChosen() {
        Session reader = new Session(Set.of(Guarantee.READ_YOUR_WRITES));
        reader.observe(SessionToken.ofRead("a", 1, VERSION).forOthers());
        assertEquals(VERSION, reader.forRead("a").reads("a", 1));
    }

    @Test
    void whatIsLostIsGivenUpDownToWhatSurvives() {
        Session session = Session.causal();
        session.observe(SessionToken.ofRead("a", 1, VERSION));
        session.giveUp("a", 1, PositionVector.of(new Position(11, 300)), PositionVector.of(new Position(11, 7)));
        assertEquals(
                PositionVector.of(new Position(10, 4), new Position(11, 7)),
                session.token().reads("a", 1));
        session.giveUp("a", 1, PositionVector.of(new Position(10, 4)), PositionVector.EMPTY);
        assertEquals(PositionVector.of(new Position(11, 7)), session.token().reads("a", 1));
        session.forget("a");
        assertTrue(session.token().isEmpty());
    }

    @Test
    void aSealOpensOnlyWhatItSealed() {
        TokenSeal seal = new TokenSeal("cluster", List.of(KEY));
        SessionToken token = SessionToken.ofRead("a", 1, VERSION);
        String sealed = seal.seal(token);
        assertEquals(token, seal.open(sealed));
        assertEquals(SessionToken.EMPTY, seal.open(""));
        assertThrows(MalformedTokenException.class, () -> SessionToken.parse(sealed));
        assertThrows(MalformedTokenException.class, () -> seal.open(token.text()));
        assertThrows(MalformedTokenException.class, () -> new TokenSeal("another", List.of(KEY)).open(sealed));
        byte[] bytes = Base64.getUrlDecoder().decode(sealed);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] ^= 1;
            String changed = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
            assertThrows(MalformedTokenException.class, () -> seal.open(changed));
            bytes[i] ^= 1;
        }
    }

    @Test
    void keysAreRotated() {
        byte[] fresh = "sixteen bytes and".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        TokenSeal before = new TokenSeal("cluster", List.of(KEY));
        TokenSeal between = new TokenSeal("cluster", List.of(fresh, KEY));
        TokenSeal after = new TokenSeal("cluster", List.of(fresh));
        SessionToken token = SessionToken.ofRead("a", 1, VERSION);
        assertEquals(token, between.open(before.seal(token)));
        assertEquals(token, after.open(between.seal(token)));
        assertThrows(MalformedTokenException.class, () -> after.open(before.seal(token)));
        assertThrows(IllegalArgumentException.class, () -> new TokenSeal("cluster", List.of(new byte[15])));
        assertThrows(IllegalArgumentException.class, () -> new TokenSeal("cluster", List.of()));
    }

    @Test
    void levelsHaveAText() {
        for (String text : List.of(
                "eventual",
                "session",
                "strong",
                "bounded-staleness=5000",
                "snapshot=00000000000a:4,00000000000b:300")) {
            assertEquals(text, ReadLevel.parse(text).toString());
        }
        for (String bad :
                List.of("", "Session=1", "bounded-staleness", "bounded-staleness=0", "snapshot=1", "newest")) {
            assertThrows(IllegalArgumentException.class, () -> ReadLevel.parse(bad), bad);
        }
        assertThrows(IllegalArgumentException.class, () -> new Position(1L << 48, 1));
        assertEquals(new Position(0x123456789abcL, 1), Position.of(0x123456789abcdef0L, 1));
    }

    @Test
    void aVectorHasOneEncoding() {
        assertEquals("00000000000a0400000000000bac02", HexFormat.of().formatHex(VERSION.encode()));
        assertEquals(VERSION, PositionVector.decode(VERSION.encode()));
        assertEquals(PositionVector.EMPTY, PositionVector.decode(PositionVector.EMPTY.encode()));
        for (String bad : List.of(
                "00", // cut off
                "00000000000a", // no number
                "00000000000a00", // none held
                "00000000000a8400", // not the shortest
                "00000000000b0400000000000a04", // descending
                "00000000000a0400000000000a05", // twice
                "00000000000affffffffffffff7f", // above 2^53 − 1
                "00000000000a04".repeat(65))) {
            assertThrows(
                    MalformedTokenException.class,
                    () -> PositionVector.decode(HexFormat.of().parseHex(bad)),
                    bad);
        }
    }

    @Test
    void aTokenIsReadUncheckedWithAndWithoutASeal() {
        SessionToken token = SessionToken.ofRead("a", 1, VERSION);
        String sealed = new TokenSeal("cluster", List.of(KEY)).seal(token);
        assertEquals(token, SessionToken.parseUnchecked(sealed));
        assertEquals(token, SessionToken.parseUnchecked(token.text()));
        assertThrows(MalformedTokenException.class, () -> SessionToken.parse(sealed));
        assertThrows(MalformedTokenException.class, () -> SessionToken.parseUnchecked("IAA"));
    }
}
