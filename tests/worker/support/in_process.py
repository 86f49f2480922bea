"""The main step in this process, with stand-ins for the models."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from threading import Event

from ingestion_contract.records import Video
from ingestion_contract.spec import IngestionRun
from ingestion_worker.conclusion import Conclusion
from ingestion_worker.device import Device
from ingestion_worker.device.none import NoDevice
from ingestion_worker.memory.limits_file import LimitsFile
from ingestion_worker.output import video_list
from ingestion_worker.output.store import Store
from ingestion_worker.pipeline.setting import Setting
from ingestion_worker.source.addresses import AddressRules
from ingestion_worker.steps.work import work
from ingestion_worker.telemetry.metrics import Metrics
from tests.worker.support.runs import UID


@dataclass
class Bench:
    """A run's output and a worker of its only shard."""

    root: Path
    device: Device = field(default_factory=NoDevice)

    def __post_init__(self) -> None:
        self.store = Store(f"file://{self.root}/output")
        self.stop = Event()
        self.metrics = Metrics(self.device, self.stop)
        self.setting = Setting(
            device=self.device,
            metrics=self.metrics,
            limits=LimitsFile(self.root / "limits.json"),
            stop=self.stop,
            cookies=None,
            rules=AddressRules(networks=(ip_network("127.0.0.0/8"),)),
            scratch=self.root,
            threads=1,
            memory_wait_seconds=0.0,
        )

    def list(self, urls: list[str]) -> list[Video]:
        """Write the list of videos, each by its URL, all in one shard."""
        videos = [Video(id=f"test:{number}", url=url) for number, url in enumerate(urls)]
        video_list.write_once(self.store, UID, videos, [range(len(videos))])
        return videos

    def work(self, run: IngestionRun) -> Conclusion:
        """Do the shard."""
        return work(run, self.store, 0, self.setting)

    def sample(self, name: str, **labels: str) -> float:
        """A metric's value, 0 if it was never set."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0
