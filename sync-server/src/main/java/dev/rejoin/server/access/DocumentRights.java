package dev.rejoin.server.access;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the claims of a token say about documents: {@code documents}, from patterns to capabilities, and {@code access} for
 * all that no pattern matches. A capability that is not known allows nothing.
 */
final class DocumentRights {
    /** Most patterns of one token. */
    static final int MAX_PATTERNS = 256;

    private record Right(DocumentPattern pattern, Capability capability) {}

    private final List<Right> rights;
    private final Capability otherwise;

    private DocumentRights(List<Right> rights, Capability otherwise) {
        this.rights = rights;
        this.otherwise = otherwise;
    }

    /**
     * Reads them.
     *
     * @throws TokenFlawException if a claim has another form, or a pattern is none
     */
    static DocumentRights from(Map<String, Object> claims) throws TokenFlawException {
        Object access = claims.get("access");
        if (claims.containsKey("access") && !(access instanceof String)) {
            throw new TokenFlawException(TokenFlaw.ACCESS);
        }
        List<Right> rights = new ArrayList<>();
        if (claims.containsKey("documents")) {
            if (!(claims.get("documents") instanceof Map<?, ?> documents) || documents.size() > MAX_PATTERNS) {
                throw new TokenFlawException(TokenFlaw.DOCUMENTS);
            }
            for (Map.Entry<?, ?> entry : documents.entrySet()) {
                rights.add(new Right(pattern(String.valueOf(entry.getKey())), capability(entry.getValue())));
            }
        }
        return new DocumentRights(rights, capability(access));
    }

    private static DocumentPattern pattern(String text) throws TokenFlawException {
        try {
            return DocumentPattern.of(text);
        } catch (IllegalArgumentException e) {
            throw new TokenFlawException(TokenFlaw.DOCUMENTS);
        }
    }

    private static Capability capability(@Nullable Object claim) {
        return claim instanceof String name ? Capability.of(name).orElse(Capability.NONE) : Capability.NONE;
    }

    /** What is allowed with one document: what the pattern says that says most, of several the one that allows least. */
    Capability of(String document) {
        List<String> name = DocumentPattern.segments(document);
        Right best = null;
        for (Right right : rights) {
            if (!right.pattern().matches(name)) {
                continue;
            }
            int order = best == null ? 1 : right.pattern().compareTo(best.pattern());
            if (best == null || order > 0 || (order == 0 && best.capability().includes(right.capability()))) {
                best = right;
            }
        }
        return best == null ? otherwise : best.capability();
    }
}
