// Asks for app roles over HTTP, and waits for the result. Needs Java 17 or later, and no library.
//   java Http.java ../request.json
// APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

public class Http {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        URI endpoint = URI.create(System.getenv("APP_ROLE_BROKER")).resolve("/api/app-role-assignments");
        HttpRequest.Builder call = HttpRequest.newBuilder(endpoint)
            .header("x-functions-key", System.getenv("APP_ROLE_BROKER_KEY"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofFile(Path.of(arguments[0])));
        Instant end = Instant.now().plus(Duration.ofMinutes(10));
        while (Instant.now().isBefore(end)) {
            HttpResponse<String> response = client.send(call.build(), BodyHandlers.ofString());
            long seconds = response.headers().firstValueAsLong("Retry-After").orElse(-1);
            if (response.statusCode() == 202) {
                // The request waits for an approval. The address tells what became of it.
                String place = response.headers().firstValue("Location").orElseThrow();
                call.uri(URI.create(endpoint + place)).GET();
                seconds = seconds < 0 ? 10 : seconds;
            } else if (seconds < 0) {
                System.out.println(response.statusCode() + " " + response.body());
                System.exit(response.statusCode() < 400 && isGranted(response.body()) ? 0 : 1);
            }
            // 429 and 503 say when to send the same again.
            Thread.sleep(Duration.ofSeconds(seconds).toMillis());
        }
        System.err.println("no result within 10 minutes");
        System.exit(1);
    }

    /** A project has a JSON library. The Java platform has none, and this is a look at each role's status. */
    static boolean isGranted(String result) {
        List<String> statuses = Pattern.compile("\"status\":\"(\\w+)\"").matcher(result).results()
            .map((MatchResult match) -> match.group(1)).toList();
        return List.of("assigned", "alreadyAssigned").containsAll(statuses);
    }
}
