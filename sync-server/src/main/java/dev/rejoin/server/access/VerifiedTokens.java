package dev.rejoin.server.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Tokens whose signatures were right, by their SHA-256, so that a session that opens many documents or is checked again pays for
 * its signature once. The least recently used is forgotten first. Says nothing about claims. For any thread.
 */
final class VerifiedTokens {
    /** Most tokens remembered; about 2 MB. */
    static final int MAX_TOKENS = 10_000;

    private final Map<String, Boolean> digests = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MAX_TOKENS;
        }
    };

    boolean contains(String token) {
        String digest = digest(token);
        synchronized (digests) {
            return digests.get(digest) != null;
        }
    }

    void add(String token) {
        String digest = digest(token);
        synchronized (digests) {
            digests.put(digest, true);
        }
    }

    int size() {
        synchronized (digests) {
            return digests.size();
        }
    }

    private static String digest(String token) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha256.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
