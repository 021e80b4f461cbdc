#!/usr/bin/perl
# Job after job, for `gearmang work --exec-persistent 'perl worker.pl code.pl'` (docs/persistent-commands.md).
# What this prints goes to the worker's log; answers go to descriptor 3.
use strict; use warnings; use JSON::PP;
my $handle = @ARGV ? do $ARGV[0] : sub { $_[0] };    # sub { my ($data, $job, $tell) = @_; ...; return $result }
die $@ || $! unless ref $handle eq 'CODE';
binmode STDIN;
open(my $answers, '>&=', 3) or die "descriptor 3: $!"; binmode $answers; $answers->autoflush(1);
sub answer { my ($kind, $body) = @_; print $answers pack('N a a*', length($body) + 1, $kind, $body) or die $! }
sub frame {
    (read(STDIN, my $length, 4) // 0) == 4 or return;
    read(STDIN, my $frame = '', unpack('N', $length)); return $frame;
}
my $tell = sub { answer('T', encode_json($_[0])) };
answer('R', '');
while (defined(my $job = frame())) {
    my $data = frame();
    my $result = eval { $handle->($data, decode_json($job), $tell) };
    $@ eq '' ? answer('D', $result // '') : answer('F', $@);
}
