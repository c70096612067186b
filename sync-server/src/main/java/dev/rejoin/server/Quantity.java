package dev.rejoin.server;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations as people write them, both ways. */
final class Quantity {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,15}) ?([A-Za-z]*)");
    private static final Map<String, Long> SIZES =
            Map.of("", 1L, "B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30);
    private static final Map<String, Long> MILLIS = Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L);

    private Quantity() {}

    /** Bytes of {@code 64MiB}, {@code 512 KiB} or {@code 65536}. */
    static long bytes(String text) {
        return parse(text, SIZES);
    }

    static Duration duration(String text) {
        return Duration.ofMillis(parse(text, MILLIS));
    }

    /** A duration that is not outside of these; an {@link IllegalArgumentException} otherwise. */
    static Function<String, Duration> duration(Duration least, Duration most) {
        return text -> {
            Duration duration = duration(text);
            if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
                throw new IllegalArgumentException(text);
            }
            return duration;
        };
    }

    private static long parse(String text, Map<String, Long> units) {
        Matcher form = FORM.matcher(text);
        if (!form.matches() || !units.containsKey(form.group(2))) {
            throw new IllegalArgumentException(text);
        }
        try {
            return Math.multiplyExact(Long.parseLong(form.group(1)), units.getOrDefault(form.group(2), 1L));
        } catch (ArithmeticException overflow) {
            throw new IllegalArgumentException(text, overflow);
        }
    }

    static String sizeText(long bytes) {
        for (String unit : new String[] {"GiB", "MiB", "KiB"}) {
            long one = SIZES.getOrDefault(unit, 1L);
            if (bytes >= one && bytes % one == 0) {
                return bytes / one + " " + unit;
            }
        }
        return countText(bytes) + " B";
    }

    static String durationText(Duration duration) {
        long millis = duration.toMillis();
        for (String unit : new String[] {"h", "m", "s"}) {
            long one = MILLIS.getOrDefault(unit, 1L);
            if (millis >= one && millis % one == 0) {
                return millis / one + " " + unit;
            }
        }
        return millis + " ms";
    }

    static String documentsText(long count) {
        return count == 1 ? "1 document" : countText(count) + " documents";
    }

    static String countText(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }
}
