package io.ltxfs.node.guard;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** Signals of the operating system, by their names without SIG. */
public final class Signals {
    /** What is taken instead of being obeyed. The JVM keeps QUIT and USR2 for itself. */
    private static final List<String> TAKEN = List.of("TERM", "INT", "HUP", "USR1");

    private Signals() {}

    /**
     * Hands signals to a receiver, on a thread of the JVM's. Reached by reflection: the JDK has no other way to take a
     * signal, and its compiler warns of this one in a manner that cannot be switched off.
     */
    public static void take(Consumer<String> receiver) {
        try {
            Class<?> signalClass = Class.forName("sun.misc.Signal");
            Class<?> handlerClass = Class.forName("sun.misc.SignalHandler");
            Object handler = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handlerClass}, (proxy, method, args) -> {
                        if (method.getName().equals("handle")) {
                            receiver.accept(
                                    (String) signalClass.getMethod("getName").invoke(args[0]));
                        }
                        return null;
                    });
            for (String name : TAKEN) {
                try {
                    Object signal = signalClass.getConstructor(String.class).newInstance(name);
                    signalClass.getMethod("handle", signalClass, handlerClass).invoke(null, signal, handler);
                } catch (InvocationTargetException e) {
                    // this JVM was told to leave the signal alone
                }
            }
        } catch (ReflectiveOperationException e) {
            System.err.println("ltxfs: this Java has no way to take signals (" + e + "); use OpenJDK");
        }
    }

    /**
     * Whether the terminal sends its keys' signals to this process' group, and so to the app as well: forwarding them
     * would give them twice.
     */
    static boolean terminalSignalsGroup() {
        try {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            String group = fields[2];
            String foreground = fields[5];
            return group.equals(foreground);
        } catch (IOException e) {
            return false;
        }
    }
}
