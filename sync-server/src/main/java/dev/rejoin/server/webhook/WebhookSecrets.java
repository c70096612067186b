package dev.rejoin.server.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What deliveries are signed with: HMAC-SHA256 over {@code id.timestamp.body}, as Standard Webhooks 1.0 has it, once for each secret, so that a receiver can be moved
 * from one to the next. For any thread.
 */
public final class WebhookSecrets {
    /** Shortest secret, in bytes. */
    public static final int MIN_BYTES = 24;

    /** Most secrets at a time. */
    public static final int MAX_SECRETS = 4;

    private static final String ALGORITHM = "HmacSHA256";
    private static final String ENCODED = "whsec_";

    private final List<SecretKeySpec> keys;

    private WebhookSecrets(List<SecretKeySpec> keys) {
        this.keys = keys;
    }

    /**
     * Reads secrets, one a line: the bytes of the line, or after {@code whsec_} those that the rest stands for in base64.
     *
     * @throws IllegalArgumentException if there is none or there are too many, or one is too short or no base64
     */
    public static WebhookSecrets parse(String text) {
        List<SecretKeySpec> keys = text.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(WebhookSecrets::key)
                .toList();
        if (keys.isEmpty() || keys.size() > MAX_SECRETS) {
            throw new IllegalArgumentException("there are " + keys.size() + " secrets, not 1 to " + MAX_SECRETS);
        }
        return new WebhookSecrets(keys);
    }

    private static SecretKeySpec key(String line) {
        byte[] bytes;
        try {
            bytes = line.startsWith(ENCODED)
                    ? Base64.getDecoder().decode(line.substring(ENCODED.length()))
                    : line.getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            // without the cause, whose message quotes the secret
            throw new IllegalArgumentException("what follows " + ENCODED + " is not base64");
        }
        if (bytes.length < MIN_BYTES) {
            throw new IllegalArgumentException("a secret has at least " + MIN_BYTES + " bytes, not " + bytes.length);
        }
        return new SecretKeySpec(bytes, ALGORITHM);
    }

    /** The value of {@code webhook-signature}. */
    String sign(String id, long timestampSeconds, byte[] body) {
        byte[] head = (id + "." + timestampSeconds + ".").getBytes(StandardCharsets.UTF_8);
        return keys.stream()
                .map(key -> "v1," + Base64.getEncoder().encodeToString(mac(key, head, body)))
                .collect(Collectors.joining(" "));
    }

    private static byte[] mac(SecretKeySpec key, byte[] head, byte[] body) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(head);
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java platform has " + ALGORITHM, e);
        }
    }
}
