package dev.rejoin.server.room;

import dev.rejoin.consistency.session.Position;
import dev.rejoin.consistency.session.PositionVector;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a room holds of a document, in positions: of each log the openings that have entries of it, with the number that each came to.
 *
 * <p>The numbers of a document run on over the openings of one log, so whoever holds entry <i>n</i> of the latest opening holds all that
 * earlier openings of that log have written. A token therefore names the latest opening of each log ({@link #latest}), while a room answers
 * for all of them ({@link #vector}).
 *
 * <p>Immutable. Of one log no more than {@link #MAX_OPENINGS} are remembered; a token from before these is not satisfied any more, and waits in
 * vain. No more than {@link #MAX_LOGS} logs are: what comes from another one is refused by {@link #union}. Decision 0023.
 */
public final class HeldPositions {
    /** How many openings of one log are remembered, the latest ones. */
    public static final int MAX_OPENINGS = 64;

    /** Of how many logs one document may have entries. */
    public static final int MAX_LOGS = 64;

    /** Nothing is held. */
    public static final HeldPositions NONE = new HeldPositions(new TreeMap<>());

    private static final int FORMAT = 1;
    private static final int LOG_BYTES = Long.BYTES + 1;
    private static final int OPENING_BYTES = 2 * Long.BYTES;
    private static final Comparator<Position> ASCENDING =
            Comparator.comparingLong(Position::sequence).thenComparingLong(Position::origin);

    /** By the number of the log; the openings ascend. Neither is changed any more. */
    private final SortedMap<Long, List<Position>> logs;

    private final PositionVector vector;
    private final PositionVector latest;

    private HeldPositions(SortedMap<Long, List<Position>> logs) {
        this.logs = logs;
        PositionVector all = PositionVector.EMPTY;
        PositionVector last = PositionVector.EMPTY;
        for (List<Position> openings : logs.values()) {
            all = all.union(PositionVector.of(openings.toArray(new Position[0])));
            last = last.with(openings.get(openings.size() - 1));
        }
        this.vector = all;
        this.latest = last;
    }

    /**
     * These positions and the entries of one log through {@code sequence}, which this opening of it has written. If that makes too many logs, the
     * shortest one is forgotten: only the logs that a document had in former lives can be that many, and no token asks for those.
     *
     * @param log names the log, over all its openings
     * @param incarnation names the opening
     * @param sequence at least 1
     */
    public HeldPositions with(long log, long incarnation, long sequence) {
        if (sequence < 1) {
            throw new IllegalArgumentException("entries are counted from 1: " + sequence);
        }
        return with(log, List.of(Position.of(incarnation, sequence)));
    }

    /** As {@link #with(long, long, long)}, for all that {@code own} says of this log. */
    HeldPositions with(long log, HeldPositions own) {
        List<Position> openings = own.logs.get(log);
        return openings == null ? this : with(log, openings);
    }

    private HeldPositions with(long log, List<Position> openings) {
        SortedMap<Long, List<Position>> grown = new TreeMap<>(logs);
        grown.merge(log, openings, HeldPositions::joined);
        if (grown.equals(logs)) {
            return this;
        }
        if (grown.size() > MAX_LOGS) {
            grown.entrySet().stream()
                    .filter(each -> each.getKey() != log)
                    .min(Comparator.comparing(each -> last(each.getValue()), ASCENDING))
                    .map(Map.Entry::getKey)
                    .ifPresent(grown::remove);
        }
        return new HeldPositions(grown);
    }

    /**
     * What either holds.
     *
     * @throws IllegalArgumentException if these are more than {@link #MAX_LOGS} logs
     */
    public HeldPositions union(HeldPositions other) {
        // with nearly every commit one of the two is all that is held
        if (includes(other)) {
            return this;
        }
        if (other.includes(this)) {
            return other;
        }
        SortedMap<Long, List<Position>> all = new TreeMap<>(logs);
        other.logs.forEach((log, openings) -> all.merge(log, openings, HeldPositions::joined));
        if (all.size() > MAX_LOGS) {
            throw new IllegalArgumentException("a document may have entries of " + MAX_LOGS + " logs");
        }
        return new HeldPositions(all);
    }

    private boolean includes(HeldPositions other) {
        if (this == other) {
            return true;
        }
        for (Map.Entry<Long, List<Position>> log : other.logs.entrySet()) {
            List<Position> ours = logs.get(log.getKey());
            if (ours == null || !includes(ours, log.getValue())) {
                return false;
            }
        }
        return true;
    }

    private static boolean includes(List<Position> ours, List<Position> theirs) {
        for (int i = 0; i < theirs.size(); i++) {
            Position position = theirs.get(i);
            boolean found = false;
            for (int j = ours.size() - 1; j >= 0 && !found; j--) {
                found = ours.get(j).origin() == position.origin() && ours.get(j).sequence() >= position.sequence();
            }
            if (!found) {
                return false;
            }
        }
        return true;
    }

    private static List<Position> joined(List<Position> some, List<Position> others) {
        SortedMap<Long, Position> byOrigin = new TreeMap<>();
        some.forEach(position -> byOrigin.put(position.origin(), position));
        others.forEach(position ->
                byOrigin.merge(position.origin(), position, (a, b) -> a.sequence() >= b.sequence() ? a : b));
        List<Position> openings = new ArrayList<>(byOrigin.values());
        openings.sort(ASCENDING);
        return List.copyOf(openings.subList(Math.max(0, openings.size() - MAX_OPENINGS), openings.size()));
    }

    private static Position last(List<Position> openings) {
        return openings.get(openings.size() - 1);
    }

    /** Every opening that is remembered: what a token may ask for and be satisfied. */
    public PositionVector vector() {
        return vector;
    }

    /** The latest opening of each log: what a token of an answer has to name. */
    public PositionVector latest() {
        return latest;
    }

    /** Whether anything is held of this log. */
    public boolean knows(long log) {
        return logs.containsKey(log);
    }

    /** Where an opening of this log ended, if it is remembered and not {@code present}, the one that still writes. */
    public OptionalLong ended(long log, long origin, long present) {
        List<Position> openings = origin == Position.originOf(present) ? List.of() : logs.getOrDefault(log, List.of());
        return openings.stream()
                .filter(opening -> opening.origin() == origin)
                .mapToLong(Position::sequence)
                .findFirst();
    }

    /** Whether nothing is held. */
    public boolean isEmpty() {
        return logs.isEmpty();
    }

    /** The canonical bytes: equal positions have equal bytes. Empty if nothing is held. */
    public byte[] encode() {
        if (isEmpty()) {
            return new byte[0];
        }
        int openings = logs.values().stream().mapToInt(List::size).sum();
        ByteBuffer out = ByteBuffer.allocate(2 + logs.size() * LOG_BYTES + openings * OPENING_BYTES);
        out.put((byte) FORMAT).put((byte) logs.size());
        logs.forEach((log, list) -> {
            out.putLong(log).put((byte) list.size());
            list.forEach(opening -> out.putLong(opening.origin()).putLong(opening.sequence()));
        });
        return out.array();
    }

    /**
     * Reads what {@link #encode} has written.
     *
     * @throws IllegalArgumentException if these are other bytes
     */
    public static HeldPositions decode(byte[] bytes) {
        if (bytes.length == 0) {
            return NONE;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            int format = in.get();
            int count = in.get();
            if (format != FORMAT || count < 1 || count > MAX_LOGS) {
                throw new IllegalArgumentException("held positions of format " + format + ", of " + count + " logs");
            }
            SortedMap<Long, List<Position>> logs = new TreeMap<>();
            for (int i = 0; i < count; i++) {
                long log = in.getLong();
                if (!logs.isEmpty() && log <= logs.lastKey()) {
                    throw new IllegalArgumentException("held positions: the logs do not ascend");
                }
                logs.put(log, openings(in));
            }
            if (in.hasRemaining()) {
                throw new IllegalArgumentException("held positions: " + in.remaining() + " bytes too many");
            }
            return new HeldPositions(logs);
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("held positions end early", e);
        }
    }

    private static List<Position> openings(ByteBuffer in) {
        int count = in.get();
        if (count < 1 || count > MAX_OPENINGS) {
            throw new IllegalArgumentException("held positions: " + count + " openings of one log");
        }
        List<Position> openings = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            Position position = new Position(in.getLong(), in.getLong());
            if (position.sequence() < 1
                    || i > 0 && ASCENDING.compare(last(openings), position) >= 0
                    || openings.stream().anyMatch(each -> each.origin() == position.origin())) {
                throw new IllegalArgumentException("held positions: the openings do not ascend");
            }
            openings.add(position);
        }
        return List.copyOf(openings);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof HeldPositions that && logs.equals(that.logs);
    }

    @Override
    public int hashCode() {
        return logs.hashCode();
    }

    /** By log, for people. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("{");
        logs.forEach((log, openings) -> text.append(text.length() > 1 ? ", " : "")
                .append(String.format("%016x", log))
                .append(' ')
                .append(openings));
        return text.append('}').toString();
    }
}
