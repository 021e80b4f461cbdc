# Asks for a job of `act` and tells what it hears: perl call.pl PORT plain|exceptions PAYLOAD
use strict; use warnings;
use Gearman::Client;
my ($port, $mode, $payload) = @ARGV;
my $client = Gearman::Client->new(exceptions => $mode eq 'exceptions' ? 1 : 0);
$client->job_servers("127.0.0.1:$port");
my $tasks = $client->new_task_set;
$tasks->add_task('act', \$payload, {
    on_complete  => sub { print "done: ${$_[0]}\n" },
    on_fail      => sub { print "failed\n" },
    on_exception => sub { print "text: $_[0]\n" },
    on_warning   => sub { print "text: ${$_[0]}\n" },
});
$tasks->wait(timeout => 15);
