"""Replies as gearmand 1.1.20 was seen to send them, odd names included."""

STATUS = (
    b"\t0\t0\t1\nq\n.\nr\t0\t0\t1\n:\t0\t0\t1\nf 1\t0\t0\t3\nnew\nline\t0\t0\t1\nbgf\t7\t2\t0\n"
    b"ret\r\t0\t0\t1\n.\t0\t0\t1\n\xff\xfe\t0\t0\t1\nt\tab\t0\t0\t1\nf\t0\t0\t1\n.\n"
)
NAMES = ("", "q\n.\nr", ":", "f 1", "new\nline", "bgf", "ret\r", ".", "\udcff\udcfe", "t\tab", "f")
WORKERS = (
    b"39 127.0.0.1  : ret\r f \xff\xfe\n43 127.0.0.1 - :\n40 127.0.0.1 - : f 1 f 1\n"
    b"36 127.0.0.1 a\nb : new\nline\n41 127.0.0.1 a\n.\nb : q\n.\nr\n37 127.0.0.1 . : :  .\n"
    b"42 ::1 idle :\n38 127.0.0.1 x : y : t\tab f 1\n.\n"
)
JOBS = b"H:vm:1\t0\t1\t0\nH:vm:5\t2\t0\t1\n.\n"
