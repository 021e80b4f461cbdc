"""``make demo``: the whole product at work on a thumbnail service, ending by itself.

Exits 0 only if all that it promises was seen.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

from examples.thumbnails.pictures import CORRUPT, TRANSPARENT, make_pictures
from examples.thumbnails.site import LONG_QUEUE, OLD_WORKER, Site
from examples.thumbnails.story import Story
from gearmang.job.client import Client

PICTURES = 200
FLOOD = 2 * LONG_QUEUE  # pictures that wait while nobody works
DEADLY = CORRUPT + TRANSPARENT + 2  # and the one that segfaults, the one that hangs
CHECKS = ("workers", "queues", "uptime", "dead letters")


def submit(site: Site, pictures: list[Path]) -> int:
    """Queue a job for each picture; return how many gearmand has confirmed."""
    with Client([site.gearmand.address]) as client:
        return client.submit_many(
            ("resize", {"picture": str(path), "thumbnail": str(path.with_suffix(".thumb.jpg"))})
            for path in pictures
        )


def waiting(site: Site) -> int:
    """Jobs of resize that are queued or running."""
    return site.gearmand.functions().get("resize", (0, 0, 0))[0]


def nagios_says(story: Story, site: Site, wanted: dict[str, str], timeout: float) -> None:
    """See each check come to the state that is wanted, and print what it says."""
    for check, state in wanted.items():
        story.see(
            f"Nagios: {check} is {state}",
            lambda check=check, state=state: site.nagios.state_of(check).state == state,
            timeout,
        )
    for check in wanted:
        verdict = site.nagios.state_of(check)
        print(f"      {verdict.output}")


def all_is_well(story: Story, site: Site) -> None:
    """Chapter 1: workers run, nothing is queued."""
    site.start_workers("resize_before_the_fix", "v1")
    story.block("All is well: two workers, an empty queue")
    nagios_says(story, site, dict.fromkeys(CHECKS, "OK"), timeout=20)


def jobs_of_death(story: Story, site: Site) -> None:
    """Chapter 2: 200 pictures, among them some that kill."""
    supervisors = [worker.pid for worker in site.workers]
    pictures = list(make_pictures(site.pictures, PICTURES))
    accepted = submit(site, pictures)
    story.block(
        f"{accepted} pictures are queued; {DEADLY} of them are of death",
        site.run("status", "--server", site.gearmand.address),
    )
    story.see("all 200 were accepted", lambda: accepted == PICTURES)
    story.see("every job is done or dead", lambda: waiting(site) == 0, timeout=30)
    story.see(f"{DEADLY} dead letters", lambda: len(site.dead()) == DEADLY, timeout=10)
    done = len(list(site.pictures.glob("*.thumb.jpg")))
    story.see(f"{PICTURES - DEADLY} thumbnails, got {done}", lambda: done == PICTURES - DEADLY)
    story.see(
        "the same two worker processes, alive",
        lambda: [worker.pid for worker in site.workers if worker.is_running()] == supervisors,
    )
    story.block("The dead letters", site.run("dead", "list", "--store", site.store))
    nagios_says(story, site, {"dead letters": "CRITICAL"}, timeout=10)


def figures(story: Story, site: Site) -> None:
    """Chapter 3: what collectd has measured."""
    wanted = [
        f'collectd_gearman_{kind}{{gearman="{site.gearmand.address}",type="resize"'
        for kind in ("queue_length", "requests", "threads")
    ]
    story.see(
        "collectd serves queue, running and workers of resize over HTTP",
        lambda: all(line in site.collectd.metrics() for line in wanted),
        timeout=15,
    )
    lines = [
        line for line in site.collectd.metrics().splitlines() if line.startswith(tuple(wanted))
    ]
    story.block("collectd's figures, read back", "\n".join(lines))
    story.see("collectd wrote them to CSV", lambda: site.collectd.csv_values("queue_length-resize"))


def nobody_works(story: Story, site: Site) -> None:
    """Chapter 4: workers grow old, then vanish, and the queue fills."""
    story.block(f"The workers are older than {OLD_WORKER} s: did one hang?")
    nagios_says(story, site, {"uptime": "CRITICAL"}, timeout=40)
    site.stop_workers()
    good = sorted(site.pictures.glob("*-good.png"))[:FLOOD]
    submit(site, good)
    story.block(
        f"The workers are gone, and {FLOOD} pictures wait",
        site.run("status", "--server", site.gearmand.address),
    )
    nagios_says(story, site, {"workers": "CRITICAL", "queues": "CRITICAL"}, timeout=15)


def the_fix(story: Story, site: Site) -> None:
    """Chapter 5: a release with the fix, and a dead letter requeued."""
    site.start_workers("resize", "v2")
    story.block("The release with the fix for transparent pictures is deployed")
    story.see("the queue is empty again", lambda: waiting(site) == 0, timeout=20)
    letter = next(letter for letter in site.dead() if letter["error_type"] == "OSError")
    address = site.gearmand.address
    printed = site.run("dead", "requeue", letter["job_id"], "--store", site.store,
                       "--server", address, "--reason", "fixed in v2", "--yes")  # fmt: skip
    story.block(f"Dead letter {letter['job_id'][:8]} is requeued", printed)
    story.see("its thumbnail is there",
              lambda: len(list(site.pictures.glob("*-transparent.thumb.jpg"))) == 1,
              timeout=10)  # fmt: skip
    story.see(f"{DEADLY - 1} dead letters are left", lambda: len(site.dead()) == DEADLY - 1)


def well_again(story: Story, site: Site) -> None:
    """Chapter 6: every check is OK again, and the records tell what happened."""
    story.block("Durations by function, from the task records",
                site.run("logs", "stats", "--records", site.records))  # fmt: skip
    story.block("Nagios, once no new dead letter has come for a while")
    nagios_says(story, site, dict.fromkeys(CHECKS, "OK"), timeout=30)


def main(arguments: list[str]) -> int:
    """Tell the story; with ``--keep`` leave the site running until Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    # One picture segfaults its process: nobody will look at the core.
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    keep = "--keep" in arguments
    story = Story()
    with tempfile.TemporaryDirectory(prefix="gearmang-demo-") as folder, Site(Path(folder)) as site:
        for chapter in (all_is_well, jobs_of_death, figures, nobody_works, the_fix, well_again):
            chapter(story, site)
        if keep:
            story.block("Left running; Ctrl-C stops it", where_to_look(site))
            signal.pause()
    return story.end()


def where_to_look(site: Site) -> str:
    """The commands and addresses that show the running site."""
    server = f"--server {site.gearmand.address}"
    return "\n".join(
        [
            f".venv/bin/gearmang top {server} --store {site.store}",
            f".venv/bin/gearmang dead causes --store {site.store}",
            f".venv/bin/gearmang logs view --records {site.records}",
            f"collectd: http://127.0.0.1:{site.collectd.prometheus_port}/metrics",
            f"Nagios: {site.nagios.status_file}",
            f"everything else: {site.folder}",
        ]
    )


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("\nstopped, and with it all that was started", file=sys.stderr)
        sys.exit(130)
    # A daemon did not start, or a command failed.
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"\nThe demo cannot go on: {error}", file=sys.stderr)
        sys.exit(1)
