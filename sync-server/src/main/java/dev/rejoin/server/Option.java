package dev.rejoin.server;

import java.util.Locale;
import java.util.function.Function;

/**
 * One setting of the server. It has one name everywhere: {@code --idle-unload} on the command line, {@code idle-unload} in
 * a file, {@code REJOIN_IDLE_UNLOAD} in the environment.
 *
 * @param <T> what it is in Java
 */
public final class Option<T> {
    private final String name;
    private final String placeholder;
    private final String expected;
    private final String standard;
    private final String description;
    private final Function<String, T> parser;

    /**
     * @param placeholder stands for the value on the help page
     * @param expected what a value looks like, to complete "expected …"
     * @param standard the text of the default; empty where there is none
     * @param parser throws {@link IllegalArgumentException} for anything else
     */
    Option(
            String name,
            String placeholder,
            String expected,
            String standard,
            String description,
            Function<String, T> parser) {
        this.name = name;
        this.placeholder = placeholder;
        this.expected = expected;
        this.standard = standard;
        this.description = description;
        this.parser = parser;
    }

    /** Its name in a file. */
    public String name() {
        return name;
    }

    /** Its name on the command line. */
    public String flag() {
        return "--" + name;
    }

    /** Its name in the environment. */
    public String variable() {
        return "REJOIN_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
    }

    /** What it means, as the help page says it. */
    public String description() {
        return description;
    }

    String placeholder() {
        return placeholder;
    }

    String expected() {
        return expected;
    }

    /** The default as one would write it; empty where there is none. */
    String standard() {
        return standard;
    }

    /** Whether naming it is enough to say true. */
    boolean isSwitch() {
        return standard.equals("false");
    }

    T standardValue() {
        return parser.apply(standard);
    }

    /**
     * Understands a value.
     *
     * @param source where it was found, for the error
     * @throws BadOptionException if it is not one
     */
    T parse(String text, String source) {
        try {
            return parser.apply(text.strip());
        } catch (IllegalArgumentException failure) {
            throw new BadOptionException(
                    name + ": expected " + expected + ", got \"" + text + "\" (from " + source + ")");
        }
    }

    @Override
    public String toString() {
        return name;
    }
}
