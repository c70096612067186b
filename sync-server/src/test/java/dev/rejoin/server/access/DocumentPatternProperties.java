package dev.rejoin.server.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** A pattern matches what its definition, read as a recursion, says. */
final class DocumentPatternProperties {
    @Provide
    Arbitrary<List<String>> patterns() {
        return Arbitraries.of("a", "b", "*", "**").list().ofMinSize(1).ofMaxSize(7);
    }

    @Provide
    Arbitrary<List<String>> names() {
        return Arbitraries.of("a", "b", "c").list().ofMinSize(1).ofMaxSize(7);
    }

    private static boolean naive(List<String> pattern, List<String> name) {
        if (pattern.isEmpty()) {
            return name.isEmpty();
        }
        List<String> rest = pattern.subList(1, pattern.size());
        if (pattern.get(0).equals("**")) {
            for (int taken = 0; taken <= name.size(); taken++) {
                if (naive(rest, name.subList(taken, name.size()))) {
                    return true;
                }
            }
            return false;
        }
        return !name.isEmpty()
                && (pattern.get(0).equals("*") || pattern.get(0).equals(name.get(0)))
                && naive(rest, name.subList(1, name.size()));
    }

    private static DocumentPattern pattern(List<String> segments) {
        return DocumentPattern.of(String.join("/", segments));
    }

    @Property(tries = 20_000)
    void matchesLikeItsNaiveTwin(@ForAll("patterns") List<String> pattern, @ForAll("names") List<String> name) {
        assertEquals(naive(pattern, name), pattern(pattern).matches(name));
    }

    @Property(tries = 5_000)
    void theOrderIsOne(
            @ForAll("patterns") List<String> a,
            @ForAll("patterns") List<String> b,
            @ForAll("patterns") List<String> c) {
        int ab = Integer.signum(pattern(a).compareTo(pattern(b)));
        int bc = Integer.signum(pattern(b).compareTo(pattern(c)));
        assertEquals(-ab, Integer.signum(pattern(b).compareTo(pattern(a))));
        if (ab == bc) {
            assertEquals(ab, Integer.signum(pattern(a).compareTo(pattern(c))));
        }
    }

    @Property(tries = 5_000)
    void aNameSaysMoreThanAnyOtherPatternForIt(
            @ForAll("names") List<String> name, @ForAll("patterns") List<String> pattern) {
        if (pattern(pattern).matches(name) && !pattern.equals(name)) {
            assertEquals(1, Integer.signum(pattern(name).compareTo(pattern(pattern))));
        }
    }

    @Example
    void halfAWildcardIsNoPattern() {
        for (String bad : List.of("", "/", "a/", "/a", "a//b", "a*", "a/***", "*.txt", "a/b*c/d")) {
            assertThrows(IllegalArgumentException.class, () -> DocumentPattern.of(bad), bad);
        }
    }

    /** Trying every split for every wildcard would not end in a lifetime. */
    @Example
    void aPatternThatMeansHarmIsDecidedAtOnce() {
        DocumentPattern hostile = DocumentPattern.of("**/a/".repeat(1_000) + "b");
        DocumentPattern harmless = DocumentPattern.of("**/a/".repeat(60) + "**");
        List<String> name = DocumentPattern.segments("a/".repeat(126) + "a");
        assertEquals(false, hostile.matches(name));
        assertEquals(true, harmless.matches(name));
        assertEquals(false, DocumentPattern.of("**/a/".repeat(60) + "b").matches(name));
    }
}
