package dev.rejoin.server.access;

/**
 * What changed: sessions it {@link #concerns} ask again. Comparing costs O(1).
 *
 * @param scope what kind of thing
 * @param value which one; empty for {@link Scope#ALL}
 */
public record AccessChange(Scope scope, String value) {
    /** Everything may have changed. */
    public static final AccessChange ALL = new AccessChange(Scope.ALL, "");

    /** What a change can be about. */
    public enum Scope {
        /** Everybody and every document. */
        ALL,
        /** Everything of one {@link Principal#id()}. */
        PRINCIPAL,
        /** What rests on one {@link Grant#tokenId()}. */
        TOKEN,
        /** Everybody in one document. */
        DOCUMENT
    }

    /** Something changed for one principal. */
    public static AccessChange principal(String id) {
        return new AccessChange(Scope.PRINCIPAL, id);
    }

    /** Something changed for what rests on one token. */
    public static AccessChange token(String tokenId) {
        return new AccessChange(Scope.TOKEN, tokenId);
    }

    /** Something changed for one document. */
    public static AccessChange document(String name) {
        return new AccessChange(Scope.DOCUMENT, name);
    }

    /** Whether a session in this document that rests on this grant must ask again. */
    public boolean concerns(String document, Grant grant) {
        return switch (scope) {
            case ALL -> true;
            case PRINCIPAL -> grant.principal().id().equals(value);
            case TOKEN -> grant.tokenId().equals(value);
            case DOCUMENT -> document.equals(value);
        };
    }
}
