# Asks for app roles by the queue, and waits for the result of this request. Needs PowerShell 7 and the module
# Az.Accounts 5 or later. The commands of Az.Storage would need more rights than to send and to take messages.
#   Connect-AzAccount -Identity
#   ./queue.ps1 ../request.json
# APP_ROLE_REQUESTS is the URL of the queues: https://<account>.queue.core.windows.net.
param([Parameter(Mandatory)][string] $Path)
$ErrorActionPreference = 'Stop'

$token = (Get-AzAccessToken -ResourceUrl https://storage.azure.com -AsSecureString).Token
function Invoke-Storage([string] $Method, [string] $Place, [string] $Body) {
    $headers = @{ 'x-ms-version' = '2021-12-02'; 'x-ms-date' = [datetime]::UtcNow.ToString('R') }
    $call = @{ Method = $Method; Uri = $env:APP_ROLE_REQUESTS.TrimEnd('/') + "/$Place"; Headers = $headers }
    if ($Body) { $call += @{ Body = $Body; ContentType = 'application/xml' } }
    $text = (Invoke-WebRequest @call -Authentication Bearer -Token $token).Content
    # The text begins with a byte order mark.
    if ($text) { ([xml]"$text".Substring("$text".IndexOf('<'))).QueueMessagesList.QueueMessage }
}

$text = [Security.SecurityElement]::Escape((Get-Content -Raw $Path))
$message = "<QueueMessage><MessageText>$text</MessageText></QueueMessage>"
$sent = (Invoke-Storage Post app-role-requests/messages $message).MessageId
for ($end = (Get-Date).AddMinutes(10); (Get-Date) -lt $end; Start-Sleep 1) {
    # Others wait for results in the same queue. A look hides nothing from them, and shows 32 messages.
    $seen = @(Invoke-Storage Get 'app-role-results/messages?peekonly=true&numofmessages=32')
    if ($seen.Count -lt 32 -and -not ($seen | Where-Object MessageText -CLike "*$sent*")) { continue }
    # What is theirs is hidden for a second.
    foreach ($message in Invoke-Storage Get 'app-role-results/messages?numofmessages=32&visibilitytimeout=1') {
        $result = $message.MessageText | ConvertFrom-Json
        if ($result.messageId -ne $sent) { continue }
        $receipt = [uri]::EscapeDataString($message.PopReceipt)
        Invoke-Storage Delete "app-role-results/messages/$($message.MessageId)?popreceipt=$receipt"
        $result.roles | ForEach-Object { "$($_.requested) $($_.status) $($_.message)" }
        $refused = $result.roles | Where-Object status -CNotIn assigned, alreadyAssigned
        exit [int][bool]$refused
    }
}
throw "no result of $sent within 10 minutes"
