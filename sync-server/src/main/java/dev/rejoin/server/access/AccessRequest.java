package dev.rejoin.server.access;

/**
 * One question: may this peer open this document, and for what. A session keeps its request and asks again with it when its
 * grant ends or an {@link AccessChange} concerns it.
 *
 * @param document name of the document, which may or may not exist
 * @param token what the peer sent to show who it is; empty if it sent nothing
 * @param remoteAddress where it comes from, for policies and logs; empty if unknown
 */
public record AccessRequest(String document, String token, String remoteAddress) {
    /** Says everything but the token. */
    @Override
    public String toString() {
        return "AccessRequest[document=" + document + ", token=" + (token.isEmpty() ? "none" : "present")
                + ", remoteAddress=" + remoteAddress + "]";
    }
}
