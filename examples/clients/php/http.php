<?php
// Asks for app roles over HTTP, and waits for the result. Needs PHP 8.1 or later with curl, and no package.
//   php http.php ../request.json
// APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
declare(strict_types=1);

$endpoint = rtrim(getenv('APP_ROLE_BROKER'), '/') . '/api/app-role-assignments';
$url = $endpoint;
$body = file_get_contents($argv[1]);
for ($end = time() + 600; time() < $end;) {
    $headers = [];
    $call = curl_init($url);
    curl_setopt_array($call, [
        CURLOPT_HTTPHEADER => ['x-functions-key: ' . getenv('APP_ROLE_BROKER_KEY'), 'Content-Type: application/json'],
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HEADERFUNCTION => function ($call, string $line) use (&$headers): int {
            [$name, $value] = explode(':', $line, 2) + [1 => ''];
            $headers[strtolower($name)] = trim($value);
            return strlen($line);
        },
    ] + ($body === null ? [] : [CURLOPT_POSTFIELDS => $body]));
    $text = curl_exec($call);
    if ($text === false) {
        throw new RuntimeException(curl_error($call));
    }
    $status = curl_getinfo($call, CURLINFO_RESPONSE_CODE);
    $after = $headers['retry-after'] ?? null;
    if ($status === 202) {
        // The request waits for an approval. The address tells what became of it.
        [$url, $body] = [$endpoint . $headers['location'], null];
    } elseif ($after === null) {
        // The host itself refuses a wrong key, without a body.
        $result = json_decode($text, true) ?? [];
        $granted = $status < 400;
        foreach ($result['roles'] ?? [] as $role) {
            echo "{$role['requested']} {$role['status']} " . ($role['message'] ?? '') . PHP_EOL;
            $granted = $granted && in_array($role['status'], ['assigned', 'alreadyAssigned'], true);
        }
        if ($status >= 400) {
            fwrite(STDERR, "$status " . ($result['detail'] ?? '') . PHP_EOL);
        }
        exit($granted ? 0 : 1);
    }
    // 429 and 503 say when to send the same again.
    sleep((int) ($after ?? 10));
}
fwrite(STDERR, 'no result within 10 minutes' . PHP_EOL);
exit(1);
