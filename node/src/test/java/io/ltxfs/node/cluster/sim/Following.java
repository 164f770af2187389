package io.ltxfs.node.cluster.sim;

import io.ltxfs.node.cluster.Action;
import io.ltxfs.node.cluster.Event;
import io.ltxfs.node.cluster.Peer;
import io.ltxfs.node.cluster.Standing.Place;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A node as a replica: its stream to the primary, and what it takes from peers. */
final class Following implements Network.End {
    private static final long SILENCE = Plan.TTL.toNanos() / 2;

    /** A peer's last durable transaction of a database, as its snapshot has it. */
    record Snapshot(@Nullable Tx head) {}

    /** What a peer has of a database after a position; not known there if it is another history, or too long ago. */
    record Later(boolean known, @Nullable Tx head) {}

    private final Node node;
    private final World world;
    private long link;
    private @Nullable Peer primary;
    private Network.@Nullable Stream stream;
    /** Counts the tries to connect, so that what belongs to an earlier one is known as such. */
    private long attempt;

    private boolean connecting;
    private long heardAt;
    private Message.@Nullable Welcome welcome;
    private boolean taking;
    private final ArrayDeque<Message> held = new ArrayDeque<>();
    private final Set<String> toReplace = new HashSet<>();

    Following(Node node) {
        this.node = node;
        this.world = node.world;
    }

    boolean perform(Action action) {
        if (action instanceof Action.Follow follow) {
            drop();
            link = follow.link();
            primary = follow.primary();
            connect();
        } else if (action instanceof Action.StopFollowing stop) {
            if (stop.link() == link) {
                drop();
                primary = null;
                link = 0;
            }
        } else if (action instanceof Action.Take take) {
            take(take.link(), take.epoch());
        } else if (action instanceof Action.RefuseWelcome refuse) {
            Network.Stream open = stream;
            if (refuse.link() == link && open != null) {
                open.send(node, new Message.Promised(refuse.promised()));
                lost("it has a lower epoch", Optional.empty());
            }
        } else if (action instanceof Action.SayComplete say) {
            if (say.link() == link) {
                send(new Message.Has(say.epoch(), say.durable(), Map.of(), true));
            }
        } else if (action instanceof Action.Fetch fetch) {
            fetch(fetch);
        } else if (action instanceof Action.Conform conform) {
            conform(conform);
        } else if (action instanceof Action.MoveAside aside) {
            moveAside(aside.database());
            node.flush(() -> node.tell(new Event.Done(aside.step())));
        } else {
            return false;
        }
        return true;
    }

    // ---- the stream

    private void drop() {
        attempt++;
        connecting = false;
        taking = false;
        welcome = null;
        held.clear();
        toReplace.clear();
        Network.Stream open = stream;
        stream = null;
        if (open != null) {
            open.close(node);
        }
    }

    private void connect() {
        Peer to = primary;
        if (to == null) {
            return;
        }
        connecting = true;
        heardAt = world.now();
        long mine = ++attempt;
        node.cluster.network.connect(
                node, node.cluster.machine(to), this, (there, opened) -> ((Node) there).serving, opened -> {
                    if (mine != attempt) {
                        if (opened != null) {
                            opened.close(node);
                        }
                        return;
                    }
                    connecting = false;
                    if (opened == null) {
                        lost("nobody answers", Optional.empty());
                        return;
                    }
                    stream = opened;
                    opened.send(node, new Message.Hello(node.self, node.id, node.machine.standing()));
                });
    }

    private void lost(String why, Optional<Peer> other) {
        drop();
        long of = link;
        long mine = attempt;
        node.tell(new Event.Disconnected(of, why, other));
        node.in(world.between(50, 200) * World.MILLISECOND, () -> {
            if (mine == attempt && primary != null) {
                connect();
            }
        });
    }

    /** A connection on which nothing comes is no connection. */
    void watch() {
        if ((stream != null || connecting) && world.now() - heardAt > SILENCE) {
            lost("nothing was heard", Optional.empty());
        }
    }

    private void send(Message message) {
        Network.Stream open = stream;
        if (open != null) {
            open.send(node, message);
        }
    }

    @Override
    public void broken(Network.Stream which) {
        if (which == stream) {
            lost("the stream broke", Optional.empty());
        }
    }

    @Override
    public void receive(Network.Stream which, Object message) {
        if (which != stream) {
            return;
        }
        heardAt = world.now();
        if (message instanceof Message.NotTaken refused) {
            node.tell(new Event.PromiseSeen(refused.promised()));
            if (which == stream) {
                lost("it is not the primary", refused.primary());
            }
        } else if (message instanceof Message.Welcome first) {
            welcome = first;
            node.tell(new Event.Welcomed(
                    link, first.epoch(), first.primary(), first.start(), first.replaced(), first.absent()));
        } else if (message instanceof Message.Heartbeat beat) {
            node.lease.sighted(beat.etag(), beat.epoch(), node.clock());
            node.tell(new Event.PeersSeen(beat.members()));
            send(new Message.Has(beat.epoch(), Map.of(), Map.of(), false));
        } else if (taking) {
            take((Message) message);
        } else {
            held.add((Message) message);
        }
    }

    // ---- taking

    private boolean mayTake(long of, long epoch) {
        return of == link && taking && node.mayTake(epoch);
    }

    private void take(long of, long epoch) {
        Message.Welcome first = welcome;
        if (of != link || first == null || first.epoch() != epoch) {
            return;
        }
        node.cluster.judge.takes(node, epoch);
        taking = true;
        for (String database : first.absent()) {
            moveAside(database);
            node.flush(() -> {
                if (mayTake(of, epoch)) {
                    node.tell(new Event.AsideDurably(of, database));
                }
            });
        }
        for (String database : first.replaced()) {
            replace(of, epoch, database);
        }
        while (taking && of == link && !held.isEmpty()) {
            take(held.remove());
        }
    }

    private void take(Message message) {
        if (message instanceof Message.Transaction transaction) {
            take(transaction.epoch(), transaction.tx());
        } else if (message instanceof Message.Replace replace) {
            replace(link, replace.epoch(), replace.database());
        }
    }

    private void take(long epoch, Tx tx) {
        if (!mayTake(link, epoch) || toReplace.contains(tx.database)) {
            return;
        }
        Tx last = node.disk().last(tx.database);
        if (tx.isIn(last)) {
            durable(link, epoch, tx.database); // it came on an earlier stream, and was not durable when this one began
            return;
        }
        if (tx.before != last) {
            lost(tx + " does not follow " + Tx.text(last), Optional.empty());
            return;
        }
        node.cluster.judge.takes(node, epoch);
        put(tx.database, tx);
        durable(link, epoch, tx.database);
    }

    private void put(String database, Tx head) {
        node.disk().append(database, head);
        node.cluster.judge.received(node, head);
        node.cluster.trouble.after(Trouble.Moment.TOOK, node.machine());
    }

    /** Flushes, acknowledges, applies. */
    private void durable(long of, long epoch, String database) {
        long mine = attempt;
        Tx head = node.disk().last(database);
        node.flush(() -> {
            if (mine != attempt || !mayTake(of, epoch) || head == null) {
                return;
            }
            Map<String, Place> positions = Map.of(database, head.place());
            node.tell(new Event.TakenDurably(of, positions));
            if (mine == attempt && mayTake(of, epoch)) {
                send(new Message.Has(epoch, positions, Map.of(), false));
            }
            node.writes.apply(head, () -> {
                if (mine == attempt && mayTake(of, epoch)) {
                    send(new Message.Has(epoch, Map.of(), positions, false));
                }
            });
        });
    }

    private void replace(long of, long epoch, String database) {
        Peer from = primary;
        if (from == null || !mayTake(of, epoch)) {
            return;
        }
        toReplace.add(database);
        long mine = attempt;
        snapshot(from, database, epoch, snapshot -> {
            if (mine != attempt || !mayTake(of, epoch)) {
                return;
            }
            Tx head = snapshot == null ? null : snapshot.head();
            if (head == null) {
                node.in(100 * World.MILLISECOND, () -> {
                    if (mine == attempt) {
                        replace(of, epoch, database);
                    }
                });
                return;
            }
            become(database, head);
            toReplace.remove(database);
            durable(of, epoch, database);
            send(new Message.Resume(epoch, database, head));
        });
    }

    /** Another history takes the place of what is here. */
    private void become(String database, Tx head) {
        Tx mine = node.disk().last(database);
        int kept = node.disk().putAside(mine, head);
        world.note("{} replaces {} by {}, {} put aside", node, Tx.text(mine), head, kept);
        put(database, head);
    }

    private void moveAside(String database) {
        Tx mine = node.disk().last(database);
        int kept = node.disk().putAside(mine, null);
        world.note("{} moves {} aside, {} kept", node, Tx.text(mine), kept);
        node.disk().append(database, null);
    }

    // ---- from peers, by a candidate

    private void snapshot(
            Peer from, String database, long epoch, java.util.function.Consumer<@Nullable Snapshot> taken) {
        node.cluster.network.<Snapshot>call(
                node,
                node.cluster.machine(from),
                Plan.TTL.toNanos(),
                (there, reply) -> {
                    Node peer = (Node) there;
                    if (peer.mayTake(epoch)) {
                        reply.accept(new Snapshot(peer.disk().lastDurable(database)));
                    }
                },
                new Once<>(taken));
    }

    /** What takes data answers one request once, whatever the network does. */
    private static final class Once<T> implements java.util.function.Consumer<@Nullable T> {
        private final java.util.function.Consumer<@Nullable T> then;
        private boolean called;

        Once(java.util.function.Consumer<@Nullable T> then) {
            this.then = then;
        }

        @Override
        public void accept(@Nullable T value) {
            if (!called) {
                called = true;
                then.accept(value);
            }
        }
    }

    private void fetch(Action.Fetch fetch) {
        String database = fetch.database();
        Tx mine = node.disk().last(database);
        node.cluster.network.<Later>call(
                node,
                node.cluster.machine(fetch.peer()),
                Plan.TTL.toNanos(),
                (there, reply) -> {
                    Node peer = (Node) there;
                    Tx head = peer.disk().lastDurable(database);
                    boolean known = mine == null || mine.isIn(head);
                    boolean reached = Tx.txid(head) - Tx.txid(mine) <= node.cluster.plan.logReach;
                    if (peer.mayTake(fetch.epoch())) {
                        reply.accept(new Later(known && reached, head));
                    }
                },
                new Once<>(later -> {
                    if (later == null
                            || !node.mayTake(fetch.epoch())
                            || node.disk().last(database) != mine) {
                        node.tell(new Event.Failed(fetch.step(), "nothing could be taken"));
                        return;
                    }
                    Tx head = later.head();
                    if (!later.known()) {
                        node.tell(new Event.Fetched(fetch.step(), false));
                        return;
                    }
                    if (head != null && head != mine) {
                        put(database, head);
                    }
                    node.flush(() -> node.tell(new Event.Fetched(fetch.step(), true)));
                }));
    }

    private void conform(Action.Conform conform) {
        snapshot(conform.peer(), conform.database(), conform.epoch(), snapshot -> {
            Tx head = snapshot == null ? null : snapshot.head();
            if (head == null || !node.mayTake(conform.epoch())) {
                node.tell(new Event.Failed(conform.step(), "no snapshot could be taken"));
                return;
            }
            become(conform.database(), head);
            node.flush(() -> node.tell(new Event.Done(conform.step())));
        });
    }

    /** From the archive. @return false if what is here is another history, and it is not to conform */
    boolean fromArchive(String database, @Nullable Tx head, boolean conform) {
        Tx mine = node.disk().last(database);
        if (head == mine || head == null) {
            return true;
        }
        if (mine != null && !mine.isIn(head)) {
            if (conform) {
                become(database, head);
            }
            return conform || head.isIn(mine);
        }
        put(database, head);
        return true;
    }

    /** For the judge. */
    String text() {
        return "link " + link + " to " + primary + (taking ? ", taking" : "") + (stream == null ? ", no stream" : "")
                + (toReplace.isEmpty() ? "" : ", replacing " + toReplace);
    }
}
