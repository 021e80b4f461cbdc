"""The task logger: one rich record for each task, cheap enough to be always on.

It never raises into the worker, never blocks it for longer than a stated bound, and counts what
it has to drop. Usable alone: it imports nothing of the project around it. docs/records.md tells
how its lines are shipped and read back.

    import log_shipping

    log_shipping.configure(path="/var/log/gearmang/tasks")
    tasks = log_shipping.TaskLogger("resize")
    with tasks.record() as record:
        record.set("image.bytes", 48_213)
"""

from log_shipping.ambient import TaskLogger, add, append, current, record, timer
from log_shipping.ambient import set as set  # noqa: A004  # BlueOx's name; used as log_shipping.set
from log_shipping.configuration import configure
from log_shipping.context import bind, bound, carried
from log_shipping.decoration import logged
from log_shipping.files import HourlyFileHandler
from log_shipping.formatter import JsonFormatter
from log_shipping.handler import RecordHandler
from log_shipping.record import Record
from log_shipping.silent import SilentRecord
from log_shipping.streams import StreamHandler
from log_shipping.sub_records import SubRecordHandler
from log_shipping.syslog import SyslogHandler

__all__ = [
    "HourlyFileHandler",
    "JsonFormatter",
    "Record",
    "RecordHandler",
    "SilentRecord",
    "StreamHandler",
    "SubRecordHandler",
    "SyslogHandler",
    "TaskLogger",
    "add",
    "append",
    "bind",
    "bound",
    "carried",
    "configure",
    "current",
    "logged",
    "record",
    "set",
    "timer",
]
