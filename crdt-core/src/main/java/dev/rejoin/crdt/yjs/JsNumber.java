package dev.rejoin.crdt.yjs;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * JavaScript's one number type in Java: a {@code Long} if integral, within ±2^53 and not −0, otherwise a {@code Double}.
 * Printed as ECMA-262 prints it (Number::toString), with the fewest digits that read back as the same number.
 */
final class JsNumber {

    /** Up to here every integer is exact, and a number is a {@code Long}. */
    static final long EXACT = 1L << 53;

    /** A decimal of up to this many digits is the only one of its length near its double. */
    private static final int ALWAYS_UNIQUE = 15;

    /** No double needs more digits. */
    private static final int ALWAYS_ENOUGH = 17;

    private JsNumber() {}

    static Object of(double value) {
        long integer = (long) value;
        if (integer == value
                && integer >= -EXACT
                && integer <= EXACT
                && (integer != 0 || Double.doubleToRawLongBits(value) == 0)) {
            return integer;
        }
        return value;
    }

    /**
     * Returns the number, or the BigInt beyond ±2^53 as a {@code BigInteger}, that {@code value} stands for.
     *
     * @throws IllegalArgumentException if it is a kind of number unknown to us
     */
    static Object of(Number value) {
        if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
            long integer = value.longValue();
            if (integer >= -EXACT && integer <= EXACT) {
                return integer;
            }
            return BigInteger.valueOf(integer);
        }
        if (value instanceof Double || value instanceof Float || value instanceof BigDecimal) {
            return of(value.doubleValue());
        }
        if (value instanceof BigInteger integer) {
            if (integer.bitLength() > 63) {
                throw new IllegalArgumentException("BigInt beyond 64 bits: " + integer);
            }
            return integer;
        }
        throw new IllegalArgumentException(
                "not a number that can be shared: " + value.getClass().getName());
    }

    /** Returns {@code value} as JavaScript prints it. */
    static String toString(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "Infinity" : "-Infinity";
        }
        long integer = (long) value;
        if (integer == value && integer >= -EXACT && integer <= EXACT) {
            return Long.toString(integer);
        }
        BigDecimal shortest = shortest(Math.abs(value)).stripTrailingZeros();
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale();
        StringBuilder out = new StringBuilder(26);
        if (value < 0) {
            out.append('-');
        }
        if (point > 21 || point <= -6) {
            out.append(digits, 0, 1);
            if (digits.length() > 1) {
                out.append('.').append(digits, 1, digits.length());
            }
            return out.append('e')
                    .append(point > 0 ? "+" : "")
                    .append(point - 1)
                    .toString();
        }
        if (point <= 0) {
            return out.append("0.").append("0".repeat(-point)).append(digits).toString();
        }
        if (digits.length() <= point) {
            return out.append(digits)
                    .append("0".repeat(point - digits.length()))
                    .toString();
        }
        return out.append(digits, 0, point)
                .append('.')
                .append(digits, point, digits.length())
                .toString();
    }

    /** Returns the decimal of fewest digits that reads as {@code value}, of several the closest one. */
    private static BigDecimal shortest(double value) {
        boolean normal = value >= Double.MIN_NORMAL;
        BigDecimal printed = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (normal && printed.precision() <= ALWAYS_UNIQUE) {
            return printed;
        }
        // Double.toString of JDK 17 does not always find the fewest digits (fixed in JDK 19)
        BigDecimal exact = new BigDecimal(value);
        for (int digits = normal ? ALWAYS_UNIQUE : 1; digits < ALWAYS_ENOUGH; digits++) {
            BigDecimal below = exact.round(new MathContext(digits, RoundingMode.DOWN));
            BigDecimal above = exact.round(new MathContext(digits, RoundingMode.UP));
            boolean belowReads = below.doubleValue() == value;
            boolean aboveReads = above.doubleValue() == value;
            if (belowReads && aboveReads) {
                int nearer = exact.subtract(below).compareTo(above.subtract(exact));
                boolean even = !below.unscaledValue().testBit(0);
                return nearer < 0 || nearer == 0 && even ? below : above;
            }
            if (belowReads || aboveReads) {
                return belowReads ? below : above;
            }
        }
        return exact.round(new MathContext(ALWAYS_ENOUGH, RoundingMode.HALF_EVEN));
    }
}
