package dev.rejoin.client;

import java.util.List;

/**
 * How a transaction is to be treated.
 *
 * @param retryOf id of the rejection that it replaces, 0 if none
 * @param dependsOn lowest dots of the pending transactions without which it is not to happen
 * @param isHidden whether it shows only once it is accepted
 */
record WriteOrder(long retryOf, List<Long> dependsOn, boolean isHidden) {
    static final WriteOrder PLAIN = new WriteOrder(0, List.of(), false);

    WriteOrder {
        dependsOn = List.copyOf(dependsOn);
    }
}
