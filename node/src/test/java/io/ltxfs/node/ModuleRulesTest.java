package io.ltxfs.node;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import io.ltxfs.database.posix.NameService;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The rooms of the architecture: a module knows only those below it, and each has things it may not know at all. */
class ModuleRulesTest {
    /** Ground floor first. */
    private static final List<String> FLOORS =
            List.of("ltx", "objectstore", "lease", "database", "fusefs", "archive", "replicationproto", "node");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.ltxfs");

    @Test
    void aModuleKnowsOnlyTheOnesBelowIt() {
        for (int floor = 0; floor < FLOORS.size() - 1; floor++) {
            String[] above = FLOORS.subList(floor + 1, FLOORS.size()).stream()
                    .map(ModuleRulesTest::packages)
                    .toArray(String[]::new);
            check(noClasses()
                    .that()
                    .resideInAPackage(packages(FLOORS.get(floor)))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(above));
        }
    }

    @Test
    void theFormatKnowsNeitherTheSystemNorSqlite() {
        check(noClasses()
                .that()
                .resideInAPackage(packages("ltx"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net..", "jnr..", "java.sql..", "org.sqlite..", "org.slf4j.."));
    }

    @Test
    void databasesKnowNeitherMountNorNetwork() {
        check(noClasses()
                .that()
                .resideInAPackage(packages("database"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net..", "org.eclipse.jetty..", "java.sql..", "org.sqlite.."));
    }

    @Test
    void theMountKnowsNoNetworkAndNoSqlite() {
        check(noClasses()
                .that()
                .resideInAPackage(packages("fusefs"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.net..", "org.eclipse.jetty..", "java.sql..", "org.sqlite.."));
    }

    /** A SQLite library in the daemon that opened a database of its own mount would hang it. */
    @Test
    void sqliteStaysInTheCommands() {
        check(noClasses()
                .that()
                .resideInAPackage("io.ltxfs..")
                .and()
                .resideOutsideOfPackage("io.ltxfs.node.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.sql..", "org.sqlite.."));
    }

    /** The guard is small: it loads no libraries. What it uses of others knows the JDK only, too. */
    @Test
    void theGuardKnowsTheJdkOnly() {
        DescribedPredicate<JavaClass> guard =
                resideInAPackage("io.ltxfs.node.guard..").or(belongToAnyOf(NameService.class));
        check(classes()
                .that(guard)
                .should()
                .onlyDependOnClassesThat(guard.or(resideInAnyPackage("java..", "sun.misc..", "org.jspecify.."))));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(CLASSES);
    }

    private static String packages(String module) {
        return "io.ltxfs." + module + "..";
    }
}
