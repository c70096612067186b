package dev.rejoin.consistency.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Laws of vectors and tokens. */
class SessionTokenProperties {
    private static final List<String> NAMES = List.of("notes/1", "notes/2", "a");

    @Provide
    Arbitrary<PositionVector> vectors() {
        Arbitrary<Position> few = Combinators.combine(
                        Arbitraries.longs().between(0, 6), Arbitraries.longs().between(0, 5))
                .as(Position::new);
        Arbitrary<Position> any = Combinators.combine(
                        Arbitraries.longs().between(0, (1L << 48) - 1),
                        Arbitraries.longs().between(0, Position.MAX_SEQUENCE))
                .as(Position::new);
        return Arbitraries.oneOf(few, any).array(Position[].class).ofMaxSize(7).map(PositionVector::of);
    }

    @Provide
    Arbitrary<SessionToken> tokens() {
        Arbitrary<SessionToken> one = Combinators.combine(
                        Arbitraries.of(NAMES), Arbitraries.of(1L, -2L), vectors(), vectors())
                .as(SessionToken::of);
        return one.list().ofMaxSize(4).map(list -> list.stream().reduce(SessionToken.EMPTY, SessionToken::merge));
    }

    @Property
    void unionIsTheLeastUpperBound(
            @ForAll("vectors") PositionVector a,
            @ForAll("vectors") PositionVector b,
            @ForAll("vectors") PositionVector c) {
        PositionVector union = a.union(b);
        assertTrue(union.includes(a) && union.includes(b));
        assertEquals(c.includes(a) && c.includes(b), c.includes(union));
        assertEquals(union, b.union(a));
        assertEquals(union.union(c), a.union(b.union(c)));
        assertEquals(a, a.union(a));
    }

    @Property
    void beyondIsWhatIsLacking(@ForAll("vectors") PositionVector a, @ForAll("vectors") PositionVector held) {
        PositionVector lacking = a.beyond(held);
        assertEquals(held.union(a), held.union(lacking));
        assertEquals(held.includes(a), lacking.isEmpty());
        lacking.forEach((origin, sequence) -> assertTrue(held.sequence(origin) < sequence));
    }

    @Property
    void withinKeepsTheEntriesOfTheNamedOriginsOnly(
            @ForAll("vectors") PositionVector a, @ForAll("vectors") PositionVector named) {
        PositionVector kept = a.within(named);
        a.forEach((origin, sequence) -> assertEquals(
                named.sequence(origin) > 0 ? sequence : 0, kept.sequence(origin), () -> a + " within " + named));
        assertTrue(a.includes(kept));
    }

    @Property
    void tokensMergeInAnyOrderAndAnyNumberOfTimes(
            @ForAll("tokens") SessionToken a, @ForAll("tokens") SessionToken b, @ForAll("tokens") SessionToken c) {
        assertEquals(a.merge(b), b.merge(a));
        assertEquals(a.merge(b).merge(c), a.merge(b.merge(c)));
        assertEquals(a, a.merge(a));
        assertTrue(a.merge(b).includes(a));
    }

    @Property
    void whatIsWrittenIsRead(@ForAll("tokens") SessionToken token) {
        assertEquals(token, SessionToken.decode(token.encode()));
        assertEquals(token, SessionToken.parse(token.text()));
        assertTrue(token.text().matches("[A-Za-z0-9_-]+"));
    }

    /** The bar: one document, five servers, 64 bytes, in the form that a causal session sends. */
    @Property
    void oneDocumentAndFiveServersTakeAtMost64Bytes(
            @ForAll("fiveServers") PositionVector version, @ForAll long epoch, @ForAll String document) {
        SessionToken token = SessionToken.ofRead(document, epoch, version).forOthers();
        assertTrue(token.encode().length <= 64, () -> token.encode().length + " bytes");
        Session session = Session.causal();
        session.observe(SessionToken.ofRead(document, epoch, version));
        assertArrayEquals(token.encode(), session.forRead(document).encode());
    }

    @Provide
    Arbitrary<PositionVector> fiveServers() {
        return Combinators.combine(
                        Arbitraries.longs().between(0, (1L << 48) - 1),
                        Arbitraries.longs().between(0, (1L << 27) - 1))
                .as(Position::new)
                .array(Position[].class)
                .ofSize(5)
                .map(PositionVector::of);
    }
}
