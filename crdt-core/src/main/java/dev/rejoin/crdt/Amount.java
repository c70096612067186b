package dev.rejoin.crdt;

/**
 * The payload of one increment on its own.
 *
 * @param n the amount, not 0
 */
public record Amount(long n) {
    /**
     * Checks the amount.
     *
     * @throws IllegalArgumentException if it is 0
     */
    public Amount {
        if (n == 0) {
            throw new IllegalArgumentException("amount of 0");
        }
    }
}
