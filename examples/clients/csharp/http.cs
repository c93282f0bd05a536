// Asks for app roles over HTTP, and waits for the result. Needs .NET 10 or later, and no package.
//   dotnet run http.cs ../request.json
// APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

var endpoint = new Uri(new Uri(Environment.GetEnvironmentVariable("APP_ROLE_BROKER")!), "/api/app-role-assignments");
using var client = new HttpClient();
client.DefaultRequestHeaders.Add("x-functions-key", Environment.GetEnvironmentVariable("APP_ROLE_BROKER_KEY"));

var request = await File.ReadAllTextAsync(args[0]);
Uri? pending = null;
for (var end = DateTime.UtcNow.AddMinutes(10); DateTime.UtcNow < end;)
{
    // PostAsJsonAsync would send the body in chunks, which the Functions host loses.
    using var body = new StringContent(request, Encoding.UTF8, "application/json");
    using var response = pending is null ? await client.PostAsync(endpoint, body) : await client.GetAsync(pending);
    var text = await response.Content.ReadAsStringAsync();
    var after = response.Headers.RetryAfter?.Delta;
    if (response.StatusCode == HttpStatusCode.Accepted)
    {
        // The request waits for an approval. The address tells what became of it.
        pending = new Uri(endpoint, response.Headers.Location!);
    }
    else if (after is null)
    {
        // The host itself refuses a wrong key, without a body.
        var result = text == "" ? new JsonObject() : JsonNode.Parse(text)!;
        var granted = response.IsSuccessStatusCode;
        foreach (var role in result["roles"] as JsonArray ?? new JsonArray())
        {
            Console.WriteLine($"{role!["requested"]} {role["status"]} {role["message"]}");
            granted &= (string?)role["status"] is "assigned" or "alreadyAssigned";
        }
        if (!response.IsSuccessStatusCode) Console.Error.WriteLine($"{(int)response.StatusCode} {result["detail"]}");
        return granted ? 0 : 1;
    }
    // 429 and 503 say when to send the same again.
    await Task.Delay(after ?? TimeSpan.FromSeconds(10));
}
Console.Error.WriteLine("no result within 10 minutes");
return 1;
