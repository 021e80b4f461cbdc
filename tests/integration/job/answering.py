"""A worker by pygearman that answers as its payload says: python answering.py PORT"""

import sys
from typing import Any

import gearman


class Bytes(gearman.DataEncoder):  # type: ignore[misc]  # ships no type information
    @classmethod
    def encode(cls, encodable_object: bytes) -> bytes:
        return encodable_object

    @classmethod
    def decode(cls, decodable_string: bytes) -> bytes:
        return decodable_string


class Answering(gearman.GearmanWorker):  # type: ignore[misc]  # as above
    data_encoder = Bytes

    def on_job_exception(self, current_job: Any, exc_info: Any) -> bool:
        if current_job.data.startswith(b"warn"):
            self.send_job_failure(current_job)
        else:  # which ends the job: pygearman's own failure behind it is answered by an ERROR
            handler = self._get_handler_for_job(current_job)
            handler.send_job_exception(current_job, data=str(exc_info[1]).encode())
            self.wait_until_updates_sent([current_job])
        return False


def answer(worker: Any, job: Any) -> bytes:
    kind, _, argument = job.data.partition(b" ")
    if kind == b"warn_and_fail":
        worker.send_job_warning(job, argument)
        raise ValueError("no more to say")
    if kind == b"raise":
        raise ValueError(argument.decode())
    if kind == b"parts":
        for number in (1, 2, 3):
            worker.send_job_status(job, number, 3)
            worker.send_job_data(job, b"part %d" % number)
        worker.send_job_warning(job, b"nearly")
        return b"whole"
    return bytes(argument)


if __name__ == "__main__":
    working = Answering([f"127.0.0.1:{sys.argv[1]}"])
    working.register_task(b"answer", answer)
    working.work()
