package dev.rejoin.sync.session;

import dev.rejoin.sync.wire.LinkMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What all servers of a cluster know and nobody else. It never leaves a server: each side of a link proves that it knows it by an
 * HMAC-SHA-256 over both greetings, with the random challenge of the other side in them. Immutable.
 */
public final class ClusterSecret {
    /** The shortest secret. */
    public static final int MIN_BYTES = 32;

    private static final String FOLLOWED = "rejoin link 1, followed";
    private static final String FOLLOWER = "rejoin link 1, follower";

    private final SecretKeySpec key;

    /**
     * Takes a copy.
     *
     * @throws IllegalArgumentException if it is shorter than {@link #MIN_BYTES}
     */
    public ClusterSecret(byte[] secret) {
        if (secret.length < MIN_BYTES) {
            throw new IllegalArgumentException("the secret of a cluster must have at least " + MIN_BYTES + " bytes");
        }
        this.key = new SecretKeySpec(secret, "HmacSHA256");
    }

    byte[] proofOfFollowed(LinkMessage.Greeting hello, LinkMessage.Greeting welcome) {
        return proof(FOLLOWED, hello, welcome);
    }

    byte[] proofOfFollower(LinkMessage.Greeting hello, LinkMessage.Greeting welcome) {
        return proof(FOLLOWER, hello, welcome);
    }

    static boolean equal(byte[] one, byte[] other) {
        return MessageDigest.isEqual(one, other);
    }

    private byte[] proof(String role, LinkMessage.Greeting hello, LinkMessage.Greeting welcome) {
        return mac(role, greeting(hello), greeting(welcome));
    }

    private static byte[] greeting(LinkMessage.Greeting greeting) {
        byte[] cluster = greeting.cluster().getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 * Long.BYTES + greeting.nonce().length + cluster.length)
                .putLong(greeting.log())
                .putLong(greeting.opening())
                .put(greeting.nonce())
                .put(cluster)
                .array();
    }

    /** HMAC-SHA-256 over the texts, each behind its length. What it is for must be in {@code purpose}, so that no two uses meet. */
    public byte[] mac(String purpose, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            add(mac, purpose.getBytes(StandardCharsets.UTF_8));
            for (byte[] part : parts) {
                add(mac, part);
            }
            return mac.doFinal();
        } catch (NoSuchAlgorithmException | InvalidKeyException e) {
            throw new AssertionError("every Java platform has HmacSHA256", e);
        }
    }

    private static void add(Mac mac, byte[] part) {
        mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, part.length));
        mac.update(part);
    }

    /** Says nothing of the secret. */
    @Override
    public String toString() {
        return "ClusterSecret";
    }
}
