# Asks for app roles over HTTP, and waits for the result. Needs PowerShell 7.4 or later, and no module.
#   ./http.ps1 ../request.json
# APP_ROLE_BROKER is the URL of the broker, and APP_ROLE_BROKER_KEY a function key of AssignRoleHttp.
param([Parameter(Mandatory)][string] $Path)
$ErrorActionPreference = 'Stop'

$endpoint = $env:APP_ROLE_BROKER.TrimEnd('/') + '/api/app-role-assignments'
$call = @{
    Uri = $endpoint
    Method = 'Post'
    Body = Get-Content -Raw $Path
    ContentType = 'application/json'
    Headers = @{ 'x-functions-key' = $env:APP_ROLE_BROKER_KEY }
    SkipHttpErrorCheck = $true
}
for ($end = (Get-Date).AddMinutes(10); (Get-Date) -lt $end;) {
    $response = Invoke-WebRequest @call
    $after = $response.Headers['Retry-After']
    if ($response.StatusCode -eq 202) {
        # The request waits for an approval. The address tells what became of it.
        $call = @{ Uri = $endpoint + $response.Headers['Location']; Headers = $call.Headers; SkipHttpErrorCheck = $true }
    } elseif (-not $after) {
        # The host itself refuses a wrong key, without a body. A problem's media type makes its content bytes.
        $content = $response.Content
        $text = if ($content -is [byte[]]) { [Text.Encoding]::UTF8.GetString($content) } else { $content }
        $result = $text | ConvertFrom-Json
        $result.roles | ForEach-Object { "$($_.requested) $($_.status) $($_.message)" }
        $refused = $result.roles | Where-Object status -CNotIn assigned, alreadyAssigned
        if ($response.StatusCode -ge 400) { [Console]::Error.WriteLine("$($response.StatusCode) $($result.detail)") }
        exit [int][bool]($refused -or $response.StatusCode -ge 400)
    }
    # 429 and 503 say when to send the same again.
    Start-Sleep ($after ? [int]"$after" : 10)
}
throw 'no result within 10 minutes'
