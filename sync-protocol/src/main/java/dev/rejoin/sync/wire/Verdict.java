package dev.rejoin.sync.wire;

/**
 * What became of one transaction.
 *
 * @param last its highest dot
 * @param chain chain checksum after it
 * @param code empty = accepted, otherwise why it was voided
 * @param message for people, cut to {@value Rejection#MESSAGE_CHARS} characters
 */
public record Verdict(long last, int chain, String code, String message) {
    public Verdict {
        if (!code.isEmpty()) {
            Rejection.requireCode(code);
        }
        message = Rejection.cut(message);
    }

    /** The verdict that a transaction has been accepted. */
    public static Verdict accepted(long last, int chain) {
        return new Verdict(last, chain, "", "");
    }

    public boolean isAccepted() {
        return code.isEmpty();
    }
}
