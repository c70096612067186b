package dev.rejoin.benchmarks;

import java.util.Locale;

/**
 * A bound that the project has set itself, and what was measured.
 *
 * @param most whether {@code limit} is the most, rather than the least, that {@code measured} may be
 */
public record Bound(String what, boolean most, double limit, double measured, String unit) {
    public static Bound atMost(String what, double limit, double measured, String unit) {
        return new Bound(what, true, limit, measured, unit);
    }

    public static Bound atLeast(String what, double limit, double measured, String unit) {
        return new Bound(what, false, limit, measured, unit);
    }

    public boolean holds() {
        return most ? measured <= limit : measured >= limit;
    }

    /** A row of the table whose head is {@link #HEAD}. */
    public String row() {
        return "| %s | %s %s %s | %s %s | %s |"
                .formatted(what, most ? "≤" : "≥", round(limit), unit, round(measured), unit, verdict());
    }

    public static final String HEAD = "| | bound | measured | verdict |\n|---|--:|--:|---|";

    private String verdict() {
        return Double.isNaN(measured) ? "not measured" : holds() ? "holds" : "**missed**";
    }

    /** Three digits or so. */
    public static String round(double value) {
        if (Double.isNaN(value)) {
            return "–";
        }
        if (value >= 100) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
        if (value > 0 && value < 1) {
            return String.format(Locale.ROOT, "%.3f", value);
        }
        if (value < 10 && value != Math.rint(value)) {
            return String.format(Locale.ROOT, "%.2f", value);
        }
        return value == Math.rint(value) ? Long.toString((long) value) : String.format(Locale.ROOT, "%.1f", value);
    }
}
