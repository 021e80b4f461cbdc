<?php
// The unique key of a new job of Gearmang's (docs/wire.md), for any client that queues jobs:
//   $client->doBackground('resize', $data, gearmang_key('resize'));
function gearmang_key(string $function, ?int $notBefore = null): string
{
    $id = rtrim(strtr(base64_encode(random_bytes(16)), '+/', '-_'), '=');
    $enqueued = dechex((int) (microtime(true) * 1000));
    $mark = substr(hash('sha256', $function), 0, 6);
    return "g1.$id.$enqueued.$mark.1.1" . ($notBefore === null ? '' : '.' . dechex($notBefore));
}
