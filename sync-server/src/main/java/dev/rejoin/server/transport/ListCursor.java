package dev.rejoin.server.transport;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Where a list goes on, for somebody who may not know it: the last name that was looked at may be one that they must not read, so it is encrypted (AES-GCM)
 * with a key of this process, and bound to the prefix. Its length, which tells the name's, is padded. For any thread.
 */
final class ListCursor {
    private static final int KEY_BYTES = 16;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int PADDED_BYTES = 256;

    private final SecureRandom random = new SecureRandom();
    private final SecretKey key;

    ListCursor() {
        byte[] bytes = new byte[KEY_BYTES];
        random.nextBytes(bytes);
        key = new SecretKeySpec(bytes, "AES");
    }

    /** Hides a name of at most 255 bytes. */
    String seal(String prefix, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(bytes, PADDED_BYTES);
        padded[PADDED_BYTES - 1] = (byte) bytes.length;
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonce, prefix).doFinal(padded);
            byte[] all = Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
            System.arraycopy(sealed, 0, all, NONCE_BYTES, sealed.length);
            return Base64.getUrlEncoder().withoutPadding().encodeToString(all);
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java platform has AES-GCM", e);
        }
    }

    /** The name; empty if the cursor is not of this process and this prefix. */
    Optional<String> open(String prefix, String cursor) {
        try {
            byte[] all = Base64.getUrlDecoder().decode(cursor);
            if (all.length < NONCE_BYTES) {
                return Optional.empty();
            }
            byte[] padded = cipher(Cipher.DECRYPT_MODE, Arrays.copyOf(all, NONCE_BYTES), prefix)
                    .doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES);
            return Optional.of(new String(padded, 0, padded[PADDED_BYTES - 1] & 0xff, StandardCharsets.UTF_8));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Cipher cipher(int mode, byte[] nonce, String prefix) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(prefix.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}
