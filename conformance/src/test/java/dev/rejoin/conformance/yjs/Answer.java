package dev.rejoin.conformance.yjs;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What yjs said to one job, to be read in the order in which it was written; or what it threw. */
final class Answer {
    private final ByteBuffer bytes;
    private final @Nullable String thrown;

    private Answer(ByteBuffer bytes, @Nullable String thrown) {
        this.bytes = bytes;
        this.thrown = thrown;
    }

    /** The child gave no answer in time, or ended. */
    static Answer none(String why) {
        return new Answer(ByteBuffer.allocate(0), why);
    }

    /** One frame holds the answers to a batch of jobs, in their order. */
    static List<Answer> split(byte[] frame, List<Job> jobs) {
        ByteBuffer buffer = ByteBuffer.wrap(frame);
        int count = buffer.getInt();
        if (count != jobs.size()) {
            throw new IllegalStateException(count + " answers to " + jobs.size() + " jobs");
        }
        List<Answer> answers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int length = buffer.getInt();
            ByteBuffer one = buffer.slice(buffer.position(), length);
            buffer.position(buffer.position() + length);
            answers.add(one.get() == 0 ? new Answer(one, null) : new Answer(one, text(one)));
        }
        return answers;
    }

    @Nullable
    String thrown() {
        return thrown;
    }

    /** Whether it took too long, which may be the machine's fault. */
    boolean isOutOfTime() {
        return thrown != null && (thrown.contains("timed out") || thrown.contains("Timeout"));
    }

    private ByteBuffer result() {
        if (thrown != null) {
            throw new AssertionError("yjs threw " + thrown);
        }
        return bytes;
    }

    int number() {
        return result().getInt();
    }

    boolean yes() {
        return result().get() == 1;
    }

    String text() {
        return text(result());
    }

    byte[] blob() {
        byte[] blob = new byte[result().getInt()];
        bytes.get(blob);
        return blob;
    }

    private static final int PENDING = 3;
    private static final int AS_EXPECTED = 4;
    private static final int WITH_UNSTUCK = 8;

    /** Of a script; what was not told because it is as on our side is taken from there. */
    Outcome outcome(@Nullable Outcome ours, Job.Detail detail) {
        List<byte[]> blobs = blobs();
        List<Outcome.Check> checks = new ArrayList<>();
        for (int i = 0, count = number(); i < count; i++) {
            int flags = bytes.get();
            long digest = (flags & AS_EXPECTED) == 0
                    ? bytes.getLong()
                    : Objects.requireNonNull(ours).checks().get(i).digest();
            Long unstuck = (flags & WITH_UNSTUCK) == 0 ? null : bytes.getLong();
            String text = detail == Job.Detail.TEXTS ? text(bytes) : null;
            checks.add(new Outcome.Check(digest, flags & PENDING, unstuck, text));
        }
        return new Outcome(blobs, checks);
    }

    private List<byte[]> blobs() {
        List<byte[]> blobs = new ArrayList<>();
        for (int i = number(); i > 0; i--) {
            blobs.add(blob());
        }
        return blobs;
    }

    private static String text(ByteBuffer bytes) {
        char[] units = new char[bytes.getInt()];
        for (int i = 0; i < units.length; i++) {
            units[i] = bytes.getChar();
        }
        return new String(units);
    }
}
