<?php
// Reads lines "FUNCTION NUMBER" and queues a job for each, under a key of Gearmang's.
require __DIR__ . '/../../packaging/php/gearmang_key.php';
while (($line = fgets(STDIN)) !== false) {
    [$function, $number] = explode(' ', trim($line));
    do {  // anew each time: gearmand may have been restarted
        $client = new GearmanClient();
        $client->addServer('127.0.0.1', (int) $argv[1]);
        @$client->doBackground($function, $number, gearmang_key($function));
    } while ($client->returnCode() !== GEARMAN_SUCCESS);
    echo "queued\n";
}
