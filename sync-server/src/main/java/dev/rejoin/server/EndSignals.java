package dev.rejoin.server;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The signals that tell a process to end, taken over from the virtual machine: its own handling knows no second signal and ends
 * with another code than 0 although nothing went wrong.
 */
final class EndSignals {
    /* sun.misc.Signal is the only way, and open to everybody (JEP 260), but the compiler warns of every mention of it. So it is
     * not mentioned. */
    private static final Logger LOG = LoggerFactory.getLogger(EndSignals.class);

    /** What a supervisor sends, Ctrl+C, a terminal that closes. Not every system has each of them. */
    private static final String[] NAMES = {"TERM", "INT", "HUP"};

    private EndSignals() {}

    /** Runs {@code action} for each signal that arrives, on a thread of its own. */
    static void handle(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object handling = Proxy.newProxyInstance(
                    EndSignals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        switch (method.getName()) {
                            case "handle":
                                action.run();
                                return null;
                            case "equals":
                                return proxy == arguments[0];
                            case "hashCode":
                                return System.identityHashCode(proxy);
                            default:
                                return "ends the server";
                        }
                    });
            Method handle = signal.getMethod("handle", signal, handler);
            for (String name : NAMES) {
                try {
                    handle.invoke(null, signal.getConstructor(String.class).newInstance(name), handling);
                } catch (InvocationTargetException unknownHere) {
                    // Windows has no HUP; with -Xrs the virtual machine keeps its hands off signals and the process
                    // just ends
                }
            }
        } catch (ReflectiveOperationException e) {
            LOG.warn("signals are left to the virtual machine: the process ends at once when it is told to", e);
        }
    }
}
