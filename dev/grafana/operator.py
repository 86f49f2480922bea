"""The dashboard of the operator: all runs, and whether it looks after them."""

from __future__ import annotations

from dev.grafana import run
from dev.grafana.page import Mark, Row, page
from dev.grafana.panels import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    Column,
    Query,
    Size,
    Text,
    lines,
    number,
    rows,
    states,
)

UID = "ingestion-operator"

_TROUBLE = "source_blocked|oom_at_minimum|stalled|unreadable"
_ITS_PROCESS = 'and on (job, instance) ingestion_operator_runs{state="progressing"}'
"""Any process may have the metrics of a process; the operator's has also told of runs."""

_HEAD = (
    number(
        Text("Runs on their way", "How many runs are in progress?"),
        Query('sum(ingestion_operator_runs{state="progressing"})', ""),
        "short",
    ),
    number(
        Text("Runs in trouble", "How many stand still, or wait for a source that blocks them?"),
        Query(f'sum(ingestion_operator_runs{{state=~"{_TROUBLE}"}})', ""),
        "short",
        [(1, RED)],
        base=GREEN,
    ),
    number(
        Text("Runs that wait", "How many are suspended, or queued by Kueue?"),
        Query('sum(ingestion_operator_runs{state=~"suspended|queued"})', ""),
        "short",
    ),
    number(
        Text("Up for", "Since when does this operator run? A short time is a restart."),
        Query(f"time() - max(process_start_time_seconds {_ITS_PROCESS})", ""),
        "s",
        [(600, GREEN)],
        base=ORANGE,
    ),
    number(
        Text("Longest look now", "How long has the look that has taken longest gone on? It should be seconds."),
        Query("max(ingestion_operator_reconcile_longest_running_seconds)", ""),
        "s",
        [(30, ORANGE), (300, RED)],
        base=GREEN,
        decimals=1,
    ),
    number(
        Text("Errors in the last hour", "Looks that did not go through; a conflict now and then is none of trouble."),
        Query('sum(increase(ingestion_operator_reconcile_errors_total{kind!="conflict"}[1h]))', ""),
        "short",
        [(1, ORANGE)],
        base=GREEN,
    ),
    number(
        Text("Workers that answer", "Of the readings of workers' metrics, how many succeed? One that starts may not."),
        Query(
            'sum(rate(ingestion_operator_scrapes_total{result="success"}[10m]))'
            " / sum(rate(ingestion_operator_scrapes_total[10m]))",
            "",
        ),
        "percentunit",
        [(0.8, ORANGE), (0.95, GREEN)],
        base=RED,
    ),
    number(
        Text("Changes so far", "Changes of a lever, since this operator began."),
        Query("sum(ingestion_operator_decisions_total) or vector(0)", ""),
        "short",
    ),
)

_PER_RUN = "by (namespace, run)"

_RUNS = Row(
    "How are the runs?",
    (
        rows(
            Text("Runs", "Which runs are there, and how are they? The name leads to the run's own dashboard."),
            ("namespace", "run"),
            [
                Column("", "max by (namespace, run, state) (ingestion_operator_run_state)"),
                Column(
                    "done",
                    f"sum {_PER_RUN} (ingestion_operator_run_videos)"
                    f" / sum {_PER_RUN} (ingestion_operator_run_videos_listed)",
                    "percentunit",
                ),
                Column("succeeded", f"max {_PER_RUN} (ingestion_operator_run_success_ratio)", "percentunit"),
                Column("workers", f"max {_PER_RUN} (ingestion_operator_run_workers_running)"),
                Column("memory", f"max {_PER_RUN} (ingestion_operator_run_device_memory_used_ratio)", "percentunit"),
                Column("out of memory", f"max {_PER_RUN} (ingestion_operator_run_oom_events)"),
            ],
            (
                "Open the run",
                f"/d/{run.UID}?var-datasource=${{datasource}}&var-namespace=${{__data.fields.namespace}}"
                "&var-run=${__value.text}&${__url_time_range}",
            ),
        ),
        lines(
            Text("Runs by state", "What are all runs doing, over time?"),
            [Query('sum by (state) (ingestion_operator_runs{state!~"complete|failed"})', "{{state}}")],
            "short",
            Size(12, 8),
            stacked=True,
        ),
        lines(
            Text(
                "Changes of levers",
                "What does the operator change, and why? Counted since it began; which run it was is in the run's own"
                " dashboard, and in the log.",
            ),
            [Query("sum by (lever, reason) (ingestion_operator_decisions_total)", "{{lever}} {{reason}}")],
            "short",
            Size(12, 8),
        ),
    ),
)

_CARE = Row(
    "Does it look after them?",
    (
        lines(
            Text(
                "Looks at runs",
                "How many looks go through, in a second? None, while runs are on their way: nobody answers to memory"
                " pressure.",
                ("IngestionOperatorNotReconciling",),
            ),
            [Query("sum(rate(ingestion_operator_reconcile_duration_seconds_count[$__rate_interval]))", "looks")],
            "ops",
        ),
        lines(
            Text("Time that a look takes", "The middle, the slowest twentieth, and the one that goes on for longest."),
            [
                *(
                    Query(
                        f"histogram_quantile({share}, sum by (le)"
                        " (rate(ingestion_operator_reconcile_duration_seconds_bucket[$__rate_interval])))",
                        words,
                    )
                    for share, words in ((0.5, "middle"), (0.95, "slow"))
                ),
                Query("max(ingestion_operator_reconcile_longest_running_seconds)", "goes on", dashed=True),
            ],
            "s",
        ),
        lines(
            Text(
                "Looks that do not go through",
                "`api_server`: it does not answer, or refuses (RBAC). `conflict`: somebody else wrote; many mean two"
                " operators. `internal`: a mistake, with its traceback in the log.",
            ),
            [Query("sum by (kind) (rate(ingestion_operator_reconcile_errors_total[$__rate_interval]))", "{{kind}}")],
            "ops",
        ),
        lines(
            Text(
                "Readings of workers' metrics",
                "How many fail? While a worker is not heard, no lever of its run goes up.",
                ("IngestionScrapeFailures",),
            ),
            [Query("sum by (result) (rate(ingestion_operator_scrapes_total[$__rate_interval]))", "{{result}}")],
            "ops",
            stacked=True,
        ),
        lines(
            Text("Memory of the operator", "It grows with the number of runs and pods; the chart's limit is 512 MiB."),
            [Query(f"process_resident_memory_bytes {_ITS_PROCESS}", "resident")],
            "bytes",
        ),
        lines(
            Text("CPU of the operator", "Cores that it takes."),
            [Query(f"rate(process_cpu_seconds_total[$__rate_interval]) {_ITS_PROCESS}", "cores")],
            "short",
        ),
        states(
            Text("Alerts", "What does Prometheus say, since when? Empty where Grafana evaluates the alerts itself."),
            Query('max by (alertname, alertstate) (ALERTS{alertname=~"Ingestion.+"})', "{{alertname}} {{alertstate}}"),
            Size(24, 6),
            colour=RED,
        ),
    ),
)


def rendered() -> str:
    """Return the dashboard as JSON."""
    return page(
        UID,
        "Ingestion operator",
        "The ingestion operator: all runs, and whether it looks after them.",
        since="now-6h",
        head=_HEAD,
        rows=(_RUNS, _CARE),
        marks=(
            Mark(
                "Start of the operator",
                f"process_start_time_seconds * 1000 {_ITS_PROCESS}",
                "the operator starts",
                BLUE,
            ),
        ),
    )
