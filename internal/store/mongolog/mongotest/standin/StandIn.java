import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Serves MongoDB's protocol from memory on a free loopback port, which it prints. It ends when standard input does, so
 * that it never outlives the test that started it, however that ends.
 */
public final class StandIn {
    private StandIn() {}

    /** Takes no arguments. */
    public static void main(String[] args) throws IOException {
        MongoServer server = new MongoServer(new MemoryBackend());
        server.bind(new InetSocketAddress("127.0.0.1", 0));
        System.out.println(server.getLocalAddress().getPort());
        while (System.in.read() >= 0) {
            continue;
        }
        server.shutdownNow();
        System.exit(0);
    }
}
