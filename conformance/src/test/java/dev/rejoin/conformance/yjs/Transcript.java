package dev.rejoin.conformance.yjs;

import org.jspecify.annotations.Nullable;

/** What a description is written to: its digest, the two hashes of describe.mjs, and the text itself if somebody reads it. */
final class Transcript {
    private final @Nullable StringBuilder text;
    private int a = 0x2545f491;
    private int b = 0x6c078965;

    private Transcript(@Nullable StringBuilder text) {
        this.text = text;
    }

    /** Keeps the text. */
    static Transcript kept() {
        return new Transcript(new StringBuilder());
    }

    /** Keeps the digest alone. */
    static Transcript digested() {
        return new Transcript(null);
    }

    Transcript add(char unit) {
        hash(unit);
        if (text != null) {
            text.append(unit);
        }
        return this;
    }

    Transcript add(String units) {
        for (int i = 0; i < units.length(); i++) {
            hash(units.charAt(i));
        }
        if (text != null) {
            text.append(units);
        }
        return this;
    }

    /** In decimal. */
    Transcript add(long number) {
        if (number < 0 || number >= 10) {
            return add(Long.toString(number));
        }
        return add((char) ('0' + number));
    }

    private void hash(char unit) {
        a = (a ^ unit) * 0x9e3779b1;
        b = (b ^ unit) * 0x85ebca77;
        a ^= a >>> 15;
    }

    long digest() {
        return ((long) a << 32) | (b & 0xffffffffL);
    }

    /** The text, if it was kept. */
    @Nullable
    String text() {
        return text == null ? null : text.toString();
    }

    @Override
    public String toString() {
        return String.valueOf(text);
    }
}
