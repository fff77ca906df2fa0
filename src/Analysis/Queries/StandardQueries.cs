namespace CaffeActors.Analysis.Queries;

/// <summary>The queries behind the commands that show runs.</summary>
public static class StandardQueries
{
    /// <summary>A row for each run, the newest first: what its manifest says, its last training loss, and its best test
    /// accuracy (of the shortest name with "accuracy" in it, over all test nets).</summary>
    public const string Runs = """
        WITH losses AS (
          SELECT run_id, arg_max(value, step) AS loss FROM metrics
          WHERE split = 'train' AND name = 'loss' GROUP BY run_id),
        accuracies AS (
          SELECT run_id, max(value) FILTER (NOT isnan(value)) AS accuracy FROM metrics
          WHERE starts_with(split, 'test') AND contains(name, 'accuracy') GROUP BY run_id, name
          QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY length(name), name) = 1)
        SELECT run_id AS run, name, state, created, iterations, loss, accuracy AS best_accuracy
        FROM runs LEFT JOIN losses USING (run_id) LEFT JOIN accuracies USING (run_id)
        ORDER BY number DESC, created DESC, run_id DESC
        """;

    /// <summary>A row for each metric: how many values, the first, the last, the least and the greatest, and at which
    /// steps; of all runs looked at together.</summary>
    /// <param name="split">Only those of this split; null: all.</param>
    public static string Metrics(string? split = null) => $"""
        SELECT split, name, count(*) AS values, arg_min(value, step) AS first, arg_max(value, step) AS last,
          max(step) AS last_step,
          min(value) FILTER (NOT isnan(value)) AS least,
          arg_min(step, value) FILTER (NOT isnan(value)) AS least_step,
          max(value) FILTER (NOT isnan(value)) AS greatest,
          arg_max(step, value) FILTER (NOT isnan(value)) AS greatest_step
        FROM metrics
        WHERE name <> 'segment_start'{(split is null ? "" : $" AND split = {SqlText.Of(split)}")}
        GROUP BY split, name
        ORDER BY CASE split WHEN 'train' THEN 0 WHEN 'system' THEN 2 WHEN 'layer' THEN 3 ELSE 1 END,
          length(split), split, name
        """;
}
