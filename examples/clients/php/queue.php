<?php
// Asks for app roles by the queue, and waits for the result of this request. Needs PHP 8.1 or later with curl and
// SimpleXML, and an Azure resource with a managed identity. Microsoft's package for queues is retired, so this is REST.
//   php queue.php ../request.json
// APP_ROLE_REQUESTS is the URL of the queues: https://<account>.queue.core.windows.net.
declare(strict_types=1);

function call(string $method, string $url, array $headers, ?string $body = null): string
{
    $call = curl_init($url);
    $options = [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_HTTPHEADER => $headers, CURLOPT_RETURNTRANSFER => true];
    curl_setopt_array($call, $options + [CURLOPT_FAILONERROR => true] + ($body === null ? [] : [CURLOPT_POSTFIELDS => $body]));
    $text = curl_exec($call);
    return is_string($text) ? $text : throw new RuntimeException(curl_error($call));
}

// App Service and Container Apps set both variables. A virtual machine has the fixed address.
$identity = getenv('IDENTITY_ENDPOINT') ?: 'http://169.254.169.254/metadata/identity/oauth2/token';
$query = ['api-version' => '2019-08-01', 'resource' => 'https://storage.azure.com'];
$query += getenv('AZURE_CLIENT_ID') ? ['client_id' => getenv('AZURE_CLIENT_ID')] : [];
$proof = ['Metadata: true', 'X-IDENTITY-HEADER: ' . getenv('IDENTITY_HEADER')];
$token = json_decode(call('GET', "$identity?" . http_build_query($query), $proof), true)['access_token'];

function storage(string $method, string $path, ?string $body = null): SimpleXMLElement
{
    global $token;
    $headers = ["Authorization: Bearer $token", 'x-ms-version: 2021-12-02', 'x-ms-date: ' . gmdate('D, d M Y H:i:s \G\M\T')];
    $text = call($method, rtrim(getenv('APP_ROLE_REQUESTS'), '/') . "/$path", $headers, $body);
    return new SimpleXMLElement(str_replace("\u{FEFF}", '', $text) ?: '<nothing/>');
}

$message = new SimpleXMLElement('<QueueMessage/>');
$message->MessageText = file_get_contents($argv[1]);
$sent = (string) storage('POST', 'app-role-requests/messages', $message->asXML())->QueueMessage->MessageId;
for ($end = time() + 600; time() < $end; sleep(1)) {
    // Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
    $seen = storage('GET', 'app-role-results/messages?peekonly=true&numofmessages=32');
    if ($seen->count() < 32 && !str_contains($seen->asXML(), $sent)) {
        continue;
    }
    // What is theirs is hidden for a second.
    foreach (storage('GET', 'app-role-results/messages?numofmessages=32&visibilitytimeout=1')->QueueMessage as $message) {
        $result = json_decode((string) $message->MessageText, true);
        if (($result['messageId'] ?? '') !== $sent) {
            continue;
        }
        storage('DELETE', "app-role-results/messages/$message->MessageId?popreceipt=" . rawurlencode((string) $message->PopReceipt));
        foreach ($result['roles'] as $role) {
            echo "{$role['requested']} {$role['status']} " . ($role['message'] ?? '') . PHP_EOL;
        }
        exit(array_diff(array_column($result['roles'], 'status'), ['assigned', 'alreadyAssigned']) === [] ? 0 : 1);
    }
}
fwrite(STDERR, "no result of $sent within 10 minutes" . PHP_EOL);
exit(1);
