<?php
// Asks for a job of `act` and tells what it hears: php call.php PORT plain|exceptions PAYLOAD
[, $port, $mode, $payload] = $argv;
$client = new GearmanClient();
$client->addServer('127.0.0.1', (int) $port);
$client->setTimeout(15000);
if ($mode === 'exceptions') {
    $client->enableExceptionHandler();
}
$client->setExceptionCallback(function ($task) { echo 'text: ', $task->data(), "\n"; });
$client->setWarningCallback(function ($task) { echo 'text: ', $task->data(), "\n"; });
$client->setFailCallback(function ($task) { echo "failed\n"; });
$client->setCompleteCallback(function ($task) { echo 'done: ', $task->data(), "\n"; });
$client->addTask('act', $payload);
$client->runTasks();
