package dev.rejoin.server.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Keys of every kind, made once, and tokens signed with them. */
final class TestKeys {
    static final String SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static final RSAKey RSA = rsa("rsa", 2_048);
    static final RSAKey OTHER_RSA = rsa("other", 2_048);
    static final ECKey P256 = curve(Curve.P_256, "p256");
    static final ECKey P384 = curve(Curve.P_384, "p384");
    static final ECKey P521 = curve(Curve.P_521, "p521");
    static final OctetSequenceKey OCTETS = new OctetSequenceKey.Builder(SECRET.getBytes(StandardCharsets.UTF_8))
            .keyID("octets")
            .build();
    static final KeyPair ED25519 = ed25519();

    private TestKeys() {}

    /** The public halves of all keys, and the secret. */
    static byte[] keySet() {
        return keySet(RSA.toPublicJWK(), P256.toPublicJWK(), P384.toPublicJWK(), P521.toPublicJWK(), OCTETS, edwards());
    }

    static byte[] keySet(JWK... keys) {
        return new JWKSet(List.of(keys)).toString(false).getBytes(StandardCharsets.UTF_8);
    }

    static OctetKeyPair edwards() {
        byte[] encoded = ED25519.getPublic().getEncoded();
        byte[] point = Arrays.copyOfRange(encoded, encoded.length - 32, encoded.length);
        return new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(point))
                .keyID("edwards")
                .build();
    }

    /** A token with this header and payload, signed by the key that belongs to its algorithm. */
    static String sign(JWSHeader header, String payload) {
        try {
            JWSAlgorithm algorithm = header.getAlgorithm();
            if (algorithm.equals(JWSAlgorithm.EdDSA)) {
                String input = header.toBase64URL() + "." + Base64URL.encode(payload);
                Signature signature = Signature.getInstance("Ed25519");
                signature.initSign(ED25519.getPrivate());
                signature.update(input.getBytes(StandardCharsets.US_ASCII));
                return input + "." + Base64URL.encode(signature.sign());
            }
            return sign(header, payload, signer(algorithm));
        } catch (JOSEException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    static String sign(JWSHeader header, String payload, JWSSigner signer) throws JOSEException {
        JWSObject token = new JWSObject(header, new Payload(payload));
        token.sign(signer);
        return token.serialize();
    }

    private static JWSSigner signer(JWSAlgorithm algorithm) throws JOSEException {
        if (JWSAlgorithm.Family.HMAC_SHA.contains(algorithm)) {
            return new MACSigner(SECRET);
        }
        if (JWSAlgorithm.Family.RSA.contains(algorithm)) {
            return new RSASSASigner(RSA);
        }
        return new ECDSASigner(
                algorithm.equals(JWSAlgorithm.ES256) ? P256 : algorithm.equals(JWSAlgorithm.ES384) ? P384 : P521);
    }

    /** The claims of an ordinary token: Anna, who writes everywhere until then. */
    static Map<String, Object> claims(long expiresAtSeconds) {
        Map<String, Object> claims = new LinkedHashMap<>();
        claims.put("sub", "anna");
        claims.put("name", "Anna");
        claims.put("jti", "t-1");
        claims.put("iss", "https://id.example");
        claims.put("aud", "rejoin");
        claims.put("exp", expiresAtSeconds);
        claims.put("access", "write");
        return claims;
    }

    static String json(Map<String, Object> claims) {
        return new Payload(claims).toString();
    }

    static RSAKey rsa(String id, int bits) {
        try {
            return new RSAKeyGenerator(bits, true).keyID(id).generate();
        } catch (JOSEException e) {
            throw new AssertionError(e);
        }
    }

    private static ECKey curve(Curve curve, String id) {
        try {
            return new ECKeyGenerator(curve).keyID(id).generate();
        } catch (JOSEException e) {
            throw new AssertionError(e);
        }
    }

    private static KeyPair ed25519() {
        try {
            return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
