<?php
// A worker in PHP that answers as its payload says: php answering.php PORT
$worker = new GearmanWorker();
$worker->addServer('127.0.0.1', (int) $argv[1]);
$worker->addFunction('answer', function (GearmanJob $job) {
    [$kind, $argument] = explode(' ', $job->workload(), 2) + [1 => ''];
    switch ($kind) {
        case 'raise':
            $job->sendException($argument);
            return $job->sendFail();
        case 'warn_and_fail':
            $job->sendWarning($argument);
            return $job->sendFail();
        case 'parts':
            foreach ([1, 2, 3] as $number) {
                $job->sendStatus($number, 3);
                $job->sendData("part $number");
            }
            $job->sendWarning('nearly');
            return 'whole';
    }
    return $argument;
});
while ($worker->work() || $worker->returnCode() == GEARMAN_WORK_FAIL);
