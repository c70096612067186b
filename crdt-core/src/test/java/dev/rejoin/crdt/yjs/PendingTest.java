package dev.rejoin.crdt.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.clock.CpuTime;
import dev.rejoin.crdt.clock.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What waits: how much of it there is, and what telling costs. */
class PendingTest {
    private static Pending roomy() {
        return new Pending(UpdateLimits.DEFAULT.withMaxPending(1 << 20, 1L << 40, 1 << 20), TimeSource.system());
    }

    @Test
    void deletionsThatWaitAreTheUnionOfWhatCame() {
        long seed = Long.getLong("rejoin.seed", System.nanoTime());
        for (int round = 0; round < 300; round++) {
            Random random = new Random(seed + round);
            Pending pending = roomy();
            TreeSet<Long> expected = new TreeSet<>();
            for (int i = 0; i < 30; i++) {
                long from = random.nextInt(60);
                long to = from + 1 + random.nextInt(6);
                pending.addDelete(1, from, to);
                for (long unit = from; unit < to; unit++) {
                    expected.add(unit);
                }
            }
            int ranges = 0;
            for (long unit : expected) {
                ranges += expected.contains(unit - 1) ? 0 : 1;
            }
            String replay =
                    "replay: mvn -pl crdt-core test -Dtest=PendingTest -DargLine=-Drejoin.seed=" + (seed + round);
            assertEquals(ranges, pending.deleteCount(), replay);
            TreeSet<Long> polled = new TreeSet<>();
            for (long next : new long[] {20, 100}) {
                long[] ready = pending.pollDeletes(1, next);
                for (int i = 0; i < ready.length; i += 2) {
                    for (long unit = ready[i]; unit < ready[i + 1]; unit++) {
                        polled.add(unit);
                    }
                }
            }
            assertEquals(expected, polled, replay);
            assertEquals(0, pending.deleteCount(), replay);
        }
    }

    @Test
    void aBoundOnDeletionsHoldsAndSaysSo() {
        Pending pending = new Pending(UpdateLimits.DEFAULT.withMaxPending(1, 1, 2), TimeSource.system());
        pending.addDelete(1, 0, 1);
        pending.addDelete(1, 10, 11);
        pending.addDelete(1, 20, 21);
        pending.addDelete(2, 0, 1);
        assertEquals(2, pending.dropped());
        pending.addDelete(1, 1, 10);
        assertEquals(1, pending.deleteCount());
        assertArrayEquals(new long[] {0, 11}, pending.pollDeletes(1, 5));
    }

    @Test
    void scatteredDeletionsOfOneClientCostNoMoreThanTheirLogarithm() {
        CpuTime.assertWithin(Duration.ofSeconds(5), () -> {
            Pending pending = roomy();
            for (int i = 0; i < 300_000; i++) {
                pending.addDelete(1, 3L * i, 3L * i + 1);
            }
            assertEquals(300_000, pending.deleteCount());
        });
    }

    @Test
    void whatHasAHoleDoesNotCoverWhatBelongsIntoIt() {
        YDoc first = YDoc.create(YDocOptions.defaults().withClientId(1));
        first.getText("body").insert(0, "a");
        YDoc author = YDoc.create(YDocOptions.defaults().withClientId(2));
        author.applyUpdate(first.encodeStateAsUpdate());
        List<byte[]> updates = new ArrayList<>();
        author.onUpdate((update, origin, of) -> updates.add(update));
        for (String unit : List.of("x", "y", "z")) {
            author.getText("body").insert(1, unit);
        }
        YDoc reader = YDoc.create();
        reader.applyUpdate(Updates.merge(List.of(updates.get(0), updates.get(2))));
        reader.applyUpdate(Updates.merge(List.of(updates.get(0), updates.get(1))));
        reader.applyUpdate(first.encodeStateAsUpdate());
        assertEquals("azyx", reader.getText("body").toString());
        assertEquals(0, reader.pending().structs());
    }

    @Test
    void runsThatWaitForOneUnitCostNoMoreThanTheirLogarithm() {
        StructBatch batch = new StructBatch();
        YDoc author = YDoc.create(YDocOptions.defaults().withClientId(5));
        author.getText("body").insert(0, "a");
        byte[] update = author.encodeStateAsUpdate();
        batch.decodeV1(update, 0, update.length, UpdateLimits.DEFAULT);
        CpuTime.assertWithin(Duration.ofSeconds(5), () -> {
            Pending pending = roomy();
            for (int i = 0; i < 100_000; i++) {
                StructBatch one = batch.copy(0, 1);
                one.clock[0] = 100_000 - i;
                pending.add(one, 9, 0);
                pending.add(one, 9, 0);
            }
            assertEquals(100_000, pending.structCount());
            int taken = 0;
            for (Pending.Run run = pending.poll(9, 1); run != null; run = pending.poll(9, 1)) {
                taken++;
            }
            assertEquals(100_000, taken);
        });
    }

    @Test
    void aDeletionBeyondWhatIsKnownEndsTheTransactionAllTheSame() {
        YDoc doc = YDoc.create(YDocOptions.defaults().withClientId(1));
        doc.getText("body").insert(0, "abc");
        CpuTime.assertWithin(
                Duration.ofSeconds(5),
                () -> doc.transact(() -> {
                    doc.getText("body").delete(1, 2);
                    doc.store.changes.deleted(doc.self(), 3, 5);
                }));
        assertEquals("a", doc.getText("body").toString());
        doc.checkInvariants();
    }

    @Test
    void aStallIsReportedWhenItBeginsAndWhenItEnds() {
        YDoc author = YDoc.create(YDocOptions.defaults().withClientId(5));
        List<byte[]> updates = new ArrayList<>();
        author.onUpdate((update, origin, doc) -> updates.add(update));
        author.getText("body").insert(0, "a");
        author.getText("body").insert(1, "b");
        YDoc doc = YDoc.create();
        List<PendingStatus> told = new ArrayList<>();
        YSubscription subscription = doc.onPending(told::add);
        doc.transact(() -> {
            doc.applyUpdate(updates.get(1));
            assertEquals(List.of(), told);
        });
        assertEquals(1, told.size());
        assertEquals(1, told.get(0).structs());
        assertEquals(0, told.get(0).missing().get(5));
        doc.getText("other").insert(0, "not concerned");
        assertEquals(1, told.size());
        doc.applyUpdate(updates.get(0));
        assertEquals(2, told.size());
        assertEquals(0, told.get(1).structs());
        assertEquals("ab", doc.getText("body").toString());
        subscription.close();
        doc.applyUpdate(updates.get(1));
        assertEquals(2, told.size());
    }

    /** The updates of three keystrokes, of which the first and the second are needed for the third. */
    private static List<byte[]> keystrokes() {
        YDoc author = YDoc.create(YDocOptions.defaults().withClientId(5));
        List<byte[]> updates = new ArrayList<>();
        author.onUpdate((update, origin, doc) -> updates.add(update));
        for (int i = 0; i < 3; i++) {
            author.getText("body").insert(i, "abc".substring(i, i + 1));
        }
        return updates;
    }

    private static YDoc patient(AtomicLong clock, long millis) {
        return YDoc.create(YDocOptions.defaults()
                .withTime(clock::get)
                .withLimits(UpdateLimits.DEFAULT.withMaxPendingMillis(millis)));
    }

    @Test
    void whatHasWaitedTooLongIsDroppedWhenTheNextUpdateComes() {
        AtomicLong clock = new AtomicLong(1_000);
        YDoc doc = patient(clock, 60_000);
        List<PendingStatus> told = new ArrayList<>();
        doc.onPending(told::add);
        List<byte[]> updates = keystrokes();
        doc.applyUpdate(updates.get(2));
        clock.addAndGet(60_000);
        assertEquals(60_000, doc.pending().millis());
        assertEquals(ApplyResult.COMPLETE, doc.applyUpdate(updates.get(0)));
        assertEquals(1, doc.pending().structs(), "it may wait for as long as that");
        clock.addAndGet(1);
        YDoc other = YDoc.create(YDocOptions.defaults().withClientId(9));
        other.getText("other").insert(0, "not concerned");
        ApplyResult result = doc.applyUpdate(other.encodeStateAsUpdate());
        assertTrue(result.complete() && result.dropped(), "a stall that ends with a loss is reported");
        assertEquals(new PendingStatus(0, 0, 0, 1, 0, StateVector.EMPTY), doc.pending());
        assertEquals(doc.pending(), told.get(told.size() - 1));
        doc.applyUpdate(updates.get(1));
        assertEquals("ab", doc.getText("body").toString());
        doc.applyUpdate(updates.get(2));
        assertEquals("abc", doc.getText("body").toString(), "what was dropped is taken when it comes again");
    }

    @Test
    void whatComesInTimeIsTakenInHoweverOldItIs() {
        AtomicLong clock = new AtomicLong(1_000);
        YDoc doc = patient(clock, 60_000);
        List<byte[]> updates = keystrokes();
        doc.applyUpdate(updates.get(2));
        clock.addAndGet(1_000_000);
        doc.applyUpdate(Updates.merge(updates.subList(0, 2)));
        assertEquals("abc", doc.getText("body").toString());
        assertEquals(new PendingStatus(0, 0, 0, 0, 0, StateVector.EMPTY), doc.pending());
    }

    @Test
    void whoeverKeepsTheTimeCanDropWhatHasWaitedTooLong() {
        AtomicLong clock = new AtomicLong(1_000);
        YDoc doc = patient(clock, 60_000);
        List<PendingStatus> told = new ArrayList<>();
        doc.applyUpdate(keystrokes().get(1));
        clock.addAndGet(30_000);
        doc.applyUpdate(new byte[] {0, 1, 7, 1, 3, 2});
        doc.onPending(told::add);
        clock.addAndGet(30_000);
        assertEquals(1, doc.expirePending().structs());
        assertEquals(List.of(), told);
        clock.addAndGet(1);
        PendingStatus left = doc.expirePending();
        assertEquals(new PendingStatus(0, 1, 0, 1, 30_001, left.missing()), left);
        assertEquals(1, told.size());
        clock.addAndGet(30_000);
        assertEquals(new PendingStatus(0, 0, 0, 2, 0, StateVector.EMPTY), doc.expirePending());
        assertEquals(2, told.size());
        doc.transact(() -> assertThrows(IllegalStateException.class, doc::expirePending));
    }

    @Test
    void aRunThatGoesOnWaitingForAnotherUnitIsAsOldAsItWas() {
        AtomicLong clock = new AtomicLong(1_000);
        YDoc doc = patient(clock, 60_000);
        YDoc first = YDoc.create(YDocOptions.defaults().withClientId(1));
        first.getText("body").insert(0, "x");
        YDoc second = YDoc.create(YDocOptions.defaults().withClientId(2));
        second.getText("body").insert(0, "y");
        YDoc author = YDoc.create(YDocOptions.defaults().withClientId(5));
        author.applyUpdate(first.encodeStateAsUpdate());
        author.applyUpdate(second.encodeStateAsUpdate());
        List<byte[]> updates = new ArrayList<>();
        author.onUpdate((update, origin, of) -> updates.add(update));
        author.getText("body").insert(1, "between");
        doc.applyUpdate(updates.get(0));
        clock.addAndGet(50_000);
        doc.applyUpdate(first.encodeStateAsUpdate());
        assertEquals(50_000, doc.pending().millis());
        assertEquals(1, doc.pending().structs());
        doc.applyUpdate(second.encodeStateAsUpdate());
        assertEquals("xbetweeny", doc.getText("body").toString());
        assertEquals(0, doc.pending().millis());
    }
}
