package dev.rejoin.conformance.yjs;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One question to yjs; oracle.mjs lists the kinds. */
record Job(int kind, byte[] body) {
    /** How much is asked of what replicas look like. */
    enum Detail {
        /** The digest where it is not ours. */
        DIFFERENCES,
        /** The digest, and that of what it would be if it took in what waits. */
        DIGESTS,
        /** The text too. */
        TEXTS
    }

    /** Runs a script; fed, if there is an outcome of ours, with our bytes instead of its own. */
    static Job script(Script script, @Nullable Outcome ours, Detail detail) {
        return of(0, out -> {
            ints(out, script.numbers());
            blobs(out, ours == null ? List.of() : ours.blobs());
            out.writeByte(detail.ordinal());
            boolean known = ours != null && detail == Detail.DIFFERENCES;
            out.writeInt(known ? 2 * ours.checks().size() : 0);
            if (known) {
                for (Outcome.Check check : ours.checks()) {
                    out.writeLong(check.digest());
                }
            }
        });
    }

    static Job merge(Version version, List<byte[]> updates) {
        return of(1, out -> {
            out.writeByte(version.ordinal());
            blobs(out, updates);
        });
    }

    static Job diff(Version version, byte[] update, byte[] stateVector) {
        return of(2, out -> {
            out.writeByte(version.ordinal());
            blob(out, update);
            blob(out, stateVector);
        });
    }

    static Job stateVector(Version version, byte[] update) {
        return of(3, out -> {
            out.writeByte(version.ordinal());
            blob(out, update);
        });
    }

    static Job convert(Version from, byte[] update) {
        return of(4, out -> {
            out.writeByte(from.ordinal());
            blob(out, update);
        });
    }

    /** Describes the document that some updates of one version make. */
    static Job apply(boolean gc, Version version, List<byte[]> updates) {
        return apply(gc, version, updates, 1_000);
    }

    /** As {@link #apply(boolean, Version, List)}, given up after so long. */
    static Job apply(boolean gc, Version version, List<byte[]> updates, int millis) {
        return of(5, out -> {
            out.writeByte(gc ? 1 : 0);
            ints(out, version.ordinal());
            blobs(out, updates);
            out.writeInt(millis);
        });
    }

    static Job compare(Version version, List<byte[]> updates, Version otherVersion, List<byte[]> others) {
        return of(6, out -> {
            ints(out, version.ordinal());
            blobs(out, updates);
            ints(out, otherVersion.ordinal());
            blobs(out, others);
        });
    }

    static Job snapshot(Version version, byte[] bytes) {
        return of(7, out -> {
            out.writeByte(version.ordinal());
            blob(out, bytes);
        });
    }

    static Job position(byte[] bytes) {
        return of(8, out -> blob(out, bytes));
    }

    static Job entries(byte[] stateVector) {
        return of(9, out -> blob(out, stateVector));
    }

    /** What the other side reads. */
    interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    static Job of(int kind, Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            body.write(new DataOutputStream(bytes));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return new Job(kind, bytes.toByteArray());
    }

    static void ints(DataOutputStream out, int... values) throws IOException {
        out.writeInt(values.length);
        for (int value : values) {
            out.writeInt(value);
        }
    }

    static void blob(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    static void blobs(DataOutputStream out, List<byte[]> blobs) throws IOException {
        out.writeInt(blobs.size());
        for (byte[] bytes : blobs) {
            blob(out, bytes);
        }
    }
}
