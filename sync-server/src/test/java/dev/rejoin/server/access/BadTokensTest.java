package dev.rejoin.server.access;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.Base64;
import com.nimbusds.jose.util.Base64URL;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Tokens that must not be accepted, each with the reason it is refused for. */
final class BadTokensTest {
    private static final long NOW = 1_700_000_000L;
    private static final EnumSet<SigningAlgorithm> ALLOWED =
            EnumSet.of(SigningAlgorithm.RS256, SigningAlgorithm.ES256, SigningAlgorithm.EDDSA);

    private final TokenCheck check = new TokenCheck(ALLOWED, "https://id.example", Set.of("rejoin", "rejoin-eu"));
    private final KeySet keys;

    BadTokensTest() throws UnusableKeysException {
        // The set holds keys of every kind: only the list of algorithms keeps the others out.
        keys = KeySet.ofJwks(TestKeys.keySet(), EnumSet.allOf(SigningAlgorithm.class));
    }

    private record Bad(String title, TokenFlaw flaw, String token) {}

    private static JWSHeader.Builder header(JWSAlgorithm algorithm) {
        return new JWSHeader.Builder(algorithm).type(JOSEObjectType.JWT);
    }

    private static String good() {
        return TestKeys.json(TestKeys.claims(NOW + 600));
    }

    private static String signed(JWSHeader header) {
        return TestKeys.sign(header, good());
    }

    private static String with(Consumer<Map<String, Object>> change) {
        Map<String, Object> claims = TestKeys.claims(NOW + 600);
        change.accept(claims);
        return payload(TestKeys.json(claims));
    }

    private static String payload(String json) {
        return TestKeys.sign(header(JWSAlgorithm.ES256).build(), json);
    }

    private static String raw(String header, String rest) {
        return Base64URL.encode(header) + "." + rest;
    }

    /** The good claims under a header that nobody's library would write, with a signature that is right for them. */
    private static String rawSigned(String header) throws Exception {
        String input = raw(header, Base64URL.encode(good()).toString());
        JWSHeader plain = new JWSHeader(JWSAlgorithm.ES256);
        return input + "." + new ECDSASigner(TestKeys.P256).sign(plain, input.getBytes(StandardCharsets.US_ASCII));
    }

    private static String flipped(String token, int part) {
        String[] parts = token.split("\\.");
        char first = parts[part].charAt(5);
        parts[part] = parts[part].substring(0, 5) + (first == 'A' ? 'B' : 'A') + parts[part].substring(6);
        return String.join(".", parts);
    }

    private static List<Bad> table() throws Exception {
        List<Bad> bad = new ArrayList<>();
        String good = signed(header(JWSAlgorithm.ES256).build());
        String claims = Base64URL.encode(good()).toString();
        String signature = good.substring(good.lastIndexOf('.') + 1);
        // form
        bad.add(new Bad("nothing", TokenFlaw.MISSING, ""));
        bad.add(new Bad("a word", TokenFlaw.NOT_A_TOKEN, "secret"));
        bad.add(new Bad("two parts", TokenFlaw.NOT_A_TOKEN, good.substring(0, good.lastIndexOf('.'))));
        bad.add(new Bad("four parts", TokenFlaw.NOT_A_TOKEN, good + ".AAAA"));
        bad.add(new Bad("a line break behind it", TokenFlaw.NOT_A_TOKEN, good + "\n"));
        bad.add(new Bad("a space before it", TokenFlaw.NOT_A_TOKEN, " " + good));
        bad.add(new Bad("padding", TokenFlaw.NOT_A_TOKEN, good + "="));
        bad.add(new Bad("the scheme before it", TokenFlaw.NOT_A_TOKEN, "Bearer " + good));
        bad.add(new Bad("only dots", TokenFlaw.NOT_A_TOKEN, ".."));
        bad.add(new Bad("an empty signature", TokenFlaw.NOT_A_TOKEN, raw("{\"alg\":\"ES256\"}", claims + ".")));
        bad.add(new Bad("longer than 8 KiB", TokenFlaw.TOO_LONG, with(all -> all.put("x", "x".repeat(8_000)))));
        bad.add(new Bad("encrypted", TokenFlaw.ENCRYPTED, raw("{\"alg\":\"dir\",\"enc\":\"A128GCM\"}", ".AA.AA.AA")));
        bad.add(new Bad(
                "encrypted with a password and a million rounds",
                TokenFlaw.ENCRYPTED,
                raw(
                        "{\"alg\":\"PBES2-HS256+A128KW\",\"enc\":\"A128GCM\",\"p2c\":1000000000,\"p2s\":\"AA\"}",
                        "AA.AA.AA.AA")));
        // header
        bad.add(new Bad("no JSON", TokenFlaw.NOT_A_TOKEN, raw("ES256", claims + "." + signature)));
        bad.add(new Bad("no algorithm", TokenFlaw.NOT_A_TOKEN, raw("{\"typ\":\"JWT\"}", claims + "." + signature)));
        bad.add(new Bad("two algorithms", TokenFlaw.NOT_A_TOKEN, rawSigned("{\"alg\":\"ES256\",\"alg\":\"ES256\"}")));
        bad.add(new Bad(
                "nested a thousand times",
                TokenFlaw.NOT_A_TOKEN,
                rawSigned("{\"alg\":\"ES256\",\"x\":" + "[".repeat(1_000) + "]".repeat(1_000) + "}")));
        for (String none : List.of("none", "None", "NONE", "nOnE")) {
            bad.add(new Bad(
                    "alg " + none + " with a signature",
                    none.equals("none") ? TokenFlaw.NOT_A_TOKEN : TokenFlaw.ALGORITHM,
                    raw("{\"alg\":\"" + none + "\"}", claims + "." + signature)));
        }
        bad.add(new Bad("alg none without", TokenFlaw.NOT_A_TOKEN, raw("{\"alg\":\"none\"}", claims + ".")));
        bad.add(new Bad("alg in lower case", TokenFlaw.ALGORITHM, rawSigned("{\"alg\":\"es256\"}")));
        bad.add(new Bad("alg ES256K", TokenFlaw.ALGORITHM, raw("{\"alg\":\"ES256K\"}", claims + "." + signature)));
        bad.add(new Bad("alg nobody knows", TokenFlaw.ALGORITHM, raw("{\"alg\":\"X\"}", claims + "." + signature)));
        for (JWSAlgorithm other : List.of(
                JWSAlgorithm.HS256, JWSAlgorithm.HS512, JWSAlgorithm.RS512, JWSAlgorithm.PS256, JWSAlgorithm.ES384)) {
            bad.add(new Bad(
                    "rightly signed with " + other + ", which is not allowed",
                    TokenFlaw.ALGORITHM,
                    signed(header(other).build())));
        }
        bad.add(new Bad(
                "the public key as the secret",
                TokenFlaw.ALGORITHM,
                TestKeys.sign(
                        header(JWSAlgorithm.HS256).keyID("rsa").build(),
                        good(),
                        new MACSigner(TestKeys.RSA.toPublicKey().getEncoded()))));
        bad.add(new Bad(
                "brings its own key",
                TokenFlaw.FOREIGN_KEY,
                TestKeys.sign(
                        header(JWSAlgorithm.RS256)
                                .jwk(TestKeys.OTHER_RSA.toPublicJWK())
                                .build(),
                        good(),
                        new RSASSASigner(TestKeys.OTHER_RSA))));
        bad.add(new Bad(
                "says where its key is",
                TokenFlaw.FOREIGN_KEY,
                signed(header(JWSAlgorithm.ES256)
                        .jwkURL(URI.create("https://evil.example/keys"))
                        .build())));
        bad.add(new Bad(
                "says where its certificate is",
                TokenFlaw.FOREIGN_KEY,
                signed(header(JWSAlgorithm.ES256)
                        .x509CertURL(URI.create("https://evil.example/cert"))
                        .build())));
        bad.add(new Bad(
                "brings a certificate",
                TokenFlaw.FOREIGN_KEY,
                signed(header(JWSAlgorithm.ES256)
                        .x509CertChain(List.of(Base64.encode("certificate")))
                        .build())));
        bad.add(new Bad(
                "demands an extension",
                TokenFlaw.EXTENSION,
                rawSigned("{\"alg\":\"ES256\",\"crit\":[\"https://example/x\"],\"https://example/x\":1}")));
        bad.add(new Bad(
                "an unencoded payload",
                TokenFlaw.EXTENSION,
                rawSigned("{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}")));
        bad.add(new Bad(
                "an unencoded payload, quietly", TokenFlaw.EXTENSION, rawSigned("{\"alg\":\"ES256\",\"b64\":false}")));
        bad.add(new Bad(
                "a token for signing out",
                TokenFlaw.TYPE,
                signed(new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .type(new JOSEObjectType("logout+jwt"))
                        .build())));
        bad.add(new Bad(
                "a token in a token",
                TokenFlaw.TYPE,
                signed(header(JWSAlgorithm.ES256).contentType("JWT").build())));
        bad.add(new Bad(
                "a key id that is not there",
                TokenFlaw.UNKNOWN_KEY,
                signed(header(JWSAlgorithm.ES256).keyID("x").build())));
        bad.add(new Bad(
                "a key id that is a path",
                TokenFlaw.UNKNOWN_KEY,
                signed(header(JWSAlgorithm.ES256).keyID("../../dev/null").build())));
        bad.add(new Bad(
                "the key id of a key for another algorithm",
                TokenFlaw.UNKNOWN_KEY,
                signed(header(JWSAlgorithm.ES256).keyID("rsa").build())));
        bad.add(new Bad(
                "a key id that is a number", TokenFlaw.NOT_A_TOKEN, rawSigned("{\"alg\":\"ES256\",\"kid\":1}")));
        // signature
        bad.add(new Bad("a flipped signature", TokenFlaw.SIGNATURE, flipped(good, 2)));
        bad.add(new Bad("a flipped payload", TokenFlaw.SIGNATURE, flipped(good, 1)));
        bad.add(new Bad(
                "a signature of zeros (CVE-2022-21449)",
                TokenFlaw.SIGNATURE,
                good.substring(0, good.lastIndexOf('.') + 1) + Base64URL.encode(new byte[64])));
        bad.add(new Bad("half a signature", TokenFlaw.SIGNATURE, good.substring(0, good.length() - 40)));
        bad.add(new Bad(
                "somebody else's key under our key id",
                TokenFlaw.SIGNATURE,
                TestKeys.sign(
                        header(JWSAlgorithm.RS256).keyID("rsa").build(),
                        good(),
                        new RSASSASigner(TestKeys.OTHER_RSA))));
        bad.add(new Bad(
                "an EdDSA signature of another length",
                TokenFlaw.SIGNATURE,
                raw("{\"alg\":\"EdDSA\"}", claims + "." + Base64URL.encode(new byte[63]))));
        bad.add(new Bad(
                "an EdDSA signature over something else",
                TokenFlaw.SIGNATURE,
                flipped(signed(header(JWSAlgorithm.EdDSA).build()), 1)));
        // claims
        bad.add(new Bad("claims that are a list", TokenFlaw.CLAIMS, payload("[]")));
        bad.add(new Bad("claims that are pairs", TokenFlaw.CLAIMS, payload("[[\"sub\",\"anna\"],[\"exp\",1]]")));
        bad.add(new Bad("claims that are a word", TokenFlaw.CLAIMS, payload("anna")));
        bad.add(new Bad("no claims", TokenFlaw.CLAIMS, payload("null")));
        bad.add(new Bad("claims said twice", TokenFlaw.CLAIMS, payload("{\"sub\":\"a\",\"sub\":\"b\"}")));
        bad.add(new Bad("no exp", TokenFlaw.NO_EXPIRY, with(all -> all.remove("exp"))));
        bad.add(new Bad("exp null", TokenFlaw.NO_EXPIRY, with(all -> all.put("exp", null))));
        bad.add(new Bad("exp a text", TokenFlaw.NO_EXPIRY, with(all -> all.put("exp", "" + (NOW + 600)))));
        bad.add(new Bad("exp negative", TokenFlaw.NO_EXPIRY, with(all -> all.put("exp", -1))));
        bad.add(new Bad("exp beyond all times", TokenFlaw.NO_EXPIRY, with(all -> all.put("exp", Long.MAX_VALUE))));
        bad.add(new Bad("exp in milliseconds", TokenFlaw.NO_EXPIRY, with(all -> all.put("exp", NOW * 1_000))));
        bad.add(new Bad("exp a minute ago", TokenFlaw.EXPIRED, with(all -> all.put("exp", NOW - 60))));
        bad.add(new Bad("exp long ago", TokenFlaw.EXPIRED, with(all -> all.put("exp", 0))));
        bad.add(new Bad("nbf in two minutes", TokenFlaw.NOT_YET, with(all -> all.put("nbf", NOW + 120))));
        bad.add(new Bad("nbf a text", TokenFlaw.NOT_YET, with(all -> all.put("nbf", "now"))));
        bad.add(new Bad("iat in two minutes", TokenFlaw.ISSUED, with(all -> all.put("iat", NOW + 120))));
        bad.add(new Bad("iat a truth", TokenFlaw.ISSUED, with(all -> all.put("iat", true))));
        bad.add(new Bad("no iss", TokenFlaw.ISSUER, with(all -> all.remove("iss"))));
        bad.add(new Bad("another iss", TokenFlaw.ISSUER, with(all -> all.put("iss", "https://id.example/"))));
        bad.add(new Bad("iss a list", TokenFlaw.ISSUER, with(all -> all.put("iss", List.of("https://id.example")))));
        bad.add(new Bad("no aud", TokenFlaw.AUDIENCE, with(all -> all.remove("aud"))));
        bad.add(new Bad("another aud", TokenFlaw.AUDIENCE, with(all -> all.put("aud", "wiki"))));
        bad.add(new Bad("other auds", TokenFlaw.AUDIENCE, with(all -> all.put("aud", List.of("wiki", "mail")))));
        bad.add(new Bad("no sub", TokenFlaw.SUBJECT, with(all -> all.remove("sub"))));
        bad.add(new Bad("an empty sub", TokenFlaw.SUBJECT, with(all -> all.put("sub", ""))));
        bad.add(new Bad("sub with a space behind it", TokenFlaw.SUBJECT, with(all -> all.put("sub", "anna "))));
        bad.add(new Bad("sub a number", TokenFlaw.SUBJECT, with(all -> all.put("sub", 7))));
        bad.add(new Bad("sub too long", TokenFlaw.SUBJECT, with(all -> all.put("sub", "x".repeat(256)))));
        bad.add(new Bad("sub with a line break", TokenFlaw.SUBJECT, with(all -> all.put("sub", "anna\nroot"))));
        bad.add(new Bad("name an object", TokenFlaw.NAME, with(all -> all.put("name", Map.of("first", "Anna")))));
        bad.add(new Bad("jti a number", TokenFlaw.TOKEN_ID, with(all -> all.put("jti", 7))));
        bad.add(new Bad("access a list", TokenFlaw.ACCESS, with(all -> all.put("access", List.of("write")))));
        bad.add(new Bad("documents a list", TokenFlaw.DOCUMENTS, with(all -> all.put("documents", List.of("a")))));
        bad.add(new Bad("documents null", TokenFlaw.DOCUMENTS, with(all -> all.put("documents", null))));
        bad.add(new Bad(
                "a pattern with half a wildcard",
                TokenFlaw.DOCUMENTS,
                with(all -> all.put("documents", Map.of("secret-*", "none")))));
        bad.add(new Bad("257 patterns", TokenFlaw.DOCUMENTS, with(all -> all.put("documents", patterns(257)))));
        return bad;
    }

    private static Map<String, Object> patterns(int count) {
        Map<String, Object> patterns = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            patterns.put("n" + i, "read");
        }
        return patterns;
    }

    @TestFactory
    List<DynamicTest> everyBadTokenIsRefusedForItsReason() throws Exception {
        List<Bad> table = table();
        assertTrue(table.size() >= 40);
        return table.stream()
                .map(bad -> DynamicTest.dynamicTest(bad.title(), () -> {
                    TokenFlawException refused =
                            assertThrows(TokenFlawException.class, () -> check.check(bad.token(), keys, NOW * 1_000));
                    assertEquals(bad.flaw(), refused.flaw());
                    assertTrue(bad.token().isEmpty() || !refused.toString().contains(bad.token()));
                }))
                .toList();
    }

    @Test
    void aTokenIsTriedWithFewKeysOnly() throws Exception {
        JWK[] many = new JWK[TokenCheck.MAX_TRIES + 1];
        for (int i = 0; i < many.length; i++) {
            many[i] = new ECKey.Builder(TestKeys.P256.toPublicJWK())
                    .keyID("k" + i)
                    .build();
        }
        KeySet set = KeySet.ofJwks(TestKeys.keySet(many), ALLOWED);
        String nameless = signed(header(JWSAlgorithm.ES256).build());
        TokenFlawException refused =
                assertThrows(TokenFlawException.class, () -> check.check(nameless, set, NOW * 1_000));
        assertEquals(TokenFlaw.NO_KEY_ID, refused.flaw());
        String named = signed(header(JWSAlgorithm.ES256).keyID("k3").build());
        assertDoesNotThrow(() -> check.check(named, set, NOW * 1_000));
    }

    @Test
    void aRememberedSignatureHidesNoOtherFlaw() throws Exception {
        String token = signed(header(JWSAlgorithm.ES256).keyID("p256").build());
        assertDoesNotThrow(() -> check.check(token, keys, NOW * 1_000));
        assertEquals(1, keys.verified().size());
        assertDoesNotThrow(() -> check.check(token, keys, NOW * 1_000));
        assertEquals(
                TokenFlaw.EXPIRED,
                assertThrows(TokenFlawException.class, () -> check.check(token, keys, (NOW + 660) * 1_000))
                        .flaw());
        for (String flipped : List.of(flipped(token, 0), flipped(token, 1), flipped(token, 2))) {
            assertThrows(TokenFlawException.class, () -> check.check(flipped, keys, NOW * 1_000));
        }
        assertEquals(1, keys.verified().size());
        KeySet others = KeySet.ofJwks(TestKeys.keySet(TestKeys.RSA.toPublicJWK()), ALLOWED);
        assertEquals(
                TokenFlaw.UNKNOWN_KEY,
                assertThrows(TokenFlawException.class, () -> check.check(token, others, NOW * 1_000))
                        .flaw());
    }

    @Test
    void onlySoManySignaturesAreRemembered() {
        VerifiedTokens verified = new VerifiedTokens();
        for (int i = 0; i <= VerifiedTokens.MAX_TOKENS; i++) {
            verified.add("t" + i);
        }
        assertEquals(VerifiedTokens.MAX_TOKENS, verified.size());
        assertEquals(false, verified.contains("t0"));
        assertEquals(true, verified.contains("t1"));
    }

    @Test
    void everyReasonOfTheCheckIsInTheTable() throws Exception {
        EnumSet<TokenFlaw> missing = EnumSet.complementOf(EnumSet.of(TokenFlaw.REVOKED, TokenFlaw.NO_KEY_ID));
        table().forEach(bad -> missing.remove(bad.flaw()));
        assertEquals(Collections.emptySet(), missing);
    }

    @Test
    void whatTheTableChangesIsAcceptedUnchanged() {
        for (String token : List.of(
                signed(header(JWSAlgorithm.ES256).build()),
                signed(header(JWSAlgorithm.ES256).keyID("p256").build()),
                signed(header(JWSAlgorithm.RS256).keyID("rsa").build()),
                signed(header(JWSAlgorithm.EdDSA).keyID("edwards").build()),
                signed(new JWSHeader(JWSAlgorithm.ES256)),
                signed(new JWSHeader.Builder(JWSAlgorithm.ES256)
                        .type(new JOSEObjectType("at+JWT"))
                        .build()),
                with(all -> all.put("exp", NOW - 59)),
                with(all -> all.put("exp", NOW + 0.5)),
                with(all -> all.put("nbf", NOW + 60)),
                with(all -> all.put("iat", NOW + 60)),
                with(all -> all.put("aud", List.of("wiki", "rejoin-eu"))),
                with(all -> all.remove("jti")),
                with(all -> all.remove("name")),
                with(all -> all.put("documents", patterns(256))))) {
            assertDoesNotThrow(() -> check.check(token, keys, NOW * 1_000), token);
        }
    }
}
