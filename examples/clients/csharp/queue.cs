// Asks for app roles by the queue, and waits for the result of this request. Needs .NET 10 or later.
//   dotnet run queue.cs ../request.json
// APP_ROLE_REQUESTS is the URL of the queues (https://<account>.queue.core.windows.net), or a connection string.
#:package Azure.Identity@1.17.0
#:package Azure.Storage.Queues@12.28.1

using System.Text.Json.Nodes;
using Azure.Identity;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

var account = Environment.GetEnvironmentVariable("APP_ROLE_REQUESTS")!;
var queues = account.StartsWith("https://")
    ? new QueueServiceClient(new Uri(account), new DefaultAzureCredential())
    : new QueueServiceClient(account);
var requests = queues.GetQueueClient("app-role-requests");
var results = queues.GetQueueClient("app-role-results");

SendReceipt sent = await requests.SendMessageAsync(await File.ReadAllTextAsync(args[0]));
for (var end = DateTime.UtcNow.AddMinutes(10); DateTime.UtcNow < end; await Task.Delay(1_000))
{
    // Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
    PeekedMessage[] seen = await results.PeekMessagesAsync(32);
    if (seen.Length < 32 && !seen.Any(message => message.MessageText.Contains(sent.MessageId))) continue;
    // What is theirs is hidden for a second.
    QueueMessage[] messages = await results.ReceiveMessagesAsync(32, TimeSpan.FromSeconds(1));
    foreach (var message in messages)
    {
        var result = JsonNode.Parse(message.MessageText)!;
        if ((string?)result["messageId"] != sent.MessageId) continue;
        await results.DeleteMessageAsync(message.MessageId, message.PopReceipt);
        var granted = true;
        foreach (var role in result["roles"]!.AsArray())
        {
            Console.WriteLine($"{role!["requested"]} {role["status"]} {role["message"]}");
            granted &= (string?)role["status"] is "assigned" or "alreadyAssigned";
        }
        return granted ? 0 : 1;
    }
}
Console.Error.WriteLine($"no result of {sent.MessageId} within 10 minutes");
return 1;
