package dev.rejoin.sync.wire;

import java.util.Optional;

/**
 * Why a session ends, with its WebSocket close code. 44xx are final: the client does not reconnect by itself; all
 * others are transient. Source: the table in docs/reference/sync-protocol.md.
 */
public enum FailureCode {
    PROTOCOL_ERROR("protocol-error", 4400, false),
    MALFORMED("malformed", 4400, false),
    NEEDS_AUTH("needs-auth", 4401, false),
    FORBIDDEN("forbidden", 4403, false),
    BAD_DOCUMENT_NAME("bad-document-name", 4404, false),
    REPLICA_CONFLICT("replica-conflict", 4409, false),
    SESSION_REPLACED("session-replaced", 4410, false),
    LINEAGE("lineage-mismatch", 4411, false),
    EPOCH_CHANGED("epoch-changed", 4412, false),
    TOO_LARGE("too-large", 4413, false),
    DOCUMENT_DELETED("document-deleted", 4414, false),
    EQUIVOCATION("equivocation", 4415, false),
    CONTENT_REJECTED("content-rejected", 4416, false),
    LEASE_ELSEWHERE("lease-elsewhere", 4417, false),
    UPGRADE_REQUIRED("upgrade-required", 4426, false),
    TOO_MANY_IN_FLIGHT("too-many-in-flight", 4429, false),
    OVERLOADED("overloaded", 4503, true),
    TIMEOUT("timeout", 4508, true),
    DOCUMENT_CORRUPT("document-corrupt", 4510, true),
    STORE_DOWN("store-down", 4511, true),
    SHUTTING_DOWN("shutting-down", 1012, true);

    private final String label;
    private final int closeCode;
    private final boolean retryable;

    FailureCode(String label, int closeCode, boolean retryable) {
        this.label = label;
        this.closeCode = closeCode;
        this.retryable = retryable;
    }

    /** The text on the wire. */
    public String label() {
        return label;
    }

    /** The WebSocket close code. */
    public int closeCode() {
        return closeCode;
    }

    /** Whether connecting again by itself makes sense. */
    public boolean isRetryable() {
        return retryable;
    }

    /** The code with this text. */
    public static Optional<FailureCode> of(String label) {
        for (FailureCode code : values()) {
            if (code.label.equals(label)) {
                return Optional.of(code);
            }
        }
        return Optional.empty();
    }

    /** Whether a WebSocket close code forbids to reconnect by itself. */
    public static boolean isFinal(int closeCode) {
        return closeCode >= 4400 && closeCode < 4500;
    }

    @Override
    public String toString() {
        return label;
    }
}
