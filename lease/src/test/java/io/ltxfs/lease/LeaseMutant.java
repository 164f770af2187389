package io.ltxfs.lease;

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

/**
 * One rule of the lease broken on purpose: a piece of a shipped source file replaced by another.
 *
 * @param name what is broken, in words
 * @param file the source file
 * @param before the piece, found exactly once in it; white space counts as one blank
 * @param after what takes its place
 * @param verdict a regular expression for what the simulation must say
 */
record LeaseMutant(String name, String file, String before, String after, String verdict) {
    private static final Path SOURCES = Path.of("src/main/java/io/ltxfs/lease");
    private static final String PACKAGE = "io.ltxfs.lease.";

    /** Loads the module, and its simulation, once more with the piece replaced. */
    ClassLoader load() throws IOException {
        return new Loader(compile(replaced()));
    }

    private String replaced() throws IOException {
        String source = Files.readString(SOURCES.resolve(file));
        String pattern =
                Stream.of(before.strip().split("\\s+")).map(Pattern::quote).collect(Collectors.joining("\\s+"));
        Matcher matcher = Pattern.compile(pattern).matcher(source);
        long found = matcher.results().count();
        if (found != 1) {
            throw new IllegalStateException("mutant \"" + name + "\": its piece of code is found " + found
                    + " times in " + file + "; write the mutant anew: " + before);
        }
        return matcher.reset().replaceFirst(Matcher.quoteReplacement(after));
    }

    private Map<String, byte[]> compile(String text) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        JavaFileObject source = new SimpleJavaFileObject(URI.create("mutant:///" + file), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
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
            String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
            List<String> flags = List.of("-proc:none", "-nowarn", "-classpath", classPath);
            if (!compiler.getTask(null, memory, messages, flags, null, List.of(source))
                    .call()) {
                throw new IllegalStateException(
                        "mutant \"" + name + "\" does not compile: " + messages.getDiagnostics());
            }
        }
        Map<String, byte[]> bytes = new HashMap<>();
        classes.forEach((className, out) -> bytes.put(className, out.toByteArray()));
        return bytes;
    }

    /** Has the changed classes, and all others of the module as they are. */
    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> changed;

        Loader(Map<String, byte[]> changed) {
            super(LeaseMutant.class.getClassLoader());
            this.changed = changed;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(PACKAGE)) {
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
    }
}
