<?php
// The same in PHP: php mixed_worker.php PORT
$note = fn (string $name, string $payload) => file_put_contents(
    getenv('MIXED_NOTES') . "/$name", bin2hex($payload) . "\n", FILE_APPEND
);
$worker = new GearmanWorker();
$worker->addServer('127.0.0.1', (int) $argv[1]);
$worker->addFunction(getenv('MIXED_FUNCTION') ?: 'mixed', function (GearmanJob $job) use ($note) {
    $note('php', $job->workload());
    $note('done', $job->workload());
    return 'ok';
});
while ($worker->work());
