package dev.rejoin.consistency.cache;

import dev.rejoin.consistency.session.PositionVector;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/**
 * A key that names one state of a document: whoever finds something under it finds the right thing, for ever, in any cache, without anybody
 * invalidating anything. Equal states have equal keys, also on different servers; a document that was created anew has others.
 */
public record VersionedKey(String document, long epoch, PositionVector version) {
    private static final int DIGEST_BYTES = 16;

    /** {@code document@epoch.digest}, the digest being the first half of a SHA-256 of the version, as base64url. */
    public String text() {
        return "%s@%016x.%s".formatted(document, epoch, digest());
    }

    /** A strong entity tag for HTTP, in quotes. */
    public String etag() {
        return "\"%016x.%s\"".formatted(epoch, digest());
    }

    private String digest() {
        ByteBuffer bytes = ByteBuffer.allocate(16 * version.size());
        version.forEach((origin, sequence) -> bytes.putLong(origin).putLong(sequence));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes.array());
            return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest, DIGEST_BYTES));
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }
}
