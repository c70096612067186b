package dev.rejoin.conformance.durability;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What the authors of one document saw, kept where no server can lose it: how many steps each has begun, and up to which
 * step it was told that it is durable.
 */
final class Ledger {
    private final Map<String, Account> accounts = new TreeMap<>();
    private final List<String> refusals = new CopyOnWriteArrayList<>();

    /** Where one author stands. */
    record Account(long begun, long durable) {
        static final Account NONE = new Account(0, 0);
    }

    synchronized void begun(String author, long step) {
        accounts.merge(author, new Account(step, 0), (old, now) -> new Account(Math.max(old.begun, step), old.durable));
    }

    synchronized void durable(String author, long step) {
        accounts.merge(
                author, new Account(step, step), (old, now) -> new Account(old.begun, Math.max(old.durable, step)));
    }

    /** A write was refused, which nobody here does. */
    void refused(String author, long step, String why) {
        refusals.add(author + "/" + step + ": " + why);
    }

    List<String> refusals() {
        return refusals;
    }

    synchronized Map<String, Account> accounts() {
        return new TreeMap<>(accounts);
    }

    synchronized long durable() {
        return accounts.values().stream().mapToLong(Account::durable).sum();
    }

    synchronized long inFlight() {
        return accounts.values().stream()
                .mapToLong(account -> account.begun - account.durable)
                .sum();
    }
}
