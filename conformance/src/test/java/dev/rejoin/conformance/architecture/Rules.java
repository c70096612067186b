package dev.rejoin.conformance.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.platform.commons.annotation.Testable;

/**
 * The architecture as rules. {@link ArchitectureTest} holds the code to them; {@link RulesBiteTest} shows for each one
 * code that breaks it.
 */
final class Rules {

    private static final Set<String> TEST_SUFFIXES = Set.of("Test", "Properties", "Laws", "Simulation", "Fuzz", "IT");
    private static final List<String> VAGUE_SUFFIXES =
            List.of("Manager", "Helper", "Util", "Utils", "Processor", "Data", "Info", "Impl", "Base");
    /** Names that users of Yjs know. */
    private static final Set<String> NAMES_OF_YJS = Set.of("UndoManager");

    private static final Set<String> AMBIENT_CALLS = Set.of(
            "java.lang.System.currentTimeMillis",
            "java.lang.System.nanoTime",
            "java.lang.Thread.sleep",
            "java.lang.Math.random",
            "java.time.Instant.now",
            "java.util.UUID.randomUUID",
            "java.util.concurrent.ThreadLocalRandom.current");
    private static final Set<String> AMBIENT_CONSTRUCTORS = Set.of("java.util.Random", "java.util.SplittableRandom");

    /** Dependencies point down; packages on one floor do not know each other; every package has a floor. */
    static final ArchRule FLOORS = classes().should(dependOnlyDownwards()).allowEmptyShould(true);

    static final ArchRule SERVER_AND_CLIENT_ARE_STRANGERS = noClasses()
            .that()
            .resideInAPackage("dev.rejoin.server..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.rejoin.client..")
            .allowEmptyShould(true);

    static final ArchRule CLIENT_AND_SERVER_ARE_STRANGERS = noClasses()
            .that()
            .resideInAPackage("dev.rejoin.client..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.rejoin.server..")
            .allowEmptyShould(true);

    static final ArchRule CORE_STANDS_ALONE = classes()
            .that()
            .resideInAPackage("dev.rejoin.crdt..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.rejoin.crdt..",
                    "java.lang..",
                    "java.util..",
                    "java.io",
                    "java.nio",
                    "java.nio.charset",
                    "java.math",
                    "java.time",
                    "java.security",
                    "org.jspecify..",
                    "")
            .allowEmptyShould(true);

    /** The toolkit is for those who use nothing else of the project. */
    static final ArchRule CONSISTENCY_NEEDS_ONLY_CORE = classes()
            .that()
            .resideInAPackage("dev.rejoin.consistency..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.rejoin.consistency..",
                    "dev.rejoin.crdt..",
                    "com.github.benmanes.caffeine..",
                    "org.HdrHistogram..",
                    "java..",
                    "javax..",
                    "org.jspecify..",
                    "")
            .allowEmptyShould(true);

    /** Deciding who may do what needs neither documents nor sockets; rooms and transport ask it. */
    static final ArchRule ACCESS_STANDS_ALONE = classes()
            .that()
            .resideInAPackage("dev.rejoin.server.access..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.rejoin.server.access..",
                    "dev.rejoin.server.file",
                    "dev.rejoin.crdt.clock",
                    "com.nimbusds.jose..",
                    "java.lang..",
                    "java.util..",
                    "java.io",
                    "java.net..",
                    "java.nio..",
                    "java.security..",
                    "java.text",
                    "java.time",
                    "org.slf4j",
                    "org.jspecify..",
                    "")
            .allowEmptyShould(true);

    static final ArchRule PROTOCOL_HAS_NO_SOCKETS_AND_NO_THREADS = noClasses()
            .that()
            .resideInAPackage("dev.rejoin.sync..")
            .should()
            .dependOnClassesThat(describe("open sockets, run threads or log", Rules::isSocketThreadOrLog))
            .allowEmptyShould(true);

    static final ArchRule NETTY_ONLY_IN_TRANSPORT =
            only("io.netty..").in("dev.rejoin.server.transport..", "dev.rejoin.client.transport..");

    static final ArchRule PROTOBUF_ONLY_IN_WIRE = only("com.google.protobuf..").in("dev.rejoin.sync.wire..");

    static final ArchRule JACKSON_ONLY_AT_THE_EDGE = only("com.fasterxml..")
            .in(
                    "dev.rejoin.server",
                    "dev.rejoin.server.transport..",
                    "dev.rejoin.demo..",
                    "dev.rejoin.benchmarks..",
                    "dev.rejoin.conformance..");

    static final ArchRule CAFFEINE_ONLY_IN_CACHE =
            only("com.github.benmanes.caffeine..").in("dev.rejoin.consistency.cache..");

    static final ArchRule HISTOGRAMS_ONLY_IN_LAG = only("org.HdrHistogram..").in("dev.rejoin.consistency.lag..");

    static final ArchRule TOKENS_ONLY_IN_ACCESS = only("com.nimbusds..").in("dev.rejoin.server.access..");

    static final ArchRule JDBC_ONLY_IN_STORAGE = only("java.sql..", "javax.sql..", "org.sqlite..", "org.postgresql..")
            .in("dev.rejoin.server.storage..", "dev.rejoin.consistency.postgres..");

    /**
     * Clocks and chance come in through constructors; only the ground floor, the assembly and the roof make them.
     * {@code SecureRandom} is not meant: keys against hash flooding and fresh replica ids must not be predictable.
     */
    static final ArchRule NO_AMBIENT_TIME_OR_CHANCE = classes()
            .that()
            .resideOutsideOfPackages(
                    "dev.rejoin.crdt.clock..",
                    "dev.rejoin.server",
                    "dev.rejoin.client",
                    "dev.rejoin.demo..",
                    "dev.rejoin.benchmarks..",
                    "dev.rejoin.conformance..")
            .should(notReachForTimeOrChance())
            .allowEmptyShould(true);

    static final ArchRule NO_VAGUE_NAMES = classes().should(notEndVaguely()).allowEmptyShould(true);

    static final ArchRule PACKAGES_ARE_NULL_MARKED = classes()
            .that(describe("are package-info", type -> type.getSimpleName().equals("package-info")))
            .should()
            .beAnnotatedWith(NullMarked.class)
            .allowEmptyShould(true);

    static final ArchRule EVERY_PACKAGE_SAYS_WHAT_IT_IS =
            classes().should(liveInADescribedPackage()).allowEmptyShould(true);

    /** Surefire and Failsafe pick classes by name: a test class with another name would silently never run. */
    static final ArchRule TESTS_ARE_FOUND_BY_NAME =
            classes().should(beNamedSoThatTheyRun()).allowEmptyShould(true);

    private Rules() {}

    private static ArchCondition<JavaClass> dependOnlyDownwards() {
        return new ArchCondition<>("depend only on floors below their own") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                if (isModuleDescriptor(type)) return;
                Optional<Floor> own = Floor.of(type.getPackageName());
                if (own.isEmpty()) {
                    violated(events, type, type.getName() + " stands on no floor: give its package one in Floor");
                    return;
                }
                for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                    Floor.of(dependency.getTargetClass().getPackageName())
                            .filter(target -> !own.get().mayUse(target))
                            .ifPresent(target -> violated(
                                    events,
                                    dependency,
                                    own.get() + " may not use " + target + ": " + dependency.getDescription()));
                }
            }
        };
    }

    private static boolean isModuleDescriptor(JavaClass type) {
        return type.getSimpleName().equals("module-info");
    }

    private static boolean isSocketThreadOrLog(JavaClass type) {
        String name = type.getName();
        return name.startsWith("java.net.")
                || name.startsWith("java.nio.channels.")
                || name.startsWith("java.nio.file.")
                || name.startsWith("org.slf4j.")
                || name.equals("java.lang.Thread")
                || name.equals("java.util.Timer")
                || (name.startsWith("java.util.concurrent.") && name.contains("Execut"));
    }

    private static ArchCondition<JavaClass> notReachForTimeOrChance() {
        return new ArchCondition<>("be given clocks and randomness") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                for (JavaAccess<?> access : type.getCodeUnitAccessesFromSelf()) {
                    String owner = access.getTargetOwner().getName();
                    boolean ambient = access.getName().equals("<init>")
                            ? AMBIENT_CONSTRUCTORS.contains(owner)
                            : AMBIENT_CALLS.contains(owner + "." + access.getName());
                    if (ambient) violated(events, access, access.getDescription());
                }
            }
        };
    }

    private static ArchCondition<JavaClass> notEndVaguely() {
        return new ArchCondition<>("have a name that says what they are, not one ending in " + VAGUE_SUFFIXES) {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                for (String suffix : VAGUE_SUFFIXES) {
                    if (NAMES_OF_YJS.contains(type.getSimpleName())) continue;
                    if (type.getSimpleName().endsWith(suffix)) violated(events, type, type.getName());
                }
            }
        };
    }

    private static ArchCondition<JavaClass> liveInADescribedPackage() {
        return new ArchCondition<>("live in a package with a package-info") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                if (isModuleDescriptor(type) || type.getPackageName().startsWith("dev.rejoin.sync.wire.")) return;
                if (!type.getPackage().containsClassWithSimpleName("package-info")) {
                    violated(events, type, type.getPackageName() + " has no package-info.java");
                }
            }
        };
    }

    private static ArchCondition<JavaClass> beNamedSoThatTheyRun() {
        return new ArchCondition<>("end in one of " + TEST_SUFFIXES + " when they hold tests") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean holdsTests = type.getAllMethods().stream().anyMatch(Rules::isTest);
                if (!holdsTests
                        || type.getModifiers().contains(com.tngtech.archunit.core.domain.JavaModifier.ABSTRACT)) {
                    return;
                }
                JavaClass outermost = outermost(type);
                if (TEST_SUFFIXES.stream().noneMatch(outermost.getSimpleName()::endsWith)) {
                    violated(events, type, outermost.getName() + " holds tests that no build runs");
                }
            }
        };
    }

    private static boolean isTest(JavaMethod method) {
        return method.isAnnotatedWith(Testable.class) || method.isMetaAnnotatedWith(Testable.class);
    }

    private static JavaClass outermost(JavaClass type) {
        return type.getEnclosingClass().map(Rules::outermost).orElse(type);
    }

    private static void violated(ConditionEvents events, Object where, String message) {
        events.add(SimpleConditionEvent.violated(where, message));
    }

    private static Only only(String... libraries) {
        return new Only(libraries);
    }

    /** Half a sentence: these libraries, only in ... */
    private record Only(String... libraries) {
        ArchRule in(String... packages) {
            return noClasses()
                    .that()
                    .resideOutsideOfPackages(packages)
                    .should()
                    .dependOnClassesThat(resideIn(libraries))
                    .allowEmptyShould(true);
        }

        private static DescribedPredicate<JavaClass> resideIn(String... libraries) {
            return JavaClass.Predicates.resideInAnyPackage(libraries);
        }
    }
}
