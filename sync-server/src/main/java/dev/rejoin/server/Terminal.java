package dev.rejoin.server;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Console;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a command has around it.
 *
 * @param out for what the command was asked for
 * @param err for what a person wants to know besides
 * @param interactive whether a person watches {@code err} grow
 */
record Terminal(
        Map<String, String> environment, InputStream in, PrintStream out, PrintStream err, boolean interactive) {

    /** That of this process. */
    static Terminal ofProcess() {
        return new Terminal(System.getenv(), System.in, System.out, System.err, isWatched(System.console()));
    }

    /** Since JDK 22 there is a console also where nobody sits; it says so itself, in a method that JDK 17 does not have. */
    private static boolean isWatched(@Nullable Console console) {
        if (console == null) {
            return false;
        }
        try {
            return Boolean.TRUE.equals(Console.class.getMethod("isTerminal").invoke(console));
        } catch (ReflectiveOperationException older) {
            return true;
        }
    }

    /** Prints one line of JSON. */
    void json(Map<String, ?> object) {
        try {
            // made here, for a server that starts needs none
            out.println(new ObjectMapper().writeValueAsString(object));
        } catch (JsonProcessingException e) {
            throw new AssertionError("numbers, texts and lists are JSON", e);
        }
    }
}
