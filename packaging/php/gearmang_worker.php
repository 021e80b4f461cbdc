<?php
// Job after job, for `gearmang work --exec-persistent 'php worker.php'` (docs/persistent-commands.md).
// What this prints goes to the worker's log; answers go to descriptor 3.
$jobs = fopen('php://stdin', 'rb');
$answers = fopen('php://fd/3', 'wb');
$answer = fn(string $kind, string $body = '') =>
    fwrite($answers, pack('N', strlen($body) + 1) . $kind . $body);
$frame = function () use ($jobs): ?string {
    $length = stream_get_contents($jobs, 4);
    return strlen($length) < 4 ? null : (string) stream_get_contents($jobs, unpack('N', $length)[1]);
};
$handle = require $argv[1] ?? __DIR__ . '/echo.php'; // function (string $data, array $job, callable $tell): string
$answer('R');
while (($job = $frame()) !== null) {
    try {
        $answer('D', $handle($frame(), json_decode($job, true), fn(array $told) => $answer('T', json_encode($told))));
    } catch (Throwable $error) {
        $answer('F', get_class($error) . ': ' . $error->getMessage());
    }
}
