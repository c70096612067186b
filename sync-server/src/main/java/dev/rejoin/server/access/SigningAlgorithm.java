package dev.rejoin.server.access;

import com.nimbusds.jose.JWSAlgorithm;
import java.util.Optional;

/** A way to sign a token (RFC 7518, RFC 8037) that can be allowed. What is not here, {@code none} first of all, cannot. */
public enum SigningAlgorithm {
    HS256(Family.SECRET, JWSAlgorithm.HS256),
    HS384(Family.SECRET, JWSAlgorithm.HS384),
    HS512(Family.SECRET, JWSAlgorithm.HS512),
    RS256(Family.RSA, JWSAlgorithm.RS256),
    RS384(Family.RSA, JWSAlgorithm.RS384),
    RS512(Family.RSA, JWSAlgorithm.RS512),
    PS256(Family.RSA, JWSAlgorithm.PS256),
    PS384(Family.RSA, JWSAlgorithm.PS384),
    PS512(Family.RSA, JWSAlgorithm.PS512),
    ES256(Family.CURVE, JWSAlgorithm.ES256),
    ES384(Family.CURVE, JWSAlgorithm.ES384),
    ES512(Family.CURVE, JWSAlgorithm.ES512),
    EDDSA(Family.EDWARDS, JWSAlgorithm.EdDSA);

    /** What kind of key it takes. A key serves the algorithms of its own family only. */
    enum Family {
        SECRET,
        RSA,
        CURVE,
        EDWARDS
    }

    private final Family family;
    private final JWSAlgorithm jose;

    SigningAlgorithm(Family family, JWSAlgorithm jose) {
        this.family = family;
        this.jose = jose;
    }

    Family family() {
        return family;
    }

    JWSAlgorithm jose() {
        return jose;
    }

    /** Whether whoever can check a token can also make one, because both take the same secret. */
    public boolean isSymmetric() {
        return family == Family.SECRET;
    }

    /** Shortest secret, in bytes: that of the hash (RFC 7518, 3.2); 0 if it takes none. */
    public int minSecretBytes() {
        return switch (this) {
            case HS256 -> 32;
            case HS384 -> 48;
            case HS512 -> 64;
            default -> 0;
        };
    }

    /** The algorithm that a token's header calls so; exactly. */
    public static Optional<SigningAlgorithm> of(String name) {
        for (SigningAlgorithm algorithm : values()) {
            if (algorithm.jose.getName().equals(name)) {
                return Optional.of(algorithm);
            }
        }
        return Optional.empty();
    }

    /** Its name in a token's header. */
    @Override
    public String toString() {
        return jose.getName();
    }
}
