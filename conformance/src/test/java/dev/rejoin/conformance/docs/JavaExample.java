package dev.rejoin.conformance.docs;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A Java example as a program: compiled against the modules as they are built, and run. One with a {@code main} method is a
 * file as it stands; another is the body of one, or, if it begins with a static method, methods that nobody calls. What it needs of this
 * library and of {@code java.util} is imported.
 */
final class JavaExample {
    private static final String CLASS = "Example";
    private static final Pattern NAMED = Pattern.compile("\\bclass (\\w+)[^{]*\\{");
    private static final long SECONDS = 60;
    private static final String IMPORTS = Stream.of(
                    "dev.rejoin.crdt",
                    "dev.rejoin.crdt.clock",
                    "dev.rejoin.crdt.document",
                    "dev.rejoin.crdt.yjs",
                    "dev.rejoin.consistency.cache",
                    "dev.rejoin.consistency.flow",
                    "dev.rejoin.consistency.lag",
                    "dev.rejoin.consistency.probe",
                    "dev.rejoin.consistency.session",
                    "dev.rejoin.client",
                    "dev.rejoin.server",
                    "dev.rejoin.server.access",
                    "dev.rejoin.server.room",
                    "dev.rejoin.server.transport",
                    "java.net",
                    "java.net.http",
                    "java.nio.file",
                    "java.time",
                    "java.util",
                    "java.util.concurrent")
            .map(name -> "import " + name + ".*;\n")
            .collect(Collectors.joining());

    private final Snippet snippet;
    private final Path folder;

    /**
     * An example.
     *
     * @param folder takes its class files and the files that it names
     */
    JavaExample(Snippet snippet, Path folder) {
        this.snippet = snippet;
        this.folder = folder;
    }

    /**
     * Compiles and runs it.
     *
     * @param server takes the place of 127.0.0.1:8080
     * @return the lines it prints
     * @throws AssertionError if it does not compile, fails, or takes more than a minute
     */
    List<String> run(String server) throws Exception {
        String text = snippet.text()
                .replace("127.0.0.1:8080", server)
                .replace(
                        "Path.of(\"",
                        "java.nio.file.Path.of(\"" + folder.toString().replace('\\', '/') + "/");
        boolean isFile = text.contains("void main(");
        String name = CLASS;
        if (isFile) {
            Matcher named = NAMED.matcher(text);
            name = named.find() ? named.group(1) : CLASS;
        } else {
            text = wrapped(text);
        }
        compile(name, text);
        return execute(name);
    }

    private static String wrapped(String text) {
        String imports = text.lines()
                .filter(line -> line.startsWith("import "))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
        String body =
                text.lines().filter(line -> !line.startsWith("import ")).collect(Collectors.joining("\n", "", "\n"));
        boolean isMethods = body.strip().startsWith("static ");
        return IMPORTS + imports + "public class " + CLASS + " {\n" + (isMethods ? body : "")
                + "    public static void main(String[] args) throws Exception {\n" + (isMethods ? "" : body)
                + "    }\n}\n";
    }

    private void compile(String name, String text) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter complaints = new StringWriter();
        JavaFileObject source =
                new SimpleJavaFileObject(URI.create("string:///" + name + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return text;
                    }
                };
        List<String> options = List.of(
                "-proc:none",
                "-Xlint:-options",
                "--release",
                "17",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                folder.toString());
        if (!compiler.getTask(complaints, null, null, options, null, List.of(source))
                .call()) {
            throw new AssertionError(snippet + " does not compile:\n" + complaints + "\n" + text);
        }
    }

    private List<String> execute(String name) throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            Method main = loader.loadClass(name).getMethod("main", String[].class);
            FutureTask<Object> task = new FutureTask<>(() -> main.invoke(null, (Object) new String[0]));
            Thread thread = new Thread(task, snippet.toString());
            thread.setDaemon(true);
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            thread.start();
            task.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            Throwable cause = failure.getCause() instanceof InvocationTargetException thrown
                    ? thrown.getTargetException()
                    : failure.getCause();
            throw new AssertionError(snippet + " fails: " + cause, cause);
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** A fresh folder for each. */
    static JavaExample of(Snippet snippet, Path parent) throws Exception {
        return new JavaExample(snippet, Files.createTempDirectory(parent, "java"));
    }
}
