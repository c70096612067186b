package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.AckLevel;

/**
 * The one verdict on one pending transaction.
 *
 * @param first its lowest own dot
 * @param last its highest own dot
 * @param code empty = accepted, otherwise why it was voided
 * @param message for people
 * @param level how far the verdict has come
 */
public record Settlement(long first, long last, String code, String message, AckLevel level) {
    public boolean isAccepted() {
        return code.isEmpty();
    }
}
