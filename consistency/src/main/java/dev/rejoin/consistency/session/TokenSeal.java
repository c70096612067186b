package dev.rejoin.consistency.session;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals session tokens, so that what comes back is what a server of this cluster has given out. Without a seal a stranger can ask for
 * positions that will never come, and every such read waits for its whole budget; nobody can read more through a token than without one,
 * sealed or not.
 *
 * <p>A sealed token is the plain one with the first half of its first byte raised to 2, followed by the first {@value #SEAL_BYTES} bytes of
 * an HMAC-SHA-256 over the audience and those bytes. The first key seals, all keys open: to rotate, put the new key in front, and drop the old
 * one when no session is older. Immutable, thread-safe.
 */
public final class TokenSeal {
    /** What a seal adds to a token, in bytes. */
    public static final int SEAL_BYTES = 16;

    /** The shortest key, in bytes. */
    public static final int MIN_KEY_BYTES = 16;

    /** How many keys may be in use at once: each is tried. */
    public static final int MAX_KEYS = 8;

    private static final String ALGORITHM = "HmacSHA256";

    private final byte[] audience;
    private final List<SecretKeySpec> keys;

    /**
     * A seal.
     *
     * @param audience the cluster, in any words: a token of another one does not open
     * @param keys the one that seals first, each of at least {@link #MIN_KEY_BYTES}
     * @throws IllegalArgumentException if there is no key, there are more than {@link #MAX_KEYS}, or one is too short
     */
    public TokenSeal(String audience, List<byte[]> keys) {
        if (keys.isEmpty() || keys.size() > MAX_KEYS) {
            throw new IllegalArgumentException("1 to " + MAX_KEYS + " keys, not " + keys.size());
        }
        for (byte[] key : keys) {
            if (key.length < MIN_KEY_BYTES) {
                throw new IllegalArgumentException("a key of " + key.length + " bytes is too short");
            }
        }
        this.audience = audience.getBytes(StandardCharsets.UTF_8);
        this.keys = keys.stream().map(key -> new SecretKeySpec(key, ALGORITHM)).toList();
    }

    /**
     * The sealed text of a token.
     *
     * @throws IllegalStateException if it is too large, as {@link SessionToken#encode}
     */
    public String seal(SessionToken token) {
        byte[] plain = token.encode();
        byte[] sealed = Arrays.copyOf(plain, plain.length + SEAL_BYTES);
        sealed[0] += (byte) (TokenCodec.SEALED - TokenCodec.PLAIN);
        byte[] mac = mac(keys.get(0), sealed, plain.length);
        System.arraycopy(mac, 0, sealed, plain.length, SEAL_BYTES);
        return TokenCodec.text(sealed);
    }

    /**
     * Reads what a seal with one of these keys and this audience wrote; the empty text asks for nothing.
     *
     * @throws MalformedTokenException if it is not sealed, or by somebody else, or was changed
     */
    public SessionToken open(String text) {
        if (text.isEmpty()) {
            return SessionToken.EMPTY;
        }
        byte[] sealed = TokenCodec.bytes(text);
        int length = sealed.length - SEAL_BYTES;
        if (length < 1 || (sealed[0] & 0xF0) != TokenCodec.SEALED) {
            throw new MalformedTokenException("not sealed");
        }
        byte[] found = Arrays.copyOfRange(sealed, length, sealed.length);
        boolean genuine = false;
        for (SecretKeySpec key : keys) {
            genuine |= MessageDigest.isEqual(Arrays.copyOf(mac(key, sealed, length), SEAL_BYTES), found);
        }
        if (!genuine) {
            throw new MalformedTokenException("the seal is not ours");
        }
        return SessionToken.decode(TokenCodec.withoutSeal(sealed));
    }

    private byte[] mac(SecretKeySpec key, byte[] bytes, int length) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(new byte[] {(byte) (audience.length >>> 8), (byte) audience.length});
            mac.update(audience);
            mac.update(bytes, 0, length);
            return mac.doFinal();
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, missing);
        }
    }
}
