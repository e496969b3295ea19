import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** An HTTP server as a function: events come as POST /invoke, the world's requests as they are. */
public class Hello {
  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(System.getenv().getOrDefault("FC_CUSTOM_LISTEN_PORT", "9000"));
    HttpServer server = HttpServer.create(new InetSocketAddress("0.0.0.0", port), 0);
    server.createContext("/invoke", Hello::invoke);
    server.createContext("/", Hello::show);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  private static void invoke(HttpExchange exchange) throws IOException {
    String name = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    System.out.println("request " + exchange.getRequestHeaders().getFirst("x-fc-request-id"));
    if (name.isEmpty()) {
      exchange.getResponseHeaders().set("x-fc-status", "404"); // FC's way to say that it failed.
      answer(exchange, "{\"errorMessage\":\"the event is empty: send a name\",\"errorType\":\"NoName\",\"stackTrace\":[]}");
      return;
    }
    answer(exchange, "hello " + name + ", from " + exchange.getRequestHeaders().getFirst("x-fc-function-name"));
  }

  private static void show(HttpExchange exchange) throws IOException {
    answer(exchange, "hello, from " + exchange.getRequestURI().getPath() + "\n");
  }

  private static void answer(HttpExchange exchange, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }
}
