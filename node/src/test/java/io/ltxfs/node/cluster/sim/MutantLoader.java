package io.ltxfs.node.cluster.sim;

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
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Loads the rules of lease and cluster once more with some source files changed, and the simulation with them. */
final class MutantLoader extends ClassLoader {
    /** Where the sources of a package are, seen from the module's directory. */
    private static final Map<String, Path> SOURCES = Map.of(
            "lease", Path.of("../lease/src/main/java/io/ltxfs/lease"),
            "cluster", Path.of("src/main/java/io/ltxfs/node/cluster"),
            "replication", Path.of("src/main/java/io/ltxfs/node/replication"));

    private static final List<String> LOADED =
            List.of("io.ltxfs.lease.", "io.ltxfs.node.cluster.", "io.ltxfs.node.replication.EpochGate");

    private final Map<String, byte[]> changed;

    private MutantLoader(Map<String, byte[]> changed) {
        super(MutantLoader.class.getClassLoader());
        this.changed = changed;
    }

    /** Compiles a mutant. */
    static MutantLoader of(Mutant mutant) throws IOException {
        Map<String, String> sources = new TreeMap<>();
        for (Mutant.Edit edit : mutant.edits()) {
            String source = sources.get(edit.file());
            if (source == null) {
                source = Files.readString(path(edit.file()));
            }
            sources.put(edit.file(), replace(mutant, edit, source));
        }
        return new MutantLoader(compile(mutant, sources));
    }

    private static Path path(String file) {
        String[] parts = file.split("/");
        Path directory = SOURCES.get(parts[0]);
        if (directory == null) {
            throw new IllegalArgumentException("where is " + file + "?");
        }
        return directory.resolve(parts[1]);
    }

    private static String replace(Mutant mutant, Mutant.Edit edit, String source) {
        String pattern = Stream.of(edit.before().strip().split("\\s+"))
                .map(Pattern::quote)
                .collect(Collectors.joining("\\s+"));
        Matcher matcher = Pattern.compile(pattern).matcher(source);
        long found = matcher.results().count();
        if (found != 1) {
            throw new IllegalStateException("mutant \"" + mutant.name() + "\": its piece of code is found " + found
                    + " times in " + edit.file() + "; write the mutant anew: " + edit.before());
        }
        return matcher.reset().replaceFirst(Matcher.quoteReplacement(edit.after()));
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (LOADED.stream().noneMatch(name::startsWith)) {
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

    private static Map<String, byte[]> compile(Mutant mutant, Map<String, String> sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        List<JavaFileObject> texts = sources.entrySet().stream()
                .<JavaFileObject>map(entry -> new Source(entry.getKey(), entry.getValue()))
                .toList();
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
            String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
            List<String> flags = List.of("-proc:none", "-nowarn", "-classpath", classPath);
            if (!compiler.getTask(null, memory, messages, flags, null, texts).call()) {
                throw new IllegalStateException(
                        "mutant \"" + mutant.name() + "\" does not compile: " + messages.getDiagnostics());
            }
        }
        Map<String, byte[]> bytes = new HashMap<>();
        classes.forEach((name, out) -> bytes.put(name, out.toByteArray()));
        return bytes;
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String file, String text) {
            super(URI.create("mutant:///" + file), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }

        @Override
        public boolean isNameCompatible(String simpleName, Kind kind) {
            return true;
        }
    }
}
