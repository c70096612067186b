package dev.rejoin.server.access;

/** Why a token is not accepted, for the operator. The peer only hears that it is not. */
enum TokenFlaw {
    MISSING("there is none"),
    TOO_LONG("it is too long"),
    NOT_A_TOKEN("it is not a signed token in compact form"),
    ENCRYPTED("it is encrypted"),
    ALGORITHM("its algorithm is not allowed"),
    FOREIGN_KEY("its header brings or names a key of its own"),
    EXTENSION("its header demands an extension"),
    TYPE("its header says that it is something else than an access token"),
    UNKNOWN_KEY("no key for its algorithm and key id"),
    NO_KEY_ID("it names no key, and there are too many to try"),
    SIGNATURE("its signature is wrong"),
    CLAIMS("its payload is no JSON object"),
    SUBJECT("sub is missing or is no text of 1 to 255 characters"),
    NAME("name is no text of at most 255 characters"),
    TOKEN_ID("jti is no text of 1 to 255 characters"),
    NO_EXPIRY("exp is missing or is no time"),
    EXPIRED("it has expired"),
    NOT_YET("nbf is no time or in the future"),
    ISSUED("iat is no time or in the future"),
    ISSUER("iss is not the one expected"),
    AUDIENCE("aud does not contain the one expected"),
    DOCUMENTS("documents is no object from patterns to capabilities, or has too many"),
    ACCESS("access is no text"),
    REVOKED("it has been revoked");

    private final String text;

    TokenFlaw(String text) {
        this.text = text;
    }

    @Override
    public String toString() {
        return text;
    }
}
