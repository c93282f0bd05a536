// Asks for app roles by the queue, and waits for the result of this request.
//   mvn --quiet compile exec:java -Dexec.mainClass=Queue -Dexec.args=../request.json
// APP_ROLE_REQUESTS is the URL of the queues (https://<account>.queue.core.windows.net), or a connection string.
import com.azure.core.util.Context;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.storage.queue.QueueClient;
import com.azure.storage.queue.QueueServiceClient;
import com.azure.storage.queue.QueueServiceClientBuilder;
import com.azure.storage.queue.models.QueueMessageItem;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

public class Queue {
    public static void main(String[] arguments) throws Exception {
        String account = System.getenv("APP_ROLE_REQUESTS");
        QueueServiceClientBuilder builder = new QueueServiceClientBuilder();
        QueueServiceClient queues = (account.startsWith("https://")
            ? builder.endpoint(account).credential(new DefaultAzureCredentialBuilder().build())
            : builder.connectionString(account)).buildClient();
        QueueClient results = queues.getQueueClient("app-role-results");
        String request = Files.readString(Path.of(arguments[0]));
        String sent = queues.getQueueClient("app-role-requests").sendMessage(request).getMessageId();
        Instant end = Instant.now().plus(Duration.ofMinutes(10));
        for (; Instant.now().isBefore(end); Thread.sleep(1_000)) {
            // Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
            List<String> seen = results.peekMessages(32, null, Context.NONE).stream()
                .map(message -> message.getBody().toString()).toList();
            if (seen.size() < 32 && seen.stream().noneMatch(text -> text.contains(sent))) {
                continue;
            }
            // What is theirs is hidden for a second.
            for (QueueMessageItem message : results.receiveMessages(32, Duration.ofSeconds(1), null, Context.NONE)) {
                JsonNode result = new ObjectMapper().readTree(message.getBody().toString());
                if (!result.path("messageId").asText().equals(sent)) {
                    continue;
                }
                results.deleteMessage(message.getMessageId(), message.getPopReceipt());
                boolean granted = true;
                for (JsonNode role : result.path("roles")) {
                    String status = role.path("status").asText();
                    System.out.println(role.path("requested").asText() + " " + status + " " + role.path("message").asText());
                    granted &= List.of("assigned", "alreadyAssigned").contains(status);
                }
                System.exit(granted ? 0 : 1);
            }
        }
        System.err.println("no result of " + sent + " within 10 minutes");
        System.exit(1);
    }
}
