package dev.rejoin.server.access;

/** A token that is not accepted. It says why and never contains a part of the token; it has no stack trace. */
final class TokenFlawException extends Exception {
    private static final long serialVersionUID = 1;

    private final TokenFlaw flaw;

    TokenFlawException(TokenFlaw flaw) {
        super(flaw.toString(), null, false, false);
        this.flaw = flaw;
    }

    TokenFlaw flaw() {
        return flaw;
    }
}
