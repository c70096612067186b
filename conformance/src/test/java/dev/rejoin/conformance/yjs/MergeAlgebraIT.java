package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.yjs.YDoc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Merging, diffing and converting updates as bytes: what comes out makes the document that went in, here and in yjs, and what
 * yjs makes of the same updates does so too.
 */
class MergeAlgebraIT {
    private final LongAdder equalBytes = new LongAdder();
    private final LongAdder questions = new LongAdder();

    /** A question to yjs and what its answer must be. */
    private record Claim(Job job, Expectation expectation) {}

    private interface Expectation {
        void check(Answer answer);
    }

    @Test
    void functionsOnBytesChangeNothingButBytes() {
        new Lanes(getClass(), YjsOracle.THIRTEEN, 300).check((lane, first, size) -> {
            List<Claim> claims = new ArrayList<>();
            List<Long> seeds = new ArrayList<>();
            for (long seed = first; seed < first + size; seed++) {
                claims.addAll(lane.ours(seed, claimed(seed)));
                while (seeds.size() < claims.size()) {
                    seeds.add(seed);
                }
            }
            List<Answer> answers = lane.ask(claims.stream().map(Claim::job).toList());
            for (int i = 0; i < claims.size(); i++) {
                lane.at(seeds.get(i));
                claims.get(i).expectation.check(answers.get(i));
            }
            questions.add(claims.size());
        });
        System.out.printf(
                "MergeAlgebraIT: %d questions, %d conversions and merges in the very bytes of yjs%n",
                questions.sum(), equalBytes.sum());
    }

    private Supplier<List<Claim>> claimed(long seed) {
        return () -> {
            List<Claim> claims = new ArrayList<>();
            algebra(seed, claims);
            return claims;
        };
    }

    private void algebra(long seed, List<Claim> claims) {
        Random random = new Random(seed);
        Script script = ScriptGenerator.schedule(seed);
        Version version = Version.values()[random.nextInt(2)];
        List<byte[]> updates = some(ScriptRun.of(script, List.of(), false), version, random);
        if (updates.isEmpty()) {
            return;
        }
        String expected = description(version, updates);

        byte[] merged = Codec.merge(version, updates);
        assertEquals(expected, description(version, List.of(merged)), "merged");
        claims.add(alike("merged", expected, version, updates, version, List.of(merged)));
        claims.add(new Claim(Job.merge(version, updates), answer -> {
            byte[] theirs = answer.blob();
            equalBytes.add(Arrays.equals(theirs, merged) ? 1 : 0);
            assertEquals(expected, description(version, List.of(theirs)), "merged by yjs");
            isSmall("merged", version, merged, theirs);
        }));

        assertArrayEquals(merged, Codec.merge(version, List.of(merged)), "a merged update merges to itself");
        assertArrayEquals(merged, Codec.merge(version, List.of(merged, merged)), "idempotent");
        List<byte[]> shuffled = new ArrayList<>(updates);
        Collections.shuffle(shuffled, random);
        assertEquals(expected, description(version, List.of(Codec.merge(version, shuffled))), "commutative");
        int cut = random.nextInt(updates.size() + 1);
        List<byte[]> parts = new ArrayList<>();
        if (cut > 0) {
            parts.add(Codec.merge(version, updates.subList(0, cut)));
        }
        parts.addAll(updates.subList(cut, updates.size()));
        assertEquals(expected, description(version, List.of(Codec.merge(version, parts))), "associative");

        stateVectors(version, merged, claims);
        diffs(version, updates, merged, expected, random, claims);
        conversions(version, updates, merged, expected, claims);
    }

    /** Joining structs never costs bytes in version 1; in version 2 it may break a run of equal numbers. */
    private static void isSmall(String what, Version version, byte[] ours, byte[] theirs) {
        int slack = version == Version.V1 ? 0 : 16 + theirs.length / 20;
        assertTrue(
                ours.length <= theirs.length + slack,
                () -> what + " has " + ours.length + " bytes, that of yjs " + theirs.length);
    }

    private static void stateVectors(Version version, byte[] merged, List<Claim> claims) {
        byte[] ours = Codec.stateVector(version, merged);
        claims.add(new Claim(
                Job.stateVector(version, merged), answer -> assertArrayEquals(answer.blob(), ours, "state vector")));
    }

    private static void diffs(
            Version version, List<byte[]> updates, byte[] merged, String expected, Random random, List<Claim> claims) {
        List<byte[]> known = new ArrayList<>(updates.subList(0, random.nextInt(updates.size() + 1)));
        YDoc base = load(version, known);
        byte[] stateVector = base.encodeStateVector();
        byte[] diff = Codec.diff(version, merged, stateVector);
        ScriptRun.load(base, version, diff);
        assertEquals(expected, Description.of(base), "what was known and the difference");
        assertArrayEquals(diff, Codec.diff(version, diff, stateVector), "a difference has nothing known");
        List<byte[]> together = new ArrayList<>(known);
        together.add(diff);
        claims.add(alike("known and difference", expected, version, updates, version, together));
        claims.add(new Claim(Job.diff(version, merged, stateVector), answer -> {
            byte[] theirs = answer.blob();
            isSmall("difference", version, diff, theirs);
            YDoc other = load(version, known);
            ScriptRun.load(other, version, theirs);
            assertEquals(expected, Description.of(other), "what was known and the difference of yjs");
        }));
    }

    private void conversions(
            Version version, List<byte[]> updates, byte[] merged, String expected, List<Claim> claims) {
        byte[] converted = Codec.convert(version, merged);
        assertEquals(expected, description(version.other(), List.of(converted)), "converted");
        assertArrayEquals(merged, Codec.convert(version.other(), converted), "there and back");
        claims.add(alike("converted", expected, version, updates, version.other(), List.of(converted)));
        claims.add(new Claim(Job.convert(version, merged), answer -> {
            byte[] theirs = answer.blob();
            equalBytes.add(Arrays.equals(theirs, converted) ? 1 : 0);
            assertEquals(expected, description(version.other(), List.of(theirs)), "converted by yjs");
        }));
    }

    /**
     * Yjs reads both the same. Of updates that come one by one with others missing it sometimes leaves some waiting that
     * it takes in when they come as one; then what it reads of the one must be what we read of all.
     */
    private static Claim alike(
            String what,
            String expected,
            Version version,
            List<byte[]> updates,
            Version otherVersion,
            List<byte[]> others) {
        return new Claim(Job.compare(version, updates, otherVersion, others), answer -> {
            if (!answer.yes()) {
                String oneByOne = answer.text();
                String asOne = answer.text();
                assertEquals(expected, asOne, what + ", read by yjs, which reads of the parts: " + oneByOne);
            }
            assertNull(answer.thrown());
        });
    }

    /** Some updates of a schedule, a few of them twice. */
    private static List<byte[]> some(Outcome outcome, Version version, Random random) {
        List<byte[]> updates = new ArrayList<>();
        double share = random.nextInt(3) == 0 ? 1 : random.nextDouble();
        for (byte[] update : outcome.updates(version)) {
            if (random.nextDouble() < share) {
                updates.add(update);
                if (random.nextInt(10) == 0) {
                    updates.add(update);
                }
            }
        }
        if (random.nextBoolean()) {
            Collections.shuffle(updates, random);
        }
        return updates;
    }

    private static YDoc load(Version version, List<byte[]> updates) {
        YDoc doc = Replica.document(0xffffffffL, true);
        for (byte[] update : updates) {
            ScriptRun.load(doc, version, update);
        }
        return doc;
    }

    private static String description(Version version, List<byte[]> updates) {
        return Description.of(load(version, updates));
    }
}
