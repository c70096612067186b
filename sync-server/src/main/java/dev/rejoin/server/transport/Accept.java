package dev.rejoin.server.transport;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a client would take (RFC 9110, 12.5.1). */
final class Accept {
    private Accept() {}

    /** The format that the header likes best, of several the one that the server prefers; empty if it takes none. */
    static Optional<DocumentFormat> best(@Nullable String header) {
        if (header == null || header.isBlank()) {
            return Optional.of(DocumentFormat.JSON);
        }
        DocumentFormat best = null;
        double most = 0;
        for (DocumentFormat format : DocumentFormat.BY_TYPE) {
            double quality = quality(header, format.mediaType());
            if (quality > most) {
                best = format;
                most = quality;
            }
        }
        return Optional.ofNullable(best);
    }

    /** What the most specific range that fits says; 0 if none fits. */
    private static double quality(String header, String type) {
        int closest = 0;
        double quality = 0;
        for (String part : header.split(",", -1)) {
            String[] range = part.split(";", -1);
            int fit = fit(range[0].strip().toLowerCase(Locale.ROOT), type);
            if (fit > closest) {
                closest = fit;
                quality = quality(range);
            }
        }
        return quality;
    }

    private static int fit(String range, String type) {
        if (range.equals(type)) {
            return 3;
        }
        if (range.endsWith("/*") && type.startsWith(range.substring(0, range.length() - 1))) {
            return 2;
        }
        return range.equals("*/*") ? 1 : 0;
    }

    private static double quality(String[] range) {
        for (int i = 1; i < range.length; i++) {
            String parameter = range[i].strip();
            if (parameter.regionMatches(true, 0, "q=", 0, 2)) {
                String value = parameter.substring(2);
                return value.matches("0(\\.\\d{0,3})?|1(\\.0{0,3})?") ? Double.parseDouble(value) : 0;
            }
        }
        return 1;
    }
}
