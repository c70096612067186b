package dev.rejoin.conformance.yjs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.rejoin.crdt.yjs.AwarenessUpdate;
import dev.rejoin.crdt.yjs.DeleteSet;
import dev.rejoin.crdt.yjs.MalformedUpdateException;
import dev.rejoin.crdt.yjs.RelativePosition;
import dev.rejoin.crdt.yjs.StateVector;
import dev.rejoin.crdt.yjs.YDoc;
import dev.rejoin.crdt.yjs.YSnapshot;
import java.util.List;

/**
 * Every decoder takes any bytes: it reads them or throws the one exception for bad bytes, and what it has read means the same
 * when it is written and read again.
 *
 * <p>An ordinary build runs the inputs under {@code DecoderFuzzInputs}. New ones are looked for by one target at a time:
 * {@code JAZZER_FUZZ=1 mvn -pl conformance -am test -Dtest=DecoderFuzz#updateV2 -Dsurefire.failIfNoSpecifiedTests=false
 * -Djazzer.hooks=true}.
 */
class DecoderFuzz {
    private static final int DEPTH = 100;

    @FuzzTest(maxDuration = "10m")
    void updateV1(byte[] bytes) {
        update(Version.V1, bytes);
    }

    @FuzzTest(maxDuration = "10m")
    void updateV2(byte[] bytes) {
        update(Version.V2, bytes);
    }

    private static void update(Version version, byte[] bytes) {
        merged(version, bytes);
        YDoc doc = Replica.document(1, true);
        byte[] empty = doc.encodeStateAsUpdate();
        try {
            ScriptRun.load(doc, version, bytes);
        } catch (MalformedUpdateException refused) {
            assertArrayEquals(empty, doc.encodeStateAsUpdate(), "a refused update left a trace");
            return;
        } finally {
            doc.checkInvariants();
        }
        String description = Description.of(doc);
        YDoc other = Replica.document(1, true);
        other.applyUpdateV2(doc.encodeStateAsUpdateV2());
        assertEquals(description, Description.of(other), "written and read again");
    }

    private static void merged(Version version, byte[] bytes) {
        try {
            byte[] merged = Codec.merge(version, List.of(bytes, bytes));
            assertArrayEquals(merged, Codec.merge(version, List.of(merged)), "merging again changes nothing");
            byte[] stateVector = Codec.stateVector(version, merged);
            Codec.diff(version, merged, stateVector);
            byte[] converted = Codec.convert(version, merged);
            assertArrayEquals(merged, Codec.convert(version.other(), converted), "converted there and back");
        } catch (MalformedUpdateException refused) {
            // the one way out
        }
    }

    @FuzzTest(maxDuration = "10m")
    void stateVector(byte[] bytes) {
        try {
            StateVector read = StateVector.decode(bytes);
            assertEquals(read, StateVector.decode(read.encode()));
        } catch (MalformedUpdateException refused) {
            // the one way out
        }
    }

    @FuzzTest(maxDuration = "10m")
    void deleteSet(byte[] bytes) {
        try {
            DeleteSet read = DeleteSet.decode(bytes);
            assertEquals(read, DeleteSet.decode(read.encode()));
        } catch (MalformedUpdateException refused) {
            // the one way out
        }
    }

    @FuzzTest(maxDuration = "10m")
    void snapshotV1(byte[] bytes) {
        try {
            YSnapshot read = YSnapshot.decode(bytes);
            assertEquals(read, YSnapshot.decode(read.encode()));
        } catch (MalformedUpdateException refused) {
            // the one way out
        }
    }

    @FuzzTest(maxDuration = "10m")
    void snapshotV2(byte[] bytes) {
        try {
            YSnapshot read = YSnapshot.decodeV2(bytes);
            assertEquals(read, YSnapshot.decodeV2(read.encodeV2()));
        } catch (MalformedUpdateException refused) {
            // the one way out
        }
    }

    @FuzzTest(maxDuration = "10m")
    void relativePosition(byte[] bytes) {
        try {
            RelativePosition read = RelativePosition.decode(bytes);
            assertEquals(read, RelativePosition.decode(read.encode()));
            read.resolve(Replica.document(1, true));
        } catch (MalformedUpdateException refused) {
            // the one way out
        }
    }

    @FuzzTest(maxDuration = "10m")
    void awareness(byte[] bytes) {
        try {
            AwarenessUpdate read = AwarenessUpdate.decode(bytes, DEPTH);
            assertEquals(read, AwarenessUpdate.decode(read.encode(), DEPTH));
        } catch (MalformedUpdateException refused) {
            // the one way out
        }
    }
}
