package io.ltxfs.database.sim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Loads the database module once more with one source file changed, and the simulator with it. */
final class MutantLoader extends ClassLoader {
    private static final Path SOURCES = Path.of("src/main/java/io/ltxfs/database");
    private static final String PACKAGE = "io.ltxfs.database.";
    /** These know nothing of the code that is changed; shared, what they have loaded and judged serves every mutant. */
    private static final Set<String> SHARED = Set.of("Trace", "TraceRecord", "Mark", "SqliteImage");

    private final Map<String, byte[]> changed;

    private MutantLoader(Map<String, byte[]> changed) {
        super(MutantLoader.class.getClassLoader());
        this.changed = changed;
    }

    /** Compiles a mutant. */
    static MutantLoader of(Mutant mutant) throws IOException {
        Path file = SOURCES.resolve(mutant.file());
        String source = Files.readString(file);
        int at = source.indexOf(mutant.before());
        if (at < 0 || source.indexOf(mutant.before(), at + 1) >= 0) {
            throw new IllegalStateException("mutant \"" + mutant.name() + "\": its piece of code is found "
                    + (at < 0 ? "nowhere" : "more than once") + " in " + file + "; write the mutant anew");
        }
        return new MutantLoader(compile(mutant, file, source.replace(mutant.before(), mutant.after())));
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        String simple = name.startsWith(PACKAGE + "sim.") ? name.substring((PACKAGE + "sim.").length()) : "";
        if (!name.startsWith(PACKAGE) || SHARED.contains(simple)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        byte[] bytes = changed.get(name);
        if (bytes == null) {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                bytes = in.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
        return defineClass(name, bytes, 0, bytes.length);
    }

    private static Map<String, byte[]> compile(Mutant mutant, Path file, String source) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        JavaFileObject text =
                new SimpleJavaFileObject(URI.create("mutant:///" + file.getFileName()), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }

                    @Override
                    public boolean isNameCompatible(String simpleName, Kind kind) {
                        return true;
                    }
                };
        try (StandardJavaFileManager standard = compiler.getStandardFileManager(messages, null, null)) {
            JavaFileManager memory = new ForwardingJavaFileManager<>(standard) {
                @Override
                public JavaFileObject getJavaFileForOutput(
                        Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    classes.put(className, bytes);
                    return new SimpleJavaFileObject(URI.create("mutant:///" + className), kind) {
                        @Override
                        public OutputStream openOutputStream() {
                            return bytes;
                        }
                    };
                }
            };
            List<String> flags = List.of(
                    "-proc:none",
                    "-nowarn",
                    "-classpath",
                    System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
            if (!compiler.getTask(null, memory, messages, flags, null, List.of(text))
                    .call()) {
                throw new IllegalStateException(
                        "mutant \"" + mutant.name() + "\" does not compile: " + messages.getDiagnostics());
            }
        }
        Map<String, byte[]> bytes = new HashMap<>();
        classes.forEach((name, out) -> bytes.put(name, out.toByteArray()));
        return bytes;
    }
}
