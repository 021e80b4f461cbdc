-- The records of `gearmang logs --records clickhouse://USER@HOST/DATABASE`.
--   clickhouse-client --database DATABASE --multiquery < records.sql
-- Insert lines as they are: INSERT INTO lines FORMAT JSONEachRow, with the settings
-- date_time_input_format=best_effort and input_format_skip_unknown_fields=1.
-- What is sent twice counts once: by its event_id in every question, and on disk after a merge.
CREATE TABLE IF NOT EXISTS lines
(
    ts             Nullable(DateTime64(6, 'UTC')),
    level          LowCardinality(Nullable(String)),
    logger         LowCardinality(Nullable(String)),
    type           LowCardinality(Nullable(String)),
    event_id       Nullable(String),
    id             Nullable(String),
    span           Nullable(String),
    parent         Nullable(String),
    task           LowCardinality(Nullable(String)),
    handle         Nullable(String),
    worker         LowCardinality(Nullable(String)),
    outcome        LowCardinality(Nullable(String)),
    duration_ms    Nullable(Float64),
    workload_bytes Nullable(Int64),
    queue_ms       Nullable(Float64),
    attempt        Nullable(Int32),
    sample_rate    Nullable(Float64),
    message        Nullable(String),
    error_type     LowCardinality(Nullable(String)),
    error_message  Nullable(String),
    error_stack    Nullable(String),
    host           LowCardinality(Nullable(String)),
    pid            Nullable(Int64),
    service        LowCardinality(Nullable(String)),
    v              Nullable(Int32),
    dropped        Nullable(Int64),
    truncated      Nullable(Bool),
    fields         Nullable(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(coalesce(ts, toDateTime64(0, 6, 'UTC')))
ORDER BY (coalesce(ts, toDateTime64(0, 6, 'UTC')), coalesce(event_id, ''))
TTL toDateTime(coalesce(ts, toDateTime64(0, 6, 'UTC'))) + INTERVAL 90 DAY;

-- Each record once; and those of whole tasks, one for each attempt.
CREATE VIEW IF NOT EXISTS records AS SELECT event_id, any_value(ts) AS ts, any_value(level) AS level, any_value(logger) AS logger, any_value(type) AS type, any_value(id) AS id, any_value(span) AS span, any_value(parent) AS parent, any_value(task) AS task, any_value(handle) AS handle, any_value(worker) AS worker, any_value(outcome) AS outcome, any_value(duration_ms) AS duration_ms, any_value(workload_bytes) AS workload_bytes, any_value(queue_ms) AS queue_ms, any_value(attempt) AS attempt, any_value(sample_rate) AS sample_rate, any_value(message) AS message, any_value(error_type) AS error_type, any_value(error_message) AS error_message, any_value(error_stack) AS error_stack, any_value(host) AS host, any_value(pid) AS pid, any_value(service) AS service, any_value(v) AS v, any_value(dropped) AS dropped, any_value(truncated) AS truncated, any_value(fields) AS fields FROM lines WHERE event_id IS NOT NULL AND true GROUP BY event_id SETTINGS prefer_column_name_to_alias = 1;

CREATE VIEW IF NOT EXISTS tasks AS SELECT * FROM records WHERE parent IS NULL AND outcome IS NOT NULL;
