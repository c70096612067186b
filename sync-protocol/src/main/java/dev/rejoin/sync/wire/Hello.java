package dev.rejoin.sync.wire;

import java.util.Arrays;

/**
 * The first message of a client: who it is, which document it wants, and what it already holds.
 *
 * <p>Arrays are neither copied nor to be changed afterwards. The protocol version is not a component: a frame with
 * another version does not decode into this record.
 *
 * @param document name of the document, not yet checked against the name rule
 * @param replica the 64 bits of the replica id under which this client writes
 * @param leaseKey {@value #LEASE_KEY_BYTES} random bytes that belong to the replica id
 * @param epoch epoch of the confirmed state held, 0 if none
 * @param version encoded version of the confirmed state held, empty if none
 * @param verdictsKnown verdicts on own dots up to this counter are durably known to the client
 * @param client name and version of the client software, at most {@value #CLIENT_CHARS} characters
 * @param token credentials, may be empty
 * @param sessionToken what the client has read and written at any server, not yet looked at; empty if it keeps no session
 * @param lessor names the log of the server that leased the replica id, 0 if none has as far as the client knows
 */
@SuppressWarnings("ArrayRecordComponent") // equality is defined below; the bytes are handed through without a copy
public record Hello(
        String document,
        long replica,
        byte[] leaseKey,
        long epoch,
        byte[] version,
        long verdictsKnown,
        String client,
        String token,
        byte[] sessionToken,
        long lessor)
        implements ClientMessage {
    /** Length of a lease key in bytes. */
    public static final int LEASE_KEY_BYTES = 16;

    /** Longest name of a client software, in UTF-16 units. */
    public static final int CLIENT_CHARS = 64;

    /** Of a client that keeps no session, under a replica id that nobody has leased. */
    public Hello(
            String document,
            long replica,
            byte[] leaseKey,
            long epoch,
            byte[] version,
            long verdictsKnown,
            String client,
            String token) {
        this(document, replica, leaseKey, epoch, version, verdictsKnown, client, token, new byte[0], 0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Hello that
                && document.equals(that.document)
                && replica == that.replica
                && Arrays.equals(leaseKey, that.leaseKey)
                && epoch == that.epoch
                && Arrays.equals(version, that.version)
                && verdictsKnown == that.verdictsKnown
                && client.equals(that.client)
                && token.equals(that.token)
                && Arrays.equals(sessionToken, that.sessionToken)
                && lessor == that.lessor;
    }

    @Override
    public int hashCode() {
        return 31 * document.hashCode() + Long.hashCode(replica);
    }

    /** Leaves the secrets out, so that a log line may contain it. */
    @Override
    public String toString() {
        return "Hello[document=" + document + ", replica=" + String.format("%016x", replica) + ", epoch="
                + String.format("%016x", epoch) + ", version=" + version.length + " B, verdictsKnown=" + verdictsKnown
                + ", client=" + client + ", sessionToken=" + sessionToken.length + " B, lessor="
                + String.format("%016x", lessor) + "]";
    }
}
