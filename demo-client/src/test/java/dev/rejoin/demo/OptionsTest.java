package dev.rejoin.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
    @Test
    void nothingSaidMeansTheUsualPortAndFolder() {
        assertEquals(new Options(8080, Path.of("rejoin-demo-data"), false), Options.parse());
    }

    @Test
    void portAndFolderCanBeChosenInAnyOrder() {
        Options chosen = new Options(0, Path.of("elsewhere"), false);
        assertEquals(chosen, Options.parse("--port", "0", "--data", "elsewhere"));
        assertEquals(chosen, Options.parse("--data", "elsewhere", "--port", "0"));
    }

    @Test
    void helpIsNoMistake() {
        assertTrue(Options.parse("--help").help());
        assertTrue(Options.parse("--port", "1", "-h").help());
        assertFalse(Options.parse("--port", "1").help());
    }

    @ParameterizedTest
    @CsvSource({
        "--prot 8081, there is no option --prot",
        "--port, --port needs a value",
        "--port http, '--port needs a number from 0 to 65535, not http'",
        "--port 65536, '--port needs a number from 0 to 65535, not 65536'",
        "--port -1, '--port needs a number from 0 to 65535, not -1'",
        "--data, --data needs a value"
    })
    void aMistakeIsNamed(String line, String message) {
        Exception mistake = assertThrows(IllegalArgumentException.class, () -> Options.parse(line.split(" ")));
        assertEquals(message, mistake.getMessage());
    }
}
