package dev.rejoin.server.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The keys that signatures are checked with, each bound to the algorithms it may be used for. A token chooses among them by
 * key id and can neither bring one nor use one for another algorithm: an RSA key never serves as a secret. The keys
 * never change; what was signed with them is remembered with them, and forgotten with them.
 */
final class KeySet {
    /** Most keys of one set. */
    static final int MAX_KEYS = 32;

    private static final int MIN_RSA_BITS = 2_048;
    private static final int MAX_RSA_BITS = 8_192;

    /** One key. */
    record Key(@Nullable String id, Set<SigningAlgorithm> algorithms, JWSVerifier verifier) {}

    private final List<Key> keys;
    private final VerifiedTokens verified = new VerifiedTokens();

    private KeySet(List<Key> keys) {
        this.keys = List.copyOf(keys);
    }

    /**
     * A single shared secret: the bytes of a file without a line break at its end.
     *
     * @throws UnusableKeysException if it is too short for one of the algorithms, or one takes no secret
     */
    static KeySet ofSecret(byte[] file, Set<SigningAlgorithm> algorithms) throws UnusableKeysException {
        int length = file.length;
        if (length > 0 && file[length - 1] == '\n') {
            length--;
            if (length > 0 && file[length - 1] == '\r') {
                length--;
            }
        }
        byte[] secret = new byte[length];
        System.arraycopy(file, 0, secret, 0, length);
        for (SigningAlgorithm algorithm : algorithms) {
            if (!algorithm.isSymmetric()) {
                throw new UnusableKeysException(algorithm + " takes no secret");
            }
            if (length < algorithm.minSecretBytes()) {
                throw new UnusableKeysException(algorithm + " takes a secret of at least " + algorithm.minSecretBytes()
                        + " bytes, this one has " + length);
            }
        }
        try {
            return new KeySet(List.of(new Key(null, Set.copyOf(algorithms), new MACVerifier(secret))));
        } catch (JOSEException e) {
            throw new UnusableKeysException("the secret cannot be used");
        }
    }

    /**
     * The usable keys of a JSON Web Key Set (RFC 7517): for signatures, public unless symmetric, strong enough, and of an
     * algorithm that is allowed. Others are passed over.
     *
     * @throws UnusableKeysException if it is no such set, has too many keys, or none that can be used
     */
    static KeySet ofJwks(byte[] json, Set<SigningAlgorithm> algorithms) throws UnusableKeysException {
        JWKSet parsed;
        try {
            parsed = JWKSet.parse(new String(json, StandardCharsets.UTF_8));
        } catch (ParseException e) {
            throw new UnusableKeysException("this is no JSON Web Key Set");
        }
        if (parsed.size() > MAX_KEYS) {
            throw new UnusableKeysException("a key set has at most " + MAX_KEYS + " keys, this one " + parsed.size());
        }
        List<Key> keys = new ArrayList<>();
        for (JWK jwk : parsed.getKeys()) {
            Set<SigningAlgorithm> usable = usable(jwk, algorithms);
            if (!usable.isEmpty()) {
                keys.add(new Key(jwk.getKeyID(), usable, verifier(jwk)));
            }
        }
        if (keys.isEmpty()) {
            throw new UnusableKeysException("none of the " + parsed.size() + " keys can be used for "
                    + EnumSet.copyOf(algorithms) + ": public, for signatures, RSA of at least " + MIN_RSA_BITS
                    + " bits, secrets as long as their hash");
        }
        return new KeySet(keys);
    }

    private static Set<SigningAlgorithm> usable(JWK jwk, Set<SigningAlgorithm> allowed) {
        Set<SigningAlgorithm> usable = EnumSet.noneOf(SigningAlgorithm.class);
        boolean forSignatures = (jwk.getKeyUse() == null || jwk.getKeyUse().equals(KeyUse.SIGNATURE))
                && (jwk.getKeyOperations() == null || jwk.getKeyOperations().contains(KeyOperation.VERIFY));
        boolean exposed = jwk.isPrivate() && !(jwk instanceof OctetSequenceKey);
        if (!forSignatures || exposed) {
            return usable;
        }
        for (SigningAlgorithm algorithm : allowed) {
            boolean named = jwk.getAlgorithm() == null
                    || jwk.getAlgorithm().getName().equals(algorithm.jose().getName());
            if (named && suits(jwk, algorithm)) {
                usable.add(algorithm);
            }
        }
        return usable;
    }

    private static boolean suits(JWK jwk, SigningAlgorithm algorithm) {
        return switch (algorithm.family()) {
            case SECRET -> jwk instanceof OctetSequenceKey && jwk.size() / Byte.SIZE >= algorithm.minSecretBytes();
            case RSA -> jwk instanceof RSAKey && jwk.size() >= MIN_RSA_BITS && jwk.size() <= MAX_RSA_BITS;
            case CURVE -> jwk instanceof ECKey key && key.getCurve().equals(curve(algorithm));
            case EDWARDS ->
                jwk instanceof OctetKeyPair key
                        && key.getCurve().equals(Curve.Ed25519)
                        && key.getDecodedX().length == Ed25519Verifier.KEY_BYTES;
        };
    }

    private static @Nullable Curve curve(SigningAlgorithm algorithm) {
        return Curve.forJWSAlgorithm(algorithm.jose()).stream().findFirst().orElse(null);
    }

    private static JWSVerifier verifier(JWK jwk) throws UnusableKeysException {
        try {
            if (jwk instanceof OctetSequenceKey key) {
                return new MACVerifier(key);
            }
            if (jwk instanceof RSAKey key) {
                return new RSASSAVerifier(key);
            }
            if (jwk instanceof ECKey key) {
                return new ECDSAVerifier(key);
            }
            return new Ed25519Verifier(((OctetKeyPair) jwk).getDecodedX());
        } catch (JOSEException e) {
            throw new UnusableKeysException("a key of type " + jwk.getKeyType() + " cannot be used");
        }
    }

    /** The keys that may have signed a token with this header. A key or a token without key id fits any. */
    List<Key> candidates(SigningAlgorithm algorithm, @Nullable String keyId) {
        List<Key> candidates = new ArrayList<>();
        for (Key key : keys) {
            if (key.algorithms().contains(algorithm)
                    && (keyId == null || key.id() == null || key.id().equals(keyId))) {
                candidates.add(key);
            }
        }
        return candidates;
    }

    /** What was found to be signed with one of these keys. */
    VerifiedTokens verified() {
        return verified;
    }

    int size() {
        return keys.size();
    }
}
