package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.YDoc;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Updates that were damaged, made up, or found to break somebody: what we accept yjs applies to the same document and does
 * not throw on, what we refuse leaves no trace here, and what yjs accepts we refuse only for a reason that we name.
 */
class HostileUpdatesIT {
    private static final int MILLIS = 1_000;
    private static final int PATIENT_MILLIS = 20_000;

    private final Map<String, LongAdder> verdicts = new ConcurrentSkipListMap<>();

    /** How our side took it: a description, or why not. */
    private record Reception(
            @Nullable String description, @Nullable String refusal) {}

    @Test
    void hostileBytesAreRefusedOrMeanWhatTheyMeanToYjs() {
        new Lanes(getClass(), YjsOracle.THIRTEEN, 1_500)
                .check((lane, first, size) -> judge(
                        lane,
                        first,
                        LongStream.range(first, first + size)
                                .mapToObj(HostileInput::made)
                                .toList()));
        System.out.println("HostileUpdatesIT: " + verdicts);
    }

    @Test
    void whatBrokeSomebodyIsRefusedOrMeansWhatItMeansToYjs() throws IOException {
        List<HostileInput> corpus = HostileInput.corpus();
        try (YjsOracle oracle = YjsOracle.start(YjsOracle.THIRTEEN)) {
            List<Answer> answers =
                    oracle.ask(corpus.stream().map(input -> input.job(MILLIS)).toList());
            for (int i = 0; i < corpus.size(); i++) {
                judge(corpus.get(i), receive(corpus.get(i)), answers.get(i));
            }
        }
        System.out.println("HostileUpdatesIT: " + verdicts);
    }

    @Test
    void yjsThrowsOnTheRestOfWhatIsCollected() {
        byte[] collected = {1, 1, 1, 0, 0, 2, 0};
        byte[] alive = {1, 1, 1, 0, 4, 1, 1, 't', 4, 'a', 'b', 'c', 'd', 0};
        HostileInput input = new HostileInput("rest of the collected", Version.V1, true, List.of(collected), alive);
        assertNotNull(receive(input).refusal);
        try (YjsOracle oracle = YjsOracle.start(YjsOracle.THIRTEEN)) {
            String thrown = oracle.ask(input.job(PATIENT_MILLIS)).thrown();
            assertTrue(thrown != null && thrown.contains("TypeError"), thrown);
        }
    }

    /** Found after 153,812 documents: where it goes depends, in yjs, on whether the run that the unit is in has been joined yet. */
    @Test
    void whatStandsBetweenAUnitAndItselfIsRefused() throws Exception {
        byte[] run = {1, 1, 6, 0, 4, 1, 1, 'p', 3, 'a', 'b', 'c', 0};
        byte[] between = {1, 1, 6, 3, (byte) 0xc4, 6, 2, 6, 2, 2, 'd', 'e', 0};
        byte[] inPieces = {
            1, 3, 6, 0, 4, 1, 1, 'p', 2, 'a', 'b', (byte) 0x84, 6, 1, 1, 'c', (byte) 0xc4, 6, 2, 6, 2, 2, 'd', 'e', 0
        };
        HostileInput joined = new HostileInput("joined", Version.V1, true, List.of(run), between);
        HostileInput pieces = new HostileInput("in pieces", Version.V1, true, List.of(), inPieces);
        assertNotNull(receive(joined).refusal);
        assertNotNull(receive(pieces).refusal);
        try (YjsOracle oracle = YjsOracle.start(YjsOracle.THIRTEEN)) {
            String one = oracle.ask(joined.job(PATIENT_MILLIS)).text();
            String other = oracle.ask(pieces.job(PATIENT_MILLIS)).text();
            assertTrue(one.contains("abdec") && other.contains("abcde"), one + "\n" + other);
        }
    }

    private void judge(Lane lane, long first, List<HostileInput> inputs) {
        List<Answer> answers =
                lane.ask(inputs.stream().map(input -> input.job(MILLIS)).toList());
        for (int i = 0; i < inputs.size(); i++) {
            HostileInput input = inputs.get(i);
            Reception our = lane.ours(first + i, () -> receive(input));
            Answer their = answers.get(i);
            if (our.refusal == null && their.isOutOfTime()) {
                their = lane.ask(List.of(input.job(PATIENT_MILLIS))).get(0);
            }
            judge(input, our, their);
        }
    }

    private void judge(HostileInput hostile, Reception our, Answer their) {
        if (our.refusal != null) {
            count(their.thrown() != null ? "both refused" : "only we refused: " + reason(our.refusal));
        } else if (their.thrown() != null) {
            throw complaint(hostile, "we accept what yjs throws on: " + their.thrown());
        } else {
            String description = their.text();
            if (!withoutPairs(description).equals(withoutPairs(String.valueOf(our.description)))) {
                throw complaint(hostile, "we understand\n" + our.description + "\nand yjs\n" + description);
            }
            count(description.equals(our.description) ? "both accepted" : "both accepted, pairs torn by yjs");
        }
    }

    /** yjs tears a pair for structs that it knows already; a pair, its halves and what stands for them are one to us here. */
    private static String withoutPairs(String description) {
        return description.replaceAll("[\\x{10000}-\\x{10ffff}]", "??").replaceAll("[\\ud800-\\udfff\\ufffd]", "?");
    }

    private void count(String verdict) {
        verdicts.computeIfAbsent(verdict, v -> new LongAdder()).increment();
    }

    /** The message without its numbers. */
    private static String reason(String refusal) {
        return refusal.replaceAll("[0-9]+", "#");
    }

    private static AssertionError complaint(HostileInput hostile, String what) {
        return new AssertionError(what + "\n" + hostile.text());
    }

    private static Reception receive(HostileInput hostile) {
        YDoc doc = Replica.document(0xffffffffL, hostile.gc());
        hostile.base().forEach(update -> ScriptRun.load(doc, hostile.version(), update));
        String before = Description.of(doc);
        byte[] state = doc.encodeStateAsUpdate();
        try {
            ScriptRun.load(doc, hostile.version(), hostile.hostile());
            doc.checkInvariants();
            return new Reception(Description.of(doc), null);
        } catch (MalformedUpdateException refused) {
            assertEquals(before, Description.of(doc), () -> hostile.name() + ": a refused update left a trace");
            assertArrayEquals(
                    state, doc.encodeStateAsUpdate(), () -> hostile.name() + ": a refused update left a trace");
            doc.checkInvariants();
            return new Reception(null, String.valueOf(refused.getMessage()));
        } catch (RuntimeException | AssertionError | StackOverflowError broken) {
            AssertionError complaint = complaint(hostile, "broke our side");
            complaint.initCause(broken);
            throw complaint;
        }
    }
}
