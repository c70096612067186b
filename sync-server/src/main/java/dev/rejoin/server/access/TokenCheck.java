package dev.rejoin.server.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import java.text.ParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The checks that a token has to pass (RFC 7519, RFC 8725), in the order of their cost: form, header, signature, claims.
 * What may be used is configured; a token only says which of it. Immutable.
 */
final class TokenCheck {
    /** Longest token, in characters. */
    static final int MAX_TOKEN_CHARS = 8_192;

    /** Most keys that one token is tried with; whoever has more of one algorithm must write key ids into tokens. */
    static final int MAX_TRIES = 4;

    /** How far the clocks of issuer and server may be apart, in milliseconds. */
    static final long MAX_SKEW_MILLIS = 60_000;

    /* The end of the year 9999. Beyond it somebody wrote milliseconds, and the token would be good for ever. */
    private static final double MAX_SECONDS = 253_402_300_799.0;

    private static final Set<String> TYPES = Set.of("jwt", "at+jwt", "application/at+jwt");

    private final Set<SigningAlgorithm> algorithms;
    private final String issuer;
    private final Set<String> audiences;

    /**
     * @param issuer what {@code iss} must be; empty does not check it
     * @param audiences one of these must be in {@code aud}; empty does not check it
     */
    TokenCheck(Set<SigningAlgorithm> algorithms, String issuer, Set<String> audiences) {
        this.algorithms = Set.copyOf(algorithms);
        this.issuer = issuer;
        this.audiences = Set.copyOf(audiences);
    }

    /**
     * Checks all of it but revocation.
     *
     * @throws TokenFlawException with the first flaw found
     */
    Token check(String text, KeySet keys, long nowMillis) throws TokenFlawException {
        JWSObject signed = parse(text);
        checkSignature(text, signed, keys);
        // The parser would take a list of pairs for an object.
        require(signed.getPayload().toString().startsWith("{"), TokenFlaw.CLAIMS);
        Map<String, Object> claims = signed.getPayload().toJSONObject();
        require(claims != null, TokenFlaw.CLAIMS);
        return token(claims, nowMillis);
    }

    private static JWSObject parse(String text) throws TokenFlawException {
        require(!text.isEmpty(), TokenFlaw.MISSING);
        require(text.length() <= MAX_TOKEN_CHARS, TokenFlaw.TOO_LONG);
        int dots = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            dots += c == '.' ? 1 : 0;
            boolean plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
            require(plain || c == '-' || c == '_' || c == '.', TokenFlaw.NOT_A_TOKEN);
        }
        require(dots != 4, TokenFlaw.ENCRYPTED);
        require(dots == 2, TokenFlaw.NOT_A_TOKEN);
        try {
            return JWSObject.parse(text);
        } catch (ParseException | IllegalArgumentException e) {
            throw new TokenFlawException(TokenFlaw.NOT_A_TOKEN);
        }
    }

    private void checkSignature(String text, JWSObject signed, KeySet keys) throws TokenFlawException {
        JWSHeader header = signed.getHeader();
        SigningAlgorithm algorithm =
                SigningAlgorithm.of(header.getAlgorithm().getName()).orElse(null);
        if (algorithm == null || !algorithms.contains(algorithm)) {
            throw new TokenFlawException(TokenFlaw.ALGORITHM);
        }
        require(
                header.getJWK() == null
                        && header.getJWKURL() == null
                        && header.getX509CertURL() == null
                        && header.getX509CertChain() == null,
                TokenFlaw.FOREIGN_KEY);
        require(header.getCriticalParams() == null && header.isBase64URLEncodePayload(), TokenFlaw.EXTENSION);
        require(
                header.getContentType() == null
                        && (header.getType() == null
                                || TYPES.contains(lowerCase(header.getType().getType()))),
                TokenFlaw.TYPE);
        List<KeySet.Key> candidates = keys.candidates(algorithm, header.getKeyID());
        require(!candidates.isEmpty(), TokenFlaw.UNKNOWN_KEY);
        require(candidates.size() <= MAX_TRIES, TokenFlaw.NO_KEY_ID);
        if (keys.verified().contains(text)) {
            return;
        }
        for (KeySet.Key key : candidates) {
            if (isSignedBy(signed, key)) {
                keys.verified().add(text);
                return;
            }
        }
        throw new TokenFlawException(TokenFlaw.SIGNATURE);
    }

    private static boolean isSignedBy(JWSObject signed, KeySet.Key key) {
        try {
            return key.verifier().verify(signed.getHeader(), signed.getSigningInput(), signed.getSignature());
        } catch (JOSEException wrongForm) {
            return false;
        }
    }

    private Token token(Map<String, Object> claims, long nowMillis) throws TokenFlawException {
        long expiry = millis(claims, "exp", TokenFlaw.NO_EXPIRY);
        require(expiry >= 0, TokenFlaw.NO_EXPIRY);
        require(nowMillis < expiry + MAX_SKEW_MILLIS, TokenFlaw.EXPIRED);
        require(millis(claims, "nbf", TokenFlaw.NOT_YET) <= nowMillis + MAX_SKEW_MILLIS, TokenFlaw.NOT_YET);
        require(millis(claims, "iat", TokenFlaw.ISSUED) <= nowMillis + MAX_SKEW_MILLIS, TokenFlaw.ISSUED);
        require(issuer.isEmpty() || issuer.equals(claims.get("iss")), TokenFlaw.ISSUER);
        require(audiences.isEmpty() || isForUs(claims.get("aud")), TokenFlaw.AUDIENCE);
        String subject = text(claims, "sub", TokenFlaw.SUBJECT);
        if (subject == null) {
            throw new TokenFlawException(TokenFlaw.SUBJECT);
        }
        String name = text(claims, "name", TokenFlaw.NAME);
        String id = text(claims, "jti", TokenFlaw.TOKEN_ID);
        return new Token(
                new Principal(subject, name == null ? subject : name),
                id == null ? "" : id,
                expiry + MAX_SKEW_MILLIS,
                DocumentRights.from(claims));
    }

    private boolean isForUs(@Nullable Object claim) {
        if (claim instanceof List<?> several) {
            return several.stream().anyMatch(one -> one instanceof String text && audiences.contains(text));
        }
        return claim instanceof String text && audiences.contains(text);
    }

    /** A time in seconds (RFC 7519, NumericDate), in milliseconds; -1 if it is not there. */
    private static long millis(Map<String, Object> claims, String name, TokenFlaw flaw) throws TokenFlawException {
        if (!claims.containsKey(name)) {
            return -1;
        }
        if (!(claims.get(name) instanceof Number number)) {
            throw new TokenFlawException(flaw);
        }
        double seconds = number.doubleValue();
        require(seconds >= 0 && seconds <= MAX_SECONDS, flaw);
        return (long) (seconds * 1_000);
    }

    private static @Nullable String text(Map<String, Object> claims, String name, TokenFlaw flaw)
            throws TokenFlawException {
        if (!claims.containsKey(name)) {
            return null;
        }
        // A revocation list could not name what begins or ends with a space.
        if (!(claims.get(name) instanceof String text)
                || text.isEmpty()
                || !text.equals(text.strip())
                || !Principal.isClean(text)) {
            throw new TokenFlawException(flaw);
        }
        return text;
    }

    private static String lowerCase(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private static void require(boolean holds, TokenFlaw flaw) throws TokenFlawException {
        if (!holds) {
            throw new TokenFlawException(flaw);
        }
    }
}
