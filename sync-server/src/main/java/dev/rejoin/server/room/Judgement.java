package dev.rejoin.server.room;

/**
 * What became of one transaction of a judged replica.
 *
 * @param first its lowest new dot
 * @param last its highest new dot
 * @param chain the author's chain checksum after it
 * @param code empty if it was accepted, otherwise the reason for which it was voided
 * @param message the reason in words, for people
 */
public record Judgement(long first, long last, int chain, String code, String message) {

    /** Whether the transaction was accepted. */
    public boolean accepted() {
        return code.isEmpty();
    }
}
