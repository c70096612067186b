package dev.rejoin.consistency.session;

import java.time.Duration;
import java.util.Locale;

/**
 * How fresh a read must be. Every level includes what the session asks for, but {@link Eventual} and {@link AtSnapshot}.
 *
 * <p>The string form of a level is the text of the {@code Consistency} header; {@link #parse} reads it.
 */
public sealed interface ReadLevel {
    /** The name of the HTTP header that carries the text. */
    String HEADER = "Consistency";

    /** Whatever is there. */
    ReadLevel EVENTUAL = new Eventual();

    /** What the session has read and written; the default. */
    ReadLevel SESSION = new InSession();

    /** Everything that any server had admitted when the read began. */
    ReadLevel STRONG = new Strong();

    /** Whatever is there. */
    record Eventual() implements ReadLevel {
        @Override
        public String toString() {
            return "eventual";
        }
    }

    /** What the session has read and written. */
    record InSession() implements ReadLevel {
        @Override
        public String toString() {
            return "session";
        }
    }

    /**
     * As {@link InSession}, and everything that any server had admitted {@code bound} ago.
     *
     * @param bound 1 ms to a day, in milliseconds
     */
    record BoundedStaleness(Duration bound) implements ReadLevel {
        /** Checks the bound. */
        public BoundedStaleness {
            if (bound.toMillis() < 1 || bound.compareTo(Duration.ofDays(1)) > 0) {
                throw new IllegalArgumentException("bound of staleness outside 1 ms…1 day: " + bound);
            }
        }

        @Override
        public String toString() {
            return "bounded-staleness=" + bound.toMillis();
        }
    }

    /**
     * Exactly this version, which the session has pinned: the guard waits until it is there, and the reader reads at it. What the session has
     * written since, the client lays over the answer.
     *
     * @param version what the reader shows
     */
    record AtSnapshot(PositionVector version) implements ReadLevel {
        @Override
        public String toString() {
            StringBuilder text = new StringBuilder("snapshot=");
            version.forEach((origin, sequence) -> text.append(text.charAt(text.length() - 1) == '=' ? "" : ",")
                    .append(Position.originText(origin))
                    .append(':')
                    .append(sequence));
            return text.toString();
        }
    }

    /** Everything that any server had admitted when the read began; fails while one of them cannot be asked. */
    record Strong() implements ReadLevel {
        @Override
        public String toString() {
            return "strong";
        }
    }

    /** As {@link InSession}, and everything that any server had admitted {@code bound} ago. */
    static ReadLevel boundedStaleness(Duration bound) {
        return new BoundedStaleness(bound);
    }

    /** Exactly this version. */
    static ReadLevel snapshot(PositionVector version) {
        return new AtSnapshot(version);
    }

    /**
     * Reads the string form of a level, in any case of letters.
     *
     * @throws IllegalArgumentException if it is no level; the message is fit for an answer
     */
    static ReadLevel parse(String text) {
        String[] parts = text.strip().toLowerCase(Locale.ROOT).split("=", 2);
        String argument = parts.length == 2 ? parts[1].strip() : "";
        try {
            return switch (parts[0].strip()) {
                case "eventual" -> plain(EVENTUAL, parts);
                case "session" -> plain(SESSION, parts);
                case "strong" -> plain(STRONG, parts);
                case "bounded-staleness" -> new BoundedStaleness(Duration.ofMillis(Long.parseLong(argument)));
                case "snapshot" -> new AtSnapshot(vector(argument));
                default -> throw new IllegalArgumentException("unknown");
            };
        } catch (IllegalArgumentException wrong) {
            throw new IllegalArgumentException("not a read level (eventual, session, bounded-staleness=<ms>, "
                    + "snapshot=<origin>:<sequence>,…, strong)");
        }
    }

    private static ReadLevel plain(ReadLevel level, String[] parts) {
        if (parts.length > 1) {
            throw new IllegalArgumentException("takes no argument");
        }
        return level;
    }

    private static PositionVector vector(String text) {
        PositionVector vector = PositionVector.EMPTY;
        if (text.isEmpty()) {
            return vector;
        }
        String[] entries = text.split(",", SessionToken.MAX_ORIGINS + 1);
        if (entries.length > SessionToken.MAX_ORIGINS) {
            throw new IllegalArgumentException("too many origins");
        }
        for (String entry : entries) {
            int colon = entry.indexOf(':');
            if (colon < 1) {
                throw new IllegalArgumentException("no colon");
            }
            long origin = Long.parseLong(entry.substring(0, colon), 16);
            vector = vector.with(new Position(origin, Long.parseLong(entry.substring(colon + 1))));
        }
        return vector;
    }
}
