"""The dashboard of one run: what somebody opens who was woken by an alert of it."""

from __future__ import annotations

from dev.grafana.page import Mark, Row, page, variable
from dev.grafana.panels import BLUE, GREEN, ORANGE, RED, Query, Size, Text, lines, name, number, states
from ingestion_operator.decision.policies.danger import DANGER_PERCENT
from ingestion_operator.decision.policies.pressure import PRESSURE_PERCENT

UID = "ingestion-run"

_PRESSURE = (PRESSURE_PERCENT / 100, ORANGE)
_DANGER = (DANGER_PERCENT / 100, RED)


def _of(expr: str) -> str:
    """Return an expression with the chosen run in place of RUN."""
    return expr.replace("RUN", 'namespace="$namespace", run="$run"')


def _q(expr: str, legend: str, *, dashed: bool = False, unit: str | None = None) -> Query:
    return Query(_of(expr), legend, dashed, unit)


_HEAD = (
    name(Text("State", "What does the run do?"), _q("ingestion_operator_run_state{RUN}", "{{state}}")),
    number(
        Text("Done", "How many of the videos listed have an outcome?"),
        _q("sum(ingestion_operator_run_videos{RUN}) / sum(ingestion_operator_run_videos_listed{RUN})", ""),
        "percentunit",
    ),
    number(
        Text("Success", "Of the videos that are done and were not skipped, how many succeeded?"),
        _q("ingestion_operator_run_success_ratio{RUN}", ""),
        "percentunit",
        [(0.9, ORANGE), (0.995, GREEN)],
        base=RED,
        decimals=1,
    ),
    number(
        Text("Workers that work", "How many workers have their models and do not wait for memory?"),
        _q("ingestion_operator_run_workers_running{RUN} - ingestion_operator_run_workers_waiting{RUN}", ""),
        "short",
    ),
    number(
        Text("Memory used", "How full is the fullest device? From 88 % on the operator acts of itself."),
        _q("ingestion_operator_run_device_memory_used_ratio{RUN}", ""),
        "percentunit",
        [_PRESSURE, _DANGER],
        base=GREEN,
        decimals=1,
    ),
    number(
        Text("Out of memory so far", "How often was memory refused? No video is lost by it; it costs time."),
        _q("ingestion_operator_run_oom_events{RUN}", ""),
        "short",
    ),
    number(
        Text("Pace", "Hours of audio that are transcribed in an hour, now."),
        _q("sum(rate(ingestion_audio_seconds_total{RUN}[$__rate_interval]))", ""),
        "short",
        decimals=1,
    ),
    number(
        Text("Time left", "At the pace of the last 15 minutes. None while no video gets done."),
        _q(
            "(sum(ingestion_operator_run_videos_listed{RUN}) - sum(ingestion_operator_run_videos{RUN}))"
            " / (sum(deriv(ingestion_operator_run_videos{RUN}[15m])) > 0)",
            "",
        ),
        "s",
    ),
)

_PROGRESS = Row(
    "Does it get on?",
    (
        lines(
            Text(
                "Videos",
                "How many videos have an outcome, of those listed? A line that stays flat for long is a run that is"
                " stuck, unless it hears a long video: see Pace over time.",
                ("IngestionRunStuck",),
            ),
            [
                _q("ingestion_operator_run_videos{RUN}", "{{result}}"),
                _q("ingestion_operator_run_videos_listed{RUN}", "listed", dashed=True),
            ],
            "short",
            stacked=True,
        ),
        lines(
            Text(
                "Success against the objective",
                "Does it lose more videos than spec.objectives.minSuccessPercent allows?",
                ("IngestionSuccessBelowObjective",),
            ),
            [
                _q("ingestion_operator_run_success_ratio{RUN}", "succeeded"),
                _q("ingestion_operator_run_success_objective_ratio{RUN}", "objective", dashed=True),
            ],
            "percentunit",
            most=1,
        ),
        lines(
            Text("Pace over time", "Hours of audio that are transcribed in an hour, by all workers."),
            [_q("sum(rate(ingestion_audio_seconds_total{RUN}[$__rate_interval]))", "audio-hours per hour")],
            "short",
        ),
        states(
            Text(
                "State over time",
                "Since when is it as it is? Blocked by its source, it tries again by itself now and then.",
                ("IngestionSourceBlocked", "IngestionOOMAtMinimum"),
            ),
            _q("max by (state) (ingestion_operator_run_state{RUN})", "{{state}}"),
        ),
        states(
            Text("Alerts", "What does Prometheus say, since when? Empty where Grafana evaluates the alerts itself."),
            _q(
                'max by (alertname, alertstate) (ALERTS{alertname=~"Ingestion.+", RUN})', "{{alertname}} {{alertstate}}"
            ),
            colour=RED,
        ),
    ),
)

_MEMORY = Row(
    "Does it fit?",
    (
        lines(
            Text(
                "Device memory",
                "How full is the fullest device, by all processes on it? It should stay below its target. From"
                f" {PRESSURE_PERCENT} % on the operator lowers budgets, then workers; past {DANGER_PERCENT} % at once.",
                ("IngestionDeviceMemoryAboveTarget",),
            ),
            [
                _q("ingestion_operator_run_device_memory_used_ratio{RUN}", "used"),
                _q("ingestion_operator_run_device_memory_target_ratio{RUN}", "target", dashed=True),
            ],
            "percentunit",
            Size(12, 9),
            most=1,
            lines_at=[_PRESSURE, _DANGER],
        ),
        lines(
            Text(
                "Workers",
                "How many does the operator want, how many run, how many of these wait for memory or are not heard?"
                " Vertical lines are changes of a lever, with their reason.",
                ("IngestionNoTelemetry",),
            ),
            [
                _q("ingestion_operator_run_workers_running{RUN}", "run"),
                _q("ingestion_operator_run_workers_waiting{RUN}", "wait for memory"),
                _q("ingestion_operator_run_workers_silent{RUN}", "not heard"),
                _q("ingestion_operator_run_workers_wanted{RUN}", "wanted", dashed=True),
                _q("ingestion_operator_run_workers_ceiling{RUN}", "ceiling for a while", dashed=True),
            ],
            "short",
            Size(12, 9),
        ),
        lines(
            Text(
                "Out of memory",
                "When was memory refused, and to what? `load` is a model that did not fit; `batch` a batch, which was"
                " halved. The counts of a worker go with it; the run's sum stays.",
            ),
            [
                _q("ingestion_operator_run_oom_events{RUN}", "in the run", dashed=True),
                _q("sum by (stage, kind) (ingestion_oom_events_total{RUN})", "{{stage}} {{kind}}"),
            ],
            "short",
            Size(6, 8),
        ),
        lines(
            Text(
                "Memory by worker",
                "Who holds it? What is used beyond the workers' sum is somebody else's, or another run's.",
            ),
            [
                _q("sum by (pod) (ingestion_memory_own_bytes{RUN})", "{{pod}}"),
                _q(
                    "sum(max by (gpu_uuid) (ingestion_device_memory_used_bytes{RUN}))",
                    "used, by everybody",
                    dashed=True,
                ),
                _q("sum(max by (gpu_uuid) (ingestion_device_memory_total_bytes{RUN}))", "there is", dashed=True),
            ],
            "bytes",
            Size(6, 8),
            stacked=True,
        ),
        lines(
            Text(
                "Least that a worker needs",
                "The measured floor: models and a batch of one. How many of these fit under the target decides how many"
                " workers there are.",
            ),
            [
                _q("quantile(0.5, ingestion_memory_floor_bytes{RUN} > 0)", "floor, the middle worker's"),
                _q("quantile(0.5, ingestion_memory_window_bytes{RUN} > 0)", "each window of a batch"),
            ],
            "bytes",
            Size(6, 8),
        ),
        lines(
            Text(
                "Batches",
                "Windows in a batch, and the most that the governor allows, of the middle worker; the ceiling falls"
                " when memory runs out and rises slowly. The budget is less than 100 % while a device is too full.",
            ),
            [
                _q("quantile(0.5, ingestion_batch_size{RUN})", "size"),
                _q("quantile(0.5, ingestion_batch_ceiling{RUN})", "ceiling", dashed=True),
                _q("ingestion_operator_run_budget_ratio{RUN}", "budget", unit="percentunit"),
            ],
            "short",
            Size(6, 8),
        ),
    ),
)

_WAITING = Row(
    "What does it wait for?",
    (
        lines(
            Text(
                "What the workers do",
                "Work, or wait for memory, or for the source (a pause between downloads, or a block)?",
            ),
            [_q("sum by (state) (ingestion_worker_state{RUN})", "{{state}}")],
            "short",
            stacked=True,
        ),
        lines(
            Text(
                "Are the devices busy?",
                "Audio that waits beside devices that idle is paid for and not used. No audio that waits means that the"
                " stages before it are the limit.",
                ("IngestionGPUIdleWhileWorkWaits",),
            ),
            [
                _q("ingestion_operator_run_gpu_utilisation_ratio{RUN}", "busy"),
                _q("ingestion_operator_run_windows_waiting{RUN}", "windows that wait", unit="short"),
            ],
            "percentunit",
        ),
        lines(
            Text("The stage that the others wait for", "Of how many workers is it which stage?"),
            [_q("sum by (stage) (ingestion_limiting_stage{RUN})", "{{stage}}")],
            "short",
            stacked=True,
        ),
        lines(
            Text("Waiting in front of each stage", "Videos; at `asr`, windows of audio."),
            [_q("sum by (stage) (ingestion_stage_waiting_items{RUN})", "{{stage}}")],
            "short",
        ),
        lines(
            Text("Time that a stage takes", "Of a video, or of a batch: the middle, and the slowest twentieth."),
            [
                _q(
                    f"histogram_quantile({share}, sum by (stage, le)"
                    " (rate(ingestion_stage_duration_seconds_bucket{RUN}[$__rate_interval])))",
                    f"{{{{stage}}}} {words}",
                    dashed=share > 0.5,
                )
                for share, words in ((0.5, "middle"), (0.95, "slow"))
            ],
            "s",
        ),
        lines(
            Text("Threads at work", "How many threads of a stage are busy, over all workers?"),
            [
                _q(
                    "sum by (stage) (rate(ingestion_stage_duration_seconds_sum{RUN}[$__rate_interval]))",
                    "{{stage}}",
                )
            ],
            "short",
        ),
    ),
)

_TRUTH = Row(
    "What was lost, and is all of it seen?",
    (
        lines(
            Text("Videos without success", "Why were they skipped, or did they fail? In the workers that are there."),
            [_q('sum by (result, reason) (ingestion_videos_total{RUN, result!="succeeded"})', "{{result}} {{reason}}")],
            "short",
            stacked=True,
        ),
        lines(
            Text(
                "Workers that Prometheus hears",
                "Fewer than run: the panels on workers show a part only. Is there a PodMonitor, and may it reach them?",
            ),
            [
                _q('count(ingestion_worker_state{RUN, state="working"})', "heard by Prometheus"),
                _q("ingestion_operator_run_workers_running{RUN}", "run", dashed=True),
            ],
            "short",
        ),
        lines(
            Text("Limits that workers apply", "Revisions of the limits; apart for more than a minute, one is deaf."),
            [
                _q("max(ingestion_limits_revision{RUN})", "newest"),
                _q("min(ingestion_limits_revision{RUN})", "oldest", dashed=True),
            ],
            "short",
        ),
    ),
)


def rendered() -> str:
    """Return the dashboard as JSON."""
    return page(
        UID,
        "Ingestion run",
        "One IngestionRun: whether it gets on, whether it fits its devices, and what it waits for.",
        since="now-3h",
        head=_HEAD,
        rows=(_PROGRESS, _MEMORY, _WAITING, _TRUTH),
        variables=(
            variable("namespace", "Namespace", "ingestion_operator_run_state", "namespace"),
            variable("run", "Run", 'ingestion_operator_run_state{namespace="$namespace"}', "run"),
        ),
        marks=(
            Mark(
                "Changes of a lever",
                _of("ingestion_operator_run_last_change_timestamp_seconds{RUN} * 1000"),
                "{{lever}}: {{reason}}",
                BLUE,
            ),
            Mark(
                "End of the run",
                _of("ingestion_operator_run_completion_timestamp_seconds{RUN} * 1000"),
                "the run has ended",
                GREEN,
            ),
        ),
    )
