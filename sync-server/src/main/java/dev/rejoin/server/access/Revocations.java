package dev.rejoin.server.access;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Tokens and subjects that are not accepted any more: a text of lines {@code jti ID} and {@code sub ID}. Empty lines and
 * those that begin with {@code #} say nothing. Immutable.
 */
final class Revocations {
    /** Largest list, in bytes. */
    static final int MAX_BYTES = 4 << 20;

    /** So many new entries are told one by one; more are told as a change of everything. */
    static final int MAX_SINGLE_CHANGES = 1_000;

    static final Revocations NONE = new Revocations(Set.of(), Set.of(), List.of());

    private final Set<String> tokenIds;
    private final Set<String> subjects;
    private final List<Integer> unreadable;

    private Revocations(Set<String> tokenIds, Set<String> subjects, List<Integer> unreadable) {
        this.tokenIds = tokenIds;
        this.subjects = subjects;
        this.unreadable = unreadable;
    }

    /** Reads a list; lines of any other form count as {@link #unreadableLines}. */
    static Revocations of(byte[] file) {
        Set<String> tokenIds = new HashSet<>();
        Set<String> subjects = new HashSet<>();
        List<Integer> unreadable = new ArrayList<>();
        int number = 0;
        for (String raw : (Iterable<String>) new String(file, StandardCharsets.UTF_8).lines()::iterator) {
            number++;
            String line = raw.strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.split("\\s+", 2);
            if (parts.length == 2 && parts[0].equals("jti")) {
                tokenIds.add(parts[1]);
            } else if (parts.length == 2 && parts[0].equals("sub")) {
                subjects.add(parts[1]);
            } else {
                unreadable.add(number);
            }
        }
        return new Revocations(tokenIds, subjects, unreadable);
    }

    /** Numbers of lines, from 1, that are neither entries nor comments. */
    List<Integer> unreadableLines() {
        return unreadable;
    }

    boolean contains(Token token) {
        return tokenIds.contains(token.id())
                || subjects.contains(token.principal().id());
    }

    /** What to tell when this list takes the place of another: its new entries. */
    List<AccessChange> changesSince(Revocations before) {
        List<AccessChange> changes = new ArrayList<>();
        for (String id : tokenIds) {
            if (!before.tokenIds.contains(id)) {
                changes.add(AccessChange.token(id));
            }
        }
        for (String subject : subjects) {
            if (!before.subjects.contains(subject)) {
                changes.add(AccessChange.principal(subject));
            }
        }
        return changes.size() > MAX_SINGLE_CHANGES ? List.of(AccessChange.ALL) : changes;
    }

    int size() {
        return tokenIds.size() + subjects.size();
    }
}
