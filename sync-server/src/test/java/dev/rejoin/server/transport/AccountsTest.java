package dev.rejoin.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Accounts of strangers: bounded, and forgotten only when that changes nothing. */
final class AccountsTest {
    private static final long MINUTE = 60_000_000_000L;
    private final List<String> limited = new CopyOnWriteArrayList<>();
    private final Accounts<Integer> accounts = new Accounts<>(
            now -> new Account("principal", new RateLimits.Bounds(2, 1, 1, 1, 1), now, new TransportObserver() {
                @Override
                public void rateLimited(String of, String what) {
                    limited.add(of + " " + what);
                }
            }),
            0);

    @Test
    void connectionsHaveABoundAndARate() {
        Account account = accounts.connect(1, 0);
        assertNotNull(account);
        assertSame(account, accounts.connect(1, 0));
        assertNull(accounts.connect(1, 0));
        account.disconnect();
        assertSame(account, accounts.connect(1, 0));
        for (int i = 0; i < 10; i++) {
            account.disconnect();
            accounts.connect(1, 0);
        }
        account.disconnect();
        assertNull(accounts.connect(1, 0), "five at once is all");
        assertEquals("principal connections", limited.get(0));
    }

    @Test
    void whoHasSomethingOpenOrUsedUpIsNotForgotten() {
        Account open = accounts.connect(0, 0);
        accounts.of(1, 0).mayCreate(0);
        for (int i = 2; i < 5_000; i++) {
            accounts.of(i, MINUTE / 2);
        }
        assertTrue(accounts.size() <= 2_048, accounts.size() + " accounts");
        assertSame(open, accounts.of(0, MINUTE / 2));
        assertTrue(!accounts.of(1, MINUTE / 2).isUnused(MINUTE / 2));
    }

    @Test
    void strangersBeyondTheBoundShareOneAccount() {
        for (int i = 0; i < Accounts.MAX_ACCOUNTS; i++) {
            accounts.of(i, 0).mayCreate(0);
        }
        Account shared = accounts.of(-1, 0);
        assertSame(shared, accounts.of(-2, 0));
        assertSame(shared, accounts.connect(-3, 0));
        assertNotSame(shared, accounts.of(7, 0));
        assertEquals(Accounts.MAX_ACCOUNTS, accounts.size());
        accounts.of(-1, 2 * MINUTE);
        assertEquals(1, accounts.size(), "all were unused by then");
    }
}
