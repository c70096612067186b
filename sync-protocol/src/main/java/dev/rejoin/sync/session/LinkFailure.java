package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.FailureCode;
import java.util.Optional;

/** Why a link between two servers ends. Operators read the labels in the log, on the metrics page and in docs/operating/replication.md. */
public enum LinkFailure {
    /** The order of messages was broken. */
    PROTOCOL_ERROR("protocol-error"),
    /** Bytes do not decode. */
    MALFORMED("malformed"),
    /** A message, or what it announces, is larger than is taken. */
    TOO_LARGE("too-large"),
    /** The other side speaks no version that is spoken here. */
    UPGRADE_REQUIRED("upgrade-required"),
    /** The other side does not know the secret of the cluster. */
    WRONG_SECRET("wrong-secret"),
    /** The other side belongs to another cluster. */
    OTHER_CLUSTER("other-cluster"),
    /** The address leads to the server itself. */
    OWN_ADDRESS("own-address"),
    /** Two running servers name the same log: one of them has a copy of the other one's data directory. */
    DUPLICATE_LOG("duplicate-log"),
    /** Nothing was heard for too long. */
    TIMEOUT("timeout"),
    /** The other side has too many links. */
    OVERLOADED("overloaded"),
    /** The server ends. */
    SHUTTING_DOWN("shutting-down");

    private final String label;

    LinkFailure(String label) {
        this.label = label;
    }

    /** The text on the wire, in the log and in metrics. */
    public String label() {
        return label;
    }

    /** The failure with this text. */
    public static Optional<LinkFailure> of(String label) {
        for (LinkFailure failure : values()) {
            if (failure.label.equals(label)) {
                return Optional.of(failure);
            }
        }
        return Optional.empty();
    }

    static LinkFailure of(FailureCode code) {
        return of(code.label()).orElse(PROTOCOL_ERROR);
    }

    @Override
    public String toString() {
        return label;
    }
}
