package dev.rejoin.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rehearsal comes to its end: both editors were served what one of them had written. */
@Timeout(120)
final class RehearseCommandTest {
    @Test
    void bothEditorsAreServedAndNothingElseIsSaid() {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
        Terminal terminal = new Terminal(Map.of(), InputStream.nullInputStream(), out, out, false);
        int code = Main.run(new String[] {"rehearse"}, terminal, server -> fail("nobody asked to serve"));
        assertEquals("", said.toString(StandardCharsets.UTF_8));
        assertEquals(Main.OK, code);
    }
}
