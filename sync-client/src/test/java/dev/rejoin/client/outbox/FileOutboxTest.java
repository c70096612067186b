package dev.rejoin.client.outbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rejoin.crdt.Chain;
import dev.rejoin.crdt.Commit;
import dev.rejoin.crdt.Delta;
import dev.rejoin.crdt.Mutation;
import dev.rejoin.crdt.ValueCodec;
import dev.rejoin.crdt.clock.ReplicaId;
import dev.rejoin.crdt.document.Document;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileOutboxTest {
    @TempDir
    Path directory;

    private static List<OutboxRecord> steps(ReplicaId replica) {
        Document document = Document.builder().replica(replica).judged(true).build();
        List<OutboxRecord> steps = new ArrayList<>();
        int chain = 0;
        for (int i = 1; i <= 6; i++) {
            String element = "x" + i;
            Commit commit = document.transact(
                    () -> document.set("tags", ValueCodec.STRING).add(element));
            byte[] fragment = commit.delta().encode();
            chain = Chain.extend(chain, fragment);
            steps.add(new OutboxRecord.Written(new SavedWrite(
                    i, i, chain, fragment, Mutation.encodeAll(commit.mutations()), 0, List.of(), false)));
        }
        steps.add(new OutboxRecord.EpochLearned(77));
        SavedRejection rejection = new SavedRejection(1, "no", "because", Mutation.encodeAll(List.of()), 5);
        steps.add(new OutboxRecord.Confirmed(new byte[0], 3, List.of(2L), List.of(rejection)));
        steps.add(new OutboxRecord.RejectionDropped(1));
        return steps;
    }

    @Test
    void aStateKeepsWhatWritesDependOnAndWhatMayTellTheOutcomeOfDoubts() throws IOException {
        ReplicaId replica = ReplicaId.of(9);
        SavedClient fresh = SavedClient.fresh(replica, new byte[16]);
        byte[] fragment = Delta.voided(replica, 1, 1).encode();
        byte[] mutations = Mutation.encodeAll(List.of());
        SavedWrite first = new SavedWrite(1, 1, 5, fragment, mutations, 0, List.of(), true);
        SavedWrite second = new SavedWrite(2, 3, 6, fragment, mutations, 0, List.of(1L), false);
        SavedRejection rejection = new SavedRejection(4, SavedRejection.UNKNOWN_OUTCOME, "?", mutations, 5);
        SavedDoubt doubt = new SavedDoubt(4, ReplicaId.of(8), 7, 9, fragment, true);
        Delta cells = steps(replica).get(0) instanceof OutboxRecord.Written written
                ? Delta.decode(written.write().fragment())
                : Delta.EMPTY;
        SavedFormer former = new SavedFormer(replica, 1, 1, cells, Delta.EMPTY, 2, true);
        SavedClient client = new SavedClient(
                replica,
                fresh.leaseKey(),
                77,
                "one",
                -5,
                3,
                0,
                0,
                Delta.EMPTY,
                List.of(first, second),
                List.of(rejection),
                5,
                List.of(doubt),
                List.of(former));
        Path file = directory.resolve("box");
        try (FileOutbox outbox = FileOutbox.open(file)) {
            outbox.rewrite(client);
        }
        try (FileOutbox outbox = FileOutbox.open(file)) {
            SavedClient read = outbox.load().orElseThrow();
            assertEquals(client.pending(), read.pending());
            assertEquals(client.doubts(), read.doubts());
            assertEquals(client.formers(), read.formers());
            assertEquals("one", read.judge());
            assertEquals(-5, read.lessor());
            outbox.append(new OutboxRecord.RejectionDropped(4));
            outbox.force();
        }
        try (FileOutbox outbox = FileOutbox.open(file)) {
            assertEquals(List.of(), outbox.load().orElseThrow().doubts());
        }
    }

    @Test
    void whoHasLeasedTheReplicaIdIsReadBackAndAnOutboxFromBeforeHasNobodysName() throws IOException {
        SavedClient fresh = SavedClient.fresh(ReplicaId.of(9), new byte[16]);
        Path file = directory.resolve("box");
        try (FileOutbox outbox = FileOutbox.open(file)) {
            outbox.rewrite(fresh);
            outbox.append(new OutboxRecord.JudgeLearned("one", -5));
        }
        try (FileOutbox outbox = FileOutbox.open(file)) {
            SavedClient read = outbox.load().orElseThrow();
            assertEquals("one", read.judge());
            assertEquals(-5, read.lessor());
        }
        byte[] state = OutboxCodec.encode(fresh);
        byte[] step = OutboxCodec.encode(new OutboxRecord.JudgeLearned("one", -5));
        OutboxCodec.Entry.State before = (OutboxCodec.Entry.State)
                OutboxCodec.decode(Arrays.copyOf(state, state.length - Integer.BYTES - Long.BYTES));
        OutboxCodec.Entry.Step learned =
                (OutboxCodec.Entry.Step) OutboxCodec.decode(Arrays.copyOf(step, step.length - Long.BYTES));
        SavedClient read = before.client().replay(List.of(learned.record()));
        assertEquals("one", read.judge());
        assertEquals(0, read.lessor());
    }

    @Test
    void closingAgainDoesNothing() throws IOException {
        FileOutbox outbox = FileOutbox.open(directory.resolve("closed"));
        outbox.close();
        outbox.close();
    }

    @Test
    void aCrashAtAnyByteLosesOnlyTheStepsThatWereNotCompletelyWritten() throws IOException {
        SavedClient fresh = SavedClient.fresh(ReplicaId.of(9), new byte[16]);
        Path file = directory.resolve("box");
        List<OutboxRecord> steps = steps(fresh.replica());
        List<Long> ends = new ArrayList<>();
        try (FileOutbox outbox = FileOutbox.open(file)) {
            outbox.rewrite(fresh);
            ends.add(Files.size(file));
            for (OutboxRecord step : steps) {
                outbox.append(step);
                outbox.force();
                ends.add(Files.size(file));
            }
        }
        byte[] whole = Files.readAllBytes(file);
        for (int length = (int) (long) ends.get(0); length <= whole.length; length++) {
            int survived = 0;
            while (survived < steps.size() && ends.get(survived + 1) <= length) {
                survived++;
            }
            Path torn = directory.resolve("torn");
            Files.write(torn, Arrays.copyOf(whole, length));
            try (FileOutbox outbox = FileOutbox.open(torn)) {
                assertSame(
                        fresh.replay(steps.subList(0, survived)), outbox.load().orElseThrow());
                assertEquals(ends.get(survived), Files.size(torn), "the torn tail is cut");
                outbox.append(new OutboxRecord.EpochLearned(5));
            }
            try (FileOutbox outbox = FileOutbox.open(torn)) {
                assertEquals(5, outbox.load().orElseThrow().epoch());
            }
        }
    }

    @Test
    void aReplayKeepsWhatIsPendingAndSettlesTheRest() {
        SavedClient fresh = SavedClient.fresh(ReplicaId.of(9), new byte[16]);
        SavedClient after = fresh.replay(steps(fresh.replica()));
        assertEquals(6, after.issuedThrough());
        assertEquals(3, after.verdictsKnown());
        assertEquals(
                List.of(4L, 5L, 6L),
                after.pending().stream().map(SavedWrite::first).toList());
        Document document =
                Document.builder().replica(fresh.replica()).judged(true).build();
        document.restore(after.confirmed(), List.of(), 6);
        assertEquals(
                List.of("x1", "x3"), document.set("tags", ValueCodec.STRING).elements());
        assertEquals(List.of(), after.rejections());
        assertEquals(2, after.nextRejection());
    }

    @Test
    void aReplayTellsWhatIsNotToStayOfFormerWrites() {
        SavedClient fresh = SavedClient.fresh(ReplicaId.of(9), new byte[16]);
        List<OutboxRecord> steps = steps(fresh.replica());
        List<SavedFormer> formers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Document document =
                    Document.builder().replica(ReplicaId.of(100 + i)).build();
            Delta delta = document.set("tags", ValueCodec.STRING).add("x" + (i + 1));
            formers.add(new SavedFormer(document.replica(), 1, 1, delta, Delta.EMPTY, 0, false));
        }
        SavedClient saved = new SavedClient(
                fresh.replica(),
                fresh.leaseKey(),
                fresh.epoch(),
                fresh.judge(),
                fresh.lessor(),
                0,
                0,
                0,
                Delta.EMPTY,
                List.of(),
                List.of(),
                1,
                List.of(),
                formers);
        // x1 is accepted, x2 refused, x3 accepted
        assertEquals(
                List.of(formers.get(0).cells(), Delta.EMPTY, formers.get(2).cells()),
                saved.replay(steps).formers().stream()
                        .map(SavedFormer::unwanted)
                        .toList());
    }

    @Test
    void aSecondClientGetsAClearError() throws IOException {
        Path file = directory.resolve("box");
        try (FileOutbox first = FileOutbox.open(file)) {
            OutboxInUseException refused = assertThrows(OutboxInUseException.class, () -> FileOutbox.open(file));
            assertTrue(refused.getMessage().contains("in use by another client"));
        }
        FileOutbox.open(file).close();
    }

    @Test
    void aChangedByteInTheMiddleKeepsTheRestBesideTheFile() throws IOException {
        SavedClient fresh = SavedClient.fresh(ReplicaId.of(9), new byte[16]);
        Path file = directory.resolve("box");
        long at;
        try (FileOutbox outbox = FileOutbox.open(file)) {
            outbox.rewrite(fresh);
            at = Files.size(file);
            for (OutboxRecord step : steps(fresh.replica())) {
                outbox.append(step);
            }
        }
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) at + 12] ^= 1;
        Files.write(file, bytes);
        try (FileOutbox outbox = FileOutbox.open(file)) {
            assertSame(fresh, outbox.load().orElseThrow());
        }
        assertEquals(bytes.length - at, Files.size(directory.resolve("box.damaged")));
    }

    private static void assertSame(SavedClient expected, SavedClient actual) {
        assertEquals(expected.replica(), actual.replica());
        assertEquals(expected.epoch(), actual.epoch());
        assertEquals(expected.issuedThrough(), actual.issuedThrough());
        assertEquals(expected.verdictsKnown(), actual.verdictsKnown());
        assertEquals(expected.knownChain(), actual.knownChain());
        assertEquals(expected.confirmed(), actual.confirmed());
        assertEquals(expected.pending(), actual.pending());
        assertEquals(expected.rejections(), actual.rejections());
        assertEquals(expected.nextRejection(), actual.nextRejection());
    }
}
