package dev.rejoin.conformance.editors;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signs tokens as an application's own server would, with nothing but the JDK. */
public final class Tokens {
    /** For HS256. */
    public static final String SECRET = "a secret of at least thirty-two bytes for HS256";

    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private static final long YEAR_2100 = 4_102_444_800L;

    private Tokens() {}

    /** Good for all documents, for longer than any test takes. */
    public static String of(String subject, String access) throws GeneralSecurityException {
        return of(subject, access, YEAR_2100);
    }

    /** Good for all documents until {@code expiresAtSeconds}, in seconds since 1970. */
    public static String of(String subject, String access, long expiresAtSeconds) throws GeneralSecurityException {
        String claims = "{\"sub\":\"%s\",\"jti\":\"%s-token\",\"exp\":%d,\"access\":\"%s\"}"
                .formatted(subject, subject, expiresAtSeconds, access);
        String signed = encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}") + '.' + encode(claims);
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        return signed + '.' + BASE64.encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
    }

    private static String encode(String json) {
        return BASE64.encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }
}
